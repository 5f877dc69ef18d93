//! The rim of a session: the client on one side, the library on the other, each line in its turn.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot::{Receiver, channel},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    data::Data,
    session::{Heard, Session, Step, is_about_files, is_last, is_sent, is_transfer, plain},
};
use crate::{Socket, Stop, Tls, http::chance, limits, os};

/// The longest line of a client or of the library, in bytes: a path may have 4096 (PATH_MAX), and its command is short.
const LINE: usize = 8 * 1024;

/// How much is read at once.
const READ: usize = 2 * 1024;

/// What is said where a command was made to fail.
const FAILED: &[u8] = b"451 navyd was told to fail some requests (--error-rate)\r\n";

/// One client's session.
pub(super) struct Talk {
    /// Who talks, and to which of our addresses.
    peer: IpAddr,
    local: SocketAddr,
    library: TcpStream,
    session: Session,
    tls: Option<Tls>,
    latency: Duration,
    error_rate: f64,
    said: BytesMut,
    heard: BytesMut,
    out: Vec<u8>,
    /// Whether the library owes a reply: the next command waits for it, so that replies keep their order.
    owed: bool,
    /// How many replies of the library are answers to ourselves, and what the client is told once they have come.
    ours: usize,
    then: Option<&'static str>,
    /// Data connections: one, and those that were cut short and have not ended yet.
    data: JoinSet<()>,
    /// Tells when the client has all that the library sends through the port that is open, and for the command that is
    /// under way.
    all_sent: Option<Receiver<()>>,
    moving: Option<Receiver<()>>,
    /// Whether a port for data is open, and no command has used it.
    unused: bool,
}

/// What a turn came to.
enum Turn {
    /// Nothing more can be done without bytes.
    Read,
    /// There may be more to do.
    Again,
    /// The library has moved all, and says so: what was said before goes out, and this when the client has it.
    Moved(Vec<u8>),
    /// Hands are to be shaken.
    Encrypt,
    /// The session has ended.
    End,
}

impl Talk {
    pub(super) fn new(
        client: &Socket,
        library: TcpStream,
        tls: Option<Tls>,
        latency: Duration,
        error_rate: f64,
    ) -> Self {
        let session = Session::new(tls.is_some(), client.is_tls(), client.local.ip());
        Self {
            peer: client.peer.ip(),
            local: client.local,
            library,
            session,
            tls,
            latency,
            error_rate,
            said: BytesMut::new(),
            heard: BytesMut::new(),
            out: Vec::new(),
            // The greeting.
            owed: true,
            ours: 0,
            then: None,
            data: JoinSet::new(),
            all_sent: None,
            moving: None,
            unused: false,
        }
    }

    /// Talks until one of both leaves; told to stop, until nothing is under way.
    pub(super) async fn converse(mut self, mut client: Socket, mut stop: Stop) -> io::Result<()> {
        let mut told = std::pin::pin!(stop.told());
        let mut ending = false;
        loop {
            let turn = self.turn().await?;
            if let Turn::Again = turn {
                continue;
            }
            self.send(&mut client).await?;
            match (turn, &self.tls) {
                (Turn::Moved(reply), _) => {
                    let whole = match self.moving.take() {
                        Some(all_sent) => all_sent.await.is_ok(),
                        None => true,
                    };
                    self.tell(if whole { &reply } else { b"426 the data connection was cut short" });
                    continue;
                }
                (Turn::Encrypt, Some(tls)) => {
                    // What was sent in clear behind AUTH may be another's, and is not taken for the client's.
                    self.said.clear();
                    client = client.encrypt(tls).await?;
                    self.session.encrypted();
                    continue;
                }
                (Turn::End, _) => break,
                _ => {}
            }
            if ending && !self.owed && self.session.is_idle() {
                self.out.extend_from_slice(b"421 navyd ends\r\n");
                break;
            }
            tokio::select! {
                biased;
                read = self.library.read_buf(&mut self.heard) => if read? == 0 { break },
                read = client.read_buf(&mut self.said), if !self.owed => {
                    if read? == 0 {
                        break;
                    }
                    self.read_on(&client);
                }
                Some(_) = self.data.join_next() => {}
                () = &mut told, if !ending => ending = true,
            }
        }
        self.cut().await?;
        self.send(&mut client).await?;
        // A client that is gone is told nothing.
        let _ = timeout(limits::LINGER, client.shutdown()).await;
        // A file that is under way when its client says goodbye is finished (RFC 959 §4.1.1, QUIT).
        while self.data.join_next().await.is_some() {}
        Ok(())
    }

    /// Reads what an urgent byte has kept back.
    fn read_on(&mut self, client: &Socket) {
        let mut behind = [0; READ];
        let read = client.plain().map_or(0, |stream| os::read_behind_urgent(stream, &mut behind));
        self.said.extend_from_slice(&behind[..read]);
    }

