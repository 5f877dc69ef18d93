"""PROXY: reverse proxies and TCP relays in front of one nginx: 1 KiB, a large file, memory of idle connections, TLS,
and what they cost while nobody asks."""
import contextlib, re, subprocess, time

import navyd, sink
from lib import environment, npm, program
from load import Load
from server import Failed, Server, digest, download, large, wrk

IDLE = 2000
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
NAMES = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]


def haproxy(b, name, port, mode="http", tls="", ready="http"):
    conf = b.render("haproxy.cfg", name, PORT=port, MODE=mode, TLS=tls)
    return Server(name, [program("haproxy"), "-db", "-f", conf], port, ready=ready)


def caddy(b, name, port, **env):
    conf = b.render("Caddyfile", name, PORT=port)
    return Server(name, [program("caddy"), "run", "--adapter", "caddyfile", "--config", conf], port, env=env)


def toxiproxy(b, name, port, api, **env):
    conf = b.render("toxiproxy.json", name, PORT=port)
    return Server(name, [program("toxiproxy-server"), "-config", conf, "-port", str(api)], port,
                  env={"LOG_LEVEL": "error", **env})


def portless(b):
    command, env = npm("portless", "portless"), {"PORTLESS_STATE_DIR": str(b.work / "portless"), "PORTLESS_SYNC_HOSTS": "0"}
    if command[0]:
        subprocess.run([*command, "alias", "up", "18080"], env=environment(b.work / "portless", env), capture_output=True)
    return Server("portless", [*command, "proxy", "start", "--no-tls", "-p", "18105", "--foreground"], 18105,
                  host="up.localhost:18105", env=env)


def plain(b):
    """Every proxy of plain HTTP and TCP, each on a port of its own."""
    return b.add(
        b.nginx("nginx", 18101, "nginx-proxy.conf"), haproxy(b, "haproxy", 18102), haproxy(b, "haproxy tcp", 18114, mode="tcp"),
        caddy(b, "caddy", 18103, GOMAXPROCS="1"), portless(b), toxiproxy(b, "toxiproxy", 18106, 18474, GOMAXPROCS="1"),
        *navyd.proxies())


def secure(b):
    """One P-256 certificate; HTTP/1.1 and HTTP/2 on the same port. nginx before 1.23.4 speaks TLS 1.3 only when told."""
    if not (program("openssl") and program("h2load")):
        print("not here: openssl or h2load, so no TLS")
        return []
    key, pem = b.work / "key.pem", b.work / "cert.pem"
    subprocess.run([program("openssl"), "req", "-x509", *CURVE, "-nodes", "-days", "2", *NAMES, "-keyout", key, "-out", pem],
                   check=True, capture_output=True)
    pem.write_text(pem.read_text() + key.read_text())
    return b.add(b.nginx("nginx tls", 18121, "nginx-proxy.conf", ready="https", TLS="ssl http2",
                         CERTIFICATE=f"ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {pem}; ssl_certificate_key {pem};"),
                 haproxy(b, "haproxy tls", 18122, tls=f"ssl crt {pem} alpn h2,http/1.1", ready="https"), navyd.tls_proxy())


def held(server):
    """Memory with idle keep-alive connections that have each had one answer; then a fresh process."""
    before = server.memory()
    answered = 0
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE):  # one after another: requests at the same time would be counted as memory of connections
            sock = stack.enter_context(server.connect())
            server.ask(sock)
            answered += sock.recv(65536).startswith(b"HTTP/1.1 200")
        time.sleep(1)
        after = server.memory()
    server.stop()
    server.start(b.work)
    return dict(answered=answered, rss_held_mib=after, kib_per_connection=(after - before) * 1024 / IDLE)


def small(server):
    return wrk(server, seconds=b.seconds)


def single(server):
    """What a proxy adds to one request at a time: the median on one connection, less the direct one."""
    got = wrk(server, connections=1, seconds=b.seconds)
    if server is b.base:
        b.direct = got["p50_us"]  # of this round: the base is always the first
    return dict(added_p50_us=got["p50_us"] - b.direct)


def bulk(server):
    return download(server, file)


