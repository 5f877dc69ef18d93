//! `navyd hub install --low-ports`: port 80 leads to the hub, in a network of the test's own.

use std::process::Command;

use serde_json::Value;

use crate::support::{
    child::Held,
    namespace::Namespace,
    program,
    run::{Run, run},
    skip,
    temp::TempDir,
};

const NAVYD: &str = env!("CARGO_BIN_EXE_navyd");

fn inside(namespace: &Namespace, home: &TempDir, args: &[&str]) -> Run {
    run(command(namespace, home, NAVYD).args(args))
}

fn command(namespace: &Namespace, home: &TempDir, program: &str) -> Command {
    let mut command = namespace.command(program);
    command.env("HOME", home.path()).env("NO_COLOR", "1").env_remove("XDG_RUNTIME_DIR");
    command
}

#[test]
fn the_kernel_leads_low_ports_to_the_hub_until_it_is_told_not_to() {
    const TEST: &str = "the_kernel_leads_low_ports_to_the_hub_until_it_is_told_not_to";
    let Some(namespace) = Namespace::new(TEST) else { return };
    if program("nft").is_none() || program("curl").is_none() {
        return skip(TEST, "`nft` or `curl` is not installed");
    }
    let home = TempDir::new();
    let mut hub = Held::start(command(&namespace, &home, "setpriv").args([
        // As a user who may not bind them: else the hub would have them without any help.
        "--bounding-set",
        "-net_bind_service",
        "--inh-caps",
        "-net_bind_service",
        NAVYD,
        "--json",
        "hub",
    ]));
    let started: Value = serde_json::from_str(&hub.line()).unwrap();
    assert_eq!(started["listen"][0], "127.0.0.1:62893");
    let get = |url: &str| {
        run(command(&namespace, &home, "curl").args(["-sS", "-o", "/dev/null", "--noproxy", "*", url]))
    };
    assert_ne!(get("http://127.0.0.1/").status, Some(0));

    let install = ["hub", "install", "--low-ports", "--way", "nft"];
    let dry = inside(&namespace, &home, &[&install[..], &["--dry-run"]].concat());
    assert_eq!(dry.status, Some(0), "{}", dry.stderr);
    assert_ne!(get("http://127.0.0.1/").status, Some(0), "a dry run does nothing");
    let unasked = inside(&namespace, &home, &install);
    assert_eq!(unasked.status, Some(2), "{}", unasked.stdout);
    for _ in 0..2 {
        let done = inside(&namespace, &home, &[&install[..], &["--yes"]].concat());
        if done.stderr.contains("Operation not supported") {
            return skip(TEST, "the kernel has no nat for nf_tables");
        }
        assert_eq!(done.status, Some(0), "{}", done.stderr);
    }
    assert_eq!(get("http://127.0.0.1/").status, Some(0), "{}", get("http://127.0.0.1/").stderr);
    assert_eq!(get("http://[::1]/").status, Some(0), "{}", get("http://[::1]/").stderr);
    let undone = inside(&namespace, &home, &["hub", "uninstall", "--low-ports", "--yes"]);
    assert_eq!(undone.status, Some(0), "{}", undone.stderr);
    assert_ne!(get("http://127.0.0.1/").status, Some(0));
    let rules = run(namespace.command("nft").args(["list", "ruleset"]));
    assert_eq!(rules.stdout.trim(), "", "nothing is left");
}
