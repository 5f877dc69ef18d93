//! A server that knows what it will be asked: each expected text has its reply, in order, on each connection anew.

use std::{io, rc::Rc, time::Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{Ended, Manner, ToldEnd, refuse, tell};
use crate::{Socket, Stop, Talk, Talking, limits};

/// The most bytes on each side that are shown of what was not expected.
const SHOWN: usize = 16;

/// What is expected, and what is replied to it. Where nothing is expected the reply is said at once, as a greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// These bytes, and no others.
    pub expect: Vec<u8>,
    /// These bytes.
    pub reply: Vec<u8>,
}

/// A server of such pairs. After the last one it closes; a connection with other bytes is reset.
pub struct Stub {
    /// The pairs, in order.
    pub pairs: Vec<Pair>,
    /// How slow it is, and how often it fails.
    pub manner: Manner,
    /// Who is told of each connection.
    pub told: Option<ToldEnd>,
}

impl Talk for Stub {
    fn talk(self: Rc<Self>, mut socket: Socket, mut stop: Stop) -> Talking {
        Box::pin(async move {
            if self.manner.fails() {
                return refuse(socket, self.told.as_ref());
            }
            let (began, peer) = (Instant::now(), socket.peer);
            let (mut received, mut sent) = (0, 0);
            let outcome = tokio::select! {
                biased;
                () = stop.told() => Ok(()),
                outcome = self.play(&mut socket, &mut received, &mut sent) => outcome,
            };
            let error = outcome.err().map(|error| error.to_string());
            let ended = Ended { kind: "tcp", peer, received, sent, took: began.elapsed(), error };
            if ended.error.is_some() {
                socket.reset();
            }
            tell(self.told.as_ref(), ended);
        })
    }
}

impl Stub {
    async fn play(&self, socket: &mut Socket, received: &mut u64, sent: &mut u64) -> io::Result<()> {
        let mut heard = Vec::new();
        for (at, pair) in self.pairs.iter().enumerate() {
            loop {
                if let Some(differs) = difference(&pair.expect, &heard) {
                    return Err(io::Error::other(unexpected(at, pair, &heard, differs)));
                }
                if heard.len() >= pair.expect.len() {
                    break;
                }
                if socket.read_buf(&mut heard).await? == 0 {
                    let missing = pair.expect.len() - heard.len();
                    let text = format!("left {missing} bytes before the end of expectation {}", at + 1);
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
                }
            }
            *received += pair.expect.len() as u64;
            heard.drain(..pair.expect.len());
            self.manner.wait().await;
            timeout(limits::PAUSE, socket.write_all(&pair.reply)).await??;
            socket.flush().await?;
            *sent += pair.reply.len() as u64;
        }
        if !heard.is_empty() {
            return Err(io::Error::other(format!("sent {} bytes more than was expected", heard.len())));
        }
        socket.shutdown().await?;
        // The client's own end is waited for, so that what it still says does not become a reset of what it reads.
        let _ = timeout(limits::LINGER, socket.read_buf(&mut heard)).await;
        Ok(())
    }
}

/// Where what was heard differs from the beginning of what is expected.
fn difference(expect: &[u8], heard: &[u8]) -> Option<usize> {
    expect.iter().zip(heard).position(|(expected, heard)| expected != heard)
}

fn unexpected(at: usize, pair: &Pair, heard: &[u8], differs: usize) -> String {
    let shown = |bytes: &[u8]| bytes[differs..bytes.len().min(differs + SHOWN)].escape_ascii().to_string();
    let (expected, heard) = (shown(&pair.expect), shown(heard));
    format!("expectation {} differs at byte {differs}: expected `{expected}`, came `{heard}`", at + 1)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        sync::mpsc,
    };

    use super::*;
    use crate::fixture::Standing;

    fn standing(pairs: &[(&str, &str)]) -> (Standing, mpsc::Receiver<Option<String>>) {
        let pair = |(expect, reply): &(&str, &str)| Pair { expect: (*expect).into(), reply: (*reply).into() };
        let pairs: Vec<_> = pairs.iter().map(pair).collect();
        let (tell, told) = mpsc::channel();
        let standing = Standing::new(move || {
            let told: ToldEnd = Rc::new(move |ended| tell.send(ended.error).unwrap_or_default());
            Rc::new(Stub { pairs, manner: Manner::default(), told: Some(told) })
        });
        (standing, told)
    }

    #[test]
    fn pairs_are_played_in_order() {
        let (standing, told) =
            standing(&[("", "220 hello\r\n"), ("EHLO\r\n", "250 ok\r\n"), ("QUIT\r\n", "221 bye\r\n")]);
        for _ in 0..2 {
            let mut stream = standing.connect();
            let mut greeting = [0; 11];
            stream.read_exact(&mut greeting).unwrap();
            for piece in ["EH", "LO\r\nQU", "IT\r\n"] {
                stream.write_all(piece.as_bytes()).unwrap();
            }
            let rest = std::io::read_to_string(&mut stream).unwrap();
            assert_eq!((&greeting[..], rest.as_str()), (&b"220 hello\r\n"[..], "250 ok\r\n221 bye\r\n"));
            drop(stream);
            assert_eq!(told.recv().unwrap(), None);
        }
    }

    #[test]
    fn what_was_not_expected_is_told() {
        let (standing, told) = standing(&[("PING\r\n", "PONG\r\n")]);
        for (bytes, expected) in [
            ("PING\n", "expectation 1 differs at byte 4: expected `\\r\\n`, came `\\n`"),
            ("PI", "left 4 bytes before the end of expectation 1"),
            ("PING\r\nmore", "sent 4 bytes more than was expected"),
        ] {
            let mut stream = standing.connect();
            stream.write_all(bytes.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            assert_eq!(told.recv().unwrap().as_deref(), Some(expected), "{bytes}");
        }
    }
}
