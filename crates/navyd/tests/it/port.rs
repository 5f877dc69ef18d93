//! `navyd port`: what it prints can be bound.

use std::{
    collections::HashSet,
    net::{Ipv6Addr, TcpListener},
    path::Path,
};

use crate::support::{
    namespace::Namespace,
    run::{Run, navyd, run},
    temp::TempDir,
};

fn port(arguments: &[&str]) -> Run {
    run(navyd().arg("port").args(arguments))
}

fn stable(name: &str, folder: &Path) -> u16 {
    let ran = run(navyd().args(["port", "--stable", name]).current_dir(folder));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    ran.stdout.trim().parse().unwrap()
}

#[test]
fn ports_are_different_and_can_be_bound() {
    let ran = port(&["--count", "20"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let ports: HashSet<u16> = ran.stdout.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(ports.len(), 20, "{}", ran.stdout);
    for port in ports {
        drop(TcpListener::bind(("127.0.0.1", port)).unwrap());
        drop(TcpListener::bind(("0.0.0.0", port)).unwrap());
        // A machine may have no IPv6.
        if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
            drop(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).unwrap());
        }
    }
}

#[test]
fn a_held_port_is_passed_over_and_its_holder_is_named() {
    let found: u16 = port(&[]).stdout.trim().parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", found)).unwrap();
    let wanted = found.to_string();
    let ran = port(&["--near", &wanted]);
    assert_eq!(ran.status, Some(0));
    assert_ne!(ran.stdout.trim(), wanted);
    let pid = format!("(pid {})", std::process::id());
    assert!(
        ran.stderr.contains(&format!("`{wanted}` is held by")) && ran.stderr.contains(&pid),
        "{}",
        ran.stderr
    );
    drop(listener);
    assert_eq!(port(&["--near", &wanted]).stdout.trim(), wanted);
}

#[test]
fn a_stable_port_belongs_to_name_project_and_branch_and_stays_while_held() {
    let (one, other) = (TempDir::new(), TempDir::new());
    for folder in [&one, &other] {
        folder.write("shop/.git/HEAD", "ref: refs/heads/main\n");
        folder.write("shop/src/x", "");
    }
    let root = one.path().join("shop");
    let web = stable("web", &root);
    assert!((20_000..30_000).contains(&web));
    assert_eq!(stable("web", &root.join("src")), web, "below the root");
    assert_ne!(stable("api", &root), web);
    assert_ne!(stable("web", &other.path().join("shop")), web);

    let held = TcpListener::bind(("127.0.0.1", web));
    let ran = run(navyd().args(["port", "--stable", "web", "--json"]).current_dir(&root));
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["schema"], "navyd.port/1");
    assert_eq!(json["ports"][0]["port"], web);
    assert_eq!(json["ports"][0]["free"], false);
    assert_eq!(json["stable"]["branch"], "main");
    drop(held);

    one.write("shop/.git/HEAD", "ref: refs/heads/feature\n");
    assert_ne!(stable("web", &root), web, "another branch");
}

#[test]
fn a_wide_ephemeral_range_is_said() {
    let Some(namespace) = Namespace::new("a_wide_ephemeral_range_is_said") else { return };
    let settings = "echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range; \
                    echo 3000 > /proc/sys/net/ipv4/ip_local_reserved_ports; exec \"$0\" port --near 3000";
    let ran = run(namespace.command("sh").args(["-c", settings, env!("CARGO_BIN_EXE_navyd")]));
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), "3001\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`3000` is reserved"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1024 to 65535"), "{}", ran.stderr);
}

#[test]
fn wrong_use_is_told() {
    for arguments in [&["--near", "0"][..], &["--near", "65536"], &["--near", "abc"], &["--count", "0"]] {
        assert_eq!(port(arguments).status, Some(2), "{arguments:?}");
    }
    assert_eq!(port(&["--stable", "web", "--near", "3000"]).status, Some(2));
}
