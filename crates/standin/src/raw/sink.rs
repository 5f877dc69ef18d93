//! What comes is counted and forgotten.

use std::{
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::{io::AsyncReadExt, net::UdpSocket};

use super::{Ended, Manner, Packets, ToldEnd, refuse, tell};
use crate::{
    Socket, Stop, Talk, Talking,
    http::{Answer, Answering, Asked, Site},
    limits,
};

/// What has come so far, all clients together; any thread may look.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    /// Connections, datagrams or requests.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.0.messages.load(Ordering::Relaxed)
    }

    /// Bytes that came: without heads, where there are any.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    fn message(&self) {
        self.0.messages.fetch_add(1, Ordering::Relaxed);
    }

    fn add(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A sink for connections.
#[derive(Default)]
pub struct Sink {
    /// What has come.
    pub tally: Tally,
    /// How often it fails: there is nothing that it could say slowly.
    pub manner: Manner,
    /// Who is told of each connection.
    pub told: Option<ToldEnd>,
}

impl Talk for Sink {
    fn talk(self: Rc<Self>, mut socket: Socket, mut stop: Stop) -> Talking {
        Box::pin(async move {
            if self.manner.fails() {
                return refuse(socket, self.told.as_ref());
            }
            let (began, mut received) = (Instant::now(), 0);
            let mut buffer = vec![0; limits::PIECE];
            self.tally.message();
            let error = loop {
                let read = tokio::select! {
                    biased;
                    () = stop.told() => break None,
                    read = socket.read(&mut buffer) => read,
                };
                match read {
                    Ok(0) => break None,
                    Ok(read) => {
                        received += read as u64;
                        self.tally.add(read);
                    }
                    Err(error) => break Some(error.to_string()),
                }
            };
            let ended =
                Ended { kind: "tcp", peer: socket.peer, received, sent: 0, took: began.elapsed(), error };
            tell(self.told.as_ref(), ended);
        })
    }
}

/// Takes datagrams, for [`crate::Stand::beside`].
pub fn sinking(packets: Packets, tally: Tally, told: Option<ToldEnd>) -> Talking {
    Box::pin(async move {
        // A socket that the runtime does not take hears nothing; all that were bound are taken.
        let Ok(sockets) = packets.registered() else { return };
        let mut all = tokio::task::JoinSet::new();
        for (_, socket) in sockets {
            all.spawn_local(take(socket, tally.clone(), told.clone()));
        }
        while all.join_next().await.is_some() {}
    })
}

async fn take(socket: UdpSocket, tally: Tally, told: Option<ToldEnd>) {
    let mut buffer = vec![0; limits::PIECE];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        tally.message();
        tally.add(length);
        tell(told.as_ref(), one(peer, length));
    }
}

fn one(peer: SocketAddr, length: usize) -> Ended {
    Ended {
        kind: "udp",
        peer,
        received: length as u64,
        sent: 0,
        took: std::time::Duration::ZERO,
        error: None,
    }
}

/// A sink for requests of HTTP: each is answered with 204.
#[derive(Default)]
pub struct Gone {
    /// What has come.
    pub tally: Tally,
}

impl Site for Gone {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            self.tally.message();
            loop {
                match asked.body.piece().await {
                    Ok(Some(piece)) => self.tally.add(piece.len()),
                    Ok(None) => return Answer::new(204),
                    Err(error) => return Answer::text(400, format!("{error}\n")),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::Shutdown};

    use super::*;
    use crate::{
        fixture::Standing,
        http::{Manners, Server},
    };

    #[test]
    fn bytes_are_counted_until_the_last() {
        let tally = Tally::default();
        let (tell, told) = std::sync::mpsc::channel();
        let counted = tally.clone();
        let standing = Standing::new(move || {
            let told: ToldEnd = Rc::new(move |ended| tell.send(ended.received).unwrap_or_default());
            Rc::new(Sink { tally: counted, told: Some(told), ..Sink::default() })
        });
        for length in [0, 1, 200_000] {
            let mut stream = standing.connect();
            stream.write_all(&vec![b'x'; length]).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            assert_eq!(told.recv().unwrap(), length as u64);
        }
        assert_eq!((tally.messages(), tally.bytes()), (3, 200_001));
    }

    #[test]
    fn requests_are_counted_with_their_bodies() {
        let tally = Tally::default();
        let site = tally.clone();
        let standing = Standing::new(move || {
            Rc::new(Server { site: Rc::new(Gone { tally: site }), manners: Manners::default(), told: None })
        });
        let answer = standing.ask(
            "POST /any HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
             GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        );
        assert_eq!(String::from_utf8_lossy(&answer).matches("HTTP/1.1 204 ").count(), 2);
        assert_eq!((tally.messages(), tally.bytes()), (2, 3));
    }
}
