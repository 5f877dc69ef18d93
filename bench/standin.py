"""STANDIN: what stands in for a while: a server of files, beside those that people start for it, and a catcher of mail."""
import json, sys, urllib.request

import navyd
from lib import HERE, PEERS, npm, program
from load import Load
from server import Failed, Server, download, large, wrk

MAIL = 2048  # bytes of a message


def local(name, port, *command):
    return Server(name, [str(word) if word else None for word in command], port, "/1k.bin")


def folder():
    """What is served: /1k.bin, and the large file."""
    path = PEERS / "www" / "1k.bin"
    path.write_bytes(b"0123456789abcdef" * 64)
    return path.parent


def small(server):
    return wrk(server, seconds=b.seconds)


def bulk(server):
    return download(server, file)


def send(server, connections):
    out, cpu = server.under(sys.executable, HERE / "fixtures/smtp.py", server.port, b.seconds, connections, MAIL)
    try:
        rate, sent = map(float, out.split())
    except ValueError:
        raise Failed(out.strip()[-200:])
    return rate, cpu / sent * 1e6, sent


def messages(server):
    rate, cost, sent = send(server, 16)
    one_rate, one_cost, more = send(server, 1)
    figures = dict(messages_per_s=rate, cpu_us_per_message=cost, one_messages_per_s=one_rate,
                   one_cpu_us_per_message=one_cost, rss_mail_mib=server.memory())
    if server.name.startswith("navyd"):  # of the others nobody asks
        b.sent = getattr(b, "sent", 0) + int(sent + more)
        with urllib.request.urlopen(f"http://127.0.0.1:{navyd.MAIL_HTTP}/api/v1/messages?limit=1", timeout=30) as kept:
            figures["not_kept"] = b.sent - json.load(kept)["total"]
    return figures


with Load("standin", __doc__, needs=["nginx", "wrk", "curl"], mib=("1024", "MiB of the large file")) as b:
    file, www = large(int(b.options.mib)), folder()
    nginx = b.upstream("nginx")
    nginx.path = "/1k.bin"
    files = b.add(
        navyd.serve(www),
        local("python http.server", 18204, sys.executable, "-m", "http.server", "18204", "--bind", "127.0.0.1", "-d", www),
        local("npm serve", 18206, *npm("serve", "serve"), "-Lnl", "tcp://127.0.0.1:18206", www),
        local("caddy", 18203, program("caddy"), "file-server", "--listen", "127.0.0.1:18203", "--root", www))
    echoes = b.add(navyd.echo())
    mails = b.add(
        navyd.mail(),
        Server("maildev", [*npm("maildev", "maildev"), "--ip", "127.0.0.1", "--smtp", "18501", "--web", "18502", "--silent"],
               18501, ready="banner"))
    b.start(nginx)
    ours = [server for server in b.servers if server.name.startswith("navyd")]
    b.load("memory before anything was asked", lambda server: dict(rss_idle_mib=server.memory()), ours, rounds=1)
    b.load(f"1 KiB, 64 keep-alive connections, {b.seconds} s", small, [nginx, *files, *echoes])
    b.load(f"{b.options.mib} MiB over one connection", bulk, [nginx, *files])
    b.load(f"messages of {MAIL} bytes, 16 connections and one, {b.seconds} s each", messages, mails)
    for server in ours:
        b.limit(server.name, ready_ms=50, rss_idle_mib=20, not_kept=0)
    cost = dict(cpu_us_per_request=None, requests_per_s=None, p99_us=None)
    b.finish(("navyd serve", ["nginx"], cost | dict(cpu_us_per_request=1, mb_per_s=1, cpu_s_per_gib=None)),
             ("navyd serve", ["python http.server", "npm serve"], cost | dict(cpu_us_per_request=1 / 25)),
             ("navyd serve", ["caddy"], cost),
             ("navyd mail", ["maildev"], dict(cpu_us_per_message=1 / 8, messages_per_s=3, one_messages_per_s=None)))
