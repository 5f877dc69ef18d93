//! Clients of Mailpit, MailHog and maildev, unmodified, and what there is no client for.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::Command,
    thread,
};

use serde_json::{Value, json as document};

use super::{Mail, Smtp, json, passed, post, script};
use crate::support::{peers, run::run, temp::TempDir};

#[test]
fn clients_for_node() {
    let test = "standin::mail::clients::clients_for_node";
    for package in ["mailpit-api/package.json", "mailhog/package.json", "nodemailer/package.json"] {
        if peers::npm(test, package).is_none() {
            return;
        }
    }
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    let mut node = Command::new("node");
    node.arg(script("mail_clients.cjs")).env("NODE_PATH", peers::modules());
    passed(&run(node.args([mail.port("smtp"), mail.port("http")])));
}

#[test]
fn who_follows_is_told_in_mailpits_words() {
    let test = "standin::mail::clients::who_follows_is_told_in_mailpits_words";
    for package in ["mailpit-api/package.json", "ws/package.json"] {
        if peers::npm(test, package).is_none() {
            return;
        }
    }
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &["--auth", "me:secret"]);
    let mut node = Command::new("node");
    node.arg(script("mail_events.cjs")).env("NODE_PATH", peers::modules());
    passed(&run(node.args([&format!("http://{}", mail.at("http")), "me", "secret"])));
}

#[test]
fn clients_for_python() {
    let test = "standin::mail::clients::clients_for_python";
    let Some(package) = peers::pypi(test, "mailpit/__init__.py") else { return };
    if peers::pypi(test, "mailhog/__init__.py").is_none() {
        return;
    }
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    let mut python = Command::new("python3");
    python.arg(script("mail_clients.py")).env("PYTHONPATH", package.ancestors().nth(2).unwrap());
    passed(&run(python.args([mail.port("smtp"), mail.port("http")])));
}

