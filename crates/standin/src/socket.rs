//! A connection, encrypted or not.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::limits;

/// How TLS is spoken: whose certificates, which versions.
#[derive(Debug, Clone)]
pub struct Tls(pub Arc<ServerConfig>);

/// A connection of a client.
#[derive(Debug)]
pub struct Socket {
    way: Way,
    /// Who has connected.
    pub peer: SocketAddr,
    /// To which of our addresses.
    pub local: SocketAddr,
}

#[derive(Debug)]
enum Way {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket {
    /// A connection that has just been accepted.
    ///
    /// # Errors
    /// When it has ended already.
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr) -> io::Result<Self> {
        let local = stream.local_addr()?;
        // A head and its body may be two writes; neither waits for an acknowledgement of the other.
        stream.set_nodelay(true)?;
        Ok(Self { way: Way::Plain(stream), peer, local })
    }

    /// Whether it is encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.way, Way::Tls(_))
    }

    /// Shakes hands as the server of TLS. One that is encrypted stays as it is.
    ///
    /// # Errors
    /// When the client does not, or not in [`limits::HANDSHAKE`].
    pub async fn encrypt(self, tls: &Tls) -> io::Result<Self> {
        let Way::Plain(stream) = self.way else { return Ok(self) };
        let handshake = TlsAcceptor::from(Arc::clone(&tls.0)).accept(stream);
        let stream = timeout(limits::HANDSHAKE, handshake).await.map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Self { way: Way::Tls(Box::new(stream)), ..self })
    }

    /// The stream below, where nothing encrypts it, so that the kernel may move bytes by itself.
    pub(crate) fn plain(&self) -> Option<&TcpStream> {
        match &self.way {
            Way::Plain(stream) => Some(stream),
            Way::Tls(_) => None,
        }
    }

    fn stream(&self) -> &TcpStream {
        match &self.way {
            Way::Plain(stream) => stream,
            Way::Tls(stream) => stream.get_ref().0,
        }
    }

    /// Closes with a reset, so that the client cannot take what it got for all there was.
    pub fn reset(self) {
        // Where it cannot be set, the connection ends without one.
        let _ = self.stream().set_zero_linger();
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Way::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Way::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Way::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.way {
            Way::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Way::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