    /// Takes one line: of the library before the client's.
    async fn turn(&mut self) -> io::Result<Turn> {
        self.said.reserve(READ);
        self.heard.reserve(READ);
        if let Some(line) = line(&mut self.heard) {
            return Ok(self.hear(&line).await);
        }
        if self.heard.len() > LINE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if self.owed {
            return Ok(Turn::Read);
        }
        match line(&mut self.said) {
            Some(line) if line.len() <= LINE => self.take(plain(&line)).await,
            None if self.said.len() <= LINE => Ok(Turn::Read),
            _ => {
                self.say("500 that line is too long");
                Ok(Turn::End)
            }
        }
    }

    /// Does what a line of the client asks for.
    async fn take(&mut self, line: &[u8]) -> io::Result<Turn> {
        if self.error_rate > 0.0 && is_about_files(line) && chance() < self.error_rate {
            self.out.extend_from_slice(FAILED);
            if is_transfer(line) {
                self.cut().await?;
            }
            return Ok(Turn::Again);
        }
        match self.session.said(line) {
            Step::Pass => {
                if is_transfer(line) {
                    self.unused = false;
                    // What the library has taken it has read to its end: its own word is enough.
                    self.moving = self.all_sent.take().filter(|_| is_sent(line));
                }
                self.ask(line).await?;
            }
            Step::Ask(line) => self.ask(line.as_bytes()).await?,
            Step::Say(reply) => self.say(reply),
            Step::Open => {
                self.cut().await?;
                self.ask(b"EPSV").await?;
            }
            Step::Abort => {
                // RFC 959 §5.4: the transfer is answered with 426, and ABOR with 226. The library hears neither while it
                // moves bytes: it loses its connection first, and its two replies come in any order.
                self.say("426 the transfer was aborted");
                (self.moving, self.then) = (None, Some("226 it has ended"));
                self.ours += 2;
                self.data.abort_all();
                self.ask(b"ABOR").await?;
            }
            Step::Encrypt(reply) => {
                self.say(reply);
                return Ok(Turn::Encrypt);
            }
        }
        Ok(Turn::Again)
    }

    /// Tells the client what the library said.
    async fn hear(&mut self, line: &[u8]) -> Turn {
        if is_last(line) {
            if self.ours > 0 {
                self.ours -= 1;
                if self.ours == 0
                    && let Some(reply) = self.then.take()
                {
                    self.owed = false;
                    self.say(reply);
                }
                return Turn::Again;
            }
            self.owed = false;
        }
        match self.session.heard(line) {
            Heard::Pass => self.tell(line),
            Heard::Moved => return Turn::Moved(line.to_vec()),
            Heard::Instead(line) => self.out.extend_from_slice(line.as_bytes()),
            Heard::Opened(port) => match self.open(port).await {
                Ok(reply) => self.out.extend_from_slice(reply.as_bytes()),
                Err(_) => self.say("425 no port can be opened for data"),
            },
        }
        Turn::Again
    }

    async fn open(&mut self, library: u16) -> io::Result<String> {
        let data = Data::open(self.local, library).await?;
        let reply = self.session.opened(data.port()?);
        let tls = self.tls.clone().filter(|_| self.session.is_private());
        let (tell, told) = channel();
        self.data.spawn_local(data.carry(self.peer, tls, tell));
        self.all_sent = Some(told);
        self.unused = true;
        Ok(reply)
    }

    /// Closes a port for data that no command has used.
    async fn cut(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.unused) {
            self.data.abort_all();
            self.ours += 1;
            self.library.write_all(b"ABOR\r\n").await?;
        }
        Ok(())
    }

    async fn ask(&mut self, line: &[u8]) -> io::Result<()> {
        self.owed = true;
        self.library.write_all(&[line, b"\r\n"].concat()).await
    }

    fn say(&mut self, line: &str) {
        self.tell(line.as_bytes());
    }

    fn tell(&mut self, line: &[u8]) {
        self.out.extend_from_slice(line);
        self.out.extend_from_slice(b"\r\n");
    }

    async fn send(&mut self, client: &mut Socket) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        let sent = async {
            client.write_all(&self.out).await?;
            client.flush().await
        };
        timeout(limits::PAUSE, sent).await.map_err(|_| io::ErrorKind::TimedOut)??;
        self.out.clear();
        Ok(())
    }
}

/// Takes a whole line, without its end.
fn line(bytes: &mut BytesMut) -> Option<Bytes> {
    let end = memchr::memchr(b'\n', bytes)?;
    let mut line = bytes.split_to(end + 1);
    line.truncate(end);
    if line.ends_with(b"\r") {
        line.truncate(end - 1);
    }
    Some(line.freeze())
}

/// Two ends of a connection on the loopback device: the library takes nothing else.
pub(super) async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let ours = TcpStream::connect(listener.local_addr()?).await?;
    ours.set_nodelay(true)?;
    loop {
        // Whoever else comes here in between is let go.
        let (theirs, peer) = listener.accept().await?;
        if peer == ours.local_addr()? {
            theirs.set_nodelay(true)?;
            return Ok((ours, theirs));
        }
    }
}
