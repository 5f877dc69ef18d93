//! Messages of WebSocket: the first byte tells which extension was agreed on.
#![cfg_attr(fuzzing, no_main)]

use navyd_decode::WebSocket;

navyd_fuzz::target!(|bytes: &[u8]| {
    let [first, rest @ ..] = bytes else { return };
    let extensions = match first % 3 {
        0 => None,
        1 => Some("permessage-deflate"),
        _ => Some("permessage-deflate; client_no_context_takeover; server_no_context_takeover"),
    };
    navyd_fuzz::talk::pieces(|| Box::new(WebSocket::new(0, extensions)), rest);
});
