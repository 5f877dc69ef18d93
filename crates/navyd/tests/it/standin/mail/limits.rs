//! Too much of everything: lines, messages, parts, and a disk that is full.

use std::{process::Command, thread};

use super::{Mail, Smtp, command};
use crate::{
    standin::support::Standing,
    support::{child::Held, is_root, program, run::run, skip, temp::TempDir},
};

#[test]
fn what_is_too_long_is_refused_and_the_rest_goes_on() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &["--max-size", "64k"]);
    let mut smtp = Smtp::connect(mail.at("smtp"));
    smtp.say("EHLO test", 250);
    let line = "x".repeat(1 << 20);
    smtp.say(&line, 500);
    smtp.say("MAIL FROM:<a@b> SIZE=65537", 552);
    assert_eq!(smtp.try_letter("ann@b.example", &line), 552);
    smtp.letter("ann@b.example", &format!("Subject: fits\r\n\r\n{}", &line[..65_000]));
    assert_eq!(mail.json("/api/v1/messages")["total"], 1);
    let largest = mail.json("/api/v1/message/latest")["Text"].as_str().unwrap().len();
    assert_eq!(largest, 65_002);
    // A body of a request, a search and a command of POP3 have their limits as well.
    let put = format!(
        "PUT /api/v1/tags HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        64 << 20
    );
    assert!(mail.ask(&put).starts_with("HTTP/1.1 413 "));
}

#[test]
fn bombs_are_shown_and_do_not_go_off() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    for bomb in [
        "Content-Type: message/rfc822\r\n\r\n".repeat(50_000),
        "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n".repeat(20_000),
        format!(
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n{}",
            "--a\r\nContent-Type: multipart/mixed; boundary=never\r\n\r\n".repeat(20_000)
        ),
        format!("X: {}\r\n\r\n", "a\r\n ".repeat(100_000)),
    ] {
        mail.send("ann@b.example", &format!("Subject: bomb\r\n{bomb}"));
        assert_eq!(mail.json("/api/v1/message/latest")["Subject"], "bomb");
        assert_eq!(mail.json("/api/v2/messages?limit=1")["count"], 1);
    }
}

#[test]
fn ten_thousand_messages_are_kept_and_found() {
    let folder = TempDir::new();
    let file = folder.path().join("mail.db");
    let mail = Mail::start(folder.path(), &["--data", file.to_str().unwrap()]);
    let (connections, each, smtp) = (16, 625, mail.at("smtp"));
    thread::scope(|scope| {
        for connection in 0..connections {
            scope.spawn(move || {
                let mut smtp = Smtp::connect(smtp);
                smtp.say("EHLO test", 250);
                for number in 0..each {
                    let text =
                        format!("Subject: number {connection}-{number}.\r\n\r\n{}", "word ".repeat(100));
                    smtp.letter("ann@b.example", &text);
                }
            });
        }
    });
    let list = mail.json("/api/v1/messages?limit=1000");
    assert_eq!(
        (list["total"].as_u64(), list["messages"].as_array().map(Vec::len)),
        (Some(10_000), Some(1000))
    );
    let found = mail.json("/api/v1/search?query=subject:%22number%207-313.%22");
    assert_eq!(found["messages_count"], 1);
    assert_eq!(mail.json("/api/v1/search?query=word&limit=1")["messages_count"], 10_000);
}

/// Mounts a small file system at a place, and becomes the rest.
const MOUNT: &str = r#"mount -t tmpfs -o size=1536k,mode=700 tmpfs "$1"; shift; exec "$@""#;

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let test = "standin::mail::limits::a_full_disk_refuses_and_loses_nothing";
    if ["unshare", "mount"].iter().any(|name| program(name).is_none()) || !is_root() {
        return skip(test, "mounting needs root and `unshare`");
    }
    let folder = TempDir::new();
    let place = folder.path().join("small");
    std::fs::create_dir(&place).unwrap();
    let around = |words: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare
            .args(["--mount", "--propagation", "private", "sh", "-ec", MOUNT, "sh"])
            .arg(&place)
            .args(words);
        unshare
    };
    let tried = run(&mut around(&["true"]));
    if tried.status != Some(0) {
        return skip(test, &format!("no file system can be mounted: {}", tried.stderr.trim()));
    }
    let file = place.join("mail.db");
    let plain = command("mail", folder.path(), &["--data", file.to_str().unwrap()]);
    let words: Vec<_> = std::iter::once(plain.get_program())
        .chain(plain.get_args())
        .map(|word| word.to_str().unwrap())
        .collect();
    let mut command = around(&words);
    command.current_dir(folder.path()).env("HOME", folder.path());
    let mut held = Held::start(&mut command);
    let report = serde_json::from_str(&held.line()).unwrap();
    let mail = Mail { standing: Standing { held, report } };
    let mut smtp = Smtp::connect(mail.at("smtp"));
    smtp.say("EHLO test", 250);
    let (mut kept, mut refused) = (0_u64, 0);
    while refused < 20 {
        let text = format!("Subject: number {kept}\r\n\r\n{}", "word ".repeat(4000));
        match smtp.try_letter("ann@b.example", &text) {
            250 => kept += 1,
            452 => refused += 1,
            other => panic!("{other}"),
        }
        assert!(kept < 1000, "the disk is never full");
    }
    let list = mail.json("/api/v1/messages?limit=1000");
    assert_eq!(
        (list["total"].as_u64(), list["messages"].as_array().map(Vec::len)),
        (Some(kept), Some(kept as usize))
    );
    for (at, message) in list["messages"].as_array().unwrap().iter().rev().enumerate() {
        assert_eq!(message["Subject"], format!("number {at}"));
    }
    let last = mail.json("/api/v1/messages?limit=1")["messages"][0]["ID"].as_str().unwrap().to_owned();
    assert!(mail.get(&format!("/api/v1/message/{last}/raw")).contains(&"word ".repeat(4000)));
}
