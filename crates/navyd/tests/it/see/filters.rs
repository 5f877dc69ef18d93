//! Filters, targets, wrong use, and finding nothing.

use serde_json::{Value, json};

use super::{User, ls, own, parsed, pids, python, through, told};
use crate::support::{
    child::Held,
    namespace::Namespace,
    run::{navyd, run},
    temp::TempDir,
};

const SERVERS: &str = r#"
import json, socket, sys
keep = [socket.create_server(("127.0.0.1", 21061)), socket.create_server(("0.0.0.0", 21062))]
keep.append(socket.create_server(("::1", 21063), family=socket.AF_INET6))
keep.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)); keep[-1].bind(("127.0.0.1", 21061))
print(json.dumps("ready"), flush=True)
sys.stdin.read()
"#;

const OTHER: &str = r#"
import json, socket, sys
keep = socket.create_server(("127.0.0.2", 21061))
print(json.dumps("ready"), flush=True)
sys.stdin.read()
"#;

#[test]
fn each_filter_keeps_what_it_says() {
    let test = "each_filter_keeps_what_it_says";
    let Some(user) = User::new(test, 62_031) else { return };
    let Some(namespace) = Namespace::new(test) else { return };
    let (shop, elsewhere) = (TempDir::new(), TempDir::new());
    shop.write("package.json", r#"{"name": "corner-shop"}"#);
    let start = |script: &std::process::Command, folder: &TempDir| {
        let mut command = namespace.command(script.get_program());
        let mut child = Held::start(command.args(script.get_args()).current_dir(folder.path()));
        told(&mut child);
        child
    };
    let servers = start(&python(SERVERS), &shop);
    let other = start(user.command(&python(OTHER)).env_clear(), &elsewhere);
    let all = [
        "tcp 127.0.0.1:21061",
        "udp 127.0.0.1:21061",
        "tcp 127.0.0.2:21061",
        "tcp 0.0.0.0:21062",
        "tcp ::1:21063",
    ];
    let [tcp, udp, theirs, wide, six] = all;
    let (pid, their_pid) = (servers.pid().to_string(), other.pid().to_string());
    let both = format!("{pid},{their_pid}");
    let rows: &[(&[&str], &[&str])] = &[
        (&[], &all),
        (&["--mine"], &[tcp, udp, wide, six]),
        (&["--project"], &[tcp, udp, wide, six]),
        (&["--project", "CORNER"], &[tcp, udp, wide, six]),
        (&["--exposed"], &[wide]),
        (&["--port", "21061"], &[tcp, udp, theirs]),
        (&["--port", "21061", "--tcp"], &[tcp, theirs]),
        (&["--port", "21061", "--udp"], &[udp]),
        (&["--port", "21063,21000-21062"], &all),
        (&["--port", "1-21060,21063-65535"], &[six]),
        (&["--pid", &their_pid], &[theirs]),
        (&["--pid", &both, "--exposed"], &[wide]),
        (&["--name", "PYTHON"], &all),
        (&["--name", "python", "--exposed", "--mine", "--port", "21062"], &[wide]),
        (&["21062"], &[wide]),
        (&[":21062"], &[wide]),
        (&["127.0.0.1:21061"], &[tcp, udp]),
        (&["127.0.0.1:21062"], &[wide]),
        (&["[::1]:21063"], &[six]),
        (&["localhost:21061"], &[tcp, udp, theirs]),
        (&["http://localhost:21062/x?y=1#z"], &[wide]),
        (&["http://shop.localhost:21062"], &[wide]),
        (&["21061/udp"], &[udp]),
        (&["127.0.0.2"], &[theirs, wide]),
        (&["corner-shop"], &[tcp, udp, wide, six]),
        (&["python3"], &all),
    ];
    for (arguments, expected) in rows {
        let mut command = through(namespace.command("env"), navyd().get_program());
        let ran = run(command.args(["ls", "--json"]).args(*arguments).current_dir(shop.path()));
        assert_eq!(ran.status, Some(0), "{arguments:?}: {}", ran.stderr);
        let document = parsed(&ran);
        let place =
            |one: &Value| format!("{} {}:{}", one["proto"], one["address"], one["port"]).replace('"', "");
        let mut shown: Vec<_> = own(&document).into_iter().map(place).collect();
        let mut expected: Vec<_> = expected.iter().map(|&place| place.to_owned()).collect();
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected, "{arguments:?}");
    }

    // What belongs to the project of the directory comes first, then what belongs to the user.
    let mut command = through(namespace.command("env"), navyd().get_program());
    let ran = run(command.args(["ls", "--json", "--port", "21061-21063"]).current_dir(shop.path()));
    let document = parsed(&ran);
    let order: Vec<_> = own(&document).into_iter().map(|one| pids(one)[0]).collect();
    let (first, last) = (u64::from(servers.pid()), u64::from(other.pid()));
    assert_eq!(order, [first, first, first, first, last]);
}

#[test]
fn finding_nothing_is_an_answer_and_tells_what_to_type() {
    let Some(namespace) = Namespace::new("finding_nothing_is_an_answer_and_tells_what_to_type") else {
        return;
    };
    let inside = |arguments: &[&str]| {
        run(through(namespace.command("env"), navyd().get_program()).arg("ls").args(arguments))
    };
    let ran = inside(&["--json", "--pid", "4194304"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert_eq!(parsed(&ran)["listeners"], json!([]));
    assert!(ran.stderr.contains("no listener matches\nhint: `navyd ls`"), "{ran:?}");
    let ran = inside(&["--port", "21069"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.stderr.ends_with("hint: `navyd why 21069` tells whether the port can be bound\n"), "{ran:?}");
    let ran = inside(&["--csv", "--port", "21069"]);
    assert_eq!((ran.status, ran.stdout.lines().count()), (Some(1), 1), "{ran:?}");
    let ran = inside(&["--jsonl", "--port", "21069", "--quiet"]);
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (Some(1), "", ""), "{ran:?}");
}

#[test]
fn wrong_use_says_what_why_and_what_to_type() {
    for arguments in [
        &["--port", "0"][..],
        &["--port", "65536"],
        &["--port", "abc"],
        &["--port", "3000-"],
        &["--port", "4000-3000"],
        &["--port", ""],
        &["--pid", "-1"],
        &["--pid", "x"],
        &["--interval", "1ms", "--watch"],
        &["--color", "blue"],
        &["0"],
        &["65536"],
        &["127.0.0.1:99999"],
        &["127.0.0.256:80"],
        &["[::1"],
        &["\x1b[2J"],
        &["--nonsense"],
        &["--csv", "--json"],
        &["--watch", "--connections"],
    ] {
        let ran = run(ls([]).args(arguments));
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains('`'), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("\nhint: "), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains('\x1b'), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{arguments:?}: {}", ran.stderr);
    }
    let ran = run(&mut ls(["--port", "65536"]));
    assert!(ran.stderr.contains("\n  cause: `65536` is not a port from 1 to 65535\n"), "{}", ran.stderr);
}

#[test]
fn arguments_that_are_not_text_are_wrong_use() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let ran = run(ls([]).arg(OsStr::from_bytes(b"\xff\xfe")));
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
}
