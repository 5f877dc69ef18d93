//! Questions and answers, and what is neither.

use navyd_model::exchange::Side::{Client, Server};
use serde_json::json;

use super::{Datagrams, PENDING, Stream};
use crate::{Decoder, Spoken, recorded};

fn question(id: u16, name: &[u8], kind: u16) -> Vec<u8> {
    let head = [&id.to_be_bytes()[..], &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    [&head[..], name, &kind.to_be_bytes(), &[0, 1]].concat()
}

/// An answer to a question, with records of these types; names in them may point to the one that was asked for (`\xc0\x0c`).
fn answer(question: &[u8], code: u8, records: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = question.to_vec();
    bytes[2] |= 0x80;
    bytes[3] |= code;
    bytes[7] = u8::try_from(records.len()).unwrap();
    for (kind, data) in records {
        bytes.extend(b"\xc0\x0c");
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 60]);
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(*data);
    }
    bytes
}

const NAME: &[u8] = b"\x04shop\x04test\0";

#[test]
fn records_are_read_by_their_types() {
    let asked = question(7, NAME, 255);
    let rows: [(u16, &[u8], &str); 13] = [
        (1, &[127, 0, 0, 1], "127.0.0.1"),
        (28, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "::1"),
        (5, b"\x01a\xc0\x0c", "a.shop.test"),
        (12, b"\x01a\0", "a"),
        (15, b"\0\x0a\x04mail\xc0\x0c", "10 mail.shop.test"),
        (33, b"\0\x01\0\x02\x1f\x90\xc0\x0c", "1 2 8080 shop.test"),
        (16, b"\x03a\"b\x00", "\"a\\\"b\" \"\""),
        (
            6,
            b"\xc0\x0c\xc0\x0c\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05",
            "shop.test shop.test 1 2 3 4 5",
        ),
        (257, b"\0\x05issueca.test", "0 issue \"ca.test\""),
        (65, b"\0\x01", "\\x0001"),
        (1, &[127, 0], "\\x7f00"),
        (5, b"\x09a", "\\x0961"),
        (16, b"\x09a", "\\x0961"),
    ];
    for (kind, data, expected) in rows {
        let (mut decoder, mut out) = (Datagrams::default(), Vec::new());
        decoder.bytes(Client, 5, &asked, &mut out);
        decoder.bytes(Server, 9, &answer(&asked, 0, &[(kind, data)]), &mut out);
        let [one] = &out[..] else { panic!("{out:?}") };
        assert_eq!(
            (one.method.as_str(), one.target.as_str(), one.started, one.ended),
            ("ANY", "shop.test", 5, Some(9))
        );
        assert_eq!(one.details["answers"][0]["data"], expected, "{data:?}");
        assert_eq!((&one.details["code"], one.error.as_ref()), (&json!("NOERROR"), None));
    }
}

#[test]
fn answers_find_their_questions() {
    let (one, two) = (question(1, NAME, 1), question(2, NAME, 28));
    let (mut decoder, mut out) = (Datagrams::default(), Vec::new());
    decoder.bytes(Client, 0, &one, &mut out);
    decoder.bytes(Client, 1, &two, &mut out);
    decoder.bytes(Server, 2, &answer(&two, 3, &[]), &mut out);
    decoder.end(3, &mut out);
    let told: Vec<_> = out.iter().map(|one| (one.method.as_str(), one.error.as_deref(), one.ended)).collect();
    assert_eq!(told, [("AAAA", Some("NXDOMAIN"), Some(2)), ("A", None, None)]);
}

#[test]
fn a_stream_has_lengths_and_any_portions() {
    for name in ["tcp", "udp"] {
        let spoken: Vec<Spoken> = if name == "tcp" {
            recorded::check::<Stream>("dns/tcp")
        } else {
            recorded::once::<Datagrams>("dns/udp")
        };
        let told: Vec<_> = spoken
            .iter()
            .map(|one| format!("{} {} {}", one.method, one.target, one.details["answers"][0]["data"]))
            .collect();
        assert_eq!(
            told,
            [
                "A shop.test \"127.0.0.9\"",
                "AAAA shop.test \"::9\"",
                "TXT shop.test \"\\\"hello world\\\"\"",
                "MX shop.test \"10 mail.shop.test\"",
                "SRV _http._tcp.shop.test \"0 0 8080 shop.test\"",
                "CNAME www.shop.test \"shop.test\"",
                "A nowhere.test null",
            ],
            "{name}"
        );
        assert_eq!(spoken[6].error.as_deref(), Some("NXDOMAIN"));
    }
}

#[test]
fn what_is_something_else_is_said_once() {
    let (mut stream, mut datagrams) = (Stream::default(), Datagrams::default());
    for decoder in [&mut stream as &mut dyn Decoder, &mut datagrams] {
        let mut out = Vec::new();
        for _ in 0..3 {
            decoder.bytes(Client, 0, b"\0\x05hello", &mut out);
        }
        assert_eq!(out.len(), 1, "{out:?}");
    }
}

#[test]
fn unanswered_questions_are_bounded() {
    let (mut decoder, mut out) = (Datagrams::default(), Vec::new());
    for id in 0..1000 {
        decoder.bytes(Client, 0, &question(id, NAME, 1), &mut out);
    }
    assert_eq!(out.len(), 1000 - PENDING);
    decoder.end(0, &mut out);
    assert_eq!(out.len(), 1000);
}
