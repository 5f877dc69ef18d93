//! What goes out, met by real servers: with TLS and passwords, and with all that can be wrong with them.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{Mail, command, post, script};
use crate::{
    probe::python,
    standin::support::Standing,
    support::{
        certificate::self_signed,
        child::Held,
        namespace::Namespace,
        program,
        run::{navyd, run},
        skip,
        temp::TempDir,
    },
};

/// An address of the internet, in namespaces where it is the loopback device's.
const PUBLIC: &str = "93.184.216.34";

/// A certificate for these names that nobody else has signed, and its key.
fn issue(test: &str, folder: &TempDir, names: &str) -> bool {
    let Some(openssl) = program("openssl") else {
        skip(test, "`openssl` is not installed");
        return false;
    };
    let (names, leaf) = (format!("subjectAltName={names}"), "basicConstraints=critical,CA:FALSE");
    let more = [
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-subj",
        "/CN=navyd test",
        "-addext",
        &names,
        "-addext",
        leaf,
    ];
    self_signed(&openssl, folder.path(), &more);
    true
}

/// The servers of `mail_away.py`, and their ports.
fn servers(mut command: Command, folder: &TempDir, address: &str) -> (Held, Value) {
    command.arg(script("mail_away.py")).args(["cert.pem", "key.pem", address]).current_dir(folder.path());
    // It writes down each client that leaves.
    command.stderr(Stdio::null());
    let mut held = Held::start(&mut command);
    let ports = serde_json::from_str(&held.line()).unwrap();
    (held, ports)
}

/// One that trusts only that certificate.
fn start(folder: &Path, certificate: &Path, options: &[&str]) -> Mail {
    let mut command = command("mail", folder, options);
    Mail { standing: Standing::with(command.env("SSL_CERT_FILE", certificate)) }
}

/// What is answered when the newest message is released.
fn release(mail: &Mail, to: &[&str]) -> String {
    mail.send("ann@b.example", "Subject: out\r\nFrom: \u{fc}\r\n\r\n..dots");
    let answer = post(mail, "/api/v1/message/latest/release", &json!({ "To": to }));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    format!("{} {}", &head[9..12], body.trim())
}

