//! What is refused: processes hidden, no `/proc`, no netlink. Rows stay, and what is missing is said.

use std::process::Command;

use serde_json::{Value, json};

use super::{User, compile, document, ls, only, own, pids, python, the, through, told};
use crate::support::{
    child::Held,
    is_root, program,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

/// One TCP listener on each family, one of UDP, and one socket that is bound and does not listen.
const THREE: &str = r#"
import json, socket, sys
four = socket.create_server(("127.0.0.1", 0), backlog=9)
six = socket.create_server(("::1", 0), family=socket.AF_INET6)
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagram.bind(("127.0.0.1", 0))
silent = socket.socket()
silent.bind(("127.0.0.1", 0))
print(json.dumps([s.getsockname()[1] for s in (four, six, datagram, silent)]), flush=True)
sys.stdin.read()
"#;

/// Where the three are.
const PLACES: [(&str, &str); 3] = [("tcp", "127.0.0.1"), ("tcp", "::1"), ("udp", "127.0.0.1")];

fn at<'a>(document: &'a Value, (proto, address): (&str, &str), port: &Value) -> &'a Value {
    the(document, proto, address, port.as_u64().expect("a port"))
}

/// `sh` with a mount namespace of its own, in which `mount` is done first. A fresh mount of proc has options of
/// its own; to remount the one there is would change it for the whole machine.
fn mounted(test: &str, mount: &str) -> Option<Command> {
    if !is_root()
        || program("unshare").is_none()
        || run(Command::new("unshare").args(["-m", "true"])).status != Some(0)
    {
        skip(test, "a mount namespace needs root and `unshare`");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &format!("{mount} && exec \"$@\""), "sh"]);
    Some(command)
}

#[test]
fn hidden_processes_cost_the_holder_and_not_the_row() {
    let test = "hidden_processes_cost_the_holder_and_not_the_row";
    let Some(user) = User::new(test, 62_011) else { return };
    let Some(mut shell) = mounted(test, "mount -t proc -o hidepid=2 proc /proc") else { return };
    let mut three = Held::start(&mut python(THREE));
    let mut mine = Held::start(&mut user.command(&python(THREE)));
    let (theirs, own) = (told(&mut three), told(&mut mine));
    shell.arg("setpriv");
    let mut command = through(user.wrapper(shell), user.binary());
    let seen = document(command.arg("ls").current_dir("/"));
    for (place, port) in PLACES.into_iter().zip(theirs.as_array().expect("ports")) {
        let listener = at(&seen, place, port);
        assert_eq!((&listener["owner_unknown"], &listener["uid"]), (&json!("other-user"), &json!(0)));
    }
    assert_eq!(pids(only(&seen, own[0].as_u64().expect("a port"))), [u64::from(mine.pid())]);
    assert!(seen["notes"].to_string().contains("root may read"), "{}", seen["notes"]);
}

#[test]
fn without_proc_the_kernel_still_tells_and_the_loss_is_said() {
    let test = "without_proc_the_kernel_still_tells_and_the_loss_is_said";
    let Some(shell) = mounted(test, "mount -t tmpfs none /proc") else { return };
    let mut three = Held::start(&mut python(THREE));
    let ports = told(&mut three);
    let seen = document(through(shell, navyd().get_program()).arg("ls"));
    for (place, port) in PLACES.into_iter().zip(ports.as_array().expect("ports")) {
        let listener = at(&seen, place, port);
        assert_eq!((&listener["owner_unknown"], pids(listener)), (&json!("no-process"), vec![]));
    }
    assert!(seen["notes"].to_string().contains("`/proc`"), "{}", seen["notes"]);
}

#[test]
fn without_netlink_proc_net_is_read_and_the_loss_is_said() {
    let folder = TempDir::new();
    let test = "without_netlink_proc_net_is_read_and_the_loss_is_said";
    let Some(filter) = compile(test, folder.path(), "no_netlink", include_str!("no_netlink.c")) else {
        return;
    };
    let mut three = Held::start(&mut python(THREE));
    let ports = told(&mut three);
    let seen = document(through(Command::new(&filter), navyd().get_program()).arg("ls"));
    let whole = document(&mut ls([]));
    for (place, port) in PLACES.into_iter().zip(ports.as_array().expect("ports")) {
        let (poor, rich) = (at(&seen, place, port), at(&whole, place, port));
        for fact in ["proto", "family", "address", "port", "state", "exposure", "uid", "inode", "holders"] {
            assert_eq!(poor[fact], rich[fact], "{place:?} {port} {fact}");
        }
        // Unknown, and no guess.
        assert_eq!(
            (&poor["cookie"], &poor["v6only"], &poor["queue"]["max"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
    }
    assert_eq!(only(&whole, ports[0].as_u64().expect("a port"))["queue"]["max"], 9);
    let silent =
        |listener: &&Value| listener["port"] == ports[3] && pids(listener) == [u64::from(three.pid())];
    assert!(!own(&seen).iter().any(silent), "nobody tells of it");
    assert!(seen["notes"].to_string().contains("NETLINK_SOCK_DIAG"), "{}", seen["notes"]);
    let text = run(through(Command::new(&filter), navyd().get_program()).arg("ls"));
    assert!(text.stderr.contains("NETLINK_SOCK_DIAG"), "{text:?}");
}
