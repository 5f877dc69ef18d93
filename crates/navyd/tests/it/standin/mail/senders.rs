//! Programs that send mail, as people have them.

use std::process::Command;

use super::{Mail, passed, script};
use crate::support::{peers, program, run::run, skip, temp::TempDir};

#[test]
fn python_sends_in_every_way_and_reads_it_again() {
    let test = "standin::mail::senders::python_sends_in_every_way_and_reads_it_again";
    if program("python3").is_none() {
        return skip(test, "`python3` is not installed");
    }
    for tls in [false, true] {
        let folder = TempDir::new();
        let options: &[&str] = if tls { &["--tls", "--smtps", "0"] } else { &[] };
        let mail = Mail::start(folder.path(), options);
        let smtps = if tls { mail.port("smtps") } else { "0".to_owned() };
        let mut python = Command::new("python3");
        python.arg(script("mail_senders.py")).args([mail.port("smtp"), smtps, mail.port("pop3")]);
        passed(&run(python.arg(folder.path().join(".local/share/navyd/ca/root.pem"))));
    }
}

#[test]
fn swaks_sends_and_authenticates() {
    let test = "standin::mail::senders::swaks_sends_and_authenticates";
    if program("swaks").is_none() {
        return skip(test, "`swaks` is not installed");
    }
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &["--auth", "me:secret"]);
    let swaks = |options: &[&str]| {
        let mut swaks = Command::new("swaks");
        swaks.args(["--server", "127.0.0.1", "--port", &mail.port("smtp"), "--from", "a@b.example"]);
        swaks.args(["--to", "c@d.example", "--header", "Subject: swaks", "--timeout", "30"]).args(options);
        run(&mut swaks)
    };
    for mechanism in ["PLAIN", "LOGIN"] {
        let sent = swaks(&["--auth", mechanism, "--auth-user", "me", "--auth-password", "secret"]);
        assert_eq!(sent.status, Some(0), "{sent:?}");
        let refused = swaks(&["--auth", mechanism, "--auth-user", "me", "--auth-password", "wrong"]);
        assert!(refused.stdout.contains("535 5.7.8"), "{refused:?}");
    }
    let anonymous = swaks(&[]);
    assert!(anonymous.stdout.contains("530 5.7.0"), "{anonymous:?}");
    let asked = mail.ask(
        "GET /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic bWU6c2VjcmV0\r\nConnection: close\r\n\r\n",
    );
    assert!(asked.contains("\"total\":2") && asked.contains("\"Username\":\"me\""), "{asked}");
    assert!(mail.get("/api/v1/messages").starts_with("HTTP/1.1 401 "));
}

#[test]
fn nodemailer_sends_from_a_pool() {
    let test = "standin::mail::senders::nodemailer_sends_from_a_pool";
    if peers::npm(test, "nodemailer/package.json").is_none() {
        return;
    }
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    let mut node = Command::new("node");
    node.arg(script("mail_senders.cjs")).env("NODE_PATH", peers::modules());
    passed(&run(node.args([mail.port("smtp"), format!("http://{}", mail.at("http"))])));
}
