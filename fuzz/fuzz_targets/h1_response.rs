//! The head of a response, to each kind of request: any split finds the same, and what is forwarded is read again as
//! the same response.
#![cfg_attr(fuzzing, no_main)]

use navyd_h1::{
    Asked, Body, Limits, Parsed, Response, Side, Verb,
    forward::{self, Back, BodyAs, Stay},
};

navyd_fuzz::target!(|bytes: &[u8]| {
    for (verb, upgrade) in [(Verb::Get, true), (Verb::Head, false), (Verb::Connect, false)] {
        one(bytes, Asked { verb, upgrade });
    }
});

fn one(bytes: &[u8], asked: Asked) {
    let limits = Limits { head_bytes: 2048, headers: 16, ..Limits::default() };
    let mut response = Response::default();
    let found = response.parse(bytes, 0, &limits, asked);
    in_pieces(bytes, &limits, asked, found == Ok(Parsed::Incomplete), &response);
    let Ok(Parsed::Complete(end)) = found else { return };
    let _ = Body::new(response.head().framing(), Side::Response).advance(&bytes[end..]);

    let back = Back { via: "navyd", body: BodyAs::Sent, stay: Stay::Silent, extra: b"" };
    let mut out = Vec::new();
    forward::response(bytes, &response, &back, &mut out);
    let mut again = Response::default();
    let found = again.parse(&out, 0, &Limits::default(), asked);
    assert_eq!(found, Ok(Parsed::Complete(out.len())), "{}", out.escape_ascii());
    assert_eq!(again.status(), response.status());
    assert_eq!(again.reason(&out), response.reason(bytes));
    assert_eq!(again.head().framing(), response.head().framing());
}

/// One byte at a time: the end is found where it was found at once, and what is refused at once is not taken.
fn in_pieces(bytes: &[u8], limits: &Limits, asked: Asked, incomplete: bool, whole: &Response) {
    let mut response = Response::default();
    let mut already = 0;
    for end in 1..=bytes.len() {
        match response.parse(&bytes[..end], already, limits, asked) {
            Ok(Parsed::Incomplete) => already = end,
            Ok(Parsed::Complete(_)) => {
                return assert_eq!(&response, whole, "in pieces it is another response");
            }
            Err(reject) => return assert!(!incomplete, "refused in pieces only: {reject}"),
        }
    }
}
