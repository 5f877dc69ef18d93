//! What a stand-in goes through: files that run out, readers that leave, terminals that go, and who is in a hurry.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    time::Duration,
};

use super::support::{Standing, command, terminate};
use crate::support::{
    child::Held,
    run::{navyd, run},
    temp::TempDir,
};

/// How long anything may take. Generous, because it only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is answered to `GET /a`.
fn asked(standing: &Standing) -> String {
    standing.take("/a", "")
}

#[test]
fn files_that_run_out_are_told_once_and_come_back() {
    let folder = TempDir::new();
    folder.write("a", "tea");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 40; exec \"$0\" serve --json --port 0"]).arg(navyd().get_program());
    shell.current_dir(folder.path()).env("HOME", folder.path()).stderr(Stdio::piped());
    let mut child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    let report: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = report["addresses"][0].as_str().unwrap();
    let silent: Vec<_> = (0..60).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut err = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut note = String::new();
    std::io::BufRead::read_line(&mut err, &mut note).unwrap();
    assert!(note.starts_with("note: who connects has to wait: ") && note.contains("open files"), "{note}");
    drop(silent);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /a HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("tea"), "{answer}");
    terminate(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    err.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "it is told once");
}

#[test]
fn who_says_it_twice_waits_for_nothing() {
    let folder = TempDir::new();
    folder.write("large", vec![b'x'; 64 * 1024 * 1024]);
    let mut standing = Standing::start("serve", folder.path(), &[]);
    let mut stream = TcpStream::connect(standing.address()).unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    stream.read_exact(&mut [0; 1024]).unwrap();
    // Nobody reads on. The first is answered by closing the doors, the second by the end.
    terminate(standing.held.pid());
    while TcpStream::connect(standing.address()).is_ok() {
        std::thread::yield_now();
    }
    terminate(standing.held.pid());
    assert_eq!(standing.held.wait(), Some(130));
}

