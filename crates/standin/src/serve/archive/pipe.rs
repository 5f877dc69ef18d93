//! From a thread that writes to the connection that is sent to: a few pieces wait between the two, then the thread does.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    task::spawn_blocking,
};

use crate::{
    http::{Source, Sourced},
    limits,
};

/// How many pieces of [`limits::PIECE`] may wait.
const WAITING: usize = 4;

/// What makes it, with somewhere to write to.
type Work = Box<dyn FnOnce(&mut Pipe) -> io::Result<()> + Send>;

/// A body that a thread makes, which begins when the first piece is asked for. Where the client leaves, its next piece
/// finds nobody, and it ends.
pub(super) struct Made {
    work: Option<Work>,
    pieces: Option<Receiver<io::Result<Bytes>>>,
}

/// Where the thread writes.
pub(super) struct Pipe {
    piece: BytesMut,
    pieces: Sender<io::Result<Bytes>>,
}

impl Made {
    pub(super) fn new(work: impl FnOnce(&mut Pipe) -> io::Result<()> + Send + 'static) -> Self {
        Self { work: Some(Box::new(work)), pieces: None }
    }
}

impl Source for Made {
    fn next(&mut self) -> Sourced<'_> {
        Box::pin(async move {
            if let Some(work) = self.work.take() {
                let (sender, receiver) = channel(WAITING);
                self.pieces = Some(receiver);
                spawn_blocking(move || run(work, sender));
            }
            let Some(pieces) = &mut self.pieces else { return Ok(None) };
            match pieces.recv().await {
                // The end is said by an empty piece: a thread that ended in any other way has not come to it.
                Some(Ok(piece)) if piece.is_empty() => {
                    self.pieces = None;
                    Ok(None)
                }
                Some(piece) => piece.map(Some),
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        })
    }
}

fn run(work: Work, pieces: Sender<io::Result<Bytes>>) {
    let mut pipe = Pipe { piece: BytesMut::new(), pieces };
    let made = work(&mut pipe).and_then(|()| pipe.flush());
    // Who no longer listens needs not be told.
    let _ = pipe.pieces.blocking_send(made.map(|()| Bytes::new()));
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(limits::PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == limits::PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = self.piece.split().freeze();
        self.pieces.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn taken(mut made: Made) -> (usize, io::Result<()>) {
        let mut length = 0;
        loop {
            match made.next().await {
                Ok(Some(piece)) => length += piece.len(),
                Ok(None) => return (length, Ok(())),
                Err(error) => return (length, Err(error)),
            }
        }
    }

    #[tokio::test]
    async fn only_what_came_to_its_end_is_whole() {
        let large = vec![1; 1_000_000];
        let all = large.clone();
        let (length, end) = taken(Made::new(move |out| out.write_all(&all))).await;
        assert!(length == 1_000_000 && end.is_ok());
        let (_, end) = taken(Made::new(|_| Err(io::ErrorKind::NotFound.into()))).await;
        assert_eq!(end.unwrap_err().kind(), io::ErrorKind::NotFound);
        let (length, end) = taken(Made::new(|_| Ok(()))).await;
        assert!(length == 0 && end.is_ok());
        let mut made = Made::new(move |out| out.write_all(&large));
        let (sender, ended) = tokio::sync::oneshot::channel();
        let work = made.work.take().unwrap();
        made.work = Some(Box::new(move |out| {
            let wrote = work(out);
            let _ = sender.send(wrote.is_err());
            Ok(())
        }));
        assert!(made.next().await.is_ok());
        drop(made);
        assert!(ended.await.unwrap(), "it went on without anybody who reads");
    }
}
