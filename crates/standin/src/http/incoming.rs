//! The body of a request, read as far as the site wants it.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use navyd_h1::{Body, Part};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{Socket, limits};

/// What asks a client to go on and send its body (RFC 9110 §10.1.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A body that has not been read to its end.
pub struct Incoming<'a> {
    pub(super) socket: &'a mut Socket,
    pub(super) buffer: &'a mut BytesMut,
    pub(super) body: &'a mut Body,
    /// Whether the client waits to be told to send it.
    pub(super) waits: &'a mut bool,
    /// Whether the client has said how long it is.
    pub(super) known: bool,
}

/// Why a body was not read whole.
#[derive(Debug, thiserror::Error)]
pub enum TooLong {
    /// It is longer than allowed.
    #[error("the body is longer than {0} bytes")]
    Longer(usize),
    /// It did not come to its end.
    #[error(transparent)]
    Cut(#[from] io::Error),
}

impl TooLong {
    /// The status that says so.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Longer(_) => 413,
            Self::Cut(error) if error.kind() == io::ErrorKind::TimedOut => 408,
            Self::Cut(_) => 400,
        }
    }
}

impl Incoming<'_> {
    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.body.is_done()
    }

    /// How long the rest of it is; `None` where the client has not said so.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.known.then(|| self.body.unseen())
    }

    /// The next piece of payload; `None` at the end.
    ///
    /// # Errors
    /// When the client leaves, pauses for longer than [`limits::PAUSE`], or sends chunks that are none.
    pub async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if self.body.is_done() {
                return Ok(None);
            }
            let piece = self
                .body
                .piece(self.buffer)
                .map_err(|reject| io::Error::new(io::ErrorKind::InvalidData, reject))?;
            match piece {
                piece if piece.length == 0 => self.fill().await?,
                piece if piece.part == Part::Payload => {
                    return Ok(Some(self.buffer.split_to(piece.length).freeze()));
                }
                piece => self.buffer.advance(piece.length),
            }
        }
    }

    /// The rest of it.
    ///
    /// # Errors
    /// As [`Incoming::piece`], and when it is longer than `most` bytes.
    pub async fn whole(&mut self, most: usize) -> Result<Bytes, TooLong> {
        if self.length().is_some_and(|length| length > most as u64) {
            return Err(TooLong::Longer(most));
        }
        let Some(first) = self.piece().await? else { return Ok(Bytes::new()) };
        let mut whole = BytesMut::from(first);
        while let Some(piece) = self.piece().await? {
            if whole.len() + piece.len() > most {
                return Err(TooLong::Longer(most));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    async fn fill(&mut self) -> io::Result<()> {
        if std::mem::take(self.waits) {
            self.socket.write_all(CONTINUE).await?;
        }
        self.buffer.reserve(limits::PIECE);
        match timeout(limits::PAUSE, self.socket.read_buf(self.buffer)).await {
            Ok(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read.map(drop),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}
