//! What a browser is protected from: other sites, and what messages bring along.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use super::{Mail, PATIENCE};
use crate::support::temp::TempDir;

/// A message whose HTML and whose attachment would run something.
const EVIL: &str = "Subject: <script>alert(1)</script>\r\nFrom: \"<b>\" <x@y>\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
    <script>alert(1)</script><img src=\"http://tracker.example/\">\r\n--b\r\n\
    Content-Type: text/html; name=\"a\r\n b.html\"\r\nContent-Disposition: attachment\r\n\r\n<script>alert(2)</script>\r\n--b--";

#[test]
fn nothing_of_a_message_runs() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    mail.send("ann@b.example", EVIL);
    let message = mail.json("/api/v1/message/latest");
    let key = message["ID"].as_str().unwrap();
    let part = message["Attachments"][0]["PartID"].as_str().unwrap();
    for page in ["/".to_owned(), format!("/mail/{key}"), format!("/mail/{key}?as=text")] {
        let html = mail.get(&page);
        assert!(html.starts_with("HTTP/1.1 200 ") && !html.contains("<script>"), "{html}");
        assert!(html.contains("Content-Security-Policy: default-src 'none'"), "{html}");
    }
    assert!(mail.get(&format!("/mail/{key}")).contains("<iframe sandbox "));
    for foreign in [
        format!("/view/{key}.html"),
        format!("/api/v1/message/{key}/part/{part}"),
        format!("/email/{key}/html"),
    ] {
        let answer = mail.get(&foreign);
        assert!(answer.contains("Content-Security-Policy: sandbox; default-src 'none'"), "{answer}");
        assert!(answer.contains("X-Content-Type-Options: nosniff"), "{answer}");
    }
}

#[test]
fn who_follows_against_the_rules_is_told_so() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    for (frame, code) in [
        (&b"\x81\x01a"[..], 1002),
        (b"\xf1\x80\x01\x02\x03\x04", 1002),
        (b"\x83\x80\x01\x02\x03\x04", 1002),
        (b"\x88\x81\x01\x02\x03\x04x", 1002),
        (b"\x82\xff\x00\x00\x00\x00\x7f\xff\xff\xff\x01\x02\x03\x04", 1009),
        (b"\x88\x82\x01\x02\x03\x04\x02\xea", 1000),
    ] {
        let mut stream = TcpStream::connect(mail.at("http")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = "GET /api/events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(&[head.as_bytes(), frame].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let [first, second] = u16::to_be_bytes(code);
        assert!(
            answer.ends_with(&[0x88, 2, first, second]),
            "{frame:?}: {:?}",
            String::from_utf8_lossy(&answer)
        );
    }
}

#[test]
fn other_sites_change_nothing_and_other_names_are_not_answered() {
    let folder = TempDir::new();
    let mail = Mail::start(folder.path(), &[]);
    mail.send("ann@b.example", "Subject: stays\r\n\r\n");
    let port = mail.at("http").port();
    let ask = |line: &str, host: &str, fields: &str| {
        let host = host.replace("PORT", &port.to_string());
        mail.ask(&format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n"))
    };
    let upgrade =
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (line, host, fields, status) in [
        ("GET /api/v1/messages", "evil.example", "", 403),
        ("DELETE /api/v1/messages", "localhost:PORT", "Origin: http://evil.example\r\n", 403),
        ("POST /mail/delete", "localhost:PORT", "Origin: null\r\nContent-Length: 0\r\n", 403),
        ("POST /mail/delete", "localhost:PORT", "Origin: http://localhost:1\r\nContent-Length: 0\r\n", 403),
        ("GET /api/v1/messages", "localhost:PORT", "Origin: http://evil.example\r\n", 200),
        ("GET /api/v1/search?query=", "localhost:PORT", "", 400),
        ("DELETE /api/v1/search?query=%25", "localhost:PORT", "", 400),
        ("DELETE /api/v1/messages", "localhost:PORT", "Content-Length: 5\r\n\r\n{\"IDs", 400),
        ("GET /api/v1/message/nothing", "localhost:PORT", "", 404),
        ("GET /api/v1/message/latest/link-check", "localhost:PORT", "", 403),
        ("GET /nothing", "localhost:PORT", "", 404),
    ] {
        let answer = ask(line, host, fields);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line} {fields}\n{answer}");
    }
    let socket =
        format!("GET /api/events HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\n{upgrade}");
    let foreign = mail.ask(&format!("{socket}Origin: http://evil.example\r\n\r\n"));
    assert!(foreign.starts_with("HTTP/1.1 403 "), "{foreign}");
    assert_eq!(mail.json("/api/v1/messages")["total"], 1);
    let own = format!("Origin: http://localhost:{port}\r\nContent-Length: 0\r\n");
    assert!(ask("POST /mail/delete", "localhost:PORT", &own).starts_with("HTTP/1.1 303 "));
    assert_eq!(mail.json("/api/v1/messages")["total"], 0);
}
