//! `navyd wait`: ready is told when it is, and not before.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Command,
    thread,
};

use crate::support::{
    child::Held,
    namespace::Namespace,
    run::{Run, navyd, run},
    temp::TempDir,
};

/// Takes a port, says it, and listens when it is told to.
const LATE: &str = "import socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
sys.stdin.readline()
server.listen()
sys.stdin.readline()
server.close()
print('gone', flush=True)
sys.stdin.read()
";

fn wait(arguments: &[&str]) -> Run {
    run(navyd().arg("wait").args(arguments))
}

fn late() -> (Held, String) {
    let mut held = Held::start(Command::new("python3").args(["-c", LATE]));
    let port = held.line();
    (held, port)
}

/// navyd, waiting: it says `ready` when it has waited.
fn waiting(arguments: &[&str]) -> Held {
    Held::start(navyd().arg("wait").args(arguments).args(["--timeout", "30s", "--", "echo", "ready"]))
}

#[test]
fn a_port_is_waited_for_until_it_listens_and_until_it_is_gone() {
    let (mut server, port) = late();
    let ran = wait(&[&port, "--timeout", "100ms"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("the time is up after 0.1 s"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("nothing listens") || ran.stderr.contains("does not listen yet"),
        "{}",
        ran.stderr
    );

    let mut navyd = waiting(&[&port]);
    server.say("listen");
    assert_eq!(navyd.line(), "ready");
    assert_eq!(navyd.wait(), Some(0));

    let mut navyd = waiting(&[&port, "--gone"]);
    server.say("close");
    assert_eq!(server.line(), "gone");
    assert_eq!(navyd.line(), "ready");
}

#[test]
fn the_command_takes_the_place_of_navyd() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    for (script, status) in [("exit 7", Some(7)), ("kill -TERM $$", None), ("true", Some(0))] {
        assert_eq!(wait(&[&port, "--", "sh", "-c", script]).status, status, "{script}");
    }
    let mut navyd = Held::start(navyd().args(["wait", &port, "--", "sh", "-c", "echo $$; cat"]));
    assert_eq!(navyd.line(), navyd.pid().to_string(), "the same process");
    navyd.say("tea");
    assert_eq!(navyd.line(), "tea");

    let ran = wait(&[&port, "--", "no-such-program-here"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("`no-such-program-here` cannot be run"), "{}", ran.stderr);
}

#[test]
fn what_is_there_instead_is_said() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let port = listener.local_addr().unwrap().port();
    let ran = wait(&[&format!("127.0.0.1:{port}"), &format!("[::1]:{port}"), "--timeout", "50ms", "--json"]);
    assert_eq!(ran.status, Some(1));
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["schema"], "navyd.wait/1");
    assert_eq!(json["goals"][0]["seen"], "listens only on ::1");
    assert_eq!(json["goals"][1]["met"], true);
    assert_eq!(wait(&[&format!("127.0.0.1:{port}"), &format!("[::1]:{port}"), "--any"]).status, Some(0));
}

#[test]
fn http_is_asked_until_it_is_well() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://localhost:{}/health", listener.local_addr().unwrap().port());
    let server = thread::spawn(move || {
        for answer in ["HTTP/1.1 503 Starting\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
            let (mut client, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                asked.extend(byte);
            }
            assert!(asked.starts_with(b"GET /health HTTP/1.1\r\n"));
            client.write_all(answer.as_bytes()).unwrap();
        }
    });
    assert_eq!(wait(&[&url, "--timeout", "30s"]).status, Some(0));
    server.join().unwrap();
}

#[test]
fn a_connection_to_itself_is_not_ready() {
    let Some(namespace) = Namespace::new("a_connection_to_itself_is_not_ready") else { return };
    // Only one port is left to draw source ports from: each connection to it would meet itself.
    let narrow = "echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range; \
                  exec \"$0\" wait 127.0.0.1:40000 --for connect --timeout 300ms";
    let ran = run(namespace.command("sh").args(["-c", narrow, env!("CARGO_BIN_EXE_navyd")]));
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("only the connection itself was met"), "{}", ran.stderr);
}

#[test]
fn a_unix_socket_is_known_by_any_of_its_names() {
    let folder = TempDir::new();
    let path = folder.path().join("app.sock");
    let text = path.to_str().unwrap();
    assert_eq!(wait(&[text, "--timeout", "20ms"]).status, Some(1));
    let script = "import socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print('listens', flush=True)
sys.stdin.read()";
    let mut server = Held::start(Command::new("python3").args(["-c", script, text]));
    assert_eq!(server.line(), "listens");
    assert_eq!(wait(&[text]).status, Some(0));
    assert_eq!(wait(&[&format!("unix:{text}"), "--for", "connect"]).status, Some(0));
    assert_eq!(run(navyd().args(["wait", "./app.sock"]).current_dir(folder.path())).status, Some(0));
}

#[test]
fn a_line_in_a_file_is_waited_for() {
    let folder = TempDir::new();
    let path = folder.write("app.log", "starting\n");
    let text = path.to_str().unwrap();
    let ran = wait(&["--log", text, "--match", "ready in", "--timeout", "20ms"]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.stderr.contains("the text is not in the file yet"), "{}", ran.stderr);
    let mut navyd = waiting(&["--for", "log", "--log", text, "--match", "ready in"]);
    File::options().append(true).open(&path).unwrap().write_all(b"ready in 3 ms\n").unwrap();
    assert_eq!(navyd.line(), "ready");
}

#[test]
fn wrong_use_is_told() {
    for arguments in
        [&[][..], &["70000"], &["3000", "--timeout", "5"], &["--log", "x"], &["db:1", "--for", "listen"]]
    {
        let ran = wait(arguments);
        assert_eq!(ran.status, Some(2), "{arguments:?}: {}", ran.stderr);
    }
}
