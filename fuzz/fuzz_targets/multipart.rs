//! A body in parts: what is cut off takes nothing away in front of it, and a part comes out as it was.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::echo::fuzz::parts;

navyd_fuzz::target!(|bytes: &[u8]| {
    let whole = parts(bytes, b"X");
    let length: usize = whole.iter().map(|(_, _, content)| content.len()).sum();
    assert!(length <= bytes.len());
    for cut in [bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(1)] {
        let some = parts(&bytes[..cut], b"X");
        assert!(whole.starts_with(&some), "cut at {cut}: {some:?}");
    }
    let boundary = b"no-such-boundary";
    let head = b"Content-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\n";
    let sent = [b"--no-such-boundary\r\n", &head[..], bytes, b"\r\n--no-such-boundary--\r\n"].concat();
    assert_eq!(parts(&sent, boundary), [("f".to_owned(), true, bytes)]);
});
