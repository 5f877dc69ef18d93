//! How a body is framed (RFC 9112 §6).

use crate::{Reject, Side};

/// What ends the body of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// There is no body.
    #[default]
    None,
    /// So many bytes, which may be none.
    Length(u64),
    /// Chunks, and trailers behind them (RFC 9112 §7.1).
    Chunked,
    /// Everything until the server closes the connection; only of responses (RFC 9112 §6.3, case 8).
    UntilClose,
    /// What follows is no longer HTTP: behind a 101, and behind a 2xx to CONNECT.
    Tunnel,
}

/// The value of Content-Length: digits only.
///
/// RFC 9112 §6.3: "If a message is received without Transfer-Encoding and with an invalid Content-Length header
/// field, then the message framing is invalid and the recipient MUST treat it as an unrecoverable error". The RFC
/// lets a recipient repair `5, 5`; we do not. The largest length is that of a signed 64-bit number, because that is
/// what other programs count with.
pub(crate) fn length(value: &[u8], side: Side) -> Result<u64, Reject> {
    // Nineteen digits cannot overflow 64 bits.
    if value.is_empty() || value.len() > 19 || !value.iter().all(u8::is_ascii_digit) {
        return Err(side.reject("content-length is not one plain number"));
    }
    let length = value.iter().fold(0, |length, digit| length * 10 + u64::from(digit - b'0'));
    if length > i64::MAX as u64 {
        return Err(side.reject("content-length is too large"));
    }
    Ok(length)
}

/// The value of Transfer-Encoding, which must be `chunked` and nothing else.
///
/// RFC 9112 §6.1: "A server that receives a request message with a transfer coding it does not understand SHOULD
/// respond with 501". It is refused as a bad request here, like every other doubt about framing.
pub(crate) fn coding(value: &[u8], side: Side) -> Result<(), Reject> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    Err(side.reject("transfer-encoding is not `chunked`"))
}

#[cfg(test)]
mod tests {
    use super::{coding, length};
    use crate::Side;

    #[test]
    fn only_plain_numbers_are_lengths() {
        let check = |value: &str, expected| {
            assert_eq!(length(value.as_bytes(), Side::Request).ok(), expected, "{value:?}");
        };
        check("0", Some(0));
        check("5", Some(5));
        check("007", Some(7));
        check("9223372036854775807", Some(i64::MAX as u64));
        check("9223372036854775808", None);
        check("18446744073709551621", None);
        check("00000000000000000005", None);
        for value in ["", "+5", "-5", "5 5", "5,5", "5, 5", "0x5", "5.0", "5e1", "1_0", "\u{a0}5", "five"] {
            check(value, None);
        }
    }

    #[test]
    fn only_chunked_is_a_coding() {
        let check = |value: &str, expected| {
            assert_eq!(coding(value.as_bytes(), Side::Request).is_ok(), expected, "{value:?}");
        };
        check("chunked", true);
        check("Chunked", true);
        for value in
            ["", "identity", "gzip, chunked", "chunked, chunked", "chunked;a=b", "xchunked", "\"chunked\""]
        {
            check(value, false);
        }
    }
}
