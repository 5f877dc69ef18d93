//! `navyd doctor --bundle`: what a report holds, and what it does not.

use std::{fs, path::Path, process::Command};

use super::config::{Planted, bare};
use crate::support::{
    child::Held,
    run::{Run, navyd, run},
    temp::TempDir,
};

fn bundle(command: &mut Command, file: &Path) -> Run {
    run(command.args(["doctor", "--bundle"]).arg(file))
}

#[test]
fn a_report_holds_nothing_of_people() {
    let folder = TempDir::new();
    let file = folder.path().join("report.json");
    let write = || {
        let mut command = navyd();
        bare(&mut command, folder.path());
        bundle(command.env("USER", "annegret"), &file)
    };
    let ran = write();
    assert!(matches!(ran.status, Some(0 | 1)), "{}", ran.stderr);
    assert!(ran.stderr.contains("read it before it leaves this machine"), "{}", ran.stderr);
    let text = fs::read_to_string(&file).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], "navyd.bundle/1");
    assert!(document["doctor"]["checks"].as_array().is_some_and(|checks| checks.len() > 20), "{text}");
    assert!(!text.contains("annegret") && !text.contains(folder.path().to_str().unwrap()), "{text}");
    assert!(!text.contains("argv") && !text.contains("\"cwd\""), "{text}");
    // What is there already is not written over.
    let again = write();
    assert_eq!((again.status, again.stdout.as_str()), (Some(2), ""));
    assert!(again.stderr.contains("hint: navyd doctor --bundle"), "{}", again.stderr);
    assert!(fs::read_to_string(&file).unwrap() == text);
}

/// Each secret has this in it, and nothing else has.
const SECRET: &str = "s3cr3t";

#[test]
fn secrets_that_are_planted_are_not_in_it() {
    const TEST: &str = "doctor::bundle::secrets_that_are_planted_are_not_in_it";
    let Some(planted) = Planted::new(TEST, "/etc/hosts") else { return };
    // A server whose arguments and environment hold one: it listens, so its proxy is judged as well.
    let script = "import socket, sys; s = socket.create_server(('127.62.89.56', 0)); print('up', flush=True); sys.stdin.read()";
    let mut server = Command::new("python3");
    server.args(["-c", script, "--token=s3cr3t-of-argv"]).current_dir(planted.home());
    server
        .env("API_KEY", "s3cr3t-of-environment")
        .env("HTTPS_PROXY", "http://u:s3cr3t-of-server@s3cr3t-proxy:1");
    let mut server = Held::start(&mut server);
    assert_eq!(server.line(), "up");
    for hosts in [
        "127.0.0.1 localhost\n10.0.0.1 db.s3cr3t.corp\n10.0.0.2 db.s3cr3t.corp # s3cr3t remark\n",
        "127.0.0.1 localhost\npassword=s3cr3t 10.0.0.1x\n",
        "127.0.0.1 localhost\n127.0.0.1 *.s3cr3t.test\n",
        "10.0.0.7 localhost s3cr3t-alias\n",
    ] {
        for proxy in [true, false] {
            let file = planted.home().join("report.json");
            let mut command = planted.navyd(hosts.as_bytes(), &[]);
            command.env("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-aws").env("LOGNAME", "ann-s3cr3t");
            if proxy {
                command.env("http_proxy", "http://ann:s3cr3t@proxy.s3cr3t.corp:3128/s3cr3t?s3cr3t");
                command.env("no_proxy", "s3cr3t.corp");
            }
            let ran = bundle(&mut command, &file);
            assert!(matches!(ran.status, Some(0 | 1)), "{}", ran.stderr);
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.contains(SECRET), "{hosts:?} {proxy}: {text}");
            // What is ill is still told.
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            let rows = document["doctor"]["checks"].as_array().unwrap();
            let state = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap()["state"].clone();
            assert!(state("hosts") != "ok" && state("proxy-env") == "warn", "{text}");
            fs::remove_file(&file).unwrap();
        }
    }
}
