# The only commands to know. `make help` tells what each does.
.DEFAULT_GOAL := help
.PHONY: help run build test lint bench fuzz check-platforms pictures

help:             ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1\t/p' Makefile | awk -F'\t' '{ printf "make %-16s %s\n", $$1, $$2 }'

run:              ## build, and print the map of localhost; ARGS="why 3000" runs that instead
	@scripts/with-cargo build --release --locked -p navyd
	@scripts/with-cargo run --quiet --release --locked -p navyd -- $(ARGS)

build:            ## the release binary
	@scripts/with-cargo build --release --locked -p navyd

test:             ## install what the tests need, and run every check there is
	@scripts/test

lint:             ## the quick checks: format, clippy, licences, tidy
	@scripts/test format clippy deny tidy

bench: build      ## side by side with the peers; ALL=1 also those that must be built; BENCH="--rounds 1" for options
	@scripts/bench $(BENCH)

fuzz:             ## search for faults in every parser; SECONDS=600 TARGETS=target
	@SECONDS_EACH=$(or $(filter-out 0,$(SECONDS)),60) scripts/fuzz $(TARGETS)

check-platforms:  ## type-check for macOS and Windows
	@scripts/check-platforms

pictures: build   ## draw the pictures of README.md anew
	@scripts/pictures
