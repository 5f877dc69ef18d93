//! A form with files: however it is cut, the same files come out; little of it is kept; and a file comes out as it was.
#![cfg_attr(fuzzing, no_main)]

use navyd_standin::serve::fuzz::form;

/// The longest head of a part, in bytes, with room for a boundary and a piece.
const KEPT: usize = 8 * 1024 + 256;

navyd_fuzz::target!(|bytes: &[u8]| {
    let (whole, _) = form(bytes, "X", usize::MAX);
    for piece in [1, 2, 7] {
        let (cut, kept) = form(bytes, "X", piece);
        assert_eq!(cut, whole, "in pieces of {piece}");
        assert!(kept <= KEPT, "{kept} bytes are kept");
    }
    let length = |(_, content): &(Option<String>, Vec<u8>)| content.len();
    assert!(whole.iter().flatten().map(length).sum::<usize>() <= bytes.len());
    // The same bytes as a file, where they hold no boundary.
    let boundary = "no-such-boundary";
    let head = b"Content-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\n";
    let sent = [b"--no-such-boundary\r\n", &head[..], bytes, b"\r\n--no-such-boundary--\r\n"].concat();
    for piece in [3, usize::MAX] {
        assert_eq!(form(&sent, boundary, piece).0, Some(vec![(Some("n".to_owned()), bytes.to_vec())]));
    }
});
