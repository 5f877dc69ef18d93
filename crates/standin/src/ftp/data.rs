//! A data connection: from the client to the library, encrypted on the client's side where that was agreed on.

use std::{
    cell::Cell,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot::Sender,
    time::{Instant, sleep_until, timeout},
};

use crate::{Socket, Tls, limits};

/// How long a client may take to come to the port that it asked for.
const ARRIVAL: Duration = Duration::from_secs(15);

/// A port of ours at which a client is waited for, and the library behind it.
pub(super) struct Data {
    listener: TcpListener,
    library: Library,
}

/// The library's end. What was cut short ends with a reset, so that it is never taken for a whole file.
struct Library {
    stream: TcpStream,
    whole: bool,
}

impl Drop for Library {
    fn drop(&mut self) {
        if !self.whole {
            // Where it cannot be set, the connection ends without a reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl Data {
    /// Opens a port at the address that the client has reached. The library's own is met at once, so that nobody else
    /// can come to it.
    pub(super) async fn open(mut local: SocketAddr, library: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, library)).await?;
        let library = Library { stream, whole: false };
        match local.ip().to_canonical() {
            IpAddr::V4(ip) => local = SocketAddr::new(ip.into(), 0),
            // Where it is of one link, it stays so.
            IpAddr::V6(_) => local.set_port(0),
        }
        Ok(Self { listener: TcpListener::bind(local).await?, library })
    }

    /// The port.
    pub(super) fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Carries until both sides have ended, and tells when the client has all that the library sent. Who is not told has
    /// learned that it was cut short.
    pub(super) async fn carry(self, peer: IpAddr, tls: Option<Tls>, all_sent: Sender<()>) {
        let Self { listener, mut library } = self;
        // A client that does not come in time is not waited for.
        let Ok(Ok(client)) = timeout(ARRIVAL, arrived(&listener, peer)).await else { return };
        drop(listener);
        library.whole = through(client, &mut library.stream, tls.as_ref(), all_sent).await.is_ok();
    }
}

/// The client: whoever else comes to its port is let go.
async fn arrived(listener: &TcpListener, client: IpAddr) -> io::Result<Socket> {
    loop {
        let (stream, peer) = listener.accept().await?;
        if peer.ip().to_canonical() == client.to_canonical() {
            return Socket::new(stream, peer);
        }
    }
}

async fn through(
    client: Socket,
    library: &mut TcpStream,
    tls: Option<&Tls>,
    all_sent: Sender<()>,
) -> io::Result<()> {
    let client = match tls {
        Some(tls) => client.encrypt(tls).await?,
        None => client,
    };
    let (from_client, to_client) = tokio::io::split(client);
    let (from_library, to_library) = library.split();
    let moved = Cell::new(Instant::now());
    let up = carry(from_client, to_library, &moved);
    let down = async {
        carry(from_library, to_client, &moved).await?;
        // Where nobody waits for it, nobody is told.
        let _ = all_sent.send(());
        Ok::<_, io::Error>(Instant::now())
    };
    tokio::pin!(up, down);
    let (mut sent, mut taken) = (None, false);
    while sent.is_none() || !taken {
        // A client that was sent everything may linger, but not for long.
        let until = sent.map_or(moved.get() + limits::PAUSE, |ended| ended + limits::LINGER);
        tokio::select! {
            biased;
            ended = &mut down, if sent.is_none() => match ended {
                Ok(at) => sent = Some(at),
                // A client that has said all that it had may leave without a farewell.
                Err(_) if taken => return Ok(()),
                Err(error) => return Err(error),
            },
            ended = &mut up, if !taken => {
                // What a client says that was sent everything is of no interest, and neither is how it leaves.
                if sent.is_none() {
                    ended?;
                }
                taken = true;
            }
            () = sleep_until(until) => match sent {
                Some(_) => return Ok(()),
                None if moved.get() + limits::PAUSE <= Instant::now() => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                None => {}
            },
        }
    }
    Ok(())
}

/// One direction, to its end; `moved` is when bytes were moved last, in either.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    moved: &Cell<Instant>,
) -> io::Result<()> {
    let mut buffer = vec![0; limits::PIECE];
    loop {
        let read = from.read(&mut buffer).await?;
        moved.set(Instant::now());
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
        to.flush().await?;
        moved.set(Instant::now());
    }
}
