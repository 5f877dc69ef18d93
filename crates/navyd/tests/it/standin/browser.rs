//! Live reload and the form of a listing, as a browser meets them.

use std::{fs, process::Command};

use serde_json::Value;

use super::support::{Standing, command};
use crate::support::{CHROMIUM, child::Held, program, run::run, skip, temp::TempDir};

/// A page that is alive: it asks for something again and again.
const PAGE: &str = "<!doctype html><link rel=stylesheet href=style.css><body>hello\
    <script>setInterval(() => fetch('alive?' + getComputedStyle(document.body).color), 100)</script></body>";

/// Reads what was asked for, line by line, until `wanted`; `meanwhile` is done each time that the page is alive.
fn until(standing: &mut Standing, wanted: impl Fn(&str) -> bool, meanwhile: impl Fn()) -> Vec<String> {
    let mut asked = Vec::new();
    loop {
        let told: Value = serde_json::from_str(&standing.held.line()).unwrap();
        let target = told["target"].as_str().unwrap().to_owned();
        let (found, alive) = (wanted(&target), target.starts_with("/alive"));
        asked.push(target);
        if found {
            return asked;
        }
        if alive {
            meanwhile();
        }
    }
}

#[test]
fn chromium_follows_what_is_written() {
    const TEST: &str = "standin::browser::chromium_follows_what_is_written";
    let Some(chromium) = program("chromium") else {
        return skip(TEST, "`chromium` is not installed");
    };
    let folder = TempDir::new();
    let page = folder.write("root/index.html", PAGE);
    let style = folder.write("root/style.css", "body{color:rgb(1,1,1)}");
    let mut standing = Standing::start("serve", &folder.path().join("root"), &["--watch", "--log"]);
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let url = standing.report["urls"][0].as_str().unwrap().to_owned();
    let mut browser = Command::new(chromium);
    browser.args(CHROMIUM).args(["--remote-debugging-port=0", &profile, &url]).env("HOME", folder.path());
    let _browser = Held::start(&mut browser);
    until(&mut standing, |target| target.starts_with("/alive"), || {});
    // Whether the page listens already is not seen from here, so it is written again until it has heard.
    let write = || fs::write(&style, "body{color:rgb(2,2,2)}").unwrap();
    write();
    let asked = until(&mut standing, |target| target.contains("rgb(2") || target.contains("rgb%282"), write);
    assert!(asked.iter().any(|target| target.starts_with("/style.css?navyd=")), "{asked:?}");
    assert!(!asked.iter().any(|target| target == "/"), "a style needs no reload: {asked:?}");
    let write = || fs::write(&page, PAGE.replace("hello", "other")).unwrap();
    write();
    until(&mut standing, |target| target == "/", write);
}

#[test]
fn what_cannot_be_watched_is_said() {
    const TEST: &str = "standin::browser::what_cannot_be_watched_is_said";
    // A user namespace has a limit of its own, and lowers nobody else's.
    const FEW: &str = "echo 5 > /proc/sys/user/max_inotify_watches || exit 77; exec \"$0\" \"$@\"";
    let folder = TempDir::new();
    for at in 0..9 {
        fs::create_dir_all(folder.path().join(format!("root/{at}"))).unwrap();
    }
    let serve = command("serve", &folder.path().join("root"), &["--watch"]);
    let mut limited = Command::new("unshare");
    limited.args(["-Ur", "sh", "-c", FEW]).arg(serve.get_program()).args(serve.get_args());
    limited.current_dir(folder.path().join("root")).env("HOME", folder.path());
    let ran = run(&mut limited);
    if ran.status != Some(2) {
        return skip(TEST, &format!("no namespace with a limit: {}", ran.stderr));
    }
    for part in ["lets this user watch", "sysctl fs.inotify.max_user_watches="] {
        assert!(format!("{}{}", ran.stdout, ran.stderr).contains(part), "`{part}`: {}", ran.stderr);
    }
}

/// A page that sends two files as somebody would who has chosen them in the form of a listing.
const SENDER: &str = "<!doctype html><form method=post enctype=multipart/form-data action=/sub/>\
    <input type=file name=file multiple></form><script>const chosen = new DataTransfer();\
    chosen.items.add(new File(['tea\\r\\n--'], 'é \"q\".txt'));\
    chosen.items.add(new File([], 'empty'));\
    document.querySelector('input').files = chosen.files;document.forms[0].submit()</script>";

#[test]
fn chromium_sends_files() {
    let Some(chromium) = program("chromium") else {
        return skip("standin::browser::chromium_sends_files", "`chromium` is not installed");
    };
    let folder = TempDir::new();
    folder.write("root/send.html", SENDER);
    folder.write("root/sub/old", "");
    let mut standing = Standing::start("serve", &folder.path().join("root"), &["--upload", "--log"]);
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let url = format!("{}/send", standing.report["urls"][0].as_str().unwrap());
    let mut browser = Command::new(chromium);
    browser.args(CHROMIUM).args(["--remote-debugging-port=0", &profile, &url]).env("HOME", folder.path());
    let _browser = Held::start(&mut browser);
    let told = loop {
        let told: Value = serde_json::from_str(&standing.held.line()).unwrap();
        if told["method"] == "POST" {
            break told;
        }
    };
    assert_eq!(told["status"], 303, "{told}");
    // The answer leads to the listing, with the files in it.
    until(&mut standing, |target| target == "/sub/", || {});
    let sub = folder.path().join("root/sub");
    assert_eq!(fs::read_to_string(sub.join("é \"q\".txt")).unwrap(), "tea\r\n--");
    assert_eq!(fs::read(sub.join("empty")).unwrap(), b"");
    assert_eq!(fs::read_dir(&sub).unwrap().count(), 3);
}
