//! Bodies as servers and browsers send them, and such as nobody should.

use std::io::Write;

use super::{Content, MOST, view};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn br(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 5, 20).write_all(bytes).unwrap();
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

#[test]
fn codings_are_taken_off_in_their_order() {
    let text = "a text that is long enough, long enough, long enough".as_bytes();
    let rows: [(&[&str], Vec<u8>); 10] = [
        (&[], text.to_vec()),
        (&["identity"], text.to_vec()),
        (&["gzip"], gzip(text)),
        (&["X-GZIP"], gzip(text)),
        (&["deflate"], zlib(text)),
        (&["deflate"], raw(text)),
        (&["br"], br(text)),
        (&["zstd"], zstd(text)),
        (&["gzip, br"], br(&gzip(text))),
        (&["deflate", "zstd"], zstd(&zlib(text))),
    ];
    for (encodings, bytes) in rows {
        let shown = view(Some("text/plain"), encodings, &bytes);
        assert_eq!(shown.content, Content::Text(String::from_utf8(text.to_vec()).unwrap()), "{encodings:?}");
        assert_eq!(shown.note, None, "{encodings:?}");
        let expected = encodings.join(", ").to_lowercase().replace("identity", "");
        assert_eq!(shown.decoded.join(", "), expected);
    }
}

#[test]
fn what_cannot_be_taken_off_stays() {
    let rows: [(&[&str], &[u8], &str); 4] = [
        (&["compress"], b"abc", "the coding `compress` is not understood"),
        (&["gzip"], b"abc", "this is not gzip"),
        (&["zstd"], b"abc", "this is not zstd"),
        (&["br"], b"\xff\xff\xff", "this is not br"),
    ];
    for (encodings, bytes, note) in rows {
        let shown = view(Some("text/plain"), encodings, bytes);
        assert_eq!((shown.content, shown.note.as_deref()), (Content::Binary(bytes.to_vec()), Some(note)));
    }
}

#[test]
fn a_bomb_stays_small() {
    let zeros = vec![b'0'; 64 << 20];
    for (coding, bytes) in [("gzip", gzip(&zeros)), ("br", br(&zeros)), ("zstd", zstd(&zeros))] {
        let shown = view(Some("text/plain"), &[coding], &bytes);
        let Content::Text(text) = shown.content else { panic!("{coding}") };
        assert!(text.len() <= MOST && text.len() <= (bytes.len() * 100).max(64 << 10), "{coding}");
        assert!(shown.note.is_some_and(|note| note.starts_with("cut ")), "{coding}");
    }
}

#[test]
fn a_body_that_was_cut_is_shown_as_far_as_it_goes() {
    let long: String = (0..5000).map(|number| format!("{number} ")).collect();
    let bytes = gzip(long.as_bytes());
    let shown = view(Some("text/plain"), &["gzip"], &bytes[..bytes.len() / 2]);
    let Content::Text(text) = shown.content else { panic!() };
    assert!(text.len() > 1000 && long.starts_with(&text));
    assert_eq!(shown.note.as_deref(), Some("its end is missing or damaged"));
}

#[test]
fn what_is_shown_follows_the_media_type() {
    let text = |text: &str| Content::Text(text.to_owned());
    let rows: [(Option<&str>, &[u8], Content); 13] = [
        (
            Some("application/json"),
            b"{\"b\":1.50,\"a\":[],\"c\":[1,{\"d\":\"x,\\\"{\"}]}",
            text(
                "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": [\n    1,\n    {\n      \"d\": \"x,\\\"{\"\n    }\n  ]\n}",
            ),
        ),
        (Some("application/problem+json; charset=utf-8"), b" [ ] ", text("[]")),
        (Some("application/json"), b"{not json", text("{not json")),
        (Some("text/html; charset=\"ISO-8859-1\""), b"caf\xe9", text("café")),
        (Some("text/plain"), b"caf\xc3", text("caf")),
        (Some("text/plain"), b"\xef\xbb\xbfa", text("a")),
        (Some("text/plain"), b"\xff\xfe", Content::Binary(b"\xff\xfe".to_vec())),
        (Some("text/plain; charset=shift_jis"), b"a", Content::Binary(b"a".to_vec())),
        (Some("image/png"), b"abc", Content::Image(b"abc".to_vec())),
        (Some("image/svg+xml"), b"<svg/>", text("<svg/>")),
        (Some("application/pdf"), b"abc", Content::Binary(b"abc".to_vec())),
        (None, b"plain\n", text("plain\n")),
        (Some("application/octet-stream"), b"\0\x01", Content::Binary(b"\0\x01".to_vec())),
    ];
    for (media, bytes, expected) in rows {
        assert_eq!(view(media, &[], bytes).content, expected, "{media:?}");
    }
}

#[test]
fn nesting_does_not_multiply() {
    let deep = format!("{}{}{}", "[".repeat(100), "1,".repeat(1 << 20) + "1", "]".repeat(100));
    assert_eq!(view(Some("text/json"), &[], deep.as_bytes()).content, Content::Text(deep));
}

#[test]
fn parts_are_listed() {
    let body = b"preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none --b two\r\n--b\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"x;y.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\nend";
    let shown = view(Some("multipart/form-data; boundary=b"), &[], body);
    let lines: Vec<_> = shown.parts.iter().map(super::Part::line).collect();
    assert_eq!(lines, ["`a` (11 bytes)", "`f` (`x;y.png`, image/png, 4 bytes)"]);
    let cut = view(Some("multipart/form-data; boundary=b"), &[], &body[..60]);
    assert_eq!(cut.parts.len(), 1);
    assert!(view(Some("multipart/form-data; boundary=\"\""), &[], body).parts.is_empty());
}
