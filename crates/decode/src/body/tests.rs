//! Bodies as servers and browsers send them, and such as nobody should.

use std::io::Write;

use super::{Content, SHOWN, view};

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
        let shown = view(Some("text/plain"), encodings, &bytes, false);
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
        let shown = view(Some("text/plain"), encodings, bytes, false);
        assert_eq!((shown.content, shown.note.as_deref()), (Content::Binary(bytes.to_vec()), Some(note)));
    }
}

#[test]
fn a_bomb_stays_small() {
    let zeros = vec![b'0'; 64 << 20];
    for (coding, bytes) in [("gzip", gzip(&zeros)), ("br", br(&zeros)), ("zstd", zstd(&zeros))] {
        let shown = view(Some("text/plain"), &[coding], &bytes, false);
        let Content::Text(text) = shown.content else { panic!("{coding}") };
        assert!(text.len() <= SHOWN.most && text.len() <= (bytes.len() * 100).max(64 << 10), "{coding}");
        assert!(shown.note.is_some_and(|note| note.starts_with("cut ")), "{coding}");
    }
}

#[test]
fn a_body_that_was_cut_is_shown_as_far_as_it_goes() {
    let long: String = (0..5000).map(|number| format!("{number} ")).collect();
    let bytes = gzip(long.as_bytes());
    let shown = view(Some("text/plain"), &["gzip"], &bytes[..bytes.len() / 2], false);
    let Content::Text(text) = shown.content else { panic!() };
    assert!(text.len() > 1000 && long.starts_with(&text));
    assert_eq!(shown.note.as_deref(), Some("its end is missing or damaged"));
}

#[test]
fn what_is_shown_follows_the_media_type() {
    let text = |text: &str| Content::Text(text.to_owned());
    let binary = |bytes: &[u8]| Content::Binary(bytes.to_vec());
    let rows: [(Option<&str>, &[u8], bool, Content); 17] = [
        (Some("application/json"), b"{\"b\":1.50, \"a\":[]}", false, text("{\"b\":1.50, \"a\":[]}")),
        (Some("application/json"), b"{not json", false, text("{not json")),
        (Some("text/html; charset=\"ISO-8859-1\""), b"caf\xe9", false, text("caf\u{e9}")),
        (Some("text/plain"), b"caf\xc3", false, binary(b"caf\xc3")),
        (Some("text/plain"), b"caf\xc3", true, text("caf\u{fffd}")),
        (Some("text/plain"), b"\xa9 | caf\xc3\xa9 | \xf0\x9f", true, text("\u{fffd} | caf\u{e9} | \u{fffd}")),
        (Some("text/plain"), &[0xff; 7], true, binary(&[0xff; 7])),
        (Some("text/plain"), b"\xef\xbb\xbfa", false, text("\u{feff}a")),
        (Some("text/plain"), b"\xff\xfe", false, binary(b"\xff\xfe")),
        (Some("text/plain"), b"a\0b", false, binary(b"a\0b")),
        (Some("text/plain; charset=shift_jis"), b"a", false, binary(b"a")),
        (Some("image/png"), b"abc", false, binary(b"abc")),
        (Some("image/svg+xml"), b"<svg/>", false, text("<svg/>")),
        (Some("application/x-unheard-of"), b"abc", false, text("abc")),
        (Some("application/x-unheard-of"), b"a\x1b[2Jc", false, binary(b"a\x1b[2Jc")),
        (None, b"plain\n", false, text("plain\n")),
        (Some("application/octet-stream"), b"\0\x01", false, binary(b"\0\x01")),
    ];
    for (media, bytes, cut, expected) in rows {
        assert_eq!(view(media, &[], bytes, cut).content, expected, "{media:?}");
    }
}

#[test]
fn parts_are_listed() {
    let body = b"preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none --b two\r\n--b\r\n\
        Content-Disposition: form-data; name=\"f\"; filename=\"x;y.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\nend";
    let shown = view(Some("multipart/form-data; boundary=b"), &[], body, false);
    let lines: Vec<_> = shown.parts.iter().map(super::Part::line).collect();
    assert_eq!(lines, ["`a` (11 bytes)", "`f` (`x;y.png`, image/png, 4 bytes)"]);
    let cut = view(Some("multipart/form-data; boundary=b"), &[], &body[..60], true);
    assert_eq!(cut.parts.len(), 1);
    assert!(view(Some("multipart/form-data; boundary=\"\""), &[], body, false).parts.is_empty());
}
