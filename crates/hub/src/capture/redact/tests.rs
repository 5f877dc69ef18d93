//! Bodies by type and encoding, with secrets planted in them.

use std::io::Write as _;

use super::*;

const SECRET: &str = "hunter2";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn brotli(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 3, 20).write_all(text).unwrap();
    out
}

fn of(content_type: &str, content_encoding: &str, head: &[u8], tail: &[u8]) -> Seen {
    body(Form::of(content_type.as_bytes()), Encoding::of(content_encoding.as_bytes()), head, tail)
}

#[test]
fn types_decide_how_a_body_is_looked_through() {
    let json = br#"{"a":1,"password":"hunter2"}"#;
    for (content_type, text, hides) in [
        ("application/json", json.as_slice(), true),
        ("application/problem+json; charset=utf-8", json, true),
        ("application/x-ndjson", json, true),
        ("", json, true),
        ("text/plain", json, true),
        ("image/png", json, false),
        ("application/json", br#"{"password": hunter2"#, true),
        ("text/event-stream", b"event: x\ndata: {\"token\":\"hunter2\"}\n\n", true),
        ("application/x-www-form-urlencoded", b"a=1&password=hunter2", true),
        ("", b"password=hunter2", true),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\nhunter2\r\n--x--",
            true,
        ),
        ("text/html", b"<p>hunter2", false),
    ] {
        let found = of(content_type, "", text, b"");
        let Seen::Instead { head, tail, decoded } = found else {
            assert!(!hides, "{content_type}: {found:?}");
            continue;
        };
        assert!(hides && !decoded && tail == Tail::Kept, "{content_type}");
        assert!(!String::from_utf8_lossy(&head).contains(SECRET), "{content_type}");
    }
}

#[test]
fn what_is_compressed_is_looked_into() {
    let secret = br#"{"a":1,"password":"hunter2"}"#.as_slice();
    let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
    type Encode = fn(&[u8]) -> Vec<u8>;
    let all: [(&str, Encode); 4] = [("gzip", gzip), ("deflate", deflate), ("br", brotli), ("zstd", zstd)];
    for (name, encode) in all {
        let clean = of("application/json", name, &encode(b"{\"a\":1}"), b"");
        assert_eq!(clean, Seen::Clean, "{name}");
        let Seen::Instead { head, decoded, .. } = of("application/json", name, &encode(secret), b"") else {
            panic!("{name}")
        };
        assert!(decoded);
        assert_eq!(head, br#"{"a":1,"password":"[redacted]"}"#, "{name}");
        // What was cut off is kept as far as it could be looked into.
        let cut = encode(secret);
        let cut = of("application/json", name, &cut[..cut.len() / 2], b"");
        assert_ne!(cut, Seen::Clean, "{name}");
        if let Seen::Instead { head, .. } = cut {
            assert!(!String::from_utf8_lossy(&head).contains(SECRET), "{name}");
        }
    }
    assert_eq!(of("application/json", "compress", secret, b""), Seen::Nothing);
    assert_eq!(of("application/json", "gzip, br", secret, b""), Seen::Nothing);
    assert_eq!(of("application/json", "gzip", b"no gzip at all", b""), Seen::Nothing);
    assert_eq!(of("image/png", "gzip", b"no gzip at all", b""), Seen::Clean);
}

#[test]
fn a_bomb_is_looked_into_only_so_far() {
    let bomb = gzip(&[b' '; 64 * 1024 * 1024]);
    let Seen::Instead { head, tail, decoded } = of("application/json", "gzip", &bomb, b"") else { panic!() };
    assert!(decoded && tail == Tail::Dropped);
    assert!(head.len() <= 1024 * 1024, "{}", head.len());
}

#[test]
fn the_end_of_a_long_body_is_looked_through_wherever_it_begins() {
    for (head, tail, expected) in [
        (r#"{"a":""#, r#"xx","password":"hunter2"}"#, r#"xx","password":"[redacted]"}"#),
        (r#"{"a":""#, r#""password":"hunter2"}"#, r#""password":"[redacted]"}"#),
        (
            r#"{"a":""#,
            r#""token":"hunter2","b":"c","pin":"hunter2"}"#,
            r#""token":"[redacted]","b":"c","pin":"[redacted]"}"#,
        ),
        (r#"{"password":"hun"#, r#"ter2"}"#, "[redacted]"),
        (r#"{"password":{"x":"#, r#""hunter2"}"#, "[redacted]"),
    ] {
        let Seen::Instead { tail: Tail::Instead(found), .. } =
            of("application/json", "", head.as_bytes(), tail.as_bytes())
        else {
            panic!("{head} … {tail}")
        };
        assert_eq!(String::from_utf8_lossy(&found), expected, "{head} … {tail}");
    }
}
