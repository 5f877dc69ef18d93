//! The usual port, and what happens when it is taken. In a network namespace, since the port is everybody's.

use std::process::{Command, Stdio};

use super::Home;
use crate::support::{child::Held, namespace::Namespace, run::navyd};

/// The hub in a namespace, at its usual port.
fn hub(home: &Home, namespace: &Namespace) -> Command {
    let mut command = namespace.command(navyd().get_program());
    home.at_home(&mut command);
    command.args(["hub", "--json"]).env_remove("NAVYD_HUB_LISTEN");
    command
}

fn status(held: &mut Held) -> serde_json::Value {
    serde_json::from_str(&held.line()).unwrap()
}

#[test]
fn it_listens_at_both_loopback_addresses() {
    let Some(namespace) = Namespace::new("hub::ports::it_listens_at_both_loopback_addresses") else { return };
    let home = Home::new();
    let mut held = Held::start(hub(&home, &namespace).stderr(Stdio::null()));
    let status = status(&mut held);
    assert_eq!(status["listen"], serde_json::json!(["127.0.0.1:62893", "[::1]:62893"]));
}

#[test]
fn a_port_that_is_taken_is_told_and_the_next_is_used() {
    let Some(namespace) = Namespace::new("hub::ports::a_port_that_is_taken_is_told_and_the_next_is_used")
    else {
        return;
    };
    const LISTEN: &str = "import socket, sys
held = [socket.create_server((host, int(port)), family=socket.AF_INET6 if ':' in host else socket.AF_INET)
        for host, port in zip(sys.argv[1::2], sys.argv[2::2])]
print('ready', flush=True); sys.stdin.read()";
    let mut python = namespace.command("python3");
    // The next port is taken at one of the two addresses alone, which is enough.
    let mut other = Held::start(python.args(["-c", LISTEN, "127.0.0.1", "62893", "::1", "62894"]));
    assert_eq!(other.line(), "ready");
    let home = Home::new();
    let mut held = Held::start(hub(&home, &namespace).stderr(Stdio::null()));
    let status = status(&mut held);
    assert_eq!(status["listen"], serde_json::json!(["127.0.0.1:62895", "[::1]:62895"]));
    let note = format!(
        "`python3` (pid {}) listens at `127.0.0.1:62893`: names are served at port 62895",
        other.pid()
    );
    assert!(status["notes"].as_array().unwrap().contains(&note.clone().into()), "{status} {note}");

    // An address that was asked for is had, or nothing is.
    let home = Home::new();
    let ran = crate::support::run::run(hub(&home, &namespace).args(["--listen", "127.0.0.1:62893"]));
    assert_eq!(ran.status, Some(2), "{ran:?}");
    let expected = format!(
        "error: cannot listen on `127.0.0.1:62893`\n  cause: `python3` (pid {}) listens there\n\nhint: navyd why 62893\n",
        other.pid()
    );
    assert!(ran.stderr.ends_with(&expected), "{ran:?}");
}

#[test]
fn a_machine_without_ipv6_has_one_address() {
    let Some(namespace) = Namespace::new("hub::ports::a_machine_without_ipv6_has_one_address") else {
        return;
    };
    let off = namespace.command("ip").args(["-6", "addr", "flush", "dev", "lo"]).status().unwrap();
    assert!(off.success());
    let home = Home::new();
    let mut held = Held::start(hub(&home, &namespace).stderr(Stdio::null()));
    assert_eq!(status(&mut held)["listen"], serde_json::json!(["127.0.0.1:62893"]));
}
