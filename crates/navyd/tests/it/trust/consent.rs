//! Nothing is changed that nobody agreed to, and no authority is used that others could have.

use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

#[test]
fn nothing_is_installed_without_consent() {
    const TEST: &str = "nothing_is_installed_without_consent";
    if !needs(TEST, &["certutil"]) {
        return;
    }
    let user = User::new();
    let database = user.path(".pki/nssdb");
    fs::create_dir_all(&database).unwrap();
    let made = format!("sql:{}", text(&database));
    assert_eq!(run(Command::new("certutil").args(["-N", "--empty-password", "-d", &made])).status, Some(0));
    let asked = user.navyd(&["trust", "install", "--store", "chromium"]);
    assert_eq!((asked.status, asked.stdout.as_str()), (Some(2), ""));
    assert!(asked.stderr.contains("hint: navyd trust install --yes"), "{}", asked.stderr);
    assert!(!user.path(".local/share/navyd").exists(), "no authority is made");
}

#[test]
fn an_authority_that_others_could_use_is_refused() {
    let user = User::new();
    user.navyd(&["trust", "install", "--store", "nixos", "--yes"]);
    let folder = user.path(".local/share/navyd/ca");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let refused = user.navyd(&["trust", "status"]);
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains("has mode 755"), "{}", refused.stderr);
    let hint = refused.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
    assert_eq!(run(Command::new("sh").args(["-c", hint])).status, Some(0), "{hint}");
    assert_eq!(user.navyd(&["trust", "status", "--no-check"]).status, Some(1));
}

#[test]
fn a_store_that_is_none_is_wrong_use() {
    let refused = User::new().navyd(&["trust", "install", "--store", "netscape"]);
    assert_eq!(refused.status, Some(2));
    assert!(
        refused.stderr.contains("`netscape`") || refused.stderr.contains("'netscape'"),
        "{}",
        refused.stderr
    );
}
