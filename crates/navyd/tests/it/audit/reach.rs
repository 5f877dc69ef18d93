//! Who gets to a listener: addresses, the packet filter, published ports, files of sockets and of keys.
//!
//! Each test has a network namespace with a device beside loopback, so that what it plants is all there is.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
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

/// Binds what its arguments name, says so, and ends with its standard input: `4:ADDRESS:PORT`, `6:ADDRESS:PORT`,
/// `both:PORT`, `unix:MODE:PATH`, `abstract:NAME`.
const SERVER: &str = r#"
import os, socket, sys
keep = []
for word in sys.argv[1:]:
    kind, _, rest = word.partition(":")
    if kind == "unix":
        mode, _, path = rest.partition(":")
        one = socket.socket(socket.AF_UNIX)
        one.bind(path)
        os.chmod(path, int(mode, 8))
        one.listen()
    elif kind == "abstract":
        one = socket.socket(socket.AF_UNIX)
        one.bind("\0" + rest)
        one.listen()
    elif kind == "both":
        one = socket.create_server(("::", int(rest)), family=socket.AF_INET6, dualstack_ipv6=True)
    elif kind in ("4", "6"):
        address, _, port = rest.rpartition(":")
        family = socket.AF_INET if kind == "4" else socket.AF_INET6
        one = socket.create_server((address, int(port)), family=family)
    else:
        continue
    keep.append(one)
print("ready", flush=True)
sys.stdin.read()
"#;

/// A namespace with the device `eth0` that has these addresses; or says why the test is skipped.
fn ground(test: &str, addresses: &[&str]) -> Option<Namespace> {
    if let Some(missing) = ["nft", "python3"].iter().find(|name| program(name).is_none()) {
        skip(test, &format!("`{missing}` is not installed"));
        return None;
    }
    let namespace = Namespace::new(test)?;
    let added = run(namespace.command("ip").args(["link", "add", "eth0", "type", "bridge"]));
    if added.status != Some(0) {
        skip(test, &format!("no bridge: {}", added.stderr.trim()));
        return None;
    }
    for address in addresses {
        let nodad = if address.contains(':') { " nodad" } else { "" };
        must(&namespace, &format!("ip addr add {address} dev eth0{nodad}"));
    }
    must(&namespace, "ip link set eth0 up");
    Some(namespace)
}

fn must(namespace: &Namespace, line: &str) {
    let mut words = line.split_whitespace();
    let ran = run(namespace.command(words.next().expect("a program")).args(words));
    assert_eq!(ran.status, Some(0), "{line}: {}", ran.stderr);
}

/// Gives the namespace this ruleset.
fn rules(namespace: &Namespace, folder: &TempDir, text: &str) {
    let file = folder.write("rules.nft", text);
    let ran = run(namespace.command("nft").arg("-f").arg(file));
    assert_eq!(ran.status, Some(0), "{text}: {}", ran.stderr);
}

/// A server inside, ready.
fn serve(namespace: &Namespace, words: &[&str]) -> Held {
    started(namespace.command("/usr/bin/python3").args(["-c", SERVER]).args(words))
}

/// The same as the child of a shell of its own, as if it were typed in another terminal.
fn serve_elsewhere(namespace: &Namespace, words: &[&str]) -> Held {
    let line = r#"/usr/bin/python3 -c "$0" "$@"; exit"#;
    started(namespace.command("sh").args(["-c", line, SERVER]).args(words))
}

fn started(command: &mut Command) -> Held {
    let mut server = Held::start(command.stderr(Stdio::inherit()));
    assert_eq!(server.line().trim(), "ready");
    server
}

/// `navyd audit` inside, with these arguments.
fn audit(namespace: &Namespace, arguments: &[&str]) -> Run {
    let mut command = namespace.command("env");
    command.arg(navyd().get_program()).args(["audit", "--json"]).args(arguments);
    let surroundings = navyd();
    for (name, value) in surroundings.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run(&mut command)
}

