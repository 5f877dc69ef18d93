//! Ports that a container engine publishes by a rule, made as the engines make them, and nobody listening.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use serde_json::{Value, json};

use super::{document, own, parsed, through};
use crate::support::{
    namespace::Namespace,
    program,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

/// A namespace with the programs a test needs, where a bridge can be made, and none of an engine yet; or why not.
fn ground(test: &str, programs: &[&str]) -> Option<Namespace> {
    if let Some(missing) = programs.iter().find(|name| program(name).is_none()) {
        skip(test, &format!("`{missing}` is not installed"));
        return None;
    }
    let namespace = Namespace::new(test)?;
    let added = run(namespace.command("ip").args(["link", "add", "probe0", "type", "bridge"]));
    if added.status != Some(0) {
        skip(test, &format!("no bridge: {}", added.stderr.trim()));
        return None;
    }
    Some(namespace)
}

fn must(namespace: &Namespace, line: &str) {
    let mut words = line.split_whitespace();
    let ran = run(namespace.command(words.next().expect("a program")).args(words));
    assert_eq!(ran.status, Some(0), "{line}: {}", ran.stderr);
}

/// `navyd` inside, with these arguments.
fn inside(namespace: &Namespace, arguments: &[&str]) -> Command {
    let mut command = through(namespace.command("env"), navyd().get_program());
    command.args(arguments);
    command
}

/// Protocol, place, exposure and note of every listener of the namespace.
fn rows(document: &Value) -> Vec<String> {
    let row = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let (proto, address, exposure, note) =
            (text("proto"), text("address"), text("exposure"), text("note"));
        format!("{proto} {address}:{} {exposure} {note}", one["port"])
    };
    own(document).into_iter().map(row).collect()
}

