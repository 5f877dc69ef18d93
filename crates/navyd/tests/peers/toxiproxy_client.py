"""Drives a Toxiproxy with its client for Python, every call of it: HOST PORT UPSTREAM."""

import socket
import sys
import time

from toxiproxy import Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

host, port, upstream = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def say(listen, words):
    """What is heard after these words were said."""
    address, number = listen.rsplit(":", 1)
    with socket.create_connection((address, int(number)), timeout=60) as stream:
        stream.sendall(words)
        heard = b""
        while len(heard) < len(words):
            more = stream.recv(4096)
            if not more:
                break
            heard += more
        return heard


def refused(kind, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


server = Toxiproxy()
server.update_api_consumer(host, port)
assert server.running()
assert server.version() == b'{"version": "2.12.0"}\n'
assert server.proxies() == {}
proxy = server.create(upstream=upstream, name="p", enabled=True)
assert say(proxy.listen, b"plain") == b"plain"
refused(ProxyExists, server.create, upstream=upstream, name="p")
proxy.add_toxic(type="latency", attributes={"latency": 120, "jitter": 0})
begun = time.monotonic()
assert say(proxy.listen, b"slow") == b"slow"
assert time.monotonic() - begun >= 0.119
assert proxy.get_toxic("latency_downstream").attributes == {"latency": 120, "jitter": 0}
assert proxy.get_toxic("other") is None
refused(InvalidToxic, proxy.add_toxic, type="lag")
refused(ProxyExists, proxy.add_toxic, type="latency")
assert proxy.destroy_toxic("latency_downstream")
refused(NotFound, proxy.destroy_toxic, "latency_downstream")
proxy.add_toxic(type="limit_data", stream="upstream", name="short", toxicity=1.0, attributes={"bytes": 2})
assert list(proxy.toxics()) == ["short"]
with proxy.down():
    assert server.get_proxy("p").enabled is False
    refused(ConnectionRefusedError, say, proxy.listen, b"down")
assert server.get_proxy("p").enabled is True
assert server.reset()
assert say(proxy.listen, b"reset") == b"reset"
made = server.populate([
    {"name": "p", "upstream": upstream, "listen": proxy.listen},
    {"name": "q", "upstream": upstream, "listen": "127.0.0.1:0"},
])
assert [each.name for each in made] == ["q"]
assert sorted(server.proxies()) == ["p", "q"]
server.destroy_all()
assert server.proxies() == {}
print("passed")
