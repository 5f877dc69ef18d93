use super::{Chunked, FORBIDDEN, NAME_BYTES};
use crate::{
    Body, Framing, Part, Piece, Side,
    limits::{CHUNK_LINE_BYTES, TRAILER_BYTES},
};

type Run = (Part, Vec<u8>);

/// What the bytes are, in pieces as long as possible, fed `step` bytes at a time; and what follows the body.
fn pieces(bytes: &[u8], step: usize) -> Result<(Vec<Run>, Vec<u8>), &'static str> {
    let mut chunked = Chunked::default();
    let mut found: Vec<Run> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let Piece { part, length } = chunked.piece(&bytes[at..bytes.len().min(at + step)])?;
        if length == 0 {
            assert!(chunked.is_done(), "it stands still inside {:?}", bytes.escape_ascii().to_string());
            break;
        }
        match found.last_mut() {
            Some((last, run)) if *last == part => run.extend_from_slice(&bytes[at..at + length]),
            _ => found.push((part, bytes[at..at + length].to_vec())),
        }
        at += length;
    }
    Ok((found, bytes[at..].to_vec()))
}

/// The payload, the trailers, and what follows the body.
fn read(bytes: &[u8]) -> Result<[Vec<u8>; 3], &'static str> {
    let whole = pieces(bytes, usize::MAX / 2);
    for step in [1, 2, 3, 7] {
        assert_eq!(pieces(bytes, step), whole, "{} in steps of {step}", bytes.escape_ascii());
    }
    let (runs, rest) = whole?;
    let of =
        |wanted| runs.iter().filter(|(part, _)| *part == wanted).flat_map(|(_, run)| run.clone()).collect();
    Ok([of(Part::Payload), of(Part::Trailer), rest])
}

#[test]
fn chunks_are_taken_apart() {
    let check = |bytes: &str, payload: &str, trailers: &str, rest: &str| {
        let found = read(bytes.as_bytes()).unwrap_or_else(|reason| panic!("{bytes:?}: {reason}"));
        let expected = [payload, trailers, rest].map(|part| part.as_bytes().to_vec());
        assert_eq!(found, expected, "{bytes:?}");
    };
    check("0\r\n\r\n", "", "", "");
    check("0\r\n\r\nGET / HTTP/1.1\r\n", "", "", "GET / HTTP/1.1\r\n");
    check("3\r\nabc\r\n0\r\n\r\n", "abc", "", "");
    check("A\r\n0123456789\r\n1\r\n\r\r\n0\r\n\r\n", "0123456789\r", "", "");
    check("0000000000000001\r\na\r\n000\r\n\r\n", "a", "", "");
    check("1;a=b;c=\"d e\"\r\nx\r\n0;last\r\n\r\n", "x", "", "");
    check("0\r\nGrpc-Status: 0\r\nX:\r\n\r\nrest", "", "Grpc-Status: 0\r\nX:\r\n", "rest");
    check("0\r\nServer-Timing: a;dur=1\r\n", "", "Server-Timing: a;dur=1\r\n", "");
}

#[test]
fn doubtful_chunks_are_refused() {
    for bytes in [
        "\r\n",
        ";\r\n",
        " 3\r\n",
        "3 \r\n",
        "3\t;a\r\n",
        "+3\r\n",
        "-1\r\n",
        "0x3\r\n",
        "3g\r\n",
        "3\n",
        "3\rx",
        "3\r\r\n",
        "3;a\n",
        "3;a\rb\r\n",
        "3;\0\r\n",
        "3;a\x7f\r\n",
        "ffffffffffffffff\r\n",
        "8000000000000000\r\n",
        "00000000000000001\r\n",
        "3\r\nabcd\r\n",
        "3\r\nabc\n",
        "3\r\nabc0\r\n",
        "3\r\nabc\r0",
        "3\r\nabc\r\n\r\n",
        "0\r\n\n",
        "0\r\n\rx",
        "0\r\n x\r\n",
        "0\r\n: x\r\n",
        "0\r\nX : y\r\n",
        "0\r\nX\r\n",
        "0\r\nX: y\n",
        "0\r\nX: \0\r\n",
        "0\r\nX: y\rz\r\n",
        "0\r\nX: y\r\n z\r\n",
        "0\r\nTransfer-Encoding: chunked\r\n",
        "0\r\ncontent_length: 5\r\n",
        "0\r\nHOST: b\r\n",
        "0\r\nX-Forwarded-For: 1\r\n",
        "0\r\nX_Forwarded_Proto_And_What_Else: 1\r\n",
        "0\r\nSet-Cookie: a=b\r\n",
        "0\r\nAuthorization: a\r\n",
    ] {
        assert!(read(bytes.as_bytes()).is_err(), "{bytes:?} is taken");
    }
}

#[test]
fn lines_are_limited() {
    let most = usize::from(CHUNK_LINE_BYTES);
    assert!(read(format!("1;{}\r\nx\r\n", "e".repeat(most)).as_bytes()).is_ok());
    assert!(read(format!("1;{}\r\nx\r\n", "e".repeat(most + 1)).as_bytes()).is_err());
    // The limit is of one line: many lines with extensions are as good as many chunks.
    let many = format!("1;{}\r\nx\r\n", "e".repeat(most)).repeat(3);
    assert!(read(many.as_bytes()).is_ok());
    // Of all trailers together: name, colon and value.
    let trailer = format!("T: {}\r\n", "v".repeat(usize::from(TRAILER_BYTES) / 4 - 3));
    assert!(read(format!("0\r\n{}", trailer.repeat(4)).as_bytes()).is_ok());
    assert!(read(format!("0\r\n{}", trailer.repeat(5)).as_bytes()).is_err());
}

#[test]
fn every_forbidden_name_fits() {
    for name in FORBIDDEN {
        assert!(name.len() < NAME_BYTES, "{}", name.escape_ascii());
        let mut body = Body::new(Framing::Chunked, Side::Response);
        let bytes = [b"0\r\n", &name.to_ascii_uppercase()[..], b": x\r\n\r\n"].concat();
        assert_eq!(body.advance(&bytes).map_err(|reject| reject.status), Err(502), "{}", name.escape_ascii());
    }
    assert!(read(b"0\r\nTransfer-Encoding-And-More-Than-That: x\r\n\r\n").is_ok());
}
