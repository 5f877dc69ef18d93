//! Its directories and files, and who may use them.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    process::Command,
};

use super::Home;
use crate::support::{
    is_root, program,
    run::{navyd, run},
    skip,
};

#[test]
fn its_files_are_its_users_alone() {
    let home = Home::new();
    let _hub = home.hub();
    assert_eq!(home.run(&["route", "add", "shop", "3000"]).status, Some(0));
    let mode = |name: &str| fs::symlink_metadata(home.path(name)).unwrap().mode() & 0o777;
    assert_eq!((mode("run/navyd"), mode("state/navyd")), (0o700, 0o700));
    for name in ["run/navyd/hub.sock", "run/navyd/hub.json", "run/navyd/hub.lock", "state/navyd/routes.json"]
    {
        assert_eq!(mode(name), 0o600, "{name}");
    }
}

#[test]
fn a_directory_that_others_can_change_is_refused() {
    for (what, why) in [
        ("link", "it is a symbolic link"),
        ("open", "others may write to it"),
        ("file", "it is no directory"),
    ] {
        let home = Home::new();
        let path = home.path("run/navyd");
        match what {
            "link" => symlink(home.path("data"), &path).unwrap(),
            "open" => {
                fs::create_dir(&path).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(0o770)).unwrap();
            }
            _ => fs::write(&path, "").unwrap(),
        }
        for arguments in [&["hub"][..], &["hub", "start"]] {
            let ran = home.run(arguments);
            assert_eq!(ran.status, Some(2), "{what}: {ran:?}");
            let expected =
                format!("error: `{}` cannot be the hub's directory\n  cause: {why}", path.display());
            assert!(ran.stderr.starts_with(&expected), "{what}: {ran:?}");
            assert!(ran.stderr.contains("\nhint: ls -ld "), "{what}: {ran:?}");
        }
    }
}

#[test]
fn what_a_dead_hub_left_is_no_obstacle() {
    let home = Home::new();
    let hub = home.hub();
    drop(hub);
    assert!(home.socket().exists(), "a killed hub cannot tidy up");
    assert_eq!(home.json(&["hub", "status"])["running"], false);
    let hub = home.hub();
    assert_eq!(home.pid(), u64::from(hub.held.pid()));
}

#[test]
fn two_hubs_never_write_the_same_routes() {
    let home = Home::new();
    let _hub = home.hub();
    let elsewhere = home.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let ran = run(home.navyd(&["hub"]).env("XDG_RUNTIME_DIR", &elsewhere));
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.starts_with("error: another hub keeps the routes in `"), "{ran:?}");
}

#[test]
fn a_path_too_long_for_a_socket_is_told() {
    let home = Home::new();
    let long = home.path(&"x".repeat(120));
    fs::create_dir(&long).unwrap();
    let ran = run(home.navyd(&["hub"]).env("XDG_RUNTIME_DIR", &long));
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("hub.sock` cannot be used\n  cause: "), "{ran:?}");
}

