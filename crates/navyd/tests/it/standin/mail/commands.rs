//! `navyd mail ls`, `show`, `wait` and `rm`, and inboxes.

use std::net::TcpListener;

use serde_json::json;

use super::{Mail, Smtp};
use crate::support::{
    run::{Run, navyd, run},
    temp::TempDir,
};

fn asked(mail: &Mail, words: &[&str]) -> Run {
    run(navyd().arg("mail").args(words).args(["--http", &mail.port("http")]))
}

#[test]
fn mail_is_listed_shown_waited_for_and_removed() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    let none = asked(&mail, &["ls"]);
    assert_eq!((none.status, none.stdout.as_str()), (Some(1), ""), "{none:?}");
    assert_eq!(asked(&mail, &["show"]).status, Some(1));
    mail.send("ann@b.example", "To: ann@b.example\r\nSubject: first \x1b[31m\r\n\r\nhello\r\nthere");
    mail.send("bob@b.example", "To: bob@b.example\r\nSubject: second\r\n\r\nx");
    let ls = asked(&mail, &["ls", "--json"]).json();
    assert_eq!((&ls["schema"], &ls["found"]), (&json!("navyd.mail/1"), &json!(2)));
    assert_eq!(ls["messages"][0]["Subject"], "second");
    let found = asked(&mail, &["ls", "to:ann"]);
    assert!(
        found.status == Some(0) && found.stdout.contains("first") && !found.stdout.contains('\x1b'),
        "{found:?}"
    );
    let key = ls["messages"][1]["ID"].as_str().unwrap();
    let shown = asked(&mail, &["show", key]);
    assert!(
        shown.stdout.contains("From: robot@a.example\n") && shown.stdout.ends_with("\n\nhello\nthere\n"),
        "{shown:?}"
    );
    let raw = asked(&mail, &["show", key, "--raw"]);
    assert!(raw.stdout.ends_with("\r\n\r\nhello\r\nthere\r\n"), "{raw:?}");
    let waited = asked(&mail, &["wait", "subject:second", "--json"]).json();
    assert_eq!((&waited["schema"], &waited["Text"]), (&json!("navyd.message/1"), &json!("x\r\n")));
    let late = asked(&mail, &["wait", "subject:third", "--timeout", "10ms"]);
    assert!(late.status == Some(1) && late.stderr.contains("hint: navyd mail ls"), "{late:?}");
    assert_eq!(asked(&mail, &["rm", "nothing"]).status, Some(1));
    assert_eq!(asked(&mail, &["rm", "--query", "to:ann", "--dry-run"]).stdout, "1 would be removed\n");
    assert_eq!(asked(&mail, &["rm", "--all"]).status, Some(2));
    assert_eq!(asked(&mail, &["rm", key]).stdout, "1 removed\n");
    assert_eq!(asked(&mail, &["rm", "--all", "--yes"]).stdout, "1 removed\n");
    assert_eq!(mail.json("/api/v1/messages")["total"], 0);
}

#[test]
fn a_door_fills_an_inbox() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &["--inbox", "billing=0"]);
    let urls = mail.standing.report["urls"].as_array().unwrap();
    let doors: Vec<_> =
        urls.iter().filter_map(|url| url.as_str()?.strip_prefix("smtp://localhost:")).collect();
    assert_eq!(doors.len(), 2, "{urls:?}");
    for (at, door) in doors.iter().enumerate() {
        let mut smtp = Smtp::connect(([127, 0, 0, 1], door.parse().unwrap()).into());
        smtp.say("EHLO test", 250);
        smtp.letter("ann@b.example", &format!("Subject: by door {at}\r\n"));
    }
    mail.send("ann+billing@b.example", "Subject: by tag\r\n");
    let found = mail.json("/api/v1/search?query=inbox:billing");
    let subjects: Vec<_> =
        found["messages"].as_array().unwrap().iter().map(|one| one["Subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["by tag", "by door 1"]);
}

#[test]
fn who_is_not_there_or_is_in_the_way_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = TempDir::new();
    let refused = run(navyd()
        .args(["mail", "--memory", "--http", "0", "--pop3", "0", "--smtp", &port])
        .env("HOME", folder.path()));
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains(&format!("hint: navyd why {port}")) && refused.stderr.contains("cause: "),
        "{refused:?}"
    );
    drop(taken);
    let nobody = run(navyd().args(["mail", "ls", "--http", &port]));
    assert!(
        nobody.status == Some(2) && nobody.stderr.contains(&format!("hint: navyd mail --http {port}")),
        "{nobody:?}"
    );
}

#[test]
fn what_was_kept_is_there_again() {
    let folder = TempDir::new();
    let file = folder.path().join("mail.db");
    let options = ["--data", file.to_str().unwrap()];
    let mut mail = Mail::start(folder.path(), &options);
    mail.send("ann@b.example", "Subject: kept\r\n\r\n");
    let other = run(&mut super::command("mail", folder.path(), &options));
    assert!(other.status == Some(2) && other.stderr.contains("another process has it open"), "{other:?}");
    let pid = mail.standing.held.pid().to_string();
    assert_eq!(run(std::process::Command::new("kill").args(["-TERM", &pid])).status, Some(0));
    assert_eq!(mail.standing.held.wait(), Some(0));
    let mail = Mail::start(folder.path(), &options);
    assert_eq!(mail.json("/api/v1/message/latest")["Subject"], "kept");
    // Killed without a word: what was answered with 250 is there all the same.
    mail.send("ann@b.example", "Subject: kept too\r\n\r\n");
    drop(mail);
    let mail = Mail::start(folder.path(), &options);
    assert_eq!(mail.json("/api/v1/message/latest")["Subject"], "kept too");
}