def whole(server):
    """What arrives is what was sent: down, and up for navyd, by each version of HTTP that it speaks there."""
    secure, ours = server.ready == "https", server.name.startswith("navyd")
    base = f"https://localhost:{server.port}" if secure else f"http://127.0.0.1:{server.port}"
    curl = ["curl", "-s", "-f", "-m", "120", *(["-k"] if secure else ["-H", f"Host: {server.host}"])]
    for version in ["--http1.1", "--http2"] if secure else ["--http1.1"]:
        if digest([*curl, version, f"{base}/{file.name}"]) != b.digest:
            raise Failed(f"{version}: what arrived is not what was sent")
        up = [*curl, version, "-T", str(file), f"{base}/sink"]
        if ours and subprocess.run(up, capture_output=True, text=True).stdout != b.digest:
            raise Failed(f"{version}: what was sent is not what arrived")
    return dict(whole=1)


def h2load(server, *options):
    out, cpu = server.under(program("h2load"), "-t1", f"-D{b.seconds}", f"--connect-to=127.0.0.1:{server.port}", *options,
                            f"https://localhost:{server.port}/1k")
    rate, done = re.search(r"([\d.]+) req/s", out), re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", out)
    if not rate or not int(done[1]):
        raise Failed(f"h2load got no answer: {out.strip()[-200:]}")
    return float(rate[1]), cpu / int(done[1]) * 1e6, int(done[2]) + int(done[3])


def tls(server):
    """h2load on 64 connections, and on 8 with 8 streams each; full handshakes one after another, none resumed, by a
    client that trusts nobody: it would look for who signed each certificate among all files of this machine."""
    (h1, h1_cpu, h1_errors), (h2, h2_cpu, h2_errors) = h2load(server, "--h1", "-c64"), h2load(server, "-c8", "-m8")
    out, cpu = server.under(program("openssl"), "s_time", "-connect", f"127.0.0.1:{server.port}", "-new", "-time", b.seconds,
                            "-no-CAfile", "-no-CApath", "-no-CAstore")
    made, took = map(int, re.search(r"(\d+) connections in (\d+) real seconds", out).groups())
    return dict(h1_requests_per_s=h1, h1_cpu_us_per_request=h1_cpu, h2_requests_per_s=h2, h2_cpu_us_per_request=h2_cpu,
                handshakes_per_s=made / took, cpu_us_per_handshake=cpu / made * 1e6, tls_errors=h1_errors + h2_errors)


with Load("proxy", __doc__, needs=["nginx", "wrk", "curl", "sha256sum"], mib=("1024", "MiB of the large file")) as b:
    file = large(int(b.options.mib))
    b.digest = digest(["cat", file])
    sink.start()
    servers, tls_servers = plain(b), secure(b)
    b.add(navyd.daemon())
    b.start(b.upstream())
    b.idle("start, and nobody asks")
    b.load(f"{IDLE} idle keep-alive connections", held, servers, rounds=1)
    b.load(f"1 KiB, 64 keep-alive connections, {b.seconds} s", small, [b.base, *servers])
    b.load(f"1 KiB, one keep-alive connection, {b.seconds} s", single, [b.base, *servers])
    b.load(f"{b.options.mib} MiB over one connection", bulk, [b.base, *servers])
    b.load("the same, and its checksum; to navyd up as well", whole,
           [*servers, *(server for server in tls_servers if server.name.startswith("navyd"))], rounds=1)
    b.load(f"TLS, {b.seconds} s", tls, tls_servers)
    b.limit("navyd", kib_per_connection=12)
    b.limit("navyd hub", rss_idle_mib=20, wakeups_per_second=1, ready_ms=50)
    b.finish(
        ("navyd", ["nginx"], dict(cpu_us_per_request=1, p99_us=1.5, mb_per_s=1, cpu_s_per_gib=0.8)),
        ("navyd", ["haproxy"], dict(cpu_us_per_request=1, added_p50_us=None, mb_per_s=None)),
        ("navyd tcp", ["haproxy tcp", "toxiproxy"], dict(cpu_us_per_request=0.7, mb_per_s=None)),
        ("navyd tls", ["nginx tls"], dict(handshakes_per_s=1, h1_requests_per_s=1, h2_requests_per_s=1,
                                          h1_cpu_us_per_request=None, h2_cpu_us_per_request=None,
                                          cpu_us_per_handshake=None)))
