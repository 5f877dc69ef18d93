//! Other network namespaces: what listens there is shown and marked; what listens here never is.

use std::{fs, os::unix::fs::MetadataExt, process::Command};

use serde_json::{Value, json};

use super::{User, document, ls, own, pids, python, through, told};
use crate::support::{
    child::Held,
    namespace::Namespace,
    run::{navyd, run},
};

const SERVER: &str = r#"
import json, socket, sys
server = socket.create_server(("127.0.0.1", 21017), backlog=5)
datagram = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
datagram.bind(("::1", 21018))
print(json.dumps("ready"), flush=True)
sys.stdin.read()
"#;

/// A server inside the namespace.
fn inside(namespace: &Namespace, script: &str) -> Held {
    let script = python(script);
    let mut server = Held::start(namespace.command(script.get_program()).args(script.get_args()));
    told(&mut server);
    server
}

/// The listeners of a document in namespaces that `pid` holds sockets in or that have this name.
fn of<'a>(document: &'a Value, name: &Value) -> Vec<&'a Value> {
    let all = document["listeners"].as_array().expect("listeners");
    all.iter().filter(|listener| listener["netns"]["name"] == *name && !listener["netns"].is_null()).collect()
}

#[test]
fn root_sees_into_a_namespace_as_if_it_were_its_own() {
    let Some(namespace) = Namespace::new("root_sees_into_a_namespace_as_if_it_were_its_own") else { return };
    let server = inside(&namespace, SERVER);
    let number = fs::metadata(format!("/run/netns/{}", namespace.name())).expect("it has a name").ino();
    let seen = document(&mut ls(["--port", "21017,21018"]));
    let listeners = of(&seen, &json!(namespace.name()));
    assert_eq!(listeners.len(), 2, "{seen:#}");
    for listener in listeners {
        assert_eq!(listener["netns"]["inode"], number);
        assert!(listener["cookie"].is_u64());
        assert_eq!(pids(listener), [u64::from(server.pid())]);
        assert_eq!(listener["exposure"], "loopback");
    }
    assert!(own(&seen).iter().all(|listener| !pids(listener).contains(&u64::from(server.pid()))), "{seen:#}");
    let text = run(&mut ls(["--port", "21017"])).stdout;
    assert!(text.contains(&format!("in netns {}", namespace.name())), "{text}");

    // From inside it is one's own, and nothing marks it.
    let mut command = through(namespace.command("env"), navyd().get_program());
    let seen = document(command.args(["ls", "--port", "21017,21018"]));
    assert_eq!(own(&seen).len(), 2, "{seen:#}");
    assert_eq!(of(&seen, &json!(namespace.name())), Vec::<&Value>::new());
}

#[test]
fn another_user_sees_into_a_namespace_through_a_process() {
    let test = "another_user_sees_into_a_namespace_through_a_process";
    let Some(user) = User::new(test, 62_021) else { return };
    let Some(namespace) = Namespace::new(test) else { return };
    let server = inside(&namespace, &SERVER.replace("2101", "2102"));
    let seen = document(&mut user.ls(["--port", "21027,21028"]));
    let listeners = seen["listeners"].as_array().expect("listeners");
    assert_eq!(listeners.len(), 2, "{seen:#}");
    for listener in listeners {
        assert_eq!(listener["netns"]["pid"], server.pid());
        assert_eq!((&listener["netns"]["inode"], &listener["netns"]["name"]), (&Value::Null, &Value::Null));
        assert_eq!((&listener["owner_unknown"], &listener["uid"]), (&json!("other-namespace"), &json!(0)));
        assert_eq!(listener["queue"]["max"], Value::Null);
    }
    // Its number is not to be learnt, so it may be the one that is named: nothing is said to be missing for sure.
    let notes = seen["notes"].to_string();
    assert!(!notes.contains("is not shown"), "{notes}");
}

#[test]
fn ones_own_process_names_a_namespace_that_a_process_of_root_does_not() {
    let test = "ones_own_process_names_a_namespace_that_a_process_of_root_does_not";
    let Some(user) = User::new(test, 62_022) else { return };
    let Some(namespace) = Namespace::new(test) else { return };
    let server = inside(&namespace, &SERVER.replace("2101", "2103"));
    let mut setpriv = user.command(&python("print('true', flush=True); import sys; sys.stdin.read()"));
    let mut neighbour = namespace.command(setpriv.get_program());
    let mut neighbour = Held::start(neighbour.args(setpriv.get_args()));
    told(&mut neighbour);
    setpriv.current_dir("/");
    let seen = document(&mut user.ls(["--port", "21037"]));
    let listeners = of(&seen, &json!(namespace.name()));
    assert_eq!(listeners.len(), 1, "{} {seen:#}", server.pid());
}

#[test]
fn a_namespace_without_a_name_or_a_process_of_ours_is_told_by_its_number() {
    let test = "a_namespace_without_a_name_or_a_process_of_ours_is_told_by_its_number";
    let Some(_) = Namespace::new(test) else { return };
    let mut command = Command::new("unshare");
    let script = python(&SERVER.replace("127.0.0.1", "0.0.0.0").replace("::1", "::").replace("2101", "2104"));
    let mut server = Held::start(command.arg("-n").arg(script.get_program()).args(script.get_args()));
    told(&mut server);
    let number = fs::metadata(format!("/proc/{}/ns/net", server.pid())).expect("a child of ours").ino();
    let seen = document(&mut ls(["21047"]));
    let listeners: Vec<_> = of(&seen, &Value::Null);
    assert_eq!(listeners.len(), 1, "{seen:#}");
    assert_eq!(listeners[0]["netns"]["inode"], number);
    assert_eq!(pids(listeners[0]), [u64::from(server.pid())]);
}