/// Number, port or path, severity and evidence of what a check finds.
fn found(namespace: &Namespace, id: &str) -> Vec<String> {
    let ran = audit(namespace, &["--only", id]);
    assert!(matches!(ran.status, Some(0 | 1)), "{ran:?}");
    let document = ran.json();
    assert_eq!(document["schema"], "navyd.audit/1");
    let findings = document["findings"].as_array().expect("findings");
    let place = |one: &Value| match &one["listener"] {
        Value::Null => "-".to_owned(),
        listener if listener["port"].is_null() => listener["path"].as_str().unwrap_or_default().to_owned(),
        listener => listener["port"].to_string(),
    };
    let line = |one: &Value| {
        let severity = one["severity"]["score"].as_f64().expect("a score");
        let evidence = one["evidence"].as_str().unwrap_or_default();
        format!("{} {severity} {evidence}", place(one))
    };
    let mut lines: Vec<String> = findings.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn the_firewalls_verdict_stands_beside_a_wide_listener() {
    let test = "the_firewalls_verdict_stands_beside_a_wide_listener";
    let Some(namespace) = ground(test, &["192.168.77.7/24"]) else { return };
    let folder = TempDir::new();
    let _server = serve(&namespace, &["4:0.0.0.0:21301", "4:0.0.0.0:21302", "4:127.0.0.1:21303"]);
    let open = "no rule of the packet filter drops what comes from outside";
    let seen = |port: u16| format!("bound to 0.0.0.0:{port}, and `eth0` is up with 192.168.77.7");
    let [one, two] = [21301, 21302].map(seen);
    assert_eq!(
        found(&namespace, "A01"),
        [format!("21301 2.8 {one}; {open}"), format!("21302 2.8 {two}; {open}")]
    );

    rules(
        &namespace,
        &folder,
        "table inet fw {\n chain in {\n type filter hook input priority 0; policy drop;\n iif lo accept\n \
         ct state established,related accept\n tcp dport 21302 accept\n }\n}\n",
    );
    let drops = "the firewall drops it from outside: policy drop (table inet fw, chain in)";
    assert_eq!(
        found(&namespace, "A01"),
        [format!("21301 1.7 {one}; {drops}"), format!("21302 2.8 {two}; {open}")]
    );
}

#[test]
fn what_is_closed_for_ipv4_only_is_told() {
    let test = "what_is_closed_for_ipv4_only_is_told";
    let Some(namespace) = ground(test, &["203.0.113.7/24", "2001:db8:77::7/64", "fd77::7/64"]) else {
        return;
    };
    let folder = TempDir::new();
    let _server = serve(&namespace, &["both:21311", "4:0.0.0.0:21312", "6:::1:21313"]);
    assert_eq!(found(&namespace, "A02"), [""; 0], "it is as open for IPv4");
    let drop = |family: &str| {
        format!(
            "table {family} fw {{\n chain in {{\n type filter hook input priority 0;\n tcp dport 21311 drop\n }}\n}}\n"
        )
    };
    rules(&namespace, &folder, &drop("ip"));
    assert_eq!(
        found(&namespace, "A02"),
        [
            "21311 3.3 a rule keeps strangers from its IPv4 addresses, and `2001:db8:77::7` is routed from everywhere; \
          no rule of the packet filter drops what comes from outside"
        ]
    );
    rules(&namespace, &folder, &drop("ip6"));
    assert_eq!(found(&namespace, "A02"), [""; 0], "both are closed");
}

#[test]
fn a_published_port_passes_the_firewall() {
    let test = "a_published_port_passes_the_firewall";
    let Some(namespace) = ground(test, &["192.168.77.7/24"]) else { return };
    let folder = TempDir::new();
    must(&namespace, "ip link add docker0 type bridge");
    rules(
        &namespace,
        &folder,
        "table ip nat {\n chain DOCKER {\n tcp dport 21321 dnat to 172.17.0.2:80\n ip daddr 127.0.0.1 tcp dport 21322 \
         dnat to 172.17.0.2:81\n }\n chain pre {\n type nat hook prerouting priority -100;\n jump DOCKER\n }\n}\n\
         table inet fw {\n chain in {\n type filter hook input priority 0; policy drop;\n iif lo accept\n }\n}\n",
    );
    let shown = found(&namespace, "A03");
    assert_eq!(
        shown,
        [
            "21321 2.8 published on every address, 0.0.0.0:21321 and led to container 172.17.0.2:80; no rule of the packet \
          filter drops what comes from outside; for this machine itself the firewall drops it from outside: policy \
          drop (table inet fw, chain in), and does not see what is led on"
        ]
    );
    rules(
        &namespace,
        &folder,
        "table inet fw {\n chain on {\n type filter hook forward priority 0; policy drop;\n }\n}\n",
    );
    let shown = found(&namespace, "A03");
    assert!(shown.len() == 1 && shown[0].starts_with("21321 1.7 "), "{shown:?}");
    assert!(
        shown[0].ends_with("the firewall drops it from outside: policy drop (table inet fw, chain on)"),
        "{shown:?}"
    );
}

#[test]
fn a_port_that_only_a_rule_answers_is_told() {
    let test = "a_port_that_only_a_rule_answers_is_told";
    let Some(namespace) = ground(test, &["192.168.77.7/24"]) else { return };
    let folder = TempDir::new();
    let _server = serve(&namespace, &["4:0.0.0.0:21331", "4:127.0.0.1:21332"]);
    assert_eq!(found(&namespace, "A04"), [""; 0]);
    rules(
        &namespace,
        &folder,
        "table ip led {\n chain out {\n type nat hook output priority -100;\n tcp dport { 21332, 21333 } redirect to \
         :21331\n }\n}\n",
    );
    let shown = found(&namespace, "A04");
    assert_eq!(shown.len(), 1, "a socket has 21332: {shown:?}");
    let start = "- 1 nobody listens on 127.0.0.1:21333, and a rule leads it to 127.0.0.1:21331: tcp dport";
    assert!(shown[0].starts_with(start), "{shown:?}");
}

#[test]
fn localhost_that_is_two_programs_is_told() {
    let test = "localhost_that_is_two_programs_is_told";
    let Some(namespace) = ground(test, &[]) else { return };
    let one = serve(&namespace, &["4:127.0.0.1:21341", "6:::1:21342", "4:127.0.0.1:21343", "6:::1:21343"]);
    let _worker = serve(&namespace, &["4:127.0.0.1:21342"]);
    assert_eq!(found(&namespace, "A05"), [""; 0], "workers of one parent, and one program with both");
    let _other = serve_elsewhere(&namespace, &["6:::1:21341"]);
    let shown = found(&namespace, "A05");
    assert_eq!(shown.len(), 1, "{shown:?}");
    let first =
        format!("127.0.0.1:21341 is `python3` (pid {}), and [::1]:21341 is `python3` (pid ", one.pid());
    assert!(shown[0].starts_with("21341 ") && shown[0].contains(&first), "{shown:?}");
}

#[test]
fn a_stranger_on_the_port_of_a_database_is_told() {
    let test = "a_stranger_on_the_port_of_a_database_is_told";
    let Some(namespace) = ground(test, &[]) else { return };
    if program("setpriv").is_none() {
        return skip(test, "`setpriv` is not installed");
    }
    let serve_as = |uid: &str, words: &[&str]| {
        let mut command = namespace.command("setpriv");
        command.args([
            "--reuid",
            uid,
            "--regid",
            uid,
            "--clear-groups",
            "--",
            "/usr/bin/python3",
            "-c",
            SERVER,
        ]);
        started(command.args(words).current_dir("/"))
    };
    let stranger = serve_as("62041", &["4:127.0.0.1:5432", "4:127.0.0.1:21351"]);
    let _own = serve(&namespace, &["4:127.0.0.1:6379"]);
    let shown = found(&namespace, "A06");
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].starts_with("5432 5.5 port 5432 is usually PostgreSQL, and here `"), "{shown:?}");
    assert!(shown[0].ends_with(&format!(" of user `62041` (pid {})", stranger.pid())), "{shown:?}");
    // What a name only suggests fails nobody's build.
    assert_eq!(audit(&namespace, &["--only", "A06"]).status, Some(0));
}