#[test]
fn another_user_is_refused_on_both_sides() {
    const NAME: &str = "hub::places::another_user_is_refused_on_both_sides";
    let (true, Some(setpriv), Some(curl)) = (is_root(), program("setpriv"), program("curl")) else {
        return skip(NAME, "it needs root, `setpriv` and `curl`");
    };
    let home = Home::new();
    let _hub = home.hub();
    // The doors that the directories are stand open: what refuses is the hub.
    for name in ["run", "run/navyd"] {
        fs::set_permissions(home.path(name), Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(home.socket(), Permissions::from_mode(0o666)).unwrap();
    let other = |program: &std::path::Path| {
        let mut command = Command::new(&setpriv);
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(program);
        command
    };
    let mut asking = other(&curl);
    asking.args(["-sS", "--max-time", "10", "--unix-socket"]).arg(home.socket());
    let ran = run(asking.arg("http://navyd/api/v1/status"));
    assert_ne!(ran.status, Some(0), "{ran:?}");
    assert_eq!(ran.stdout, "", "{ran:?}");
    // The same request of its own user is answered.
    assert_eq!(home.ask("GET", "/api/v1/status", "").status, 200);

    // And a command tells a hub of somebody else nothing.
    let program = navyd().get_program().to_owned();
    let mut status = other(program.as_ref());
    home.at_home(&mut status);
    let ran = run(status.args(["hub", "status"]));
    if ran.stderr.contains("Permission denied") && ran.stdout.is_empty() && !ran.stderr.contains("error:") {
        return skip(NAME, "the other user may not run the program under test");
    }
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.stderr.contains("hub.sock` belongs to another user\n  cause: the user with the number 0 "),
        "{ran:?}"
    );
}

#[test]
fn a_log_that_is_long_begins_anew() {
    let home = Home::new();
    fs::create_dir_all(home.path("state/navyd")).unwrap();
    fs::set_permissions(home.path("state/navyd"), Permissions::from_mode(0o700)).unwrap();
    let log = home.path("state/navyd/hub.log");
    let old = format!("{}\nthe last line of before\n", "x".repeat(1024 * 1024));
    fs::write(&log, &old).unwrap();
    assert_eq!(home.run(&["hub", "start"]).status, Some(0));
    assert_eq!(home.run(&["hub", "stop"]).status, Some(0));
    assert_eq!(fs::read_to_string(home.path("state/navyd/hub.log.1")).unwrap(), old);
    let new = fs::read_to_string(&log).unwrap();
    assert!(new.contains(" the hub listens at 127.0.0.1:") && new.ends_with(" the hub has ended\n"), "{new}");
    // Both together are what `logs` shows.
    let ran = home.run(&["hub", "logs"]);
    assert_eq!(ran.status, Some(0));
    assert!(
        ran.stdout.contains("the last line of before\n") && ran.stdout.ends_with(&new),
        "{}",
        ran.stdout.len()
    );
    assert_eq!(home.run(&["hub", "logs", "-n", "1"]).stdout.lines().count(), 1);
}

#[test]
fn a_log_is_followed() {
    let home = Home::new();
    assert_eq!(home.run(&["hub", "start"]).status, Some(0));
    let mut logs = crate::support::child::Held::start(&mut home.navyd(&["hub", "logs", "-f"]));
    while !logs.line().contains("the hub listens at") {}
    assert_eq!(home.run(&["hub", "stop"]).status, Some(0));
    while !logs.line().ends_with("the hub has ended") {}
}

#[test]
fn installing_says_what_it_does_and_can_be_taken_back() {
    let home = Home::new();
    let unit = home.path("config/systemd/user/navyd.service");
    let ran = home.run(&["hub", "install", "--dry-run"]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stdout.starts_with(&format!("write  {}\n", unit.display())), "{ran:?}");
    assert!(ran.stdout.contains("run    systemctl --user enable --now navyd.service\n"), "{ran:?}");
    assert!(ran.stdout.contains("\nExecStart=\"") && ran.stdout.contains("navyd\" hub\n"), "{ran:?}");
    assert!(!unit.exists());

    let ran = home.run(&["hub", "install"]);
    assert_eq!(ran.status, Some(2), "there is no terminal to ask on: {ran:?}");
    assert!(ran.stderr.ends_with("hint: navyd hub install --yes\n"), "{ran:?}");
    assert!(!unit.exists());

    // Without a systemctl to be found, the file is written and the rest is told.
    let quiet = |arguments: &[&str]| run(home.navyd(arguments).env("PATH", home.path("data")));
    let ran = quiet(&["hub", "install", "--yes"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("note: `systemctl --user daemon-reload` failed: "), "{ran:?}");
    assert!(fs::read_to_string(&unit).unwrap().contains("\n[Install]\nWantedBy=default.target\n"));
    quiet(&["hub", "uninstall", "--yes"]);
    assert!(!unit.exists());
    assert_eq!(quiet(&["hub", "uninstall", "--yes"]).status, Some(0));
}
