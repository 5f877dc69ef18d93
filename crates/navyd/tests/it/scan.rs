//! `navyd scan`: exactly what the kernel lists, and what differs.

use std::{collections::BTreeSet, net::TcpListener, process::Command};

use serde_json::Value;

use crate::support::{
    child::Held,
    namespace::Namespace,
    program,
    run::{Run, navyd, run},
    skip,
};

/// Listens on several ports of its own choice, with the backlogs given, and says the ports.
const SERVERS: &str = "import socket, sys
servers = [socket.create_server((address, 0), backlog=int(backlog))
           for address, backlog in (argument.split(',') for argument in sys.argv[1:])]
print(*(server.getsockname()[1] for server in servers), flush=True)
sys.stdin.read()
";

fn scan(arguments: &[&str]) -> Run {
    run(navyd().arg("scan").args(arguments))
}

fn json(ran: &Run) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr))
}

fn ports(list: &Value) -> BTreeSet<u64> {
    list.as_array().unwrap().iter().map(|one| one["port"].as_u64().unwrap()).collect()
}

/// Servers inside a namespace, and their ports.
fn servers(namespace: &Namespace, which: &[&str]) -> (Held, Vec<u64>) {
    let mut held = Held::start(namespace.command("python3").args(["-c", SERVERS]).args(which));
    let ports = held.line().split(' ').map(|port| port.parse().unwrap()).collect();
    (held, ports)
}

fn scan_in(namespace: &Namespace, arguments: &[&str]) -> Run {
    let navyd = env!("CARGO_BIN_EXE_navyd");
    run(namespace.command(navyd).env("NO_COLOR", "1").arg("scan").args(arguments))
}

#[test]
fn open_ports_are_found_with_their_holder() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (open, closed) = (listener.local_addr().unwrap().port(), TcpListener::bind("127.0.0.1:0").unwrap());
    let refusing = closed.local_addr().unwrap().port();
    drop(closed);
    let list = format!("{open},{refusing}");
    let ran = scan(&["127.0.0.1", "--ports", &list, "--json"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let answer = json(&ran);
    assert_eq!(answer["schema"], "navyd.scan/1");
    assert_eq!(answer["ports_scanned"], 2);
    assert_eq!(ports(&answer["open"]), BTreeSet::from([u64::from(open)]));
    assert_eq!(answer["open"][0]["listed"], true);
    assert_eq!(answer["open"][0]["holders"][0]["pid"], std::process::id());
    assert_eq!(answer["differs"], Value::Array(Vec::new()));

    let ran = scan(&["--ports", &list]);
    assert!(ran.stdout.starts_with(&format!("127.0.0.1:{open}\t")), "{}", ran.stdout);
    assert!(ran.stderr.contains("1 open, 1 closed"), "{}", ran.stderr);
    assert_eq!(scan(&["--ports", &refusing.to_string()]).status, Some(1));
}

#[test]
fn every_port_is_exactly_what_the_kernel_lists() {
    let Some(namespace) = Namespace::new("every_port_is_exactly_what_the_kernel_lists") else { return };
    let which = ["127.0.0.1,64"; 40];
    let (_servers, listening) = servers(&namespace, &which);
    // Ports of the ephemeral range may connect to themselves; none of those may be counted.
    for _ in 0..3 {
        let answer = json(&scan_in(&namespace, &["127.0.0.1", "--json"]));
        assert_eq!(ports(&answer["open"]), listening.iter().copied().collect());
        assert_eq!((&answer["closed"], &answer["silent"]), (&Value::from(65_495), &Value::from(0)));
        assert_eq!(answer["differs"], Value::Array(Vec::new()));
    }
}

#[test]
fn what_must_not_be_touched_is_listed_and_not_connected_to() {
    let Some(namespace) = Namespace::new("what_must_not_be_touched_is_listed_and_not_connected_to") else {
        return;
    };
    let (_servers, listening) = servers(&namespace, &["127.0.0.1,1", "127.0.0.1,64"]);
    let answer = json(&scan_in(&namespace, &["--json"]));
    let open = answer["open"].as_array().unwrap();
    assert_eq!(open.len(), 2);
    for one in open {
        let once = one["port"] == listening[0];
        assert_eq!(one["connected"], !once);
        assert_eq!(one["left_alone"].is_string(), once, "{one}");
    }
}

#[test]
fn redirects_and_firewalls_differ_from_the_list() {
    const NAME: &str = "redirects_and_firewalls_differ_from_the_list";
    if program("nft").is_none() {
        return skip(NAME, "`nft` is not installed");
    }
    let Some(namespace) = Namespace::new(NAME) else { return };
    let (_servers, listening) = servers(&namespace, &["127.0.0.1,64", "127.0.0.1,64", "127.0.0.1,64"]);
    let [plain, rejected, dropped] = listening[..] else { panic!("{listening:?}") };
    let rules = format!(
        "table ip t {{
            chain o {{ type nat hook output priority -100; tcp dport 3000 redirect to :{plain}; }}
            chain i {{ type filter hook input priority 0;
                tcp dport {rejected} reject with tcp reset; tcp dport {dropped} drop; }}
        }}"
    );
    let set = run(namespace.command("nft").arg(rules));
    if set.status != Some(0) {
        return skip(NAME, &format!("nft refuses: {}", set.stderr.trim()));
    }
    let list = format!("3000,3001,{plain},{rejected},{dropped}");
    let ran = scan_in(&namespace, &["--ports", &list, "--timeout", "200ms", "--json"]);
    let answer = json(&ran);
    let mut kinds: Vec<_> = answer["differs"].as_array().unwrap().iter().collect();
    kinds.sort_by_key(|one| one["kind"].as_str().unwrap().to_owned());
    let kinds: Vec<_> =
        kinds.iter().map(|one| (one["port"].as_u64().unwrap(), one["kind"].as_str().unwrap())).collect();
    let expected =
        [(rejected, "listener-refuses"), (dropped, "listener-silent"), (3000, "open-without-listener")];
    assert_eq!(kinds, expected);
    assert_eq!(ports(&answer["open"]), BTreeSet::from([3000, plain]));
    assert_eq!((&answer["closed"], &answer["silent"]), (&Value::from(2), &Value::from(1)));

    let ran = scan_in(&namespace, &["--ports", &list, "--timeout", "200ms"]);
    assert!(ran.stderr.contains("differs: 127.0.0.1:3000: it answers, and no socket"), "{}", ran.stderr);
    assert!(ran.stdout.contains("no socket listens here"), "{}", ran.stdout);
}

