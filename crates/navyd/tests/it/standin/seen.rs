//! Each stand-in as `navyd ls` shows it, and how each says who has its port.

use std::net::{TcpListener, UdpSocket};

use serde_json::Value;

use super::support::{Standing, terminate};
use crate::support::{
    namespace::Namespace,
    program,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

/// Every stand-in, as it is started, and as it is shown.
const ALL: &[(&[&str], &str)] = &[
    (&["serve"], "navyd serve"),
    (&["echo"], "navyd echo"),
    (&["echo", "--ws"], "navyd echo"),
    (&["echo", "--sse"], "navyd echo"),
    (&["echo", "--tcp"], "navyd echo"),
    (&["echo", "--udp"], "navyd echo"),
    (&["sink"], "navyd sink"),
    (&["sink", "--udp"], "navyd sink"),
    (&["sink", "--http"], "navyd sink"),
    (&["stub", "tcp", "--expect", "a", "--reply", "b"], "navyd stub"),
    // Neither what a folder is called nor the project around it is what it is.
    (&["ftp", "serve"], "navyd ftp"),
    (&["mail", "--memory"], "navyd mail"),
];

/// A folder of a project that asks for a framework, with another one in it.
fn project() -> TempDir {
    let folder = TempDir::new();
    folder.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[dependencies]\naxum = \"1\"\n",
    );
    folder.write("serve/a.txt", "tea");
    folder
}

#[test]
fn ls_shows_what_each_is() {
    let folder = project();
    for (words, expected) in ALL {
        let mut stand = navyd();
        stand.args(*words).args(["--json", "--port", "0"]);
        let standing = Standing::with(stand.current_dir(folder.path()).env("HOME", folder.path()));
        let port = standing.address().port().to_string();
        let seen = run(navyd().args(["ls", "--json", &port]));
        let document: Value = serde_json::from_str(&seen.stdout).unwrap();
        let listeners = document["listeners"].as_array().unwrap();
        let ours: Vec<_> = listeners
            .iter()
            .filter(|listener| listener["holders"][0]["pid"] == standing.held.pid())
            .collect();
        assert!(!ours.is_empty(), "{words:?}: {document}");
        for listener in ours {
            assert_eq!(listener["holders"][0]["framework"], *expected, "{words:?}: {listener}");
        }
    }
}

#[test]
fn what_never_answers_is_still_known() {
    let folder = project();
    let standing = Standing::start("sink", folder.path(), &[]);
    let port = standing.address().port().to_string();
    let seen = run(navyd().args(["ls", "--probe", &port]));
    assert!(seen.stdout.contains("by navyd sink: "), "{}{}", seen.stdout, seen.stderr);
}

#[test]
fn the_holder_of_a_port_is_named_by_each() {
    let folder = project();
    for (words, _) in ALL {
        let udp = words.contains(&"--udp");
        let (tcp, datagrams) = (TcpListener::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
        let (tcp, datagrams) = (tcp.unwrap(), datagrams.unwrap());
        let taken = if udp { datagrams.local_addr() } else { tcp.local_addr() }.unwrap();
        let mut refused = navyd();
        refused.args(*words).args(["--port", &taken.port().to_string()]).current_dir(folder.path());
        // For mail, `--port` is that of its page: the others are any.
        if words[0] == "mail" {
            refused.args(["--smtp", "0", "--pop3", "0"]);
        }
        let ran = run(&mut refused);
        let why = format!("hint: navyd why {}{}", taken.port(), if udp { "/udp" } else { "" });
        let pid = format!("(pid {}", std::process::id());
        for part in [format!("cannot listen on `{taken}`"), pid, why] {
            assert!(
                ran.stderr.contains(&part) && ran.status == Some(2),
                "{words:?} `{part}`: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn who_has_a_port_for_connections_does_not_keep_datagrams_off() {
    let folder = project();
    let mut echo = Standing::start("echo", folder.path(), &["--tcp"]);
    let port = echo.address().port().to_string();
    let standing = Standing::with(navyd().args(["echo", "--udp", "--json", "--port", &port]));
    assert_eq!(standing.address().port().to_string(), port);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"tea", standing.address()).unwrap();
    let mut heard = [0; 8];
    let (length, _) = socket.recv_from(&mut heard).unwrap();
    assert_eq!(&heard[..length], b"tea");
    terminate(echo.held.pid());
    assert_eq!(echo.held.wait(), Some(0));
}

#[test]
fn a_port_that_needs_a_permission_names_one_that_does_not() {
    const TEST: &str = "standin::seen::a_port_that_needs_a_permission_names_one_that_does_not";
    // A namespace of its own has no setting that lets everybody bind low ports.
    let Some(namespace) = Namespace::new(TEST) else { return };
    if program("setpriv").is_none() {
        return skip(TEST, "`setpriv` is not installed");
    }
    let mut serve = namespace.command("setpriv");
    serve.args([
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]);
    serve.arg(navyd().get_program()).args(["echo", "--port", "1023", "--ttl", "1ms"]);
    let ran = run(serve.current_dir("/").env("HOME", "/"));
    if matches!(ran.status, Some(126 | 127)) {
        return skip(TEST, "another user may not run this program");
    }
    let refused = ran.stderr.contains("ports below 1024 need a permission");
    assert!(refused && ran.stderr.contains("hint: navyd echo --port 8023"), "{}", ran.stderr);
}
