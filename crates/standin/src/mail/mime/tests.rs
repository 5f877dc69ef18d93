//! Messages as programs send them, and as those send them who mean harm.

use super::{Address, pieces, read};
use crate::mail::limits;

const NESTED: &str = "From: =?utf-8?q?J=C3=BCrgen?= <j@a.example>\r\n\
    To: Ann <ann@b.example>, bob@c.example\r\nCc: team: x@d.example, y@d.example;\r\n\
    Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\nMessage-ID: <1@a>\r\nDate: Tue, 1 Jul 2025 10:00:00 +0200\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"m\"\r\n\r\n--m\r\n\
    Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\nHallo W=F6rld\r\n--a\r\nContent-Type: text/html\r\n\r\n\
    <p>Hallo <img src=\"cid:logo\"></p>\r\n--a--\r\n--m\r\nContent-Type: image/png; name=logo.png\r\n\
    Content-ID: <logo>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n\
    --m\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\r\n\r\n%PDF\r\n\
    --m--\r\n";

#[test]
fn a_message_is_taken_apart() {
    let mail = read(NESTED.as_bytes());
    assert_eq!(mail.subject, "Grüße");
    assert_eq!(mail.from, Some(Address { name: "Jürgen".to_owned(), address: "j@a.example".to_owned() }));
    let addresses = |list: &[Address]| list.iter().map(Address::shown).collect::<Vec<_>>();
    assert_eq!(addresses(&mail.to), ["Ann <ann@b.example>", "bob@c.example"]);
    assert_eq!(addresses(&mail.cc), ["x@d.example", "y@d.example"]);
    assert_eq!((mail.id.as_str(), mail.date), ("1@a", Some(1_751_356_800)));
    assert_eq!(mail.text.trim(), "Hallo Wörld");
    assert!(mail.html.starts_with("<p>Hallo"), "{}", mail.html);
    let parts: Vec<_> = mail.parts.iter().map(|part| (&part.name[..], &part.kind[..], part.inline)).collect();
    assert_eq!(parts, [("logo.png", "image/png", true), ("ü.pdf", "application/pdf", false)]);
    assert_eq!(mail.parts[0].bytes, b"\x89PNG\r\n\x1a\n");
    assert_eq!(mail.parts[0].id, "logo");
}

#[test]
fn parts_are_told_as_they_stand_there() {
    let whole = pieces(NESTED.as_bytes());
    let kinds = |pieces: &[super::Piece]| -> Vec<String> {
        let kind = |piece: &super::Piece| {
            super::head::value(&piece.fields, "content-type").unwrap_or("-").to_owned()
        };
        pieces.iter().map(kind).collect()
    };
    assert_eq!(
        kinds(&whole.pieces),
        ["multipart/alternative; boundary=a", "image/png; name=logo.png", "application/pdf"]
    );
    assert_eq!(kinds(&whole.pieces[0].pieces), ["text/plain; charset=iso-8859-1", "text/html"]);
    assert_eq!(whole.pieces[0].pieces[0].body.trim(), "Hallo W=F6rld");
    assert_eq!(whole.pieces[1].body.trim(), "iVBORw0KGgo=");
}

#[test]
fn html_alone_has_a_text() {
    let mail = read(b"Content-Type: text/html\r\n\r\n<h1>Hi</h1><p>there &amp; here</p>");
    assert!(mail.text.contains("Hi") && mail.text.contains("there & here"), "{:?}", mail.text);
    let plain = read(b"Subject: x\r\n\r\njust text");
    assert_eq!((plain.text.as_str(), plain.html.as_str()), ("just text", ""));
}

#[test]
fn anything_is_shown_somehow() {
    for bytes in [&b""[..], b"\r\n", b"no head at all", b"\xff\xfe\x00", b"Subject: \xff\r\n\r\n\xff"] {
        let mail = read(bytes);
        assert!(mail.parts.is_empty(), "{bytes:?}");
        assert!(pieces(bytes).pieces.is_empty());
    }
}

#[test]
fn bombs_do_not_go_off() {
    let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let digests = "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\n".repeat(50_000);
    let parts = format!(
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n{}",
        "--a\r\nContent-Type: multipart/mixed; boundary=never\r\n\r\n".repeat(50_000)
    );
    let head = format!("X: {}\r\nSubject: late\r\n\r\ntext", "a\r\n ".repeat(limits::HEAD));
    let fields = format!("{}\r\n", "To: a@b\r\n".repeat(100_000));
    for bomb in [&messages, &digests, &parts, &head, &fields] {
        let mail = read(format!("Subject: bomb\r\n{bomb}").as_bytes());
        assert_eq!(mail.subject, "bomb");
        assert!(pieces(bomb.as_bytes()).body.len() <= bomb.len() * 3);
    }
    // Many small parts are no bomb, and all of them are found.
    let small = format!(
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n{}--a--\r\n",
        "--a\r\nContent-Type: image/png\r\n\r\nx\r\n".repeat(5000)
    );
    assert_eq!(read(small.as_bytes()).parts.len(), 5000);
}