#[test]
fn mail_is_released_with_tls_and_a_password() {
    let test = "standin::mail::away::mail_is_released_with_tls_and_a_password";
    let Some(python) = python(test, "aiosmtpd") else { return };
    let folder = TempDir::new();
    if !issue(test, &folder, "DNS:localhost") {
        return;
    }
    let (mut servers, ports) = servers(Command::new(python), &folder, "127.0.0.1");
    let certificate = folder.path().join("cert.pem");
    let arrived = |held: &mut Held| -> Value { serde_json::from_str(&held.line()).unwrap() };
    let port = |door: &str| ports[door].as_u64().unwrap();
    let (starttls, smtps, plain) = (port("starttls"), port("smtps"), port("plain"));
    for (url, door) in [
        (format!("smtp://me:s%3Aec%40ret@localhost:{starttls}?tls=required"), "starttls"),
        (format!("smtps://me:s:ec@ret@localhost:{smtps}"), "smtps"),
        (format!("smtp://me:s%3Aec%40ret@127.0.0.1:{plain}"), "plain"),
    ] {
        let mail = start(folder.path(), &certificate, &["--relay", &url]);
        assert_eq!(release(&mail, &["real@c.example", "\u{fc}@c.example"]), "200 ok", "{url}");
        let told = arrived(&mut servers);
        assert_eq!((told["door"].as_str(), &told["authenticated"]), (Some(door), &json!(true)), "{told}");
        assert_eq!(told["to"], json!(["real@c.example", "\u{fc}@c.example"]));
        assert_eq!(told["options"], json!(["SIZE=33", "BODY=8BITMIME", "SMTPUTF8"]));
        assert!(told["content"].as_str().unwrap().ends_with("\r\n\r\n.dots\r\n"), "{told}");
        // The password is nowhere to be read.
        let shown = mail.get("/api/v1/webui") + &mail.get("/api/v1/info");
        assert!(!shown.contains("ec@ret") && !shown.contains("ec%40ret"), "{shown}");
    }
    let others = TempDir::new();
    assert!(issue(test, &others, "DNS:localhost"));
    let stranger = others.path().join("cert.pem");
    let cases = [
        (
            format!("smtp://me:wrong@localhost:{starttls}"),
            &certificate,
            format!(
                "`localhost:{starttls}` refused the user or the password: 535 5.7.8 Authentication credentials invalid"
            ),
        ),
        (
            format!("localhost:{starttls}"),
            &certificate,
            format!("`localhost:{starttls}` refused: 530 5.7.0 Authentication required"),
        ),
        (
            format!("smtp://127.0.0.1:{starttls}"),
            &certificate,
            format!(
                "`127.0.0.1:{starttls}` cannot be used: the certificate of `127.0.0.1` is not trusted: it is for another name"
            ),
        ),
        (
            format!("smtps://localhost:{smtps}"),
            &stranger,
            format!(
                "`localhost:{smtps}` cannot be used: the certificate of `localhost` is not trusted: nobody that this \
                 system trusts has signed it"
            ),
        ),
        (
            format!("smtps://localhost:{plain}"),
            &certificate,
            format!(
                "`localhost:{plain}` cannot be used: `localhost` does not agree on TLS: what it says is not TLS"
            ),
        ),
        (
            format!("smtp://localhost:{plain}?tls=required"),
            &certificate,
            format!("`localhost:{plain}` offers no STARTTLS, which `tls=required` asks for"),
        ),
    ];
    for (url, trusted, expected) in cases {
        let mail = start(folder.path(), trusted, &["--relay", &url]);
        assert_eq!(release(&mail, &["real@c.example"]), format!("502 {expected}"), "{url}");
    }
    let mail = start(folder.path(), &certificate, &["--relay", &format!("localhost:{plain}")]);
    let refused = release(&mail, &["real@c.example", "nobody@c.example"]);
    let expected = format!(
        "502 `localhost:{plain}` refused `nobody@c.example`: 550 5.1.1 nobody is here; the message went to nobody"
    );
    assert_eq!(refused, expected);
}

#[test]
fn one_mail_releases_to_another_that_wants_a_password() {
    let folder = TempDir::new();
    let real = Mail::start(folder.path(), &["--tls", "--smtps", "0", "--auth", "me:secret"]);
    let authority = folder.path().join(".local/share/navyd/ca/root.pem");
    let password = folder.write("password", "secret\n");
    for (scheme, door) in [("smtp", "smtp"), ("smtps", "smtps")] {
        let server = format!("{scheme}://me@localhost:{}", real.port(door));
        let mut relaying = command("mail", folder.path(), &["--relay-password", password.to_str().unwrap()]);
        relaying.env("SSL_CERT_FILE", &authority).env("NAVYD_RELAY", &server);
        let mail = Mail { standing: Standing::with(&mut relaying) };
        assert_eq!(release(&mail, &["real@c.example"]), "200 ok");
    }
    let command = |words: &[&str]| run(navyd().arg("mail").args(words).env("HOME", folder.path()));
    for (words, expected) in [
        (
            &["--relay", "smtp://a:b@mail.example?tls=none"][..],
            "error: `--relay` would send its password without TLS",
        ),
        (&["--relay", "smtp://me:secret@"][..], "error: `--relay` is no server"),
        (
            &["--relay", "a:25", "--relay-password", "/dev/null"][..],
            "error: the password in `/dev/null` cannot be read",
        ),
    ] {
        let failed = command(words);
        assert_eq!(failed.status, Some(2), "{failed:?}");
        assert!(
            failed.stderr.starts_with(expected) && !failed.stderr.contains("secret"),
            "{}",
            failed.stderr
        );
    }
}

