//! `navyd uninstall`: what it put on a machine is gone, and the machine is as it was.

use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

/// Stands in for the manager of services, which a machine of a test has not: it only writes down what it is told.
const SYSTEMCTL: &str = "#!/bin/sh\necho \"$@\" >> \"$HOME/systemctl.log\"\n";

/// What stands in the files that navyd edits, and which of its own there are.
const LOOK: &str = "cat /etc/hosts /etc/ssl/certs/ca-certificates.crt
find /etc /usr/local /var/lib \"$HOME\" -iname '*navyd*' 2>/dev/null | sort";

#[test]
fn everything_is_taken_back() {
    const TEST: &str = "everything_is_taken_back";
    if !needs(TEST, &["update-ca-certificates"]) {
        return;
    }
    let Some(machine) = Apart::new(TEST) else { return };
    let folder = machine.user.path("bin");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("systemctl"), SYSTEMCTL).unwrap();
    fs::set_permissions(folder.join("systemctl"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", text(&folder), std::env::var("PATH").unwrap());
    let navyd = |args: &[&str]| {
        let mut command = machine.command(&[&[env!("CARGO_BIN_EXE_navyd")], args].concat());
        run(command.env("PATH", &path).env("NAVYD_HUB_LISTEN", "127.0.0.1:0"))
    };
    let parts = |ran: &Run| -> Vec<(String, Option<bool>)> {
        let found: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        assert_eq!(found["schema"], "navyd.uninstall/1");
        let parts = found["parts"].as_array().unwrap().iter();
        parts.map(|part| (part["part"].as_str().unwrap().to_owned(), part["done"].as_bool())).collect()
    };
    let before = machine.printed(&["sh", "-c", LOOK]);
    let nothing = navyd(&["uninstall"]);
    assert_eq!(
        (nothing.status, nothing.stdout.as_str()),
        (Some(0), "there is nothing of navyd's to take back\n")
    );

    for args in [
        &["trust", "install", "--store", "debian", "--yes"][..],
        &["route", "sync-hosts", "shop.localhost", "--yes"],
        &["hub", "install", "--yes"],
        &["hub", "install", "--low-ports", "--way", "systemd-socket", "--yes"],
        &["hub", "start"],
    ] {
        let ran = navyd(args);
        assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
    }
    let installed = machine.printed(&["sh", "-c", LOOK]);
    assert!(installed.contains("shop.localhost") && installed.contains("navyd.socket"), "{installed}");

    let names = [
        "the service of the hub",
        "the hub",
        "low ports",
        "the hosts file",
        "the local authority in stores",
        "its own directory",
        "its own directory",
    ];
    let dry = navyd(&["uninstall", "--data", "--dry-run", "--json"]);
    assert_eq!(dry.status, Some(0), "{}", dry.stderr);
    assert_eq!(parts(&dry), names.map(|name| (name.to_owned(), None)));
    let unasked = navyd(&["uninstall"]);
    assert_eq!(unasked.status, Some(2), "{}", unasked.stdout);
    assert!(unasked.stderr.contains("hint: navyd uninstall --yes"), "{}", unasked.stderr);
    assert_eq!(machine.printed(&["sh", "-c", LOOK]), installed, "nothing was done");

    let done = navyd(&["uninstall", "--data", "--yes", "--json"]);
    assert_eq!(done.status, Some(0), "{} {}", done.stdout, done.stderr);
    assert_eq!(parts(&done), names.map(|name| (name.to_owned(), Some(true))));
    assert_eq!(machine.printed(&["sh", "-c", LOOK]), before);
    assert_eq!(navyd(&["uninstall", "--data"]).stdout, nothing.stdout);
    let told = fs::read_to_string(machine.user.path("systemctl.log")).unwrap();
    assert!(told.contains("--user disable --now navyd.service"), "{told}");
    assert!(told.contains("disable --now navyd.socket navyd.service"), "{told}");
}
