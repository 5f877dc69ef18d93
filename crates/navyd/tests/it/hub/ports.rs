//! The usual port, and what happens when it is taken. In a network namespace, since the port is everybody's.

use std::process::{Command, Stdio};

use super::Home;
use crate::support::{
    child::Held,
    namespace::Namespace,
    program,
    run::{navyd, run},
    skip,
};

/// Listens at these addresses, and says so.
const LISTEN: &str = "import socket, sys
held = [socket.create_server((host, int(port)), family=socket.AF_INET6 if ':' in host else socket.AF_INET)
        for host, port in zip(sys.argv[1::2], sys.argv[2::2])]
print('ready', flush=True); sys.stdin.read()";

/// The hub in a namespace, at its usual port, as a user who may not bind low ones.
fn hub(home: &Home, namespace: &Namespace) -> Command {
    let mut command = namespace.command("setpriv");
    home.at_home(&mut command);
    command.args(["--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service"]);
    command.arg(navyd().get_program()).args(["hub", "--json"]).env_remove("NAVYD_HUB_LISTEN");
    command
}

/// The same as root.
fn root(home: &Home, namespace: &Namespace) -> Command {
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
    let ran = run(hub(&home, &namespace).args(["--listen", "127.0.0.1:62893"]));
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

#[test]
fn low_ports_are_had_where_nobody_minds() {
    let Some(namespace) = Namespace::new("hub::ports::low_ports_are_had_where_nobody_minds") else { return };
    let mut python = namespace.command("python3");
    let mut other = Held::start(python.args(["-c", LISTEN, "::1", "80"]));
    assert_eq!(other.line(), "ready");
    let home = Home::new();
    let mut held = Held::start(root(&home, &namespace).stderr(Stdio::piped()));
    let found = status(&mut held);
    let expected = ["127.0.0.1:62893", "[::1]:62893", "127.0.0.1:80", "127.0.0.1:443", "[::1]:443"];
    assert_eq!(found["listen"], serde_json::json!(expected), "what is taken is left out");
    let notes = found["notes"].as_array().unwrap();
    assert!(notes.iter().all(|note| !note.as_str().unwrap().contains("80")), "{notes:?}");

    // The own page and every name are served there, TLS as well; a URL has a port as long as one address needs it.
    assert_eq!(home.json(&["route", "add", "shop", "1"])["url"], "http://shop.localhost:62893");
    let get = |url: &str, host: &str| {
        let mut curl = namespace.command("curl");
        let host = format!("Host: {host}");
        let ran = run(curl.args([
            "-sk",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "--noproxy",
            "*",
            "-H",
            &host,
            url,
        ]));
        assert_eq!(ran.status, Some(0), "{ran:?}");
        ran.stdout
    };
    for (url, host, expected) in [
        ("http://127.0.0.1", "navyd.localhost", "200"),
        ("http://127.0.0.1", "127.0.0.1", "200"),
        ("https://127.0.0.1", "navyd.localhost", "200"),
        ("https://[::1]", "[::1]", "200"),
        ("http://127.0.0.1", "shop.localhost", "502"),
        ("https://[::1]", "shop.localhost", "502"),
        ("http://127.0.0.1", "evil.example", "404"),
    ] {
        assert_eq!(get(url, host), expected, "{url} {host}");
    }
}

#[test]
fn a_url_has_no_port_where_port_80_is_had() {
    let Some(namespace) = Namespace::new("hub::ports::a_url_has_no_port_where_port_80_is_had") else {
        return;
    };
    let home = Home::new();
    let mut held = Held::start(root(&home, &namespace).stderr(Stdio::null()));
    let found = status(&mut held);
    assert_eq!(found["listen"].as_array().unwrap().len(), 6, "{found}");
    assert_eq!(found["listen"][0], "127.0.0.1:62893");
    assert_eq!(home.json(&["route", "add", "shop/api", "1"])["url"], "http://shop.localhost/api");
}

#[test]
fn sockets_that_systemd_hands_over_are_served() {
    const TEST: &str = "hub::ports::sockets_that_systemd_hands_over_are_served";
    let Some(namespace) = Namespace::new(TEST) else { return };
    if program("systemd-socket-activate").is_none() {
        return skip(TEST, "`systemd-socket-activate` is not installed");
    }
    let home = Home::new();
    let activated = |home: &Home| {
        let mut command = namespace.command("systemd-socket-activate");
        for address in ["127.0.0.1:80", "[::1]:80", "127.0.0.1:62893"] {
            command.args(["-l", address]);
        }
        let hub = root(home, &namespace);
        for (name, value) in hub.get_envs() {
            let Some(value) = value else { continue };
            command.arg("-E").arg(format!("{}={}", name.display(), value.display()));
        }
        command.args(["-E", "NAVYD_HUB_WORKERS=2"]).arg(navyd().get_program()).args(["hub", "--json"]);
        command.stderr(Stdio::piped());
        command
    };
    let mut held = Held::start(&mut activated(&home));
    // The first client wakes it, and is served: systemd listens from the beginning.
    let get = |host: &str, more: &[&str]| {
        let url = "http://127.0.0.1";
        let mut curl = namespace.command("curl");
        let shown = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*"];
        run(curl.args(shown).args(more).args(["-H", &format!("Host: {host}"), url])).stdout
    };
    assert_eq!(get("navyd.localhost", &["--retry", "50", "--retry-connrefused"]), "200");
    let found = status(&mut held);
    let mut listen: Vec<&str> =
        found["listen"].as_array().unwrap().iter().map(|address| address.as_str().unwrap()).collect();
    listen.sort_unstable();
    assert_eq!(
        listen,
        ["127.0.0.1:443", "127.0.0.1:62893", "127.0.0.1:80", "[::1]:443", "[::1]:62893", "[::1]:80"]
    );
    assert_eq!(home.json(&["route", "add", "shop", "1"])["url"], "http://shop.localhost");
    for _ in 0..20 {
        assert_eq!(get("shop.localhost", &[]), "502");
    }
}
