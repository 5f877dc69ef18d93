//! `navyd echo`, `sink` and `stub`, as clients meet them.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream, UdpSocket},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use super::support::{Standing, command};
use crate::support::{
    child::Held,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

/// The Python of the system, whose packages the distribution has.
const PYTHON: &str = "/usr/bin/python3";

/// How long a test waits for bytes before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends messages, fragments with a ping between them, and what is forbidden, and says what comes back.
const WEBSOCKETS: &str = r#"
import asyncio, base64, os, socket, struct, sys, websockets
port = int(sys.argv[1])
async def library():
    async with websockets.connect(f"ws://127.0.0.1:{port}/", max_size=None, compression=None) as ws:
        for message in ("hé", b"\x00\xff", "", "x" * 200000, b"y" * 5000000):
            await ws.send(message)
            assert await ws.recv() == message
        await ws.send(iter(["fra", "gment", "s"]))
        await (await ws.ping(b"are you there"))
        assert await ws.recv() == "fragments"
    print("library", ws.close_code)
asyncio.run(library())
def raw(*frames):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
    key = base64.b64encode(os.urandom(16)).decode()
    s.sendall((f"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode() + b"".join(frames))
    heard = b""
    while piece := s.recv(65536):
        heard += piece
    return heard.split(b"\r\n\r\n", 1)[1]
def frame(first, payload, mask=b"\1\2\3\4", length=None):
    size = len(payload) if length is None else length
    head = bytes([first, 0x80 | size]) if size < 126 else bytes([first, 0xff]) + struct.pack(">Q", size)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
close = frame(0x88, struct.pack(">H", 1000))
print("fragments", raw(frame(0x01, b"a"), frame(0x89, b"p"), frame(0x80, b"b"), close))
for name, sent in (
    ("not utf-8", frame(0x81, b"\xff")),
    ("too long", frame(0x82, b"", length=1 << 40)),
    ("not masked", b"\x81\x01a"),
    ("continuation of nothing", frame(0x80, b"")),
    ("reserved", frame(0xc1, b"")),
):
    heard = raw(sent)
    print(name, heard[0] == 0x88, struct.unpack(">H", heard[2:4])[0])
"#;

#[test]
fn it_says_what_it_was_asked() {
    let folder = TempDir::new();
    let mut standing = Standing::start("echo", folder.path(), &["--log"]);
    assert_eq!(standing.report["does"], "says what it was asked");
    // By any name: what is answered is what was sent.
    let answer = standing.ask("GET /get?a=1 HTTP/1.1\r\nHost: some.example\r\nConnection: close\r\n\r\n");
    assert!(answer.contains("\"url\": \"http://some.example/get?a=1\""), "{answer}");
    let told: Value = serde_json::from_str(&standing.held.line()).unwrap();
    assert_eq!((&told["target"], &told["status"]), (&"/get?a=1".into(), &200.into()), "{told}");
}

#[test]
fn messages_of_websocket_come_back() {
    const TEST: &str = "standin::echo::messages_of_websocket_come_back";
    if run(Command::new("sh").args(["-c", &format!("{PYTHON} -c 'import websockets'")])).status != Some(0) {
        return skip(TEST, "`python3-websockets` is not installed");
    }
    let folder = TempDir::new();
    let standing = Standing::start("echo", folder.path(), &["--ws"]);
    let port = standing.address().port();
    assert_eq!(standing.report["urls"][0], format!("ws://localhost:{port}"));
    let ran = run(Command::new(PYTHON).args(["-c", WEBSOCKETS, &port.to_string()]));
    let expected = "library 1000\nfragments b'\\x8a\\x01p\\x81\\x02ab\\x88\\x02\\x03\\xe8'\nnot utf-8 True 1007\n\
        too long True 1009\nnot masked True 1002\ncontinuation of nothing True 1002\nreserved True 1002\n";
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
}

#[test]
fn events_bytes_and_datagrams_come_back() {
    let folder = TempDir::new();
    let events = Standing::start("echo", folder.path(), &["--sse"]).take("/?count=2&interval=0", "");
    assert!(events.contains("text/event-stream") && events.contains("id: 1\nevent: ping\n"), "{events}");

    let standing = Standing::start("echo", folder.path(), &["--tcp"]);
    let mut stream = TcpStream::connect(standing.address()).unwrap();
    stream.write_all(b"tea\0").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"tea\0");

    let standing = Standing::start("echo", folder.path(), &["--udp"]);
    let port = standing.address().port();
    assert_eq!(standing.report["urls"][0], format!("udp://localhost:{port}"));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(b"tea", standing.address()).unwrap();
    let mut heard = [0; 16];
    assert_eq!(socket.recv(&mut heard).unwrap(), 3);
    // Nobody listens there for connections: the port was only looked at.
    assert!(TcpStream::connect(standing.address()).is_err());
}

#[test]
fn a_sink_says_how_much_it_took() {
    let folder = TempDir::new();
    let mut standing = Standing::start("sink", folder.path(), &["--log"]);
    let mut stream = TcpStream::connect(standing.address()).unwrap();
    stream.write_all(&[7; 70_000]).unwrap();
    drop(stream);
    let told: Value = serde_json::from_str(&standing.held.line()).unwrap();
    assert_eq!(told["kind"], "tcp", "{told}");
    let pid = standing.held.pid().to_string();
    run(Command::new("kill").args(["-TERM", &pid]));
    let taken: Value = serde_json::from_str(&standing.held.line()).unwrap();
    assert_eq!(taken["schema"], "navyd.sink/1");
    assert_eq!((&taken["messages"], &taken["bytes"]), (&1.into(), &70_000.into()), "{taken}");
    assert_eq!(standing.held.wait(), Some(0));

    let standing = Standing::start("sink", folder.path(), &["--http"]);
    assert!(standing.take("/any", "").starts_with("HTTP/1.1 204 "));
}

#[test]
fn a_stub_plays_its_replies() {
    let folder = TempDir::new();
    let mut child = navyd();
    child.args(["stub", "tcp", "--json", "--log", "--port", "0", "--expect", "", "--reply", "220 hi\\r\\n"]);
    child.args(["--expect", "QUIT\\r\\n", "--reply", "hex:3232310d0a"]);
    let mut standing = Standing::with(child.current_dir(folder.path()).env("HOME", folder.path()));
    assert_eq!(standing.ask("QUIT\r\n"), "220 hi\r\n221\r\n");
    let told: Value = serde_json::from_str(&standing.held.line()).unwrap();
    assert_eq!(told["error"], Value::Null, "{told}");
    let mut stream = TcpStream::connect(standing.address()).unwrap();
    stream.write_all(b"EHLO\r\n").unwrap();
    let told: Value = serde_json::from_str(&standing.held.line()).unwrap();
    let expected = "expectation 2 differs at byte 0: expected `QUIT\\r\\n`, came `EHLO\\r\\n`";
    assert_eq!(told["error"], expected, "{told}");
}

#[test]
fn what_means_nothing_is_refused() {
    for (args, expected) in [
        (&["echo", "--tcp", "--auth", "me:x"][..], "`--auth` means nothing here"),
        (&["echo", "--udp", "--tls"], "`--tls` means nothing here"),
        (&["echo", "--ws", "--sse"], "`--ws` and `--sse` exclude each other"),
        (&["sink", "--latency", "1s"], "`--latency` means nothing here"),
        (&["sink", "--udp", "--error-rate", "0.5"], "`--error-rate` means nothing here"),
        (&["ftp", "/nosuch"], "cannot serve `/nosuch`"),
        (
            &["stub", "tcp", "--expect", "a", "--expect", "b", "--reply", "c"],
            "each `--expect` needs a `--reply`",
        ),
        (&["stub", "tcp", "--expect", "\\q", "--reply", "c"], "has a `\\` that means nothing"),
    ] {
        let ran = run(navyd().args(args));
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn ls_shows_a_sink_of_datagrams() {
    let folder = TempDir::new();
    let mut held = Held::start(&mut command("sink", folder.path(), &["--udp"]));
    let report: Value = serde_json::from_str(&held.line()).unwrap();
    let address = report["addresses"][0].as_str().unwrap();
    let port = address.rsplit(':').next().unwrap();
    let seen = run(navyd().args(["ls", "--json", &format!("{port}/udp")])).json();
    assert_eq!(seen["listeners"][0]["holders"][0]["framework"], "navyd sink", "{seen}");
}
