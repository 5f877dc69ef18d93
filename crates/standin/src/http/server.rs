//! One client, from its first request to its last.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use navyd_h1::{self as h1, Framing, Limits, Parsed, Reject, Request, Side, Verb};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

use super::{
    Answer, Asked, Body, Head, Incoming, Manners, Site, Upgraded,
    send::{self, Way},
};
use crate::{Socket, Stop, Talk, Talking, limits};

/// How much is read at once while a head is looked for.
const READ: usize = 4 * 1024;

/// A site, and how it is asked.
pub struct Server {
    /// What answers.
    pub site: Rc<dyn Site>,
    /// Who may ask.
    pub manners: Manners,
    /// Who is told what passed.
    pub told: Option<Told>,
}

/// Who is told what passed.
pub type Told = Rc<dyn Fn(&Passed<'_>)>;

/// An exchange that has passed.
#[derive(Debug)]
pub struct Passed<'a> {
    /// What was asked.
    pub head: &'a Head,
    /// The status of the answer; 0 where the connection was reset instead.
    pub status: u16,
    /// The bytes of the answer's body that were sent.
    pub bytes: u64,
    /// From the end of the head to the end of the answer.
    pub took: Duration,
    /// Why the answer did not come to its end, if so.
    pub error: Option<&'a io::Error>,
}

/// What a connection keeps between two requests.
struct Kept {
    socket: Socket,
    buffer: BytesMut,
    out: Vec<u8>,
}

/// Why there is no next head.
enum Silent {
    /// The client has left, or is let go; nothing is to be said.
    Left,
    /// What it sent is no request.
    Refused(Reject),
}

/// What comes behind a request.
enum Next {
    Again(Request),
    Close,
    Reset,
    Leave(Answer, Box<dyn FnOnce(Upgraded) -> Talking>),
}

impl Talk for Server {
    fn talk(self: Rc<Self>, socket: Socket, stop: Stop) -> Talking {
        Box::pin(async move {
            let kept = Kept { socket, buffer: BytesMut::new(), out: Vec::new() };
            self.converse(kept, stop).await;
        })
    }
}

impl Server {
    async fn converse(&self, mut kept: Kept, stop: Stop) {
        let mut request = Request::default();
        let mut leaving = stop.clone();
        let mut told = std::pin::pin!(leaving.told());
        loop {
            let end = match kept.head(&mut request, told.as_mut()).await {
                Ok(end) => end,
                Err(Silent::Left) => return kept.close().await,
                Err(Silent::Refused(reject)) => return kept.refuse(reject).await,
            };
            let head = Head {
                bytes: kept.buffer.split_to(end).freeze(),
                peer: kept.socket.peer,
                local: kept.socket.local,
                secure: kept.socket.is_tls(),
                request,
            };
            match self.exchange(&mut kept, head, &stop).await {
                Next::Again(again) => request = again,
                Next::Close => return kept.close().await,
                Next::Reset => return kept.socket.reset(),
                Next::Leave(answer, behind) => {
                    if send::switch(&mut kept.socket, &answer, &mut kept.out).await.is_ok() {
                        behind(Upgraded { socket: kept.socket, read: kept.buffer, stop }).await;
                    }
                    return;
                }
            }
        }
    }

    /// One request and its answer.
    async fn exchange(&self, kept: &mut Kept, head: Head, stop: &Stop) -> Next {
        let started = Instant::now();
        let framing = head.request.head().framing();
        let mut body = h1::Body::new(framing, Side::Request);
        let mut waits = head.request.waits(&head.bytes);
        let known = !matches!(framing, Framing::Chunked);
        if !self.manners.latency.is_zero() {
            sleep(self.manners.latency).await;
        }
        let answer = match self.manners.refuse(&head) {
            Some(answer) => answer,
            None => {
                let mut incoming = Incoming {
                    socket: &mut kept.socket,
                    buffer: &mut kept.buffer,
                    body: &mut body,
                    waits: &mut waits,
                    known,
                };
                self.site.answer(Asked { head: &head, body: &mut incoming, stop }).await
            }
        };
        match answer {
            Answer { body: Body::Reset, .. } => {
                self.tell(&head, 0, 0, started, None);
                return Next::Reset;
            }
            Answer { body: Body::Upgrade(behind), status, fields } => {
                self.tell(&head, status, 0, started, None);
                return Next::Leave(Answer { status, fields, body: Body::Empty }, behind);
            }
            _ => {}
        }
        let status = answer.status;
        // A client that was never told to send its body may send it or the next request: nobody can tell which.
        let readable = body.is_done() || (!waits && left(&body, known) <= limits::UNREAD);
        let way = Way {
            version: head.version(),
            keep: head.request.persists() && !stop.is_told() && readable,
            head: head.request.verb() == Verb::Head,
            shouts: self.site.shouts(),
        };
        let sent = send::send(&mut kept.socket, answer, &self.manners.fields, way, &mut kept.out).await;
        match sent {
            Ok(sent) => {
                self.tell(&head, status, sent.bytes, started, None);
                if sent.keep && kept.pass_over(&mut body, known).await {
                    Next::Again(head.request)
                } else {
                    Next::Close
                }
            }
            Err(error) => {
                self.tell(&head, status, 0, started, Some(&error));
                Next::Reset
            }
        }
    }

