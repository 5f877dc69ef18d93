//! The authority that a running hub signs with.

use std::{fs, process::Command};

use super::Home;
use crate::support::{program, run::run, skip};

#[test]
fn a_renewed_authority_is_used_at_once() {
    const TEST: &str = "hub::authority::a_renewed_authority_is_used_at_once";
    if program("curl").is_none() {
        return skip(TEST, "`curl` is not installed");
    }
    let home = Home::new();
    let hub = home.hub();
    let port = hub.address().port();
    let root = home.path("data/navyd/ca/root.pem");
    let old = home.path("old.pem");
    fs::copy(&root, &old).unwrap();
    home.json(&["route", "add", "shop", "1"]);
    let trusts = |root: &std::path::Path, name: &str| {
        let mut curl = Command::new("curl");
        curl.args([
            "-s",
            "-o",
            "/dev/null",
            "--noproxy",
            "*",
            "--resolve",
            &format!("{name}:{port}:127.0.0.1"),
        ]);
        run(curl.arg("--cacert").arg(root).arg(format!("https://{name}:{port}/"))).status == Some(0)
    };
    for name in ["shop.localhost", "navyd.localhost"] {
        assert!(trusts(&old, name), "{name}");
    }

    // Without its root the authority is none, and a new one is made. The store is one that no machine of a test has.
    fs::remove_file(&root).unwrap();
    assert_eq!(home.ask("POST", "/api/v1/authority/reload", "").status, 409);
    let ran = home.run(&["trust", "install", "--store", "nixos", "--yes"]);
    assert!(!ran.stderr.contains("authority before"), "{ran:?}");
    for name in ["shop.localhost", "navyd.localhost"] {
        assert!(trusts(&root, name), "{name}");
        assert!(!trusts(&old, name), "{name}");
    }
    // One that others could have read is not taken.
    let key = home.path("data/navyd/ca/intermediate-key.pem");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&key, mode).unwrap();
    let refused = home.ask("POST", "/api/v1/authority/reload", "");
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("has mode 644"), "{}", refused.body);
    assert!(trusts(&root, "shop.localhost"));
}
