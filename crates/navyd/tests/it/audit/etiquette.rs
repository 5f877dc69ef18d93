//! What is sent is what was shown, and some are sent nothing: told by those who were asked.

use std::{io::Write, net::TcpStream, os::unix::process::CommandExt, process::Command};

use super::{ask, ids, show};
use crate::{
    probe::{Server, free_port, number_after, program},
    support::{
        child::Held,
        run::{navyd, run},
        temp::TempDir,
    },
};

/// Says 404 to each request, 101 to one for a WebSocket, and to a greeting of TLS what a server says; reads each connection
/// to its end, and prints what it read, in hexadecimal digits.
const RECORDER: &str = "\
import socket, sys
FLIGHT = bytes.fromhex('160303002a020000260303' + '61' * 32 + '00c02f00' + '160303000b0b000007000004000001301603030004'
                       + '0e000000')
def answer(read):
    if read[:1] == b'\\x16': return FLIGHT if '--silent' not in sys.argv else b''
    if b'\\r\\n\\r\\n' not in read: return b''
    if b'Upgrade: ' in read: return b'HTTP/1.1 101 x\\r\\nUpgrade: websocket\\r\\n\\r\\n\\x81\\x02hi'
    return b'HTTP/1.0 404 x\\r\\nContent-Length: 2\\r\\n\\r\\nno'
server = socket.create_server(('127.0.0.1', int(sys.argv[-1])), backlog=64)
print(server.getsockname()[1], flush=True)
while True:
    peer, _ = server.accept()
    read, said = b'', b''
    while True:
        try: more = peer.recv(65536)
        except OSError: break
        read += more
        if not more: break
        if not said:
            said = answer(read)
            try: peer.sendall(said)
            except OSError: pass
    peer.close()
    print(read.hex() or 'nothing', flush=True)
";

/// What the test itself sends, so that it is known where the rest ends.
const END: &[u8] = b"end of the record";

fn recorder(folder: &TempDir, command: &mut Command, port: u16) -> (Held, u16) {
    let script = folder.write("app.py", RECORDER);
    let mut held = Held::start(command.arg(script).arg(port.to_string()).current_dir(folder.path()));
    let port = held.line().parse().unwrap();
    (held, port)
}

/// What the recorder was sent until now, a connection each.
fn record(held: &mut Held, port: u16) -> Vec<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(END).unwrap();
    drop(stream);
    let bytes = |line: String| {
        let digits = line.as_bytes().chunks(2);
        digits
            .map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect::<Vec<u8>>()
    };
    let mut all = Vec::new();
    loop {
        let read = bytes(held.line());
        if read == END {
            return all;
        }
        all.push(read);
    }
}

/// The bytes between the quotation marks of a plan's lines: of each question, and of its end.
fn told(text: &str) -> Vec<[Vec<u8>; 2]> {
    let lines = text.lines().map(|line| line.trim_start_matches("note: "));
    let questions = lines.filter(|line| line.split(' ').nth(1).is_some_and(|word| word.contains('/')));
    let parts = |line: &str| {
        let mut quoted = line.split('"').skip(1).step_by(2).map(bytes);
        [quoted.next().unwrap_or_default(), quoted.next().unwrap_or_default()]
    };
    questions.map(parts).collect()
}

fn shown(text: &str) -> Vec<Vec<u8>> {
    told(text).into_iter().map(|[question, _]| question).collect()
}

/// Bytes as source code has them; a quotation mark stands in none of them.
fn bytes(written: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = written.bytes();
    while let Some(byte) = rest.next() {
        let escaped = if byte == b'\\' { rest.next() } else { None };
        bytes.push(match escaped {
            None => byte,
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'x') => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            Some(other) => other,
        });
    }
    bytes
}

#[test]
fn what_is_sent_is_what_is_shown() {
    let folder = TempDir::new();
    let (mut held, port) = recorder(&folder, &mut Command::new("python3"), 0);
    // Without --probe nothing is sent, whatever is shown.
    let alone = show(port);
    assert_eq!((alone.status, shown(&alone.stdout).len()), (Some(0), 3), "{} {}", alone.stdout, alone.stderr);
    run(navyd().args(["audit", &port.to_string()]));
    assert_eq!(record(&mut held, port), Vec::<Vec<u8>>::new());
    let asked = run(navyd().args(["audit", &port.to_string(), "--probe", "--show-probes"]));
    let (sent, shown) = (record(&mut held, port), shown(&asked.stderr));
    assert_eq!(shown.len(), 3, "{}", asked.stderr);
    // On a slow machine the second may end before the last.
    assert!(!sent.is_empty() && sent == shown[..sent.len()], "{sent:?} {shown:?}");
    for question in &sent {
        let text = String::from_utf8_lossy(question);
        assert!(text.starts_with("GET /") && text.ends_with("\r\n\r\n"), "{text}");
    }
}

