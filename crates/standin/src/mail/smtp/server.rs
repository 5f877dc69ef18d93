//! The rim of SMTP: a socket on one side, the store on the other.

use std::{
    io,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

use super::{Letter, NotKept, Rules, Session, Step};
use crate::{
    Socket, Stop, Talk, Talking, Tls,
    mail::{limits, store::Store},
};

/// How much is read at once.
const READ: usize = 8 * 1024;

/// What stands behind one door for SMTP.
pub struct Server {
    /// How it behaves.
    pub rules: Rc<Rules>,
    /// What STARTTLS shakes hands with.
    pub tls: Option<Tls>,
    /// The name of its door, where it has one: what comes through it is in an inbox of that name.
    pub door: Option<Rc<str>>,
    /// Where messages are kept.
    pub store: Store,
    /// How long every reply waits.
    pub latency: Duration,
    /// Who is told of each message.
    pub taken: Option<Taker>,
}

/// A message that was taken, or was not.
#[derive(Debug)]
pub struct Taken<'a> {
    /// Who sent it.
    pub peer: SocketAddr,
    /// The sender of its envelope.
    pub sender: &'a str,
    /// The recipients of its envelope.
    pub recipients: &'a [String],
    /// How long it is, in bytes.
    pub bytes: usize,
    /// From its end to its being kept.
    pub took: Duration,
    /// What it is called, or why it was not kept.
    pub outcome: &'a Result<String, NotKept>,
}

/// Who is told of each message.
pub type Taker = Rc<dyn Fn(&Taken<'_>)>;

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
        let rules = Rc::clone(&self.rules);
        let mut session = Session::new(rules, self.door.clone(), challenge()?, socket.is_tls());
        let (mut input, mut out) = (BytesMut::new(), Vec::new());
        session.greet(&mut out);
        let mut told = std::pin::pin!(stop.told());
        let mut ending = false;
        let mut coming = None;
        loop {
            match session.advance(&mut input, &mut out) {
                Step::Read => {
                    coming = (!session.is_idle()).then(|| coming.unwrap_or_else(|| self.store.coming()));
                    self.send(&mut socket, &mut out).await?;
                    input.reserve(READ);
                    let read = timeout(limits::SMTP_SILENCE, socket.read_buf(&mut input));
                    let read = tokio::select! {
                        biased;
                        read = read => read,
                        () = &mut told, if !ending => {
                            // A message that has begun may end; nobody begins another one.
                            ending = true;
                            if session.is_idle() {
                                return goodbye(&mut socket, b"421 4.3.2 navyd ends\r\n").await;
                            }
                            continue;
                        }
                    };
                    match read {
                        Ok(Ok(0)) => return Ok(()),
                        Ok(read) => drop(read?),
                        Err(_) => return goodbye(&mut socket, b"421 4.4.2 silent for too long\r\n").await,
                    }
                }
                Step::Keep(letter) => {
                    coming = None;
                    let kept = self.keep(letter, socket.peer).await;
                    session.kept(&kept, &mut out);
                    if ending {
                        self.send(&mut socket, &mut out).await?;
                        return goodbye(&mut socket, b"421 4.3.2 navyd ends\r\n").await;
                    }
                }
                Step::Encrypt => {
                    self.send(&mut socket, &mut out).await?;
                    // What was sent in clear behind STARTTLS may be another's, and is not taken for the client's.
                    input.clear();
                    let Some(tls) = &self.tls else { return Ok(()) };
                    socket = socket.encrypt(tls).await?;
                    session.encrypted();
                }
                Step::Close => {
                    self.send(&mut socket, &mut out).await?;
                    return socket.shutdown().await;
                }
            }
        }
    }

    async fn keep(&self, letter: Letter, peer: SocketAddr) -> Result<String, NotKept> {
        let Some(taken) = &self.taken else { return self.store.keep(letter).await };
        let (sender, recipients) = (letter.sender.clone(), letter.recipients.clone());
        let (bytes, begun) = (letter.bytes.len(), Instant::now());
        let outcome = self.store.keep(letter).await;
        let (sender, recipients, took) = (&sender, &recipients, begun.elapsed());
        taken(&Taken { peer, sender, recipients, bytes, took, outcome: &outcome });
        outcome
    }

    async fn send(&self, socket: &mut Socket, out: &mut Vec<u8>) -> io::Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        let sent = async {
            socket.write_all(out).await?;
            socket.flush().await
        };
        timeout(crate::limits::PAUSE, sent).await.map_err(|_| io::ErrorKind::TimedOut)??;
        out.clear();
        Ok(())
    }
}

async fn goodbye(socket: &mut Socket, line: &[u8]) -> io::Result<()> {
    timeout(crate::limits::LINGER, socket.write_all(line)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    socket.shutdown().await
}

/// What CRAM-MD5 has a client sign: a message id that is used once (RFC 2195 §2).
fn challenge() -> io::Result<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system has no random numbers"))?;
    Ok(format!("<{:032x}@navyd>", u128::from_be_bytes(bytes)))
}
