"""A section whose rows are servers: starting them in turn, and measuring each under load, round after round."""
import os, re, subprocess, sys, time

from lib import FILES, HERE, PEERS, Bench, program
from server import UPSTREAM, Failed, Server, slug

# About a kilobyte of JSON, with the path that was asked for and digits that never come again.
EACH = r'{\"path\":\"$uri\",\"items\":[' + r'{\"name\":\"apple\",\"price\":120,\"tag\":\"$request_id\"},' * 14 + "{}]}"


class Load(Bench):
    """A section of servers, in front of one upstream."""

    def __init__(self, *args, **options):
        self.base, self.servers, self.helpers = None, [], []
        super().__init__(*args, **options)

    def __exit__(self, *ended):
        for server in [*self.servers, *self.helpers, *filter(None, [self.base])]:
            server.stop()
        super().__exit__(*ended)

    def add(self, *servers):
        added = [s for s in servers if self.wanted(s.name, s.command[0] is not None)]
        self.servers += added
        return added

    def helper(self, server):
        """Starts one that is needed and not measured in turn; it ends with the section."""
        self.helpers.append(server)
        server.start(self.work)
        return server

    def render(self, template, name="", **values):
        """Writes a template of conf/ with its @WORDS@ filled in; returns its path as text."""
        values = dict(DIR=self.work, NAME=slug(name), WWW=PEERS / "www", UPSTREAM=f"127.0.0.1:{UPSTREAM}", FILES=FILES,
                      CONNECTIONS=max(200, min(FILES // 2 - 500, 9000)), USER=user(), TLS="", CERTIFICATE="") | values
        path = self.work / f"{slug(name)}-{template}"
        path.write_text(re.sub(r"@([A-Z]+)@", lambda m: str(values[m[1]]), (HERE / "conf" / template).read_text()))
        return str(path)

    def nginx(self, name, port, template, ready="http", **values):
        conf = self.render("nginx.conf", name, SERVER=self.render(template, name, PORT=port, **values))
        return Server(name, [program("nginx"), "-e", f"{conf}.err", "-c", conf], port, ready=ready)

    def upstream(self, name="direct"):
        """nginx, one worker: /1k is a fixed kilobyte, no two of /each/ are alike, everything else is a file below PEERS."""
        return self.nginx(name, UPSTREAM, "nginx-upstream.conf", BODY="0123456789abcdef" * 64, EACH=EACH)

    def tried(self, server, measure):
        """Keeps what `measure` tells of the server, or says why not and leaves its row out from now on."""
        try:
            self.keep(server.name, measure(server))
        except (Failed, OSError, ValueError, subprocess.TimeoutExpired) as why:
            if server is self.base:
                sys.exit(f"{server.name}: {why}")
            print(f"left out: {server.name}: {why}", flush=True)
            self.missing.append(server.name)
            server.stop()
            self.servers = [other for other in self.servers if other is not server]

    def start(self, base):
        """Starts every server `rounds` times, in turn; the last time it stays. `base` is the one without a proxy."""
        self.base = base
        try:
            base.start(self.work)
        except Failed as why:
            sys.exit(f"{base.name}: {why}")
        for _ in range(self.rounds):
            for server in list(self.servers):
                server.stop()
                self.tried(server, lambda s: dict(ready_ms=s.start(self.work)))

    def idle(self, title):
        """What the servers cost while nobody asks them anything, each having answered once when it started."""
        time.sleep(1)
        before, began = {s.name: s.wakeups() for s in self.servers}, time.monotonic()
        time.sleep(10 if self.rounds > 1 else 2)
        took = time.monotonic() - began
        for server in self.servers:
            wakeups = (server.wakeups() - before[server.name]) / took
            self.tried(server, lambda s, wakeups=wakeups: dict(rss_idle_mib=s.memory(), wakeups_per_second=wakeups))
        self.table(title, ["ready_ms", "rss_idle_mib", "wakeups_per_second"], [server.name for server in self.servers])

    def load(self, title, measure, servers, rounds=None):
        """Measures each in turn, round after round (A B C A B C …) so that noise meets all alike; prints the table."""
        rounds = rounds or self.rounds
        before = {name: set(got) for name, got in self.samples.items()}
        for _ in range(rounds):
            for server in servers:
                if server is self.base or server in self.servers or server in self.helpers:
                    self.tried(server, measure)
        new = {metric: 0 for name, got in self.samples.items() for metric in got if metric not in before.get(name, ())}
        if servers:
            self.table(f"{title}; rounds: {rounds}", new, [server.name for server in servers])


def user():
    """A root without all its rights, as in a namespace of users, cannot become another user, nor itself."""
    try:
        with open("/proc/self/setgroups") as line:
            may = line.read().strip() == "allow"
    except OSError:
        may = True
    return "" if os.geteuid() != 0 else "user root;" if may else "user root; master_process off;"