#[test]
fn what_has_begun_is_ended_as_it_was_shown() {
    let folder = TempDir::new();
    folder.write("cert.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    for (program, more, count, ended) in [
        // A WebSocket comes last of three, behind two pages.
        ("webpack-dev-server.py", &[][..], 3, 2),
        // Where TLS is spoken, nothing is asked in clear.
        ("app.py", &["--ssl-cert=cert.pem"], 1, 0),
        ("app.py", &["--ssl-cert=cert.pem", "--silent"], 3, usize::MAX),
        // A database greets by itself: it is sent nothing.
        ("mariadbd.py", &[], 1, usize::MAX),
    ] {
        let mut command = Command::new("python3");
        let script = folder.write(program, RECORDER);
        command.arg(script).args(more).arg("0").current_dir(folder.path());
        let mut held = Held::start(&mut command);
        let port: u16 = held.line().parse().unwrap();
        let mut answered = false;
        // On a busy machine the second may end before the last, or the greeting of TLS finds nobody in time.
        for _ in 0..super::ATTEMPTS {
            let asked = run(navyd().args(["audit", &port.to_string(), "--probe", "--show-probes"]));
            let (sent, told) = (record(&mut held, port), told(&asked.stderr));
            let expected = told.iter().enumerate().map(|(at, [question, end])| {
                if at == ended { [question.as_slice(), end].concat() } else { question.clone() }
            });
            let expected: Vec<Vec<u8>> = expected.take(count).collect();
            assert!(!told.is_empty() && told.len() >= count, "{program}: {}", asked.stderr);
            assert!(ended == usize::MAX || !told[ended][1].is_empty(), "{program}: {}", asked.stderr);
            answered = sent == expected;
            if answered {
                break;
            }
            let known = |bytes: &Vec<u8>| {
                told.iter()
                    .any(|[question, end]| bytes == question || *bytes == [question.as_slice(), end].concat())
            };
            assert!(sent.iter().all(known), "{program}: {sent:?} {told:?}");
        }
        assert!(answered, "{program}, {more:?}");
    }
}

#[test]
fn who_waits_for_a_debugger_gets_no_connection() {
    let folder = TempDir::new();
    let port = free_port();
    let mut command = Command::new("python3");
    command.arg0("java");
    let script = folder.write("app.py", RECORDER);
    command
        .arg(script)
        .arg(format!("-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:{port}"));
    let mut held = Held::start(command.arg(port.to_string()).current_dir(folder.path()));
    assert_eq!(held.line(), port.to_string());
    let plan = show(port);
    assert!(plan.stdout.contains("is not asked: a JVM (JDWP)"), "{}", plan.stdout);
    run(navyd().args(["audit", &port.to_string(), "--probe"]));
    assert_eq!(record(&mut held, port), Vec::<Vec<u8>>::new());
}

#[test]
fn redis_is_asked_in_its_own_words_and_logs_nothing() {
    let Some(redis) = program("redis_is_asked_in_its_own_words_and_logs_nothing", "redis-server") else {
        return;
    };
    let port = free_port();
    let mut command = Command::new(redis);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    let server = Server::start(&mut command, "Ready to accept connections");
    let plan = show(port).stdout;
    assert_eq!(shown(&plan), [b"*1\r\n$4\r\nPING\r\n".to_vec()], "{plan}");
    assert_eq!(ids(&ask(port, navyd)).into_iter().collect::<Vec<_>>(), ["A31"]);
    let log = server.stop();
    // What it logs next is that it was told to end.
    assert!(log.lines().next().is_some_and(|line| line.contains("SIGTERM")), "{log}");
}

#[test]
fn the_inspector_of_node_is_found_and_left_alone() {
    let Some(node) = program("the_inspector_of_node_is_found_and_left_alone", "node") else { return };
    let mut command = Command::new(node);
    command.args(["--inspect=127.0.0.1:0", "-e", "setInterval(() => {}, 1000)"]);
    let server = Server::start(&mut command, "Debugger listening on");
    let line = server.log.last().unwrap().rsplit_once('/').unwrap().0.to_owned();
    let port = number_after(&line, ":");
    assert!(show(port).stdout.contains("is not asked: it listens for a debugger"));
    assert!(ask(port, navyd).is_empty());
    let found = run(navyd().args(["--json", "audit", &port.to_string(), "--probe"]));
    assert!(found.stdout.contains("\"A40\""), "{}", found.stdout);
    let log = server.stop();
    assert!(!log.contains("attached"), "{log}");
}
