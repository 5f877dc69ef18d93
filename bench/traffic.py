"""TRAFFIC: what recording costs, how soon it is searched, what faults cost, and whether what is asked of them is what
comes. A relay of TCP without a fault, beside HAProxy and Toxiproxy, is in the section `proxy`."""
import re, subprocess, time, urllib.parse

import kept, navyd, postgres
from lib import HERE, program
from load import Load
from server import Failed, Server, download, large, wrk

DELAY, ECHO = 200, 18701
ASKERS, TIMES = 20, 30  # connections, and requests on each
WORDS = "all", "one", "none"  # how many exchanges have the word
KEPT = "repeated", "distinct"  # as bench/capture.rs calls what it tells


def mitmdump(b):
    """It keeps nothing that it was not told to keep, and prints nothing."""
    return Server("mitmdump", [program("mitmdump"), "-q", "--listen-host", "127.0.0.1", "-p", "18150", "--mode",
                               "reverse:http://127.0.0.1:18080/"], 18150)


def same(server):
    return wrk(server, seconds=b.seconds)


def each(server):
    """No two requests are alike, nor two answers."""
    got = wrk(server, "/each/0", seconds=b.seconds, script=HERE / "conf/each.lua")
    return {f"each_{metric}": value for metric, value in got.items()}