#[test]
fn a_rule_of_iptables_is_a_row_and_nobody_can_be_stopped_for_it() {
    let test = "a_rule_of_iptables_is_a_row_and_nobody_can_be_stopped_for_it";
    let Some(namespace) = ground(test, &["iptables", "ip6tables", "nft"]) else { return };
    must(&namespace, "iptables -t nat -N DOCKER");
    for rule in [
        "! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
        "-d 127.0.0.1/32 -p udp --dport 5353 -j DNAT --to-destination 172.17.0.2:53",
        "-p tcp --dport 9000:9001 -j DNAT --to-destination 172.17.0.3:9000-9001",
    ] {
        must(&namespace, &format!("iptables -t nat -A DOCKER {rule}"));
    }
    must(&namespace, "ip6tables -t nat -N DOCKER");
    must(&namespace, "ip6tables -t nat -A DOCKER -p tcp --dport 8080 -j DNAT --to-destination [fd00::2]:80");
    must(
        &namespace,
        "iptables -t nat -A PREROUTING -p tcp --dport 8888 -j DNAT --to-destination 10.0.0.9:80",
    );

    let without = parsed(&run(&mut inside(&namespace, &["ls", "--json"])));
    assert_eq!(rows(&without), Vec::<String>::new(), "no bridge, no engine");

    must(&namespace, "ip link add docker0 type bridge");
    let seen = document(&mut inside(&namespace, &["ls"]));
    let mut shown = rows(&seen);
    shown.sort();
    assert_eq!(
        shown,
        [
            "tcp 0.0.0.0:8080 container container 172.17.0.2:80",
            "tcp 0.0.0.0:9000 container container 172.17.0.3:9000",
            "tcp 0.0.0.0:9001 container container 172.17.0.3:9001",
            "tcp :::8080 container container [fd00::2]:80",
            "udp 127.0.0.1:5353 container container 172.17.0.2:53",
        ],
    );
    for one in own(&seen) {
        assert_eq!((&one["holders"], &one["owner_unknown"]), (&json!([]), &json!("no-process")));
        assert_eq!(
            (&one["cookie"], &one["inode"], &one["netns"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
    }
    let seen = document(&mut inside(&namespace, &["ls", "--udp"]));
    assert_eq!(rows(&seen), ["udp 127.0.0.1:5353 container container 172.17.0.2:53"]);
    let text = run(&mut inside(&namespace, &["ls", "9001"])).stdout;
    assert!(text.contains("container 172.17.0.3:9001") && !text.contains("8080"), "{text}");

    let freed = run(&mut inside(&namespace, &["free", "9000", "--yes"]));
    assert_ne!(freed.status, Some(0), "{freed:?}");
    let said = freed.stdout + &freed.stderr;
    assert!(said.contains("port 9000 is published by container 172.17.0.3:9000"), "{said}");
    assert!(said.contains("docker stop $(docker ps -q --filter publish=9000)"), "{said}");
}

#[test]
fn a_rule_of_nf_tables_is_a_row() {
    let Some(namespace) = ground("a_rule_of_nf_tables_is_a_row", &["nft"]) else { return };
    must(&namespace, "ip link add podman0 type bridge");
    let rules = "add table inet netavark; add chain inet netavark nv_0_dnat; add chain inet netavark mine;
        add rule inet netavark nv_0_dnat tcp dport 8080 dnat ip to 10.88.0.2:80;
        add rule inet netavark nv_0_dnat ip daddr 127.0.0.1 udp dport 5353 dnat ip to 10.88.0.2:53;
        add rule inet netavark nv_0_dnat ip daddr 10.88.0.1 udp dport 53 dnat ip to 10.88.0.1:1153;
        add rule inet netavark mine tcp dport 8888 dnat ip to 10.88.0.2:80";
    let loaded = run(namespace.command("nft").arg(rules));
    assert_eq!(loaded.status, Some(0), "{}", loaded.stderr);
    let mut shown = rows(&document(&mut inside(&namespace, &["ls"])));
    shown.sort();
    assert_eq!(
        shown,
        [
            "tcp 0.0.0.0:8080 container container 10.88.0.2:80",
            "udp 127.0.0.1:5353 container container 10.88.0.2:53",
        ],
    );
}

#[test]
fn the_rules_are_read_only_where_an_engine_may_have_written_some() {
    let test = "the_rules_are_read_only_where_an_engine_may_have_written_some";
    let Some(namespace) = ground(test, &["nft", "mount"]) else { return };
    let (folder, nft) = (TempDir::new(), program("nft").expect("it was found"));
    let (double, mark) = (folder.path().join("nft"), folder.path().join("was-run"));
    fs::write(&double, format!("#!/bin/sh\n: > '{}'\necho '{{}}'\n", mark.display()))
        .expect("our own folder");
    fs::set_permissions(&double, fs::Permissions::from_mode(0o755)).expect("our own file");
    // `ip netns exec` gives a view of the disk of its own, so only this command sees the double.
    let look = || {
        let mut shell = namespace.command("sh");
        shell
            .args(["-c", r#"mount --bind "$0" "$1" && shift && exec "$@""#])
            .arg(&double)
            .arg(&nft)
            .arg("env");
        let ran = run(through(shell, navyd().get_program()).args(["ls", "--json"]));
        assert_eq!(rows(&parsed(&ran)), Vec::<String>::new());
        mark.exists()
    };
    assert!(!look(), "there is no engine here");
    must(&namespace, "ip link add docker0 type bridge");
    assert!(look());
}

#[test]
fn without_the_right_to_read_rules_it_is_said_what_is_missing() {
    let test = "without_the_right_to_read_rules_it_is_said_what_is_missing";
    let Some(namespace) = ground(test, &["setpriv"]) else { return };
    let note =
        "ports that a container engine publishes by rules alone are not shown: root may read the rules";
    let said = || {
        let mut wrapper = namespace.command("setpriv");
        wrapper.args(["--bounding-set", "-net_admin", "--"]);
        let ran = run(through(wrapper, navyd().get_program()).args(["ls", "--json"]));
        parsed(&ran)["notes"].to_string().contains(note)
    };
    assert!(!said(), "there is no engine here");
    must(&namespace, "ip link add docker0 type bridge");
    assert!(said());
    let notes = parsed(&run(&mut inside(&namespace, &["ls", "--json"])))["notes"].to_string();
    assert!(!notes.contains(note), "{notes}");
}
