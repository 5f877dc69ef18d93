//! Which protocol a client speaks, by its first bytes: TLS, HTTP/2 by prior knowledge, or HTTP/1.
//!
//! The bytes are read once and handed on, so looking costs nothing, and a client that is silent holds no buffer.
//! What is neither of the others is taken for HTTP/1, which says what is wrong with it. Deliberately absent: a look at
//! anything behind the first record or the preface.

use std::{
    future::poll_fn,
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use navyd_h1::{Preface, forward::Scheme, h2_preface};
use rustls::ServerConfig;
use tokio::time::timeout;

use crate::{
    h2, http,
    net::{Buffer, Deadline, Guest, Socket},
    worker::{Door, Worker},
};

/// A client whose protocol is known.
pub(crate) struct Arrival {
    /// Its connection.
    pub(crate) socket: Socket,
    /// What was read from it and is not used up.
    pub(crate) read: Option<Buffer>,
    /// Where it is.
    pub(crate) peer: SocketAddr,
    /// Our address as it knows it, where that is told.
    pub(crate) ours: Option<SocketAddr>,
    /// Whether it uses TLS.
    pub(crate) scheme: Scheme,
    /// By which it is told to end.
    pub(crate) guest: Guest,
    /// Its clock.
    pub(crate) deadline: Deadline,
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Tls,
    Http2,
    Http1,
    /// Not enough of them.
    Unknown,
}

/// Serves a client in the protocol that it speaks.
pub(crate) async fn serve(worker: Rc<Worker>, door: Door, socket: Socket, peer: SocketAddr, guest: Guest) {
    let (read, deadline) = (None, Deadline::default());
    let ours = worker.writer.as_ref().and_then(|_| socket.ours());
    let mut arrival = Arrival { socket, read, peer, ours, scheme: Scheme::Http, guest, deadline };
    let spoken = poll_fn(|cx| arrival.poll_first(cx, &worker, &door)).await;
    match (spoken, &worker.tls) {
        (None, _) => {}
        (Some(Spoken::Tls), Some(config)) => {
            match Box::pin(arrival.secured(&worker, Arc::clone(config))).await {
                Some(arrival) if arrival.socket.protocol() == Some(b"h2") => {
                    Box::pin(h2::serve(worker, door, arrival)).await;
                }
                Some(arrival) => http::serve(worker, door, arrival).await,
                None => {}
            }
        }
        (Some(Spoken::Http2), _) => Box::pin(h2::serve(worker, door, arrival)).await,
        (Some(_), _) => http::serve(worker, door, arrival).await,
    }
}

impl Arrival {
    /// Waits for the first bytes; `None` when there is nobody to serve.
    fn poll_first(&mut self, cx: &mut Context<'_>, worker: &Worker, door: &Door) -> Poll<Option<Spoken>> {
        loop {
            let mut begun = true;
            if let Some(buffer) = &self.read {
                match spoken(buffer.filled()) {
                    Spoken::Unknown => {}
                    spoken => return Poll::Ready(Some(spoken)),
                }
            } else if self.guest.should_leave(cx) || door.is_gone() {
                return Poll::Ready(None);
            } else {
                begun = false;
            }
            let mut buffer = self.read.take().unwrap_or_else(|| worker.lender.buffers.take());
            let polled = self.socket.poll_read(cx, &mut buffer);
            self.read = Some(buffer).filter(|buffer| !buffer.is_empty());
            match polled {
                // An unfinished word is for HTTP/1 to answer.
                Poll::Ready(Ok(0)) if begun => return Poll::Ready(Some(Spoken::Http1)),
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(None),
                Poll::Ready(Ok(_)) if begun => {}
                Poll::Ready(Ok(_)) => self.deadline.set(worker.limits.head_time),
                Poll::Pending => {
                    if !begun && !self.deadline.is_set() {
                        self.deadline.set(worker.limits.idle);
                    }
                    return self.deadline.poll(cx).map(|()| begun.then_some(Spoken::Http1));
                }
            }
        }
    }

    /// Agrees with the client on keys; `None` when that fails or takes too long.
    async fn secured(self, worker: &Worker, config: Arc<ServerConfig>) -> Option<Self> {
        let Self { socket, read, .. } = self;
        let socket = socket.secured(read, config, &worker.lender);
        let socket = timeout(worker.limits.head_time, socket).await.ok()?.ok()?;
        Some(Self { socket, read: None, scheme: Scheme::Https, ..self })
    }
}

/// What these bytes begin.
fn spoken(bytes: &[u8]) -> Spoken {
    /// The content type of a record with a handshake (RFC 8446 §5.1), and the major version behind it. No request of
    /// HTTP begins with a control character.
    const HANDSHAKE: &[u8] = &[22, 3];
    if bytes.starts_with(HANDSHAKE) {
        return Spoken::Tls;
    }
    if HANDSHAKE.starts_with(bytes) {
        return Spoken::Unknown;
    }
    match h2_preface(bytes) {
        Preface::Yes => Spoken::Http2,
        Preface::Maybe => Spoken::Unknown,
        Preface::No => Spoken::Http1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        for (bytes, expected) in [
            (&b""[..], Spoken::Unknown),
            (b"\x16", Spoken::Unknown),
            (b"\x16\x03", Spoken::Tls),
            (b"\x16\x03\x01\x02\x00\x01", Spoken::Tls),
            (b"\x16GET", Spoken::Http1),
            (b"G", Spoken::Http1),
            (b"GET / HTTP/1.1\r\n", Spoken::Http1),
            (b"P", Spoken::Unknown),
            (b"PO", Spoken::Http1),
            (b"PRI * HTTP/2.0\r\n\r\n", Spoken::Unknown),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Spoken::Http2),
            (b"PRI * HTTP/1.1\r\n", Spoken::Http1),
            (b"\x80\x2e\x01", Spoken::Http1),
        ] {
            assert_eq!(spoken(bytes), expected, "{bytes:?}");
        }
    }
}