#[test]
fn a_webhook_is_told_over_https() {
    let test = "standin::mail::away::a_webhook_is_told_over_https";
    let Some(python) = python(test, "aiosmtpd") else { return };
    let folder = TempDir::new();
    if !issue(test, &folder, "DNS:localhost") {
        return;
    }
    let (mut servers, ports) = servers(Command::new(python), &folder, "127.0.0.1");
    let url = format!("https://localhost:{}/hook?x", ports["https"]);
    let mail = start(folder.path(), &folder.path().join("cert.pem"), &["--webhook", &url]);
    mail.send("ann@b.example", "Subject: told\r\n\r\n");
    let told: Value = serde_json::from_str(&servers.line()).unwrap();
    assert_eq!((&told["method"], &told["path"]), (&json!("POST"), &json!("/hook?x")));
    let body: Value = serde_json::from_str(told["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Subject"], "told");
    // Where it cannot be told, the log says why.
    let url = url.replace("localhost", "127.0.0.1");
    let mut mail = start(folder.path(), &folder.path().join("cert.pem"), &["--log", "--webhook", &url]);
    mail.send("ann@b.example", "Subject: not told\r\n\r\n");
    let failed = loop {
        let line: Value = serde_json::from_str(&mail.standing.held.line()).unwrap();
        if line["kind"] == "webhook" {
            break line;
        }
    };
    let why = "the certificate of `127.0.0.1` is not trusted: it is for another name";
    assert_eq!((failed["error"].as_str(), failed["status"].as_u64()), (Some(why), None));
}

#[test]
fn links_are_checked_on_the_internet_and_never_inside() {
    let test = "standin::mail::away::links_are_checked_on_the_internet_and_never_inside";
    let (Some(namespace), Some(python)) = (Namespace::new(test), python(test, "aiosmtpd")) else { return };
    let (folder, Some(curl)) = (TempDir::new(), program("curl")) else {
        return skip(test, "`curl` is not installed");
    };
    if !issue(test, &folder, &format!("IP:{PUBLIC},IP:127.0.0.1")) {
        return;
    }
    let added = run(namespace.command("ip").args(["address", "add", &format!("{PUBLIC}/32"), "dev", "lo"]));
    assert_eq!(added.status, Some(0), "{}", added.stderr);
    let (_inside, inner) = servers(namespace.command(&python), &folder, "127.0.0.1");
    let (_outside, outer) = servers(namespace.command(&python), &folder, PUBLIC);
    let plain = command("mail", folder.path(), &["--check-links"]);
    let mut within = namespace.command(plain.get_program());
    within.args(plain.get_args()).current_dir(folder.path()).env("HOME", folder.path());
    let mail = Standing::with(within.env("SSL_CERT_FILE", folder.path().join("cert.pem")));
    let http = mail.report["urls"][0].as_str().unwrap();
    let outer = format!("https://{PUBLIC}:{}", outer["https"]);
    let inner = format!("https://127.0.0.1:{}", inner["https"]);
    let expected = [
        (format!("{outer}/"), 204, "No Content"),
        (format!("{outer}/gone"), 410, "Gone"),
        (format!("{outer}/nohead"), 200, "OK"),
        (format!("{outer}/to?/gone"), 410, "Gone"),
        (format!("{outer}/to?{inner}/secret"), 0, "it leads into this network, and is not asked"),
        (format!("{outer}/to?file:///etc/passwd"), 0, "it is no address of http:// or https://"),
        (format!("{inner}/secret"), 0, "it leads into this network, and is not asked"),
        (outer.replace("https", "http"), 0, "what answers does not speak HTTP"),
    ];
    let links: Vec<_> = expected.iter().map(|(link, ..)| link.as_str()).collect();
    let ask = |path: &str, body: &str| {
        let mut curl = namespace.command(&curl);
        curl.args(["-sS", &format!("{http}{path}")]);
        if !body.is_empty() {
            curl.args(["-d", body]);
        }
        run(&mut curl).stdout
    };
    let letter = json!({"From": {"Email": "a@b"}, "To": [{"Email": "a@b"}], "Text": links.join(" ")});
    ask("/api/v1/send", &letter.to_string());
    let checked: Value =
        serde_json::from_str(&ask("/api/v1/message/latest/link-check?follow=true", "")).unwrap();
    let found: Vec<_> = checked["Links"].as_array().unwrap().iter().collect();
    for ((url, status, words), link) in expected.iter().zip(&found) {
        assert_eq!(**link, json!({ "URL": url, "StatusCode": status, "Status": words }));
    }
    assert_eq!((found.len(), &checked["Errors"]), (expected.len(), &json!(6)));
}
