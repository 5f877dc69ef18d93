//! Conversations in PostgreSQL's protocol.
#![cfg_attr(fuzzing, no_main)]

use navyd_model::exchange::Protocol;

navyd_fuzz::target!(|bytes: &[u8]| {
    navyd_fuzz::talk::decoder(
        || navyd_decode::decoder(Protocol::Postgres).unwrap_or_else(|| panic!("`postgres` has a decoder")),
        bytes,
    );
});
