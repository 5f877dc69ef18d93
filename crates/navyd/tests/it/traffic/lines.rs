//! What `navyd tap` prints: on terminals of two widths, into a pipe, and of datagrams.

use std::{
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    process::{Command, Stdio},
    thread,
};

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::{
    DEADLINE, until,
    watched::{list, shown},
};
use crate::{
    hub::Home,
    probe::{Server, free_port, program},
    see::terminal,
    support::child::Held,
};

/// A server of Redis on a port of its own; and that `redis-cli` is here too.
fn redis(test: &str) -> Option<(Server, u16)> {
    program(test, "redis-cli")?;
    let (redis, port) = (program(test, "redis-server")?, free_port());
    let mut command = Command::new(redis);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    Some((Server::start(&mut command, "Ready to accept connections"), port))
}

fn say(port: u16, words: &[&str]) {
    let mut command = Command::new("redis-cli");
    let said = command.args(["-p", &port.to_string()]).args(words).stdout(Stdio::null()).status();
    assert!(said.unwrap().success());
}

/// A port that nobody has now, at an address that few others use, so that it is nobody's when it is taken.
fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn exchanges_are_lines_that_fit_the_terminal_until_control_c() {
    let test = "traffic::lines::exchanges_are_lines_that_fit_the_terminal_until_control_c";
    let Some((_server, port)) = redis(test) else { return };
    if program(test, "python3").is_none() {
        return;
    }
    let home = Home::new();
    let _hub = home.hub();
    for columns in [80, 200] {
        let listen = free();
        // The name of the key comes twice: then control-C is typed.
        let mut command = terminal::navyd(columns, 24, "lamp:");
        let own = home.navyd(&["tap", &port.to_string(), "--as", "redis", "--listen", &listen.to_string()]);
        command.args(own.get_args());
        for (name, value) in own.get_envs().filter(|(name, _)| *name != "TERM") {
            value.map(|value| command.env(name, value));
        }
        let tap = thread::spawn(move || terminal::shown(&mut command));
        until(|| TcpStream::connect(("127.0.0.1", listen)).ok());
        say(listen, &["SET", &format!("lamp:{}", "7".repeat(300)), "on"]);
        say(listen, &["LPUSH", &format!("lamp:{}", "7".repeat(300)), "no list"]);
        let (status, written) = tap.join().unwrap();
        assert_eq!(status, Some(130), "{written}");
        let lines: Vec<&str> = written.lines().map(|line| line.trim_end_matches('\r')).collect();
        assert!(lines.iter().all(|line| line.width() <= usize::from(columns)), "{columns}: {written}");
        let words = [
            format!("127.0.0.1:{listen} → tcp://127.0.0.1:{port}, read as redis; Control-C ends it"),
            format!("redis-cli -h 127.0.0.1 -p {listen}"),
            "METHOD".to_owned(),
            format!("2 passed; `127.0.0.1:{listen}` is gone"),
        ];
        for words in words {
            assert!(written.contains(&words), "{columns}: `{words}` is not in {written}");
        }
        let row = |method: &str| {
            *lines.iter().find(|line| line.contains(method) && line.contains("lamp:")).unwrap()
        };
        assert!(row(" SET ").contains("ok") && row(" LPUSH ").contains("error"), "{columns}: {written}");
        // Who talks, and what went wrong, have room on a wide one.
        assert_eq!(row(" LPUSH ").contains("WRONGTYPE"), columns == 200, "{columns}: {written}");
        until(|| TcpStream::connect(("127.0.0.1", listen)).is_err().then_some(()));
    }
}

#[test]
fn a_pipe_gets_a_line_for_each_exchange_and_the_end_is_said() {
    let Some((_server, port)) =
        redis("traffic::lines::a_pipe_gets_a_line_for_each_exchange_and_the_end_is_said")
    else {
        return;
    };
    let home = Home::new();
    let _hub = home.hub();
    let listen = free();
    let mut command =
        home.navyd(&["tap", &port.to_string(), "--as", "redis", "--listen", &listen.to_string(), "-n", "3"]);
    let mut tap = Held::start(command.stderr(Stdio::null()));
    until(|| TcpStream::connect(("127.0.0.1", listen)).ok());
    for value in ["1", "2", "3"] {
        say(listen, &["SET", "lamp", value]);
    }
    for _ in 0..3 {
        let line = tap.line();
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(
            (columns.len(), columns[2], columns[3], columns[5], columns[6]),
            (9, "SET", "ok", "5", "lamp"),
            "{line}"
        );
    }
    assert_eq!(tap.wait(), Some(0));
    // Where somebody listens already, it says so.
    let ran = home.run(&["tap", &port.to_string(), "--listen", &port.to_string()]);
    assert!(ran.status == Some(2) && ran.stderr.contains(&port.to_string()), "{ran:?}");
}

/// Asks for the address of `lamp.test`.
const QUESTION: &[u8] = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x04lamp\x04test\0\0\x01\0\x01";

/// Behind the question: 127.0.0.9, for a minute.
const ANSWER: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x09";

#[test]
fn questions_of_dns_are_seen_in_datagrams() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, client)) = server.recv_from(&mut question) {
            let mut answer = [&question[..length], ANSWER].concat();
            (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
            server.send_to(&answer, client).unwrap();
        }
    });
    let home = Home::new();
    let _hub = home.hub();
    let mut command = home.navyd(&["tap", &format!("{port}/udp"), "--as", "dns", "--jsonl", "-n", "3"]);
    let mut tap = Held::start(command.stderr(Stdio::null()));
    let opened: Value = serde_json::from_str(&tap.line()).unwrap();
    assert_eq!((&opened["as"], &opened["to"]), (&"dns".into(), &format!("udp://127.0.0.1:{port}").into()));
    let listen: SocketAddr = opened["listen"].as_str().unwrap().parse().unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut answer = [0; 512];
    for _ in 0..3 {
        client.send_to(QUESTION, listen).unwrap();
        let length = client.recv(&mut answer).unwrap();
        assert_eq!(answer[..length][length - 4..], [127, 0, 0, 9]);
    }
    for _ in 0..3 {
        let told: Value = serde_json::from_str(&tap.line()).unwrap();
        assert_eq!((&told["method"], &told["protocol"]), (&"A".into(), &"dns".into()), "{told}");
        assert!(told["target"].as_str().unwrap().starts_with("lamp.test"), "{told}");
    }
    assert_eq!(tap.wait(), Some(0));
    let first = &until(|| Some(list(&home, "protocol:dns")).filter(|all| all.len() == 3))[0];
    let details = shown(&home, first)["details"].to_string();
    assert!(details.contains("127.0.0.9"), "{details}");
}
