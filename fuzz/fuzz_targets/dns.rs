//! Questions and answers of DNS, as streams and as datagrams.
#![cfg_attr(fuzzing, no_main)]

use navyd_model::exchange::{Protocol, Side};

navyd_fuzz::target!(|bytes: &[u8]| {
    navyd_fuzz::talk::decoder(
        || navyd_decode::decoder(Protocol::Dns).unwrap_or_else(|| panic!("`dns` has a decoder")),
        bytes,
    );
    let Some(mut datagrams) = navyd_decode::datagrams(Protocol::Dns) else { panic!("`dns` has datagrams") };
    let mut out = Vec::new();
    for start in 0..bytes.len().min(64) {
        for from in [Side::Client, Side::Server] {
            datagrams.bytes(from, 0, &bytes[start..], &mut out);
        }
    }
    datagrams.end(1, &mut out);
});