#[test]
fn another_machine_is_refused_without_consent() {
    for host in ["192.0.2.1", "8.8.8.8", "2001:db8::1"] {
        let ran = scan(&[host, "--ports", "80"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{host}");
        assert!(
            ran.stderr.contains(&format!("`{host}` is not an address of this machine")),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(&format!("hint: navyd scan {host} --anywhere")), "{}", ran.stderr);
    }
}

#[test]
fn another_machine_is_scanned_with_consent() {
    const NAME: &str = "another_machine_is_scanned_with_consent";
    let (Some(here), Some(there)) = (Namespace::new(NAME), Namespace::new(NAME)) else { return };
    let ip = |arguments: &str| run(Command::new("ip").args(arguments.split(' ')));
    let (one, other) = (here.name(), there.name());
    let linked = ip(&format!("-n {one} link add name here0 type veth peer name there0 netns {other}"));
    if linked.status != Some(0) {
        return skip(NAME, &format!("no pair of devices: {}", linked.stderr.trim()));
    }
    for set in [
        format!("-n {one} addr add 10.99.0.1/24 dev here0"),
        format!("-n {one} link set here0 up"),
        format!("-n {other} addr add 10.99.0.2/24 dev there0"),
        format!("-n {other} link set there0 up"),
    ] {
        assert_eq!(ip(&set).status, Some(0), "{set}");
    }
    let (_servers, listening) = servers(&there, &["10.99.0.2,64"]);
    let port = listening[0].to_string();
    let list = format!("1-200,{port}");
    let refused = scan_in(&here, &["10.99.0.2", "--ports", &list]);
    assert_eq!(refused.status, Some(2), "{}", refused.stderr);
    let answer = json(&scan_in(&here, &["10.99.0.2", "--ports", &list, "--anywhere", "--json"]));
    assert_eq!(ports(&answer["open"]), listening.iter().copied().collect());
    assert_eq!((&answer["closed"], &answer["open"][0]["listed"]), (&Value::from(200), &Value::Null));
}

#[test]
fn wrong_use_is_told() {
    for arguments in
        [&["--ports", "0"][..], &["--ports", "9-8"], &["--ports", "abc"], &["3000"], &["0.0.0.0"]]
    {
        assert_eq!(scan(arguments).status, Some(2), "{arguments:?}");
    }
}
