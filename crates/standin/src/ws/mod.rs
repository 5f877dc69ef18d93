//! An echo that speaks WebSocket (RFC 6455): each message comes back as it was sent.
//!
//! [`Echo`] answers every path. The handshake is here, what frames mean is in `talk`, which is pure. Of subprotocols the
//! first that is offered is spoken: browsers hang up on a server that chooses none. Deliberately absent: compression,
//! which is not offered.

mod talk;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use talk::{Closing, Talk};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{
    http::{Answer, Answering, Asked, Body, Head, Site, Upgraded},
    limits,
};

/// The longest message that comes back, in bytes.
pub const MESSAGE: usize = 16 * 1024 * 1024;

/// How much is read at once from a client that is not amid a frame, in bytes.
const IDLE: usize = 4 * 1024;

/// What RFC 6455 §1.3 has a server put behind the client's key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The site.
#[derive(Debug, Default, Clone, Copy)]
pub struct Echo;

impl Site for Echo {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            match accept(asked.head) {
                Ok(accept) => {
                    let answer = Answer::new(101)
                        .with("Upgrade", "websocket")
                        .with("Connection", "Upgrade")
                        .with("Sec-WebSocket-Accept", accept)
                        .body(Body::Upgrade(Box::new(|upgraded| Box::pin(converse(upgraded)))));
                    match protocol(asked.head) {
                        Some(protocol) => answer.with("Sec-WebSocket-Protocol", protocol.to_owned()),
                        None => answer,
                    }
                }
                Err(answer) => answer,
            }
        })
    }
}

/// What shows that the handshake was understood (RFC 6455 §4.2.2), or the answer that refuses it (§4.2.1).
fn accept(head: &Head) -> Result<String, Answer> {
    let wants = |name: &str, token: &str| {
        let values = head.text(name).unwrap_or_default().split(',');
        values.map(str::trim).any(|value| value.eq_ignore_ascii_case(token))
    };
    if head.method() != "GET" || !head.may_upgrade() || !wants("upgrade", "websocket") {
        return Err(Answer::text(426, "this server speaks WebSocket\n")
            .with("Upgrade", "websocket")
            .with("Sec-WebSocket-Version", "13"));
    }
    if !wants("sec-websocket-version", "13") {
        let text = "only version 13 of WebSocket is spoken\n";
        return Err(Answer::text(426, text).with("Sec-WebSocket-Version", "13"));
    }
    let key = head.value("sec-websocket-key").unwrap_or_default().trim_ascii();
    if STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(Answer::text(400, "the key is no 16 bytes in base64\n"));
    }
    Ok(STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, GUID].concat())))
}

/// The first subprotocol that is offered, if it is a name (RFC 6455 §4.1, RFC 9110 §5.6.2).
fn protocol(head: &Head) -> Option<&str> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let first = head.text("sec-websocket-protocol")?.split(',').next()?.trim();
    (!first.is_empty() && first.bytes().all(token)).then_some(first)
}

async fn converse(upgraded: Upgraded) {
    let Upgraded { mut socket, mut read, mut stop } = upgraded;
    let (mut talk, mut out) = (Talk::new(MESSAGE), Vec::new());
    let closing = loop {
        let heard = talk.hear(&mut read, &mut out);
        if !out.is_empty() {
            // A client that takes nothing is let go.
            match timeout(limits::PAUSE, flush(&mut socket, &mut out)).await {
                Ok(Ok(())) => {}
                _ => return socket.reset(),
            }
        }
        if let Err(closing) = heard {
            break closing;
        }
        // Who says nothing keeps little memory: what a long message needed is given back.
        if read.is_empty() && !talk.is_amid_frame() {
            (read, out) = (BytesMut::with_capacity(IDLE), Vec::new());
        } else {
            read.reserve(limits::PIECE);
        }
        let more = tokio::select! {
            biased;
            more = socket.read_buf(&mut read) => more,
            () = stop.told() => break Closing::Away,
        };
        match more {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    };
    out.clear();
    closing.write(&mut out);
    let end = async {
        flush(&mut socket, &mut out).await?;
        socket.shutdown().await?;
        // RFC 6455 §7.1.1: the server closes first, and what the client still says is read away: otherwise the
        // system would send a reset, and the client could lose the close frame.
        for _ in 0..limits::UNREAD as usize / limits::PIECE {
            read.clear();
            read.reserve(limits::PIECE);
            if socket.read_buf(&mut read).await? == 0 {
                break;
            }
        }
        std::io::Result::Ok(())
    };
    let _ = timeout(limits::LINGER, end).await;
}

async fn flush<W: tokio::io::AsyncWrite + Unpin>(socket: &mut W, out: &mut Vec<u8>) -> std::io::Result<()> {
    socket.write_all(out).await?;
    socket.flush().await?;
    out.clear();
    Ok(())
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
