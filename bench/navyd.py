"""Every command line of navyd that is measured, in one place.

The binary is $NAVYD, or target/release/navyd in the current directory or one above it. Rows of a navyd that does
not exist, or does not know the command yet, are reported and left out.
"""
import os, pathlib, subprocess

from server import UPSTREAM, Server


def binary():
    here, asked = pathlib.Path.cwd(), os.environ.get("NAVYD")
    for path in [pathlib.Path(asked)] if asked else [d / "target/release/navyd" for d in (here, *here.parents)]:
        if path.is_file() and os.access(path, os.X_OK):
            return str(path.resolve())
    return None


NAVYD = binary()


def example(name):
    """A program of `examples/` beside the binary; None when it is not built."""
    path = pathlib.Path(NAVYD or "/none").parent / "examples" / name
    return str(path) if path.is_file() else None


def see():
    return {"navyd ls": [NAVYD, "ls", "--json"], "navyd why": [NAVYD, "why", "20010", "--json"],
            "navyd audit": [NAVYD, "audit", "--json"],
            "navyd start only": [NAVYD, "--version"]}


def scan():
    return {"navyd scan": [NAVYD, "scan", "127.0.0.1", "--ports", "1-65535", "--json"]}


def daemon():
    """The hub as people run it, with a home of its own; its status page is asked for."""
    return Server("navyd hub", [NAVYD, "hub", "--listen", "127.0.0.1:18140"], 18140, "/")


def hub(name, listen, port, *more, scheme="http", ready="http"):
    """A hub of one worker with one route; it keeps nothing and discovers nothing."""
    return Server(name, [NAVYD, "hub", "--ephemeral", "--workers", "1", "--listen", f"127.0.0.1:{listen}",
                         "--route", f"127.0.0.1:{port}={scheme}://127.0.0.1:{UPSTREAM}", *more], port, ready=ready)


def proxies():
    return [hub("navyd", 18100, 18107), hub("navyd tcp", 18120, 18108, scheme="tcp")]


def tls_proxy():
    row = hub("navyd tls", 18130, 18109, "--tls", ready="https")
    if NAVYD and "--tls" not in subprocess.run([NAVYD, "hub", "--help"], capture_output=True, text=True).stdout:
        row.command[0] = None
    return row


def captures():
    """The same without capture and with it; what it keeps goes with it."""
    return [hub(f"navyd capture {word}", 18143 + at, 18153 + at, "--capture", word) for at, word in enumerate(("off", "on"))]


MAIL_HTTP = 18507


def serve(folder):
    return Server("navyd serve", [NAVYD, "serve", str(folder), "--port", "18207"], 18207, "/1k.bin")


def echo():
    return Server("navyd echo", [NAVYD, "echo", "--port", "18208"], 18208, "/get")


def mail():
    return Server("navyd mail", [NAVYD, "mail", "--smtp", "18506", "--http", str(MAIL_HTTP), "--pop3", "18508"], 18506,
                  ready="banner")