    fn tell(&self, head: &Head, status: u16, bytes: u64, started: Instant, error: Option<&io::Error>) {
        if let Some(told) = &self.told {
            told(&Passed { head, status, bytes, took: started.elapsed(), error });
        }
    }
}

/// How much of a body is still to come, at least.
fn left(body: &h1::Body, known: bool) -> u64 {
    if known { body.unseen() } else { 0 }
}

impl Kept {
    /// Reads until a head is complete; how many bytes it has. `told` ends when no head is to be waited for, and then
    /// nothing is asked any more.
    async fn head(
        &mut self,
        request: &mut Request,
        mut told: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<usize, Silent> {
        let limits = Limits::default();
        let mut already = 0;
        let mut begun = None;
        loop {
            if !self.buffer.is_empty() {
                match request.parse(&self.buffer, already, &limits) {
                    Ok(Parsed::Complete(end)) => return Ok(end),
                    Ok(Parsed::Incomplete) => already = self.buffer.len(),
                    Err(reject) => return Err(Silent::Refused(reject)),
                }
                begun = begun.or_else(|| Some(Instant::now()));
            }
            let time =
                begun.map_or(limits::IDLE, |begun: Instant| limits::HEAD.saturating_sub(begun.elapsed()));
            self.buffer.reserve(READ);
            let read = timeout(time, self.socket.read_buf(&mut self.buffer));
            let read = tokio::select! {
                biased;
                read = read => read,
                // Between two requests a client can be let go at any time.
                () = &mut told, if begun.is_none() => return Err(Silent::Left),
            };
            match read {
                Ok(Ok(0) | Err(_)) => return Err(Silent::Left),
                Ok(Ok(_)) => {}
                Err(_) if begun.is_none() => return Err(Silent::Left),
                Err(_) => {
                    return Err(Silent::Refused(Reject { status: 408, reason: "the head did not come" }));
                }
            }
        }
    }

    /// Reads what is left of a body, so that the next request can be found; whether it could be.
    async fn pass_over(&mut self, body: &mut h1::Body, known: bool) -> bool {
        let mut most = limits::UNREAD;
        let mut waits = false;
        let mut rest =
            Incoming { socket: &mut self.socket, buffer: &mut self.buffer, body, waits: &mut waits, known };
        loop {
            match rest.piece().await {
                Ok(None) => return true,
                Ok(Some(piece)) => match most.checked_sub(piece.len() as u64) {
                    Some(less) => most = less,
                    None => return false,
                },
                Err(_) => return false,
            }
        }
    }

    async fn refuse(mut self, reject: Reject) {
        let answer = Answer::text(reject.status, format!("{reject}\n"));
        let way = Way { version: h1::Version::Http11, keep: false, head: false, shouts: false };
        // Whether the client still listens changes nothing any more.
        let _ = send::send(&mut self.socket, answer, &[], way, &mut self.out).await;
        self.close().await;
    }

    /// Ends what we say, and reads for a moment what the client still says: closing with bytes unread would be a
    /// reset, and could take the answer away from the client (RFC 9112 §9.6).
    async fn close(mut self) {
        let lingering = async {
            self.socket.shutdown().await?;
            for _ in 0..limits::UNREAD as usize / READ {
                self.buffer.clear();
                self.buffer.reserve(READ);
                if self.socket.read_buf(&mut self.buffer).await? == 0 {
                    break;
                }
            }
            io::Result::Ok(())
        };
        let _ = timeout(limits::LINGER, lingering).await;
    }
}