#[test]
fn a_unix_socket_that_everybody_may_write_to_is_told() {
    let test = "a_unix_socket_that_everybody_may_write_to_is_told";
    let Some(namespace) = ground(test, &[]) else { return };
    let (open, closed) = (TempDir::new(), TempDir::new());
    mode(open.path(), 0o755);
    mode(closed.path(), 0o700);
    let path = |folder: &TempDir, name: &str| folder.path().join(name).display().to_string();
    let wide = path(&open, "wide.sock");
    let words = [
        format!("unix:777:{wide}"),
        format!("unix:755:{}", path(&open, "own.sock")),
        format!("unix:777:{}", path(&closed, "wide.sock")),
        "abstract:navyd-test-reach".to_owned(),
        "abstract:/tmp/.X11-unix/X77".to_owned(),
    ];
    let _server = serve(&namespace, &words.each_ref().map(String::as_str));
    let mut expected = [
        format!("{wide} 1 `{wide}` has the permissions 0777, and every folder above it may be passed"),
        "@navyd-test-reach 1 `@navyd-test-reach` is an abstract name, which has no permissions".to_owned(),
    ];
    expected.sort();
    assert_eq!(found(&namespace, "A60"), expected);
}

#[test]
fn a_key_that_everybody_reads_is_told() {
    let test = "a_key_that_everybody_reads_is_told";
    let Some(namespace) = ground(test, &[]) else { return };
    let folder = TempDir::new();
    mode(folder.path(), 0o755);
    let text = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n";
    let (wide, own) = (folder.write("wide.key", text), folder.write("own.key", text));
    mode(&wide, 0o644);
    mode(&own, 0o600);
    let [wide, own] = [wide, own].map(|path| path.display().to_string());
    let _clean = serve(&namespace, &["4:127.0.0.1:21361", "--ssl-keyfile", &own]);
    let _planted = serve(&namespace, &["4:127.0.0.1:21362", "--ssl-keyfile", &wide]);
    assert_eq!(found(&namespace, "A61"), [format!("21362 4.5 the key `{wide}` has the permissions 0644")]);
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}
