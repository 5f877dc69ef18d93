//! The hub as a unit of a real systemd: installed, joined, stopped, started again, and taken back.

use std::fs;

use serde_json::Value;

use crate::support::systemd::UserManager;

/// The hub that answers.
fn hub(systemd: &UserManager) -> Value {
    let ran = systemd.navyd(&["--json", "hub", "status"]);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

fn succeeds(systemd: &UserManager, args: &[&str]) {
    let ran = systemd.navyd(args);
    assert_eq!(ran.status, Some(0), "{args:?}: {ran:?}");
}

fn main_process(systemd: &UserManager) -> String {
    systemd.systemctl(&["show", "-p", "MainPID", "--value", "navyd.service"])
}

#[test]
fn the_unit_is_the_hub_until_it_is_taken_back() {
    let Some(systemd) = UserManager::new("the_unit_is_the_hub_until_it_is_taken_back") else { return };
    let files = || fs::read_dir(systemd.path(".config/systemd/user")).map_or(0, Iterator::count);
    succeeds(&systemd, &["hub", "install", "--yes"]);
    // It answers as soon as it is installed, and commands find it.
    let first = hub(&systemd)["pid"].to_string();
    assert_eq!(main_process(&systemd), first);
    assert_eq!(systemd.systemctl(&["is-enabled", "navyd.service"]), "enabled");
    succeeds(&systemd, &["route", "add", "shop", "127.0.0.1:3000"]);
    assert_eq!(hub(&systemd)["pid"].to_string(), first);

    // One that was told to stop stays away, until a command needs it: then it is the unit again.
    succeeds(&systemd, &["hub", "stop"]);
    assert_eq!(systemd.systemctl(&["show", "-p", "Result", "--value", "navyd.service"]), "success");
    assert_eq!(hub(&systemd)["running"], false);
    succeeds(&systemd, &["route", "add", "web", "127.0.0.1:3001"]);
    let second = hub(&systemd)["pid"].to_string();
    assert_ne!(second, first);
    assert_eq!(main_process(&systemd), second);

    // One that is killed is the unit again, whether its manager or a command is first, and nothing is lost.
    systemd.systemctl(&["kill", "-s", "KILL", "navyd.service"]);
    succeeds(&systemd, &["hub", "start"]);
    let third = hub(&systemd)["pid"].to_string();
    assert_ne!(third, second);
    assert_eq!(main_process(&systemd), third);
    let routes = systemd.navyd(&["route", "ls"]);
    assert!(routes.stdout.contains("shop") && routes.stdout.contains("web"), "{routes:?}");

    assert!(files() > 0);
    succeeds(&systemd, &["hub", "uninstall", "--yes"]);
    assert_eq!(hub(&systemd)["running"], false);
    assert_eq!(systemd.systemctl(&["list-units", "--all", "--no-legend", "navyd*"]), "");
    let left = fs::read_dir(systemd.path(".config/systemd/user")).into_iter().flatten().flatten();
    let left: Vec<_> =
        left.map(|file| file.file_name()).filter(|name| *name != "default.target.wants").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn installing_joins_a_hub_that_runs_already() {
    let Some(systemd) = UserManager::new("installing_joins_a_hub_that_runs_already") else { return };
    succeeds(&systemd, &["hub", "start"]);
    let first = hub(&systemd)["pid"].to_string();
    succeeds(&systemd, &["hub", "install", "--yes"]);
    assert_eq!(hub(&systemd)["pid"].to_string(), first, "whoever uses it is not cut off");
    assert_eq!(systemd.systemctl(&["is-failed", "navyd.service"]), "inactive");
    // Taking the unit back leaves the hub that is not the unit's, and says so.
    let taken_back = systemd.navyd(&["hub", "uninstall", "--yes"]);
    assert_eq!(taken_back.status, Some(0), "{taken_back:?}");
    let told =
        format!("note: a hub that was not started by its unit runs on: pid {first}\nhint: navyd hub stop\n");
    assert!(taken_back.stderr.ends_with(&told), "{taken_back:?}");
    assert_eq!(hub(&systemd)["pid"].to_string(), first);
    succeeds(&systemd, &["hub", "install", "--yes"]);
    succeeds(&systemd, &["hub", "stop"]);
    succeeds(&systemd, &["hub", "start"]);
    assert_eq!(main_process(&systemd), hub(&systemd)["pid"].to_string());
    let taken_back = systemd.navyd(&["hub", "uninstall", "--yes"]);
    assert!(taken_back.status == Some(0) && !taken_back.stderr.contains("runs on"), "{taken_back:?}");
    assert_eq!(hub(&systemd)["running"], false);
}
