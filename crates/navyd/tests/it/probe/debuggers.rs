//! Debuggers: the one that must not be touched, and the one that may.

use std::process::Command;

use navyd_model::Certainty;

use super::{Server, TempDir, ask_as, check, check_as, number_after, program};

#[test]
fn a_waiting_jvm_is_left_alone() {
    let Some(java) = program("a_waiting_jvm_is_left_alone", "java") else { return };
    let argument = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:0";
    let mut server =
        Server::start(Command::new(java).args([argument, "-version"]), "Listening for transport");
    let port = number_after(server.log.last().unwrap(), "address: ");
    let before = accepted(port);
    let speaks = ask_as(&format!("java {argument} -version"), port, false);
    assert_eq!((speaks.protocol, speaks.certainty), (None, Certainty::Unknown));
    assert!(speaks.detail.unwrap().starts_with("not asked: a JVM"));
    // Nobody but the listener has that port: no connection was made, not even one that has ended since.
    assert_eq!(
        (before.as_slice(), accepted(port).as_slice()),
        (&["0A".to_owned()][..], &["0A".to_owned()][..])
    );
    // A connection would have made it complain, and run on, to print its version.
    server.child.kill().unwrap();
    let log = server.stop();
    assert_eq!(log, "");
}

#[test]
fn the_inspector_of_node_answers_and_runs_on() {
    let Some(node) = program("the_inspector_of_node_answers", "node") else { return };
    let mut command = Command::new(node);
    let program = "process.stdin.resume()";
    command.args(["--inspect=127.0.0.1:0", "-e", program]).stdin(std::process::Stdio::piped());
    let server = Server::start(&mut command, "Debugger listening");
    let port = number_after(server.log.last().unwrap().split("/").nth(2).unwrap(), ":");
    check("node --inspect", port, "Chrome DevTools Protocol", "Node.js inspector, node.js/v");
    let log = server.stop();
    assert!(!log.contains("attached"), "{log}");
}

#[test]
fn the_inspector_of_chromium_answers() {
    let Some(chromium) = program("the_inspector_of_chromium_answers", "chromium") else { return };
    let folder = TempDir::new();
    let mut command = Command::new(chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--remote-debugging-address=127.0.0.1", "--remote-debugging-port=0", "about:blank"]);
    command.arg(format!("--user-data-dir={}", folder.path().display())).env("HOME", folder.path());
    let server = Server::start(&mut command, "DevTools listening");
    let port = number_after(server.log.last().unwrap().split("/devtools").next().unwrap(), ":");
    check_as("chromium", port, "Chrome DevTools Protocol", "Chrome/");
}

/// The states, in hexadecimal, of every socket that has this port at either end: `0A` is LISTEN. A
/// connection that was made and ended would be there for a minute yet, in TIME_WAIT.
fn accepted(port: u16) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let end = format!(":{port:04X}");
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let here = rows.filter(|row| row[1].ends_with(&end) || row[2].ends_with(&end));
    here.map(|row| row[3].to_owned()).collect()
}
