//! Every holder of a socket, or the reason why none is named.

use std::process::Command;

use serde_json::{Value, json};

use super::{User, compile, document, ls, only, pids, python, told};
use crate::support::{child::Held, run::run, temp::TempDir};

/// A listener with two descriptors here, one in each of three children, and one in a process that was there
/// before it and got it through a unix socket.
const FAMILY: &str = r#"
import array, json, os, socket, sys
here, there = socket.socketpair()
told, tell = os.pipe()
def child(work):
    pid = os.fork()
    if pid == 0:
        fds = work()
        os.write(tell, (json.dumps([os.getpid(), fds]) + "\n").encode())
        sys.stdin.read()
        os._exit(0)
def late():
    global got
    got = socket.recv_fds(there, 1, 1)[1]
    return got
child(late)
server = socket.create_server(("127.0.0.1", 0))
twin = os.dup(server.fileno())
for _ in range(3):
    child(lambda: [server.fileno(), twin])
socket.send_fds(here, [b"x"], [server.fileno()])
lines = os.fdopen(told)
holders = [json.loads(lines.readline()) for _ in range(4)] + [[os.getpid(), [server.fileno(), twin]]]
print(json.dumps({"port": server.getsockname()[1], "holders": sorted(holders)}), flush=True)
sys.stdin.read()
"#;

#[test]
fn every_holder_of_a_shared_socket_is_named_with_its_descriptors() {
    let mut family = Held::start(&mut python(FAMILY));
    let made = told(&mut family);
    let port = made["port"].as_u64().expect("a port");
    let seen = document(&mut ls(["--port", &port.to_string()]));
    let listener = only(&seen, port);
    let holders = listener["holders"].as_array().expect("holders");
    let shown: Vec<Value> = holders.iter().map(|holder| json!([holder["pid"], holder["fds"]])).collect();
    assert_eq!(Value::from(shown), made["holders"]);
    assert_eq!(listener["owner_unknown"], Value::Null);
    let text = run(&mut ls(["--pid", &family.pid().to_string()])).stdout;
    let cell = text.split('\t').nth(3).expect("the holder's column");
    assert!(cell.ends_with(&format!(" {} +4", made["holders"][0][0])), "{text}");
}

#[test]
fn a_socket_in_a_threads_own_table_has_its_holder() {
    let folder = TempDir::new();
    let test = "a_socket_in_a_threads_own_table_has_its_holder";
    let Some(binary) = compile(test, folder.path(), "thread_table", include_str!("thread_table.c")) else {
        return;
    };
    // The second time the first thread has ended: what is left of it has no descriptors, executable or arguments.
    for leader in ["stays", "ends"] {
        let mut threads = Held::start(Command::new(&binary).arg(leader));
        let made = told(&mut threads);
        let port = made["port"].as_u64().expect("a port");
        let seen = document(&mut ls(["--port", &port.to_string()]));
        let listener = only(&seen, port);
        assert_eq!(pids(listener), [u64::from(threads.pid())], "{leader}: {listener:#}");
        assert_eq!(listener["holders"][0]["fds"], json!([made["fd"]]), "{leader}");
        assert_eq!(listener["holders"][0]["name"], "thread_table", "{leader}");
    }
}

#[test]
fn a_descriptor_in_flight_is_said_to_be() {
    let Some(user) = User::new("a_descriptor_in_flight_is_said_to_be", 62_001) else { return };
    let script = r#"
import json, socket, sys
here, there = socket.socketpair()
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
socket.send_fds(here, [b"x"], [server.fileno()])
server.close()
print(json.dumps(port), flush=True)
sys.stdin.readline()
fd = socket.recv_fds(there, 1, 1)[1]
print(json.dumps(fd), flush=True)
sys.stdin.read()
"#;
    let mut flight = Held::start(&mut user.command(&python(script)));
    let port = told(&mut flight).as_u64().expect("a port");
    let seen = document(&mut user.ls(["--port", &port.to_string()]));
    let listener = only(&seen, port);
    assert_eq!((&listener["owner_unknown"], &listener["uid"]), (&json!("in-flight"), &json!(62_001)));
    assert!(pids(listener).is_empty());

    flight.say("land");
    let fd = told(&mut flight);
    let seen = document(&mut user.ls(["--port", &port.to_string()]));
    assert_eq!(pids(only(&seen, port)), [u64::from(flight.pid())]);
    assert_eq!(only(&seen, port)["holders"][0]["fds"], fd);
}

/// Listens, after having done what the arguments say: `dumpable` gives it up.
const LISTEN: &str = r#"
import ctypes, socket, sys
if "undumpable" in sys.argv:
    assert ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) == 0
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"#;

#[test]
fn ones_own_process_that_refuses_to_be_read_is_told() {
    let Some(user) = User::new("ones_own_process_that_refuses_to_be_read_is_told", 62_002) else { return };
    let mut secret = Held::start(&mut user.command(python(LISTEN).arg("undumpable")));
    let port = told(&mut secret).as_u64().expect("a port");
    let seen = document(&mut user.ls(["--port", &port.to_string()]));
    let listener = only(&seen, port);
    assert_eq!((&listener["owner_unknown"], &listener["uid"]), (&json!("not-dumpable"), &json!(62_002)));
    assert!(pids(listener).is_empty());
    // Root may read it all the same.
    let seen = document(&mut ls(["--port", &port.to_string()]));
    assert_eq!(pids(only(&seen, port)), [u64::from(secret.pid())]);
}

#[test]
fn the_socket_of_another_user_keeps_its_row() {
    let Some(user) = User::new("the_socket_of_another_user_keeps_its_row", 62_003) else { return };
    let mut server = Held::start(&mut python(LISTEN));
    let port = told(&mut server).as_u64().expect("a port");
    let seen = document(&mut user.ls(["--port", &port.to_string()]));
    let listener = only(&seen, port);
    assert_eq!((&listener["owner_unknown"], &listener["uid"]), (&json!("other-user"), &json!(0)));
    assert!(seen["notes"].to_string().contains("root may read"), "{}", seen["notes"]);
    let text = run(&mut user.ls(["--port", &port.to_string()]));
    assert!(text.stdout.contains("? uid 0") && text.stdout.contains("(other-user)"), "{text:?}");
    assert!(text.stderr.starts_with("note: "), "{text:?}");
}

#[test]
fn a_socket_handed_to_another_user_is_not_said_to_have_no_process() {
    let test = "a_socket_handed_to_another_user_is_not_said_to_have_no_process";
    let Some(user) = User::new(test, 62_004) else { return };
    let script = r#"
import os, socket, sys
here, there = socket.socketpair()
if os.fork() == 0:
    os.setgid(62004); os.setuid(62004)
    server = socket.create_server(("127.0.0.1", 0))
    socket.send_fds(there, [b"x"], [server.fileno()])
    os._exit(0)
fd = socket.recv_fds(here, 1, 1)[1][0]
os.wait()
print(socket.socket(fileno=os.dup(fd)).getsockname()[1], flush=True)
sys.stdin.read()
"#;
    let mut keeper = Held::start(&mut python(script));
    let port = told(&mut keeper).as_u64().expect("a port");
    let seen = document(&mut user.ls(["--port", &port.to_string()]));
    let listener = only(&seen, port);
    assert_eq!((&listener["owner_unknown"], &listener["uid"]), (&json!("other-user"), &json!(62_004)));
}
