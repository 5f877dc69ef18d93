//! Auditing real programs: each danger is planted by the test, beside a twin that has none.
//!
//! Programs listen on loopback addresses of the test's own, or in a network namespace where it must be all of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::support::{
    child::Held,
    namespace::Namespace,
    program,
    run::{Run, navyd, run},
    skip,
    temp::TempDir,
};

/// Listens on its first argument, at the port of its second, says which it was given, and stays.
const SERVER: &str = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2]))); \
                      print(s.getsockname()[1], flush=True); sys.stdin.read()";

/// The system's interpreter, as it is called on the disk.
pub(super) fn python() -> PathBuf {
    let system = PathBuf::from("/usr/bin/python3");
    let found = if system.exists() { system } else { program("python3").unwrap_or(system) };
    found.canonicalize().unwrap_or(found)
}

/// The server as a command, with more arguments behind its own, which it does not read.
pub(super) fn server(interpreter: &Path, address: &str, port: u16, more: &[&str]) -> Command {
    let mut command = Command::new(interpreter);
    command.args(["-c", SERVER, address, &port.to_string()]).args(more);
    command
}

/// Starts it; returns once it listens, with its port.
pub(super) fn listening(command: &mut Command) -> (Held, u16) {
    let mut held = Held::start(command);
    let port = held.line().parse().expect("it says its port");
    (held, port)
}

/// `navyd audit` with these arguments.
pub(super) fn audit(args: &[&str]) -> Run {
    run(navyd().arg("audit").args(args))
}

pub(super) fn parsed(ran: &Run) -> Value {
    ran.json()
}

/// The checks that found something, by number.
pub(super) fn ids(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().expect("a list of findings");
    findings.iter().filter_map(|finding| finding["id"].as_str()).collect()
}

/// What is found at this place.
fn found_at(address: &str, port: u16) -> Vec<String> {
    let document = parsed(&audit(&[&format!("{address}:{port}"), "--json"]));
    ids(&document).into_iter().map(str::to_owned).collect()
}

#[test]
fn a_server_without_danger_is_clean() {
    let (_server, port) = listening(server(&python(), "127.88.5.1", 0, &[]).current_dir("/"));
    let ran = audit(&[&format!("127.88.5.1:{port}"), "--json"]);
    let document = parsed(&ran);
    // Whoever runs the tests may have given it rights, or no session.
    let own: Vec<_> = ids(&document).into_iter().filter(|id| !["A50", "A53"].contains(id)).collect();
    assert_eq!(own, [""; 0], "{document:#}");
    assert_eq!(document["listeners"], 1);
}

#[test]
fn a_secret_in_the_arguments_is_found_and_not_told() {
    let (_server, port) =
        listening(&mut server(&python(), "127.88.5.2", 0, &["--password", "hunter2hunter2"]));
    let ran = audit(&[&format!("127.88.5.2:{port}"), "--json", "--only", "a54"]);
    assert_eq!((ran.status, ids(&parsed(&ran))), (Some(1), vec!["A54"]), "{ran:?}");
    assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);
}

#[test]
fn a_directory_that_was_removed_is_found() {
    let folder = TempDir::new();
    let cwd = folder.path().join("cwd");
    fs::create_dir(&cwd).unwrap();
    let (_server, port) = listening(server(&python(), "127.88.5.3", 0, &[]).current_dir(&cwd));
    assert!(!found_at("127.88.5.3", port).contains(&"A52".to_owned()));
    fs::remove_dir(&cwd).unwrap();
    assert!(found_at("127.88.5.3", port).contains(&"A52".to_owned()));
}

#[test]
fn a_program_that_was_replaced_is_found() {
    let folder = TempDir::new();
    let copy = folder.path().join("server");
    fs::copy(python(), &copy).unwrap();
    let (_server, port) = listening(&mut server(&copy, "127.88.5.4", 0, &[]));
    assert!(!found_at("127.88.5.4", port).contains(&"A51".to_owned()));
    fs::remove_file(&copy).unwrap();
    fs::copy(python(), &copy).unwrap();
    assert!(found_at("127.88.5.4", port).contains(&"A51".to_owned()));
}

#[test]
fn an_inspector_is_found() {
    let Some(node) = program("node") else {
        skip("an_inspector_is_found", "`node` is not installed");
        return;
    };
    let script = "console.log(require('inspector').url()); process.stdin.resume()";
    let mut held = Held::start(Command::new(node).args(["--inspect=127.88.5.5:0", "-e", script]));
    let url = held.line();
    let inspector = url.trim_start_matches("ws://").split('/').next().expect("a host");
    let ran = audit(&[inspector, "--json"]);
    assert!(ran.status == Some(1) && ids(&parsed(&ran)).contains(&"A40"), "{ran:?}");
}

#[test]
fn a_server_on_every_address_is_found_once_another_device_is_up() {
    let Some(namespace) = Namespace::new("a_server_on_every_address_is_found_once_another_device_is_up")
    else {
        return;
    };
    let twin = server(&python(), "0.0.0.0", 0, &[]);
    let (_server, port) = listening(namespace.command(twin.get_program()).args(twin.get_args()));
    let look = || run(inside(&namespace).args(["audit", &port.to_string(), "--only", "A01", "--json"]));
    let alone = look();
    assert_eq!((alone.status, ids(&parsed(&alone))), (Some(0), vec![]), "{alone:?}");

    for words in [
        "link add navyd0 type veth peer name navyd1",
        "addr add 192.168.77.1/24 dev navyd0",
        "link set navyd0 up",
    ] {
        let made = run(Command::new("ip").args(["-n", namespace.name()]).args(words.split(' ')));
        assert_eq!(made.status, Some(0), "{words}: {}", made.stderr);
    }
    let beside = look();
    let document = parsed(&beside);
    assert_eq!((beside.status, ids(&document)), (Some(1), vec!["A01"]), "{beside:?}");
    let listener = &document["findings"][0]["listener"];
    assert_eq!((&listener["address"], &listener["port"]), (&"0.0.0.0".into(), &port.into()));
}

/// navyd in a network namespace.
pub(super) fn inside(namespace: &Namespace) -> Command {
    let own = navyd();
    let mut command = namespace.command(own.get_program());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}
