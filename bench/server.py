"""Servers under test: starting and stopping them, their CPU, memory and wake-ups, and the load generators.

Everything listens and talks on 127.0.0.1 only. Only sessions started here are ever ended.
"""
import contextlib, os, pathlib, re, shutil, signal, socket, ssl, subprocess, time

from lib import PEERS, environment

UPSTREAM = 18080
TICKS = os.sysconf("SC_CLK_TCK")
TLS = ssl.create_default_context()
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE


class Failed(Exception):
    """A peer did not start or did not do its work: its row is left out and the run goes on."""


class Server:
    """A program under test.

    command  what to run; its first word is None when the peer is not installed
    port     where it answers; `ready` is how that is seen: http, https, tcp, or the banner of SMTP
    path     what is asked of it, with `host` as the Host header
    """

    def __init__(self, name, command, port, path="/1k", ready="http", host=None, env=None):
        self.name, self.command, self.port, self.path, self.ready = name, command, port, path, ready
        self.host, self.env, self.process = host or f"127.0.0.1:{port}", env, None
        self.home = None  # once it was started

    def url(self, path=None):
        return f"http://127.0.0.1:{self.port}{path or self.path}"

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def ask(self, sock):
        sock.sendall(f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())

    def answers(self):
        try:
            sock = self.connect()
            if self.ready == "https":
                sock = TLS.wrap_socket(sock, server_hostname="localhost")
            with sock:
                if self.ready.startswith("http"):
                    self.ask(sock)
                if self.ready == "banner":
                    return sock.recv(4096).startswith(b"220")
                return self.ready == "tcp" or bool(re.match(rb"HTTP/1\.[01] 200", sock.recv(4096)))
        except OSError:
            return False

    def start(self, work, timeout=60):
        """Starts it; returns the milliseconds to its first answer."""
        began = time.perf_counter()
        with contextlib.suppress(ConnectionRefusedError):
            self.connect().close()
            raise Failed(f"port {self.port} is taken by another program")
        log, self.home = work / f"{slug(self.name)}.log", work / f"{slug(self.name)}.home"
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=work, start_new_session=True,
                env=environment(self.home, self.env))
        while not self.answers():
            if self.process.poll() is not None:
                raise Failed(f"exited with {self.process.returncode}: {log.read_text(errors='replace').strip()[-300:]}")
            if time.perf_counter() - began > timeout:
                raise Failed(f"no answer within {timeout} s")
            time.sleep(0.002)
        return (time.perf_counter() - began) * 1000

    def stop(self):
        """Ends its session, politely first."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sign)
            until = time.monotonic() + 3
            while self.pids() and time.monotonic() < until:
                time.sleep(0.02)
        self.process = None

    def pids(self):
        """Every process of its session."""
        if self.process is None:
            return []
        self.process.poll()  # reaps
        session = str(self.process.pid)
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and stat(pid)[3:4] == [session]]

    def cpu(self):
        """Seconds of CPU, user and system, that its processes have used."""
        return sum(int(ticks) for pid in self.pids() for ticks in stat(pid)[11:13]) / TICKS

    def memory(self):
        """Resident set size of all its processes, MiB."""
        return sum(size for pid in self.pids() for size in numbers(f"/proc/{pid}/smaps_rollup", "Rss:")) / 1024

    def wakeups(self):
        """How often one of its threads began to run again after it had slept."""
        return sum(count for pid in self.pids() for task in pathlib.Path(f"/proc/{pid}/task").glob("*/status")
                   for count in numbers(task, "voluntary_ctxt_switches:"))

    def under(self, *command):
        """Runs a load generator; returns what it printed and the CPU seconds that the server used meanwhile."""
        before = self.cpu()
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300)
        if not self.pids():
            raise Failed("it ended under load")
        return done.stdout + done.stderr, self.cpu() - before


def slug(name):
    return re.sub(r"\W+", "-", name).strip("-")


def stat(pid):
    """Fields of /proc/PID/stat after the name: [3] is the session, [11] and [12] user and system ticks."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as line:  # a name may be any bytes
            return line.read().rpartition(")")[2].split()
    except OSError:
        return []


def numbers(path, word):
    """The numbers behind a word, in a file of `word number` lines; none when its process has ended."""
    with contextlib.suppress(OSError), open(path, errors="replace") as lines:
        return [int(words[1]) for words in map(str.split, lines) if words[:1] == [word]]
    return []


def wrk(server, path=None, connections=64, seconds=3, script=None):
    out, cpu = server.under("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Host: {server.host}",
                            *(["-s", script] if script else []), server.url(path))
    made, rate = re.search(r"(\d+) requests in", out), re.search(r"Requests/sec:\s+([\d.]+)", out)
    if not made or not int(made[1]):
        raise Failed(f"wrk got no answer: {out.strip()[-200:]}")
    us = {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}
    quantiles = {q: float(n) * us[unit] for q, n, unit in re.findall(r"\b(50|99)%\s+([\d.]+)(us|ms|s|m)\b", out)}
    errors = re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", out)
    return dict(requests_per_s=float(rate[1]), p50_us=quantiles.get("50"), p99_us=quantiles.get("99"),
                cpu_us_per_request=cpu / int(made[1]) * 1e6, errors=sum(map(int, errors)))


def large(mib):
    """A file of so many MiB to download, made on first use and read into the page cache. No two of its blocks are
    alike, and it is written out, since a hole would be read faster than data."""
    path = PEERS / "www" / f"{mib}m.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.stat().st_size != mib << 20:
        block = os.urandom(1 << 20)
        with open(path, "wb") as file:
            file.writelines(number.to_bytes(8, "big") + block[8:] for number in range(mib))
    with open(path, "rb") as file, open(os.devnull, "wb") as sink:
        shutil.copyfileobj(file, sink, 1 << 20)
    return path


def download(server, path):
    """A large file over one connection."""
    out, cpu = server.under("curl", "-s", "-o", os.devnull, "-m", "120", "-H", f"Host: {server.host}", "-w",
                            "%{speed_download} %{size_download}", server.url(f"/{path.name}"))
    speed, size = map(float, out.split())
    if size != path.stat().st_size:
        raise Failed(f"curl got {size:.0f} bytes of {path.stat().st_size}")
    return dict(mb_per_s=speed / 1e6, cpu_s_per_gib=cpu / size * (1 << 30))


def digest(command):
    """The SHA-256 of what a command prints."""
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE) as source:
        out = subprocess.run(["sha256sum"], stdin=source.stdout, capture_output=True, text=True, timeout=300, check=True)
    return out.stdout.split()[0]
