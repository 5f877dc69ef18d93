//! The hub's own socket: who comes through it, and how many at once.
//!
//! Commands connect to it directly; what browsers ask comes through the gateway, which is this very process. The
//! kernel says which, so neither can pass for the other. Whoever is another user is not listened to.

use std::{io, time::Duration};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{sync::Semaphore, time::sleep};

use crate::{
    log::Log,
    os::{self, Peer},
};
use permitted::Permitted;

/// How many connections at once. Each worker of the gateway has at most 64, and commands a few.
const MOST: usize = 1024;

/// How long accepting rests after an error, so that a full table of files is no busy loop.
const REST: Duration = Duration::from_millis(100);

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// A program of this user, over the socket.
    Command,
    /// Through the gateway, from whoever can reach its port.
    Gateway,
    /// From another user. Such a connection is closed.
    Stranger,
}

/// The socket.
pub(crate) struct Control {
    listener: os::Listener,
    seats: std::sync::Arc<Semaphore>,
    log: Log,
}

impl Control {
    pub(crate) fn new(listener: os::Listener, log: Log) -> Self {
        Self { listener, seats: std::sync::Arc::new(Semaphore::new(MOST)), log }
    }
}

/// Who a peer is to a hub of this user and process.
fn came(peer: Peer, uid: u32, pid: u32) -> Came {
    match peer {
        Peer { uid: theirs, .. } if theirs != uid => Came::Stranger,
        Peer { pid: Some(theirs), .. } if theirs != pid => Came::Command,
        // Where the kernel tells no process, the stricter is taken.
        _ => Came::Gateway,
    }
}

impl Listener for Control {
    type Io = Permitted;
    type Addr = Came;

    async fn accept(&mut self) -> (Permitted, Came) {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = std::sync::Arc::clone(&self.seats).acquire_owned().await else {
                std::future::pending().await
            };
            match self.listener.accept().await {
                Ok((stream, peer)) => match came(peer, os::own_uid(), std::process::id()) {
                    Came::Stranger => {
                        self.log.say(format_args!("the user with the number {} was refused", peer.uid));
                    }
                    came => return (Permitted::new(stream, permit), came),
                },
                Err(error) => {
                    self.log.say(format_args!("the hub's socket: {error}"));
                    sleep(REST).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Came> {
        Ok(Came::Command)
    }
}

impl Connected<IncomingStream<'_, Control>> for Came {
    fn connect_info(stream: IncomingStream<'_, Control>) -> Self {
        *stream.remote_addr()
    }
}

mod permitted {
    //! A connection and its seat.

    use std::{
        io,
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::{
        io::{AsyncRead, AsyncWrite, ReadBuf},
        sync::OwnedSemaphorePermit,
    };

    use crate::os::Stream;

    /// A connection that gives its seat back when it is closed.
    pub(crate) struct Permitted {
        stream: Stream,
        _seat: OwnedSemaphorePermit,
    }

    impl Permitted {
        pub(super) fn new(stream: Stream, seat: OwnedSemaphorePermit) -> Self {
            Self { stream, _seat: seat }
        }
    }

    impl AsyncRead for Permitted {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_read(cx, buffer)
        }
    }

    impl AsyncWrite for Permitted {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_is_told_by_the_kernel_alone() {
        for (uid, pid, expected) in [
            (7, Some(100), Came::Command),
            (7, Some(42), Came::Gateway),
            (7, None, Came::Gateway),
            (8, Some(100), Came::Stranger),
            (8, Some(42), Came::Stranger),
            (0, Some(100), Came::Stranger),
        ] {
            assert_eq!(came(Peer { uid, pid }, 7, 42), expected, "{uid} {pid:?}");
        }
    }
}
