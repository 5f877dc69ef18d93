//! The rim of POP3: a socket on one side, the store on the other.

use std::{io, rc::Rc};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{Held, Session, Step};
use crate::{
    Socket, Stop, Talk, Talking, Tls,
    mail::{
        limits,
        smtp::Login,
        store::{Selection, Store},
    },
};

/// What stands behind a door for POP3.
pub struct Server {
    /// Who may log in; anyone where it is `None`.
    pub login: Option<Login>,
    /// What STLS shakes hands with.
    pub tls: Option<Tls>,
    /// Where messages are.
    pub store: Store,
}

impl Talk for Server {
    fn talk(self: Rc<Self>, socket: Socket, stop: Stop) -> Talking {
        Box::pin(async move {
            // A client that has left is told nothing.
            let _ = self.converse(socket, stop).await;
        })
    }
}

impl Server {
    async fn converse(&self, mut socket: Socket, mut stop: Stop) -> io::Result<()> {
        let mut session = Session::new(self.login.clone(), self.tls.is_some(), socket.is_tls());
        let (mut input, mut out) = (BytesMut::new(), Vec::new());
        session.greet(&mut out);
        let mut told = std::pin::pin!(stop.told());
        loop {
            match session.advance(&mut input, &mut out) {
                Step::Read => {
                    send(&mut socket, &mut out).await?;
                    input.reserve(limits::POP3_LINE);
                    let read = tokio::select! {
                        biased;
                        read = timeout(limits::POP3_SILENCE, socket.read_buf(&mut input)) => read,
                        () = &mut told => return socket.shutdown().await,
                    };
                    // Who is silent for too long is left, and what was marked stays (RFC 1939 §3).
                    if !matches!(read, Ok(Ok(1..))) {
                        return Ok(());
                    }
                }
                Step::Open(user) => session.opened(self.open(user).await, &mut out),
                Step::Fetch(key) => {
                    let found = self.store.ask(move |shelf| shelf.find(&key)).await.ok().flatten();
                    session.fetched(found.as_ref().map(|(_, bytes)| bytes), &mut out);
                    send(&mut socket, &mut out).await?;
                }
                Step::Remove(keys) => {
                    let which = Selection::Keys(keys);
                    let removed = self.store.ask(move |shelf| shelf.delete(&which)).await;
                    session.removed(removed.is_ok(), &mut out);
                    send(&mut socket, &mut out).await?;
                    return socket.shutdown().await;
                }
                Step::Encrypt => {
                    send(&mut socket, &mut out).await?;
                    input.clear();
                    let Some(tls) = &self.tls else { return Ok(()) };
                    socket = socket.encrypt(tls).await?;
                    session.encrypted();
                }
                Step::Close => {
                    send(&mut socket, &mut out).await?;
                    return socket.shutdown().await;
                }
            }
        }
    }

    /// The mailbox of a user, the oldest message first.
    async fn open(&self, user: String) -> Option<Vec<Held>> {
        let all = user.eq_ignore_ascii_case("all");
        let found = self.store.ask(move |shelf| {
            let mut held = Vec::new();
            shelf.each(i64::MAX, |facts| {
                if all || facts.is_in(&user) || facts.is_for(&user) {
                    held.push(Held { key: facts.key, size: facts.size });
                }
            })?;
            held.reverse();
            Ok(held)
        });
        found.await.ok()
    }
}

async fn send(socket: &mut Socket, out: &mut Vec<u8>) -> io::Result<()> {
    for piece in out.chunks(crate::limits::PIECE) {
        let sent = timeout(crate::limits::PAUSE, socket.write_all(piece)).await;
        sent.map_err(|_| io::ErrorKind::TimedOut)??;
    }
    timeout(crate::limits::PAUSE, socket.flush()).await.map_err(|_| io::ErrorKind::TimedOut)??;
    out.clear();
    Ok(())
}
