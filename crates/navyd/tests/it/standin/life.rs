//! From the ready line to the end.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::support::{Standing, command, terminate};
use crate::support::{
    child::Held,
    run::{navyd, run},
    temp::TempDir,
};

/// How long anything may take. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn it_says_where_it_is_and_ends_when_told() {
    let folder = TempDir::new();
    folder.write("a.txt", "tea");
    let mut standing = Standing::start("serve", folder.path(), &[]);
    let (report, address) = (&standing.report, standing.address());
    assert_eq!(report["kind"], "serve");
    assert_eq!(report["urls"][0], format!("http://localhost:{}", address.port()));
    assert_eq!(report["pid"], standing.held.pid());
    assert!(address.ip().is_loopback(), "{report}");
    assert!(standing.take("/a.txt", "").ends_with("\r\n\r\ntea"));
    terminate(standing.held.pid());
    assert_eq!(standing.held.wait(), Some(0));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn what_is_under_way_is_finished_when_it_is_told_to_end() {
    let folder = TempDir::new();
    let large = vec![b'x'; 8 * 1024 * 1024];
    folder.write("large", &large);
    let mut standing = Standing::start("serve", folder.path(), &[]);
    let mut stream = TcpStream::connect(standing.address()).unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 1024];
    stream.read_exact(&mut first).unwrap();
    terminate(standing.held.pid());
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    let head = first.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(first.len() - head + rest.len(), large.len());
    assert_eq!(standing.held.wait(), Some(0));
}

#[test]
fn its_time_may_be_limited() {
    let folder = TempDir::new();
    let mut standing = Standing::start("serve", folder.path(), &["--ttl", "10ms"]);
    assert_eq!(standing.report["ttl_ms"], 10);
    assert_eq!(standing.held.wait(), Some(0));
}

#[test]
fn it_ends_with_whoever_started_it() {
    let folder = TempDir::new();
    let navyd = command("serve", folder.path(), &[]);
    // The shell waits for a line that comes, and ends; what it has started has nobody else.
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" serve --json --port 0 & read word"]).arg(navyd.get_program());
    let mut shell = Held::start(shell.current_dir(folder.path()));
    let report: Value = serde_json::from_str(&shell.line()).unwrap();
    let address = report["addresses"][0].as_str().unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    shell.close_stdin();
    shell.wait();
    // A connection that waits is let go when it ends, and not before; one that nobody had looked at yet is reset.
    let read = stream.read(&mut [0; 16]);
    let reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
    assert!(read.as_ref().map_or_else(reset, |read| *read == 0), "{read:?}");
}

#[test]
fn a_port_that_is_held_names_its_holder() {
    let folder = TempDir::new();
    let holder = Standing::start("serve", folder.path(), &[]);
    let port = holder.address().port().to_string();
    let ran = run(navyd().args(["serve", "--port", &port]).current_dir(folder.path()));
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""));
    let pid = format!("(pid {}, navyd serve)", holder.held.pid());
    for part in [&format!("127.0.0.1:{port}"), &pid, &format!("hint: navyd why {port}")] {
        assert!(ran.stderr.contains(part), "`{part}`: {}", ran.stderr);
    }
}

#[test]
fn it_stands_at_the_stable_port_of_its_folder() {
    let folder = TempDir::new();
    let port = run(navyd().args(["port", "--stable", "serve"]).current_dir(folder.path())).stdout;
    let mut held = Held::start(navyd().args(["serve", "--log"]).current_dir(folder.path()));
    let line = held.line();
    assert_eq!(line, format!("http://localhost:{} serves .", port.trim()));
}

#[test]
fn requests_are_told_and_slowed_and_failed() {
    let folder = TempDir::new();
    folder.write("a", "tea");
    let mut standing = Standing::start("serve", folder.path(), &["--log", "--latency", "30ms"]);
    standing.take("/a?q=\x1b", "");
    standing.take("/a?q=%1b", "");
    let told: Value = serde_json::from_str(&standing.held.line()).unwrap();
    assert_eq!((&told["method"], &told["target"]), (&"GET".into(), &"/a?q=%1b".into()), "{told}");
    assert_eq!((&told["status"], &told["bytes"]), (&200.into(), &3.into()), "{told}");
    assert!(told["took_ms"].as_f64().unwrap() >= 30.0 && told["time"].is_string(), "{told}");
    let failing = Standing::start("serve", folder.path(), &["--error-rate", "100%"]);
    assert!(failing.take("/a", "").starts_with("HTTP/1.1 500 "));
}

#[test]
fn a_password_is_asked_for_and_never_shown() {
    let folder = TempDir::new();
    folder.write("a", "tea");
    let standing = Standing::with(command("serve", folder.path(), &[]).env("NAVYD_AUTH", "me:secret"));
    assert!(standing.take("/a", "").starts_with("HTTP/1.1 401 "));
    let answer = standing.take("/a", "Authorization: Basic bWU6c2VjcmV0\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let help = run(navyd().args(["serve", "--help"]).env("NAVYD_AUTH", "me:hush"));
    assert!(!help.stdout.contains("hush"), "{}", help.stdout);
    let ran = run(navyd().args(["serve", "--auth", "secret"]));
    assert!(ran.status == Some(2) && !ran.stderr.contains("`secret`"), "{}", ran.stderr);
}

#[test]
fn who_else_reaches_it_is_said() {
    let folder = TempDir::new();
    let mut child = navyd();
    child.args(["serve", "--port", "0", "--host", "0.0.0.0", "--ttl", "1ms"]).current_dir(folder.path());
    let ran = run(&mut child);
    assert!(ran.stderr.contains("everyone there can read these files"), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("http://localhost:"), "{}", ran.stdout);
}

#[test]
fn it_speaks_tls_with_the_local_authority() {
    let folder = TempDir::new();
    folder.write("a.txt", "tea");
    let mut serve = command("serve", folder.path(), &["--tls", "--name", "shop"]);
    serve.stderr(Stdio::piped());
    let standing = Standing::with(&mut serve);
    let port = standing.address().port();
    assert_eq!(standing.report["urls"][0], format!("https://localhost:{port}"));
    let root = folder.path().join(".local/share/navyd/ca/root.pem");
    if !root.exists() {
        let found = run(Command::new("find").arg(folder.path()));
        panic!("no root: {}", found.stdout);
    }
    for host in ["localhost", "127.0.0.1", "shop.localhost"] {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--cacert", root.to_str().unwrap(), "--resolve"]);
        curl.arg(format!("shop.localhost:{port}:127.0.0.1")).arg(format!("https://{host}:{port}/a.txt"));
        let ran = run(curl.env_remove("http_proxy").env_remove("https_proxy"));
        assert_eq!(ran.stdout, "tea", "{host}: {}", ran.stderr);
    }
}

#[test]
fn ls_shows_what_it_is() {
    let folder = TempDir::new();
    let standing = Standing::start("serve", folder.path(), &[]);
    let seen = run(navyd().args(["ls", "--json", &standing.address().port().to_string()]));
    let seen: Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!(seen["listeners"][0]["holders"][0]["framework"], "navyd serve", "{seen}");
}

#[test]
fn a_reader_who_leaves_does_not_end_it() {
    let folder = TempDir::new();
    folder.write("a", "tea");
    let mut child = command("serve", folder.path(), &["--log"])
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let report: Value = serde_json::from_str(&line).unwrap();
    let address = report["addresses"][0].as_str().unwrap();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /a HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("tea"), "{answer}");
    }
    assert!(fs::exists(format!("/proc/{}", child.id())).unwrap());
    terminate(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
