"""Random sockets: sockets.py SEED. Tells in JSON of those made, and ends with its standard input."""
import json, random, socket, sys

rng = random.Random(int(sys.argv[1]))
FOUR = ["127.0.0.1", "127.0.0.2", "127.9.9.9", "0.0.0.0", "10.9.8.7"]
SIX = ["::1", "::", "fd00::7", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:10.9.8.7"]
# Below those that the system draws, so that no other test meets them.
PORTS = [rng.randint(1, 32767) for _ in range(12)]
keep, made = [], []
for _ in range(60):
    family, addresses = rng.choice([(socket.AF_INET, FOUR), (socket.AF_INET6, SIX)])
    tcp = rng.random() < 0.6
    sock = socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
    if rng.random() < 0.4:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if rng.random() < 0.5:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, rng.random() < 0.5)
    state, backlog = ("bound-not-listening", None) if tcp else ("bound", None)
    try:
        sock.bind((rng.choice(addresses), rng.choice(PORTS)))
    except OSError:
        sock.close()
        continue
    wanted = rng.choice([0, 1, 7, 128, 511])
    if tcp and rng.random() < 0.7:
        try:
            sock.listen(wanted)
            state, backlog = "listen", wanted
        except OSError:
            pass
    if rng.random() < 0.1:
        sock.close()
        continue
    keep.append(sock)
    address, port = sock.getsockname()[:2]
    six = family == socket.AF_INET6
    made.append({
        "proto": "tcp" if tcp else "udp", "family": "ipv6" if six else "ipv4", "address": address, "port": port,
        "state": state, "backlog": backlog,
        "v6only": bool(sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)) if six else None,
    })
print(json.dumps(made), flush=True)
sys.stdin.read()
