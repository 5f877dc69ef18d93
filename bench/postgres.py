"""PostgreSQL for as long as a section runs, with the tables of pgbench. It refuses to be root, and so runs as nobody."""
import os, pathlib, re, shutil, subprocess, tempfile

from lib import program
from server import Failed, Server

PORT, NOBODY = 18170, 65534


def found(name):
    """Debian keeps the programs of a server apart."""
    own = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(own[-1]) if own else program(name)


class Postgres(Server):
    def __init__(self):
        self.folder = None
        self.user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        here = found("initdb") and found("pgbench") and (not self.user or program("setpriv"))
        super().__init__("postgresql", [found("postgres") if here else None], PORT, ready="tcp")

    def start(self, work, timeout=60):
        if not self.folder:
            self.folder = tempfile.mkdtemp(prefix="navyd-bench-pg-")
            if self.user:
                os.chown(self.folder, NOBODY, NOBODY)
            self.run(found("initdb"), "-D", f"{self.folder}/data", "-U", "bench", "-A", "trust", "-N")
            self.command = [*self.user, found("postgres"), "-D", f"{self.folder}/data", "-p", str(PORT), "-k", self.folder,
                            "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
            ready = super().start(work, timeout)
            self.run(*pgbench(PORT), "-i", "-q")
            return ready
        return super().start(work, timeout)

    def answers(self):
        """Its port is open before it is ready."""
        return subprocess.run([found("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(PORT)]).returncode == 0

    def run(self, *command):
        done = subprocess.run([*self.user, *command], cwd=self.folder, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Failed(done.stderr.strip()[-300:])

    def stop(self):
        super().stop()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None


def pgbench(port, *options):
    return [found("pgbench"), "-h", "127.0.0.1", "-p", str(port), "-U", "bench", *options, "postgres"]


def transactions(server, seconds):
    """Reads by their key, prepared, on eight connections: transactions a second, and what each costs the server."""
    out, cpu = server.under(*pgbench(server.port, "-n", "-S", "-M", "prepared", "-c8", "-j1", f"-T{seconds}"))
    rate, done = re.search(r"^tps = ([\d.]+)", out, re.M), re.search(r"actually processed: (\d+)", out)
    if not rate or not done:
        raise Failed(f"pgbench got no answer: {out.strip()[-200:]}")
    return dict(transactions_per_s=float(rate[1]), cpu_us_per_transaction=cpu / int(done[1]) * 1e6)