#[test]
fn jim_of_mailhog_makes_mail_fail() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    let ask = |method: &str, body: &str| {
        let head = format!("{method} /api/v2/jim HTTP/1.1\r\nHost: localhost\r\nConnection: close");
        mail.ask(&format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))[9..12].to_owned()
    };
    assert_eq!(
        [ask("GET", ""), ask("DELETE", ""), ask("POST", ""), ask("POST", "")],
        ["404", "404", "201", "400"]
    );
    assert_eq!(ask("PUT", r#"{"RejectSenderChance": 1}"#), "200");
    assert_eq!(mail.json("/api/v2/jim")["RejectSenderChance"], 1.0);
    assert_eq!(mail.json("/api/v1/chaos")["Sender"]["Probability"], 100);
    let mut smtp = Smtp::connect(mail.at("smtp"));
    smtp.say("EHLO test", 250);
    smtp.say("MAIL FROM:<a@b>", 451);
    assert_eq!([ask("DELETE", ""), ask("GET", "")], ["200", "404"]);
    smtp.say("MAIL FROM:<a@b>", 250);
}

#[test]
fn maildev_is_answered_as_its_tests_ask() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    for subject in ["one", "two"] {
        mail.send("ann@b.example", &format!("Subject: {subject}\r\nTo: Ann <ann@b.example>\r\n\r\ntext"));
    }
    let list = mail.json("/email");
    let subjects: Vec<_> =
        list.as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["one", "two"]);
    let found = mail.json("/email?subject=two&to.address=ann@b.example");
    assert_eq!(found.as_array().unwrap().len(), 1);
    let key = found[0]["id"].as_str().unwrap();
    assert_eq!(found[0]["to"], document!([{"address": "ann@b.example", "name": "Ann"}]));
    assert_eq!(mail.json(&format!("/email/{key}"))["text"], "text\n");
    assert!(mail.get(&format!("/email/{key}/source")).ends_with("\r\n\r\ntext\r\n"));
    // What is attached is found by the name that maildev would make, and by its own; what a message has not is left out.
    mail.send(
        "ann@b.example",
        "Subject: =?utf-8?q?=C3=BC?=\r\nImportance: high\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/csv; name=\"=?utf-8?q?=C3=BC?=.csv\"\r\n\r\na,b\r\n--b--\r\n",
    );
    let last = &mail.json("/email")[2];
    assert_eq!((&last["headers"]["subject"], &last["priority"]), (&document!("\u{fc}"), &document!("high")));
    assert!(last.get("cc").is_none() && last.get("html").is_none() && last.get("date").is_none(), "{last}");
    let (id, file) = (last["id"].as_str().unwrap(), &last["attachments"][0]);
    for name in [file["generatedFileName"].as_str().unwrap(), "%C3%BC.csv"] {
        let answer = mail.get(&format!("/email/{id}/attachment/{name}"));
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("a,b"), "{name}: {answer}");
    }
    assert!(mail.get("/email/nothing").ends_with("{\"error\":\"Email was not found\"}"));
    let delete = |path: &str| {
        mail.ask(&format!("DELETE {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    };
    assert!(delete(&format!("/email/{key}")).ends_with("true"));
    assert!(delete(&format!("/email/{key}")).starts_with("HTTP/1.1 404 "));
    assert!(delete("/email/all").ends_with("true"));
    assert_eq!(mail.json("/email"), document!([]));
}

#[test]
fn one_that_waits_is_told_as_soon_as_the_message_is_there() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    mail.send("other@b.example", "Subject: something else\r\n\r\n");
    let target = "/api/v1/wait?query=to:ann%20subject:welcome&timeout=50s";
    let http = mail.at("http");
    let waits = thread::spawn(move || json(http, target));
    mail.send("ann@b.example", "To: ann@b.example\r\nSubject: Welcome\r\n\r\nhello");
    let waited = waits.join().unwrap();
    assert_eq!(waited["Text"], "hello\r\n");
    // What is there already counts, but not what has been seen.
    assert_eq!(mail.json(target)["ID"], waited["ID"]);
    let after = format!("/api/v1/wait?query=to:ann&timeout=1ms&after={}", waited["ID"].as_str().unwrap());
    assert!(mail.get(&after).starts_with("HTTP/1.1 408 "), "it has been seen");
    assert!(mail.get("/api/v1/wait?timeout=soon").starts_with("HTTP/1.1 400 "));
}

#[test]
fn a_message_is_released_only_where_it_may_go() {
    let folder = TempDir::new();
    let real = Mail::start(folder.path(), &[]);
    let server = format!("127.0.0.1:{}", real.port("smtp"));
    let mail = Mail::start(folder.path(), &["--relay", &server]);
    let text = "Subject: out\r\n\r\n..dots\r\nend";
    mail.send("ann@b.example", text);
    let key = mail.json("/api/v1/message/latest")["ID"].as_str().unwrap().to_owned();
    let post = |path: String, body: Value| post(&mail, &path, &body);
    let released = post(format!("/api/v1/message/{key}/release"), document!({"To": ["real@c.example"]}));
    assert!(released.starts_with("HTTP/1.1 200 "), "{released}");
    let arrived = real.json("/api/v1/message/latest");
    assert_eq!((&arrived["Subject"], &arrived["Text"]), (&document!("out"), &document!(".dots\r\nend\r\n")));
    assert_eq!(arrived["Bcc"][0]["Address"], "real@c.example");
    // MailHog's clients name a server: one of this machine may be, and no other.
    let release = format!("/api/v1/messages/{key}/release");
    let body = |host: &str| document!({"host": host, "port": real.port("smtp"), "email": "x@y.example"});
    assert!(post(release.clone(), body("127.0.0.1")).starts_with("HTTP/1.1 200 "));
    assert!(post(release, body("192.0.2.1")).starts_with("HTTP/1.1 403 "));
    let planted = post(format!("/api/v1/message/{key}/release"), document!({"To": ["a@b>\r\nDATA"]}));
    assert!(planted.starts_with("HTTP/1.1 502 "), "{planted}");
    assert_eq!(real.json("/api/v1/messages")["total"], 2);
}

#[test]
fn a_webhook_is_told_of_each_message() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &["--webhook", &url]);
    mail.send("ann@b.example", "Subject: told\r\n\r\n");
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&told["Subject"], &told["Read"]), (&document!("told"), &document!(false)));
}