#[test]
fn a_reader_who_takes_nothing_keeps_it_from_nothing() {
    let folder = TempDir::new();
    folder.write("a", "tea");
    let mut serve = command("serve", folder.path(), &["--log"]);
    let mut child = serve.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    // Nothing but the first line is ever read: a pipe holds 64 KiB, and what is behind it is lost.
    let mut line = Vec::new();
    let out = child.stdout.as_mut().unwrap();
    while line.last() != Some(&b'\n') {
        let mut byte = [0; 1];
        out.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    let report: serde_json::Value = serde_json::from_slice(&line).unwrap();
    let mut stream = TcpStream::connect(report["addresses"][0].as_str().unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let target = "x".repeat(4000);
    for _ in 0..40 {
        write!(stream, "HEAD /{target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0; 1];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
    }
    terminate(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_terminal_that_goes_takes_it_along() {
    const TERMINAL: &str = r#"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "serve", "--port", "0"])
said = b""
while b" serves " not in said:
    said += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;
    let folder = TempDir::new();
    let navyd = navyd();
    let mut python = Command::new("python3");
    let ran = run(python.args(["-c", TERMINAL]).arg(navyd.get_program()).current_dir(folder.path()));
    assert_eq!(ran.stdout, "0\n", "{}", ran.stderr);
}

#[test]
fn an_answer_that_nobody_keeps_is_a_failure() {
    let folder = TempDir::new();
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" serve --port 0 > /dev/full"]).arg(navyd().get_program());
    let ran = run(shell.current_dir(folder.path()));
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("No space left on device"), "{}", ran.stderr);
}

#[test]
fn its_lines_are_json_for_each() {
    let folder = TempDir::new();
    let ask = |words: &[&str], bytes: &[u8]| {
        let mut stand = navyd();
        stand.args(words).args(["--json", "--port", "0", "--log"]);
        let mut standing = Standing::with(stand.current_dir(folder.path()).env("HOME", folder.path()));
        let address = standing.address();
        if words.contains(&"--udp") {
            std::net::UdpSocket::bind("127.0.0.1:0").unwrap().send_to(bytes, address).unwrap();
        } else {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(bytes).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let told: serde_json::Value = serde_json::from_str(&standing.held.line()).unwrap();
        (told["kind"].clone(), told["method"].clone(), told["error"].clone())
    };
    let get = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for (words, bytes, kind) in [
        (&["serve"][..], &get[..], None),
        (&["echo"], get, None),
        (&["sink", "--http"], get, None),
        (&["mail", "--memory"], get, None),
        (&["echo", "--tcp"], b"tea", Some("tcp")),
        (&["sink"], b"tea", Some("tcp")),
        (&["stub", "tcp", "--expect", "tea", "--reply", "cup"], b"tea", Some("tcp")),
        (&["echo", "--udp"], b"tea", Some("udp")),
        (&["sink", "--udp"], b"tea", Some("udp")),
    ] {
        let (told, method, error) = ask(words, bytes);
        assert_eq!(told.as_str(), kind, "{words:?}");
        assert_eq!(method, if kind.is_some() { "took" } else { "GET" }, "{words:?}");
        assert!(error.is_null(), "{words:?}: {error}");
    }
    let (_, _, error) = ask(&["stub", "tcp", "--expect", "tea", "--reply", "cup"], b"milk");
    assert_eq!(error, "expectation 1 differs at byte 0: expected `tea`, came `milk`");
}

#[test]
fn bytes_are_slowed_and_lost_as_well() {
    let folder = TempDir::new();
    for words in [
        &["echo", "--tcp"][..],
        &["sink"],
        &["stub", "tcp", "--expect", "", "--reply", "cup"],
        &["ftp"],
        &["mail", "--memory"],
    ] {
        let mut stand = navyd();
        stand.args(words).args(["--json", "--port", "0", "--error-rate", "100%"]);
        let standing = Standing::with(stand.current_dir(folder.path()).env("HOME", folder.path()));
        let mut stream = TcpStream::connect(standing.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match words[0] {
            "ftp" => {
                stream.write_all(b"USER me\r\nPASS x\r\nCWD /\r\nQUIT\r\n").unwrap();
                let mut said = String::new();
                stream.read_to_string(&mut said).unwrap();
                assert!(said.contains("\r\n230 ") && said.contains("\r\n451 "), "{said}");
            }
            "mail" => assert!(asked(&standing).starts_with("HTTP/1.1 500 ")),
            _ => assert!(stream.read(&mut [0; 8]).is_err(), "{words:?}"),
        }
    }
    let late = Standing::start("echo", folder.path(), &["--tcp", "--latency", "50ms"]);
    let mut stream = TcpStream::connect(late.address()).unwrap();
    let begun = std::time::Instant::now();
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(50));
    let refused = run(command("sink", folder.path(), &["--latency", "1s"]).stdin(Stdio::null()));
    assert!(refused.status == Some(2) && refused.stderr.contains("`--latency` means nothing here"));
}

#[test]
fn what_is_exposed_is_said_and_what_is_not_is_reached() {
    let folder = TempDir::new();
    folder.write("a", "tea");
    for (host, shown) in
        [("::1", "http://[::1]:"), ("127.0.0.1", "http://localhost:"), ("127.9.8.7", "http://127.9.8.7:")]
    {
        if host == "::1" && std::net::TcpListener::bind("[::1]:0").is_err() {
            continue;
        }
        let mut serve = command("serve", folder.path(), &["--host", host]);
        let mut held = Held::start(&mut serve);
        let report: serde_json::Value = serde_json::from_str(&held.line()).unwrap();
        let url = report["urls"][0].as_str().unwrap();
        assert!(url.starts_with(shown), "{report}");
        let address = report["addresses"][0].as_str().unwrap();
        assert_eq!(report["addresses"].as_array().unwrap().len(), 1, "{report}");
        assert!(TcpStream::connect(address).is_ok(), "{address}");
    }
}