def recorded(server):
    """So many requests through a hub, searched at once, and when everything is indexed."""
    before = server.cpu()
    out, _ = server.under(b.tool(), "ask", server.port, "/each/", ASKERS, count // ASKERS, 0)
    status, _ = server.asked("/api/v1/capture")
    cpu, memory = server.cpu() - before, server.memory()
    figures = dict(recorded=status["recorded"], lost=sum(status["lost"].values()), asked_per_s=float(out.split()[1]),
                   cpu_us_per_exchange=cpu / count * 1e6, rss_recorded_mib=memory)
    figures |= {f"soon_{word}_ms": took for word, took in search(server).items()}
    began = used = time.monotonic()
    quiet = server.cpu()
    while time.monotonic() - used < 1:  # it is done when it needs no more time of the processor
        time.sleep(0.1)
        now = server.cpu()
        if now - quiet > 0.02 or time.monotonic() - began > 120:
            quiet, used = now, time.monotonic()
    figures |= {f"{word}_ms": took for word, took in search(server).items()}
    server.tell("traffic", "rm", "--all", "--yes")
    return figures | dict(indexed_s=used - began, rss_indexed_mib=server.memory())


def search(server):
    """The newest hundred that have a word: one that all have, one that a single exchange has, and one that none has."""
    took = {}
    for name, word in zip(WORDS, ("apple", f"each/{count // 2}", "quince")):
        page, took[name] = server.asked(f"/api/v1/exchanges?limit=100&text={urllib.parse.quote(word)}")
        if len(page["exchanges"]) != dict(all=min(count, 100), one=1, none=0)[name]:
            raise Failed(f"{word}: {len(page['exchanges'])} exchanges")
    return took


def late(server):
    """Requests that do not meet, from a program that measures with the monotonic clock; nothing is subtracted."""
    out, _ = server.under(b.tool(), "ask", server.port, server.path, ASKERS, times, 20)
    made, _, p50, p99, most = map(float, out.split())
    figures = dict(requests=made, took_p50_us=p50, took_p99_us=p99, longest_us=most)
    if server.name.endswith(f"{DELAY}ms"):
        figures |= dict(error_p50_us=p50 - DELAY * 1000, error_p99_us=p99 - DELAY * 1000)
    return figures


def shaped(server):
    return wrk(server, seconds=b.seconds) | download(server, file)


def queries(server):
    return postgres.transactions(server, b.seconds)


def keeper():
    """What the keeper takes without a gateway, as bench/capture.rs tells it."""
    out = subprocess.run([example, str(count)], capture_output=True, text=True, timeout=120, check=True).stdout
    for part in re.split(r"^(?=\w+: )", out, flags=re.M)[1:]:
        name, told = part.split(":", 1)
        rate = re.search(r"([\d.]+) a second", told)
        times = dict(re.findall(r"^  (a word of \w+(?:, before it is indexed)?): ([\d.]+) ms", told, re.M))
        memory, until = re.findall(r"([\d.]+) MiB in memory", told), re.search(r"indexed after ([\d.]+) s", told)
        b.keep(f"navyd keeper, {name}", dict(
            exchanges_per_cpu_s=float(rate[1]), rss_mib=max(map(float, memory)), indexed_s=float(until[1]),
            search_soon_ms=max(float(ms) for what, ms in times.items() if "before" in what),
            search_ms=max(float(ms) for what, ms in times.items() if "before" not in what)))


with Load("traffic", __doc__, needs=["nginx", "wrk", "curl", "cc"], mib=("1024", "MiB of the large file"),
          exchanges=("100000", "that are recorded, and searched")) as b:
    file, count = large(int(b.options.mib)), int(b.options.exchanges)
    times = TIMES if b.rounds > 1 else 2
    echo = b.helper(Server("echo", [b.tool(), "echo", str(ECHO)], ECHO, ready="tcp", path="-"))
    sleeper = b.helper(Server(f"a thread that sleeps {DELAY}ms", [b.tool(), "sleep", str(ECHO + 1), str(DELAY)], ECHO + 1,
                              ready="tcp", path="-"))
    small = b.add(b.nginx("nginx", 18101, "nginx-proxy.conf"), mitmdump(b), *navyd.captures())
    faults = b.add(*kept.shaped())
    delays = b.add(*kept.late(f"{DELAY}ms", ECHO))
    records = b.add(kept.recorded())
    database = b.add(postgres.Postgres())
    databases = [*database, *b.add(*kept.tapped(postgres.PORT))] if database else []
    b.start(b.upstream())
    b.load(f"1 KiB, 64 keep-alive connections, {b.seconds} s", same, small and [b.base, *small])
    b.load("the same, no two requests or answers alike", each, small and [b.base, *small])
    b.load(f"{count} exchanges, no two alike, recorded and searched", recorded, records)
    b.load(f"a fault that takes no time: 1 KiB, and {b.options.mib} MiB over one connection", shaped, faults)
    b.load(f"{DELAY} ms asked for: {ASKERS * times} requests that do not meet", late, delays and [b.base, echo, sleeper, *delays])
    b.load(f"pgbench, reads by key, 8 connections, {b.seconds} s; of taps the hub alone", queries, databases)
    example = navyd.example("capture")
    if b.wanted("navyd keeper", example):
        for _ in range(b.rounds):
            keeper()
        rows = [f"navyd keeper, {name}" for name in KEPT]
        title = f"{count} exchanges, told to the keeper without a gateway; rounds: {b.rounds}"
        b.table(title, list(b.samples[rows[0]]), rows)
    print("not here: toxiproxy, which no package registry has; `proxy` compares the relay of TCP with HAProxy's")
    b.limit("navyd recorded", **{f"{word}_ms": 50 for word in WORDS}, **{f"soon_{word}_ms": 50 for word in WORDS},
            rss_recorded_mib=60, rss_indexed_mib=60)
    for name in KEPT:
        b.limit(f"navyd keeper, {name}", exchanges_per_cpu_s=60_000, search_ms=50, search_soon_ms=50, rss_mib=60)
    for scheme in "http", "tcp":
        b.limit(f"navyd {scheme} {DELAY}ms", error_p99_us=2000)
    cost = dict(cpu_us_per_request=None, each_cpu_us_per_request=None, requests_per_s=None, p99_us=None)
    b.finish(
        ("navyd capture on", ["navyd capture off"], cost | dict(cpu_us_per_request=1.35)),
        ("navyd capture on", ["nginx"], cost | dict(cpu_us_per_request=1.4)),
        ("navyd capture on", ["mitmdump"], cost | dict(cpu_us_per_request=1 / 80)),
        *((f"navyd {scheme}{fault}", [f"navyd {scheme}"], dict(cpu_us_per_request=None, p99_us=None, mb_per_s=None))
          for scheme in ("http", "tcp") for fault in (" shaped latency 0", " shaped bandwidth")),
        *((f"navyd tap --as {word}", ["navyd tcp not recorded"], dict(transactions_per_s=None, cpu_us_per_transaction=None))
          for word in ("tcp", "postgres")))
