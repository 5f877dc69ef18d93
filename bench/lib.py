"""What every section shares: finding peers, a busy machine to run them on, interleaved rounds, medians, ratios,
tables, and the JSON with the figures of every round.

Everything listens and talks on 127.0.0.1 only. Only processes started here are ever ended.
"""
import argparse, contextlib, datetime, json, os, pathlib, platform, re, resource, shutil, signal, statistics
import subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
PEERS = pathlib.Path(os.environ.get("PEERS") or pathlib.Path.home() / ".cache/navyd-peers").resolve()
FILES = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1 << 20)
resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


def program(name):
    """Path of a program, first under PEERS, then on PATH; None when it is not here."""
    for path in (PEERS / name, *sorted(PEERS.glob(f"*/bin/{name}"))):
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def npm(package, name):
    """Start of the command line of an npm program that `install` put under its own prefix; [None] without it."""
    script = PEERS / f"npm-{package}/node_modules/.bin/{name}"
    return [program("node"), str(script)] if script.exists() and program("node") else [None]


def environment(home, more=None):
    """Our environment with a home of its own, so that no program reads or changes the user's settings."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("NAVYD", "XDG_"))}
    return {**clean, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **(more or {})}


class Bench:
    """One section: the figures of every round, and what is printed and kept at the end."""

    def __init__(self, section, doc, needs=(), **options):
        parser = argparse.ArgumentParser(description=doc)
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--seconds", type=int, default=3, help="of load, for each row that is a server")
        parser.add_argument("--only", default="", metavar="NAMES", help="rows whose name holds one of these: lsof,navyd")
        for name, (default, text) in options.items():
            parser.add_argument(f"--{name}", default=default, help=f"{text} (default: {default})")
        self.options = parser.parse_args()
        self.section, self.rounds, self.seconds = section, self.options.rounds, self.options.seconds
        self.samples, self.missing, self.ratios = {}, [], []
        lacking = [name for name in needs if not program(name)]
        if lacking:
            sys.exit(f"{section} needs {', '.join(lacking)}: try ./install {section}")

    def __enter__(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="navyd-bench-"))
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.work, ignore_errors=True)

    def wanted(self, name, here):
        """Whether --only asks for this row and its peer is here; says so when it is not."""
        asked = any(part in name for part in self.options.only.split(","))
        if asked and not here:
            print(f"not here: {name}", flush=True)
            self.missing.append(name)
        return asked and here

    def tool(self):
        """fixtures/limits.c, built; None without a C compiler."""
        path = self.work / "limits"
        if program("cc") and not path.exists():
            subprocess.run([program("cc"), "-O2", "-o", path, HERE / "fixtures/limits.c", "-lpthread"], check=True)
        return str(path) if path.exists() else None

    def keep(self, name, figures):
        for metric, value in figures.items():
            self.samples.setdefault(name, {}).setdefault(metric, []).append(value)

    def table(self, title, metrics, names):
        rows = {name: self.samples.get(name, {}) for name in names}
        print(f"\n### {self.section}: {title}\n\n|  |", " | ".join(m.replace("_", " ") for m in metrics), "|")
        print("|" + " --- |" * (len(metrics) + 1))
        for name, got in rows.items():
            if any(metric in got for metric in metrics):
                print("|", name, "|", " | ".join(spread(got.get(m, [])) for m in metrics), "|")
        print(flush=True)

    @contextlib.contextmanager
    def crowd(self, sockets, idle=300, listeners=50):
        """A busy machine: see fixtures/sockets.py. Waits first until the TIME_WAIT sockets of earlier runs are
        gone, unless one round shows only that everything works."""
        for _ in range(75 if self.rounds > 1 else 0):
            if int(re.search(r"tw (\d+)", pathlib.Path("/proc/net/sockstat").read_text())[1]) < 300:
                break
            time.sleep(1)
        command = [sys.executable, HERE / "fixtures/sockets.py", str(sockets), str(idle), str(listeners)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as fixture:
            if fixture.stdout.readline() != b"ready\n":
                sys.exit("the fixture of sockets did not start: a port of 20000–20094 is taken, or the limit of open files "
                         "(`ulimit -Hn`) is too low")
            yield
            fixture.stdin.close()

    def commands(self, title, commands, found, suffix="", fails=()):
        """Runs commands that end by themselves, in interleaved rounds; found() counts the rows that one printed."""
        out, env = self.work / "out", environment(self.work / "home")
        metrics = [metric + suffix for metric in ("wall_ms", "cpu_ms", "peak_mib", "found")]
        for _ in range(self.rounds):
            for name in [name for name in commands if name not in self.missing]:
                timed = subprocess.run([self.tool(), "run", out, *commands[name]], env=env, capture_output=True, timeout=300)
                wall, cpu, peak, status = map(float, timed.stdout.split())
                if status not in (0, 1) and name not in fails:
                    print(f"left out: {name}: exit status {status:.0f}", flush=True)
                    self.missing.append(name)
                    continue
                figures = (wall * 1000, cpu * 1000, peak / 1024, found(out.read_text(errors="replace")))
                self.keep(name, dict(zip(metrics, figures)))
        self.table(f"{title}; rounds: {self.rounds}", metrics, commands)

    def limit(self, name, **bars):
        """Prints the median of each metric of a row beside the most that it may be, or the least of a rate."""
        for metric, bar in bars.items():
            got = self.samples.get(name, {}).get(metric, [])
            if got:
                met, sign = judged(metric, statistics.median(got), bar)
                print(f"{name}: {metric} {spread(got)}, bar {sign} {bar:,}: {'met' if met else 'missed'}")

    def finish(self, *ratios):
        """ratios: (our row, champions' rows, metrics, each with its bar or None). Prints them, and writes everything to
        $BENCH_OUT/SECTION.json."""
        for ours, champions, metrics in ratios:
            for champion in champions:
                self.ratio(ours, champion, metrics)
        path = pathlib.Path(os.environ.get("BENCH_OUT") or "bench-results") / f"{self.section}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dict(
            section=self.section, ended=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            rounds=self.rounds, seconds=self.seconds, kernel=platform.release(), cpus=os.cpu_count(),
            load_average=os.getloadavg(), not_here=self.missing, ratios=self.ratios, samples=self.samples), indent=1))
        print(f"raw figures: {path}")

    def ratio(self, ours, champion, metrics):
        """The median, over the rounds, of our figure divided by the champion's in the same round."""
        absent = [name for name in (ours, champion) if name in self.missing]
        if absent:
            print(f"ratio {ours} / {champion}: not here: {', '.join(absent)}")
            return
        for metric, bar in metrics.items():
            pairs = zip(*(self.samples.get(name, {}).get(metric, []) for name in (ours, champion)))
            each = [mine / theirs for mine, theirs in pairs if mine and theirs and theirs > 0]
            if each:
                median = statistics.median(each)
                met, sign = judged(metric, median, bar)
                against, better = f", bar {sign} {bar:.3g}" if bar else "", "more" if sign == "≥" else "less"
                print(f"ratio {ours} / {champion}: {metric} {spread(each)}, {better} is better{against}",
                      *([] if met is None else [": met" if met else ": missed"]), sep="")
                self.ratios.append(dict(ours=ours, champion=champion, metric=metric, each=each, median=median, bar=bar))


def judged(metric, figure, bar):
    """Whether a figure meets its bar, and on which side that is: of rates more is better. None without a bar."""
    more = metric.endswith(("_per_s", "_per_cpu_s"))
    return (figure >= bar if more else figure <= bar) if bar is not None else None, "≥" if more else "≤"


def listed(text):
    """Length of the longest list of a JSON document; None when it is none."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    lists = document.values() if isinstance(document, dict) else [document]
    return max((len(rows) for rows in lists if isinstance(rows, list)), default=0)


def spread(values):
    """`median (least–most)`; a dash when there is nothing."""
    if len(set(values)) < 2:
        return show(values[0]) if values else "–"
    return f"{show(statistics.median(values))} ({show(min(values))}–{show(max(values))})"


def show(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
