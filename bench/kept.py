"""A hub as people run it: with a home of its own, and told what to do by commands."""
import json, socket, subprocess, time

import navyd
from lib import environment
from server import UPSTREAM, Failed, Server


class Kept(Server):
    """One route of a hub of one worker.

    told   command lines of navyd, run when it has started: faults are laid
    watch  one that goes on as long as the hub does: a tap
    """

    def __init__(self, name, listen, route, *told, upstream=UPSTREAM, scheme="http", watch=None, capture=False, path="/1k"):
        command = [navyd.NAVYD, "hub", "--workers", "1", "--listen", f"127.0.0.1:{listen}"]
        super().__init__(name, command, listen, path, host=f"127.0.0.1:{route}")
        self.listen, self.route, self.watch, self.watching = listen, (route, "http" if scheme == "http" else "tcp"), watch, None
        add = ["route", "add", f"127.0.0.1:{route}={scheme}://127.0.0.1:{upstream}", *([] if capture else ["--no-capture"])]
        self.told = [] if watch else [add, *told]

    def start(self, work, timeout=60):
        """Gives when the hub was ready; its route is a little later."""
        self.port, self.ready = self.listen, "tcp"
        took = super().start(work, timeout)
        for command in self.told:
            self.tell(*command)
        if self.watch:
            self.watching = subprocess.Popen([navyd.NAVYD, *self.watch], env=environment(self.home), stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port, self.ready = self.route
        until = time.monotonic() + 5
        while not self.answers():
            if time.monotonic() > until:
                raise Failed("its route does not answer")
            time.sleep(0.01)
        return took

    def stop(self):
        if self.watching:
            self.watching.terminate()
            self.watching.wait()
            self.watching = None
        super().stop()

    def tell(self, *command):
        done = subprocess.run([navyd.NAVYD, *command], env=environment(self.home), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Failed(f"navyd {' '.join(command)}: {done.stderr.strip()[-300:]}")

    def asked(self, path):
        """A document of its API, and the milliseconds until it was here, over the socket that commands use."""
        began = time.perf_counter()
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self.home / "navyd/hub.sock"))
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: navyd\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: sock.recv(1 << 16), b""))
        took = (time.perf_counter() - began) * 1000
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise Failed(f"{path}: {head[:100]!r}")
        return json.loads(body), took


# Faults that take no time.
FAULTS = {"": [], " latency 0": ["--latency", "0ms"], " bandwidth": ["--bandwidth", "100000mb"]}


def shaped():
    """HTTP and TCP without a fault, and with one: what the shaped path costs."""
    rows = [(scheme, word, fault) for scheme in ("http", "tcp") for word, fault in FAULTS.items()]
    return [Kept(f"navyd {scheme} shaped{word}" if word else f"navyd {scheme}", 18180 + at, 18190 + at,
                 *laid(18190 + at, fault), scheme=scheme) for at, (scheme, word, fault) in enumerate(rows)]


def late(delay, echo):
    """HTTP from nginx, and TCP from a program that gives bytes back: without a fault, and with this latency."""
    rows = [(scheme, fault) for scheme in ("http", "tcp") for fault in ("", delay)]
    return [Kept(f"navyd {scheme} {fault or 'prompt'}", 18200 + at, 18210 + at,
                 *laid(18210 + at, fault and ["--latency", fault]), scheme=scheme,
                 upstream=UPSTREAM if scheme == "http" else echo, path="/1k" if scheme == "http" else "-")
            for at, (scheme, fault) in enumerate(rows)]


def laid(route, fault):
    return [["fault", "add", f"127.0.0.1:{route}", *fault]] if fault else []


def tapped(port):
    """A database behind a route of TCP that is not recorded, and behind taps."""
    taps = [Kept(f"navyd tap --as {word}", 18221 + at, 18231 + at, scheme="tcp", watch=[
        "tap", str(port), "--listen", str(18231 + at), "--as", word]) for at, word in enumerate(("tcp", "postgres"))]
    return [Kept("navyd tcp not recorded", 18220, 18230, scheme="tcp", upstream=port), *taps]


def recorded():
    """A hub that records all."""
    return Kept("navyd recorded", 18240, 18250, capture=True, path="/each/0")
