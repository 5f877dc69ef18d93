//! The head of a request: any split finds the same, and what is forwarded is read again as the same request.
#![cfg_attr(fuzzing, no_main)]

use std::net::{IpAddr, Ipv6Addr};

use navyd_h1::{
    Body, Limits, Parsed, Request, Side, Verb,
    forward::{self, Client, Onward, Scheme},
    h2_preface,
};

navyd_fuzz::target!(|bytes: &[u8]| {
    let limits = Limits { head_bytes: 2048, headers: 16, target_bytes: 1024, ..Limits::default() };
    let _ = h2_preface(bytes);
    let mut request = Request::default();
    let found = request.parse(bytes, 0, &limits);
    in_pieces(bytes, &limits, found == Ok(Parsed::Incomplete), &request);
    let Ok(Parsed::Complete(end)) = found else { return };
    let _ = Body::new(request.head().framing(), Side::Request).advance(&bytes[end..]);
    forwarded(bytes, &request);
});

/// One byte at a time: the end is found where it was found at once, and what is refused at once is not taken.
fn in_pieces(bytes: &[u8], limits: &Limits, incomplete: bool, whole: &Request) {
    let mut request = Request::default();
    let mut already = 0;
    for end in 1..=bytes.len() {
        match request.parse(&bytes[..end], already, limits) {
            Ok(Parsed::Incomplete) => already = end,
            Ok(Parsed::Complete(_)) => return assert_eq!(&request, whole, "in pieces it is another request"),
            Err(reject) => return assert!(!incomplete, "refused in pieces only: {reject}"),
        }
    }
}

fn forwarded(bytes: &[u8], request: &Request) {
    let client = Client::new(IpAddr::V6(Ipv6Addr::LOCALHOST), Scheme::Https);
    let onward =
        Onward { client: &client, host: Some("b:1"), via: "navyd", upgrade: true, extra: b"X: y\r\n" };
    let mut out = Vec::new();
    forward::request(bytes, request, &onward, &mut out);
    if request.verb() == Verb::Connect {
        return; // Its target names a host of its own, with which the new one does not agree.
    }
    let mut again = Request::default();
    let found = again.parse(&out, 0, &Limits::default());
    assert_eq!(found, Ok(Parsed::Complete(out.len())), "{}", out.escape_ascii());
    assert_eq!(again.method(&out), request.method(bytes));
    assert_eq!(again.path(&out), request.path(bytes));
    assert_eq!(again.head().framing(), request.head().framing());
    assert_eq!(again.upgrade(), request.upgrade());
    let hops = forward::hops(bytes, request.head(), "navyd");
    assert_eq!(forward::hops(&out, again.head(), "navyd"), hops + 1);
}
