//! Watching: each change once, told by the socket and never by the process.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
};

use serde_json::{Value, json};

use super::{ls, python, through, told};
use crate::support::{
    child::Held,
    namespace::Namespace,
    run::{navyd, run},
};

/// Opens, closes, and closes and opens again, as it is told to.
const SERVER: &str = r#"
import json, socket, sys
def open_one(port):
    return socket.create_server(("127.0.0.1", port))
keep = {21051: open_one(21051)}
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    what, port = line.split()
    port = int(port)
    if what != "open":
        keep.pop(port).close()
    if what != "close":
        keep[port] = open_one(port)
    print(json.dumps("done"), flush=True)
"#;

/// Ends a process that its test started, or holds it, or lets it go on.
fn signal(name: &str, child: &Held) {
    let sent = run(Command::new("sh").args(["-c", "kill -\"$0\" \"$1\"", name, &child.pid().to_string()]));
    assert_eq!(sent.status, Some(0), "{}", sent.stderr);
}

/// Returns once every thread of a process stands still.
fn stopped(child: &Held) {
    let state = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.pid())).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    };
    while !state() {
        thread::yield_now();
    }
}

#[test]
fn what_comes_goes_and_is_replaced_is_told_once() {
    let Some(namespace) = Namespace::new("what_comes_goes_and_is_replaced_is_told_once") else { return };
    let script = python(SERVER);
    let mut server = Held::start(namespace.command(script.get_program()).args(script.get_args()));
    told(&mut server);
    let mut command = through(namespace.command("env"), navyd().get_program());
    let mut watch = Held::start(command.args([
        "ls",
        "--watch",
        "--jsonl",
        "--interval",
        "100ms",
        "--port",
        "21051-21059",
    ]));
    let mut next = || loop {
        let event = told(&mut watch);
        if event["listener"]["netns"].is_null() {
            break event;
        }
    };
    let check = |event: &Value, change: &str, port: u16| {
        assert_eq!(
            (&event["event"], &event["listener"]["port"]),
            (&json!(change), &json!(port)),
            "{event:#}"
        );
        assert!(event["at"].as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok()), "{event:#}");
    };
    let first = next();
    check(&first, "present", 21051);
    assert_eq!(first["listener"]["holders"][0]["pid"], server.pid());
    for (order, change, port) in [("open 21052", "added", 21052), ("close 21052", "gone", 21052)] {
        server.say(order);
        told(&mut server);
        let event = next();
        check(&event, change, port);
        assert_eq!(event["listener"]["holders"][0]["pid"], server.pid(), "as it was last seen");
        assert_eq!(event["before"], Value::Null);
    }

    // The same process on the same port with another socket, between two looks.
    let replaced = |watch: &mut Held, server: &mut Held| {
        signal("STOP", watch);
        stopped(watch);
        server.say("again 21051");
        told(server);
        signal("CONT", watch);
        told(watch)
    };
    let event = replaced(&mut watch, &mut server);
    check(&event, "replaced", 21051);
    let (now, before) = (&event["listener"], &event["before"]);
    assert_eq!(now["holders"][0]["pid"], before["holders"][0]["pid"]);
    assert_eq!(before["cookie"], first["listener"]["cookie"]);
    assert!(now["cookie"].is_u64() && now["cookie"] != before["cookie"]);

    signal("INT", &watch);
    assert_eq!(watch.wait(), Some(130));
}

#[test]
fn a_piped_watch_in_text_is_one_event_a_line() {
    let mut server = Held::start(&mut python(
        "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); \
         sys.stdin.readline(); s.close(); sys.stdin.read()",
    ));
    let port = told(&mut server);
    let mut watch =
        Held::start(ls(["--watch", "--interval", "100ms"]).args(["--pid", &server.pid().to_string()]));
    let tail = |line: String| line.split_once(' ').expect("time and the rest").1.to_owned();
    let line = watch.line();
    assert_eq!(&line[10..11], "T", "{line}");
    let first = tail(line);
    assert!(first.starts_with(&format!("present tcp 127.0.0.1:{port} python3")), "{first}");
    server.say("close");
    assert_eq!(tail(watch.line()), first.replace("present", "gone"));
    signal("TERM", &watch);
    assert_eq!(watch.wait(), Some(130));
}

#[test]
fn a_reader_that_has_had_enough_ends_it_quietly() {
    let mut server = Held::start(&mut python(
        "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); \
         sys.stdin.read()",
    ));
    let port = told(&mut server).to_string();
    let forms =
        [vec![], vec!["--json"], vec!["--jsonl"], vec!["--csv"], vec!["--watch", "--interval", "100ms"]];
    for form in forms {
        let mut command = ls(["--port", &port]);
        let mut child =
            command.args(&form).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("navyd starts");
        let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
        if form.first() == Some(&"--watch") {
            // The first line is read as `head -1` reads it; nothing changes after it.
            reader.read_line(&mut String::new()).expect("a line");
        }
        drop(reader);
        let ended = child.wait_with_output().expect("a child of ours");
        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]), "{form:?}");
    }
}
