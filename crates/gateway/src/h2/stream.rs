//! One stream of a client: a request, its response, and a task for both.

use std::{
    future::{Future as _, poll_fn},
    net::SocketAddr,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use h2::{Reason, RecvStream, server::SendResponse};
use http::{Method, Request, Response, StatusCode, header};
use navyd_h1::{self as h1, Framing, Parsed, Side, Verb, forward::Scheme};

use super::{
    receive::Receiving,
    request::{self, After},
    response,
    send::{Sending, Unsent},
    websocket::Key,
};
use crate::{
    http as h1_http,
    net::{Deadline, Guest, Inner, Socket, pair},
    sniff::Arrival,
    worker::{Door, Worker},
};

/// What all streams of a connection have in common.
pub(super) struct Shared {
    pub(super) worker: Rc<Worker>,
    pub(super) door: Door,
    /// Where the client is.
    pub(super) peer: SocketAddr,
    /// Our address as it knows it, where that is told.
    pub(super) ours: Option<SocketAddr>,
    /// Whether it uses TLS.
    pub(super) scheme: Scheme,
}

/// Serves a stream until its response is sent, or its client has left it.
pub(super) async fn serve(
    shared: Rc<Shared>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    guest: Guest,
) {
    let (parts, body) = request.into_parts();
    let lender = &shared.worker.lender;
    let (key, mut head) = (Key::new(), lender.head());
    let after = match request::write(&parts, body.is_end_stream(), &key, &mut head) {
        Ok(after) => after,
        Err(reason) => return respond.send_reset(reason),
    };
    let mut read = lender.buffers.take();
    if read.append(&head) < head.len() {
        // The library counts 32 bytes more for each field than its line has, so this is never reached; and then
        // nothing else is right either.
        return respond.send_reset(Reason::ENHANCE_YOUR_CALM);
    }
    lender.keep_head(head);
    let (near, far) = pair();
    let verb = match parts.method {
        Method::HEAD => Verb::Head,
        _ => Verb::Other,
    };
    let mut stream = Stream {
        far,
        upload: Some(Receiving::new(body, after, Vec::new())),
        answer: Answer::Head { respond, read: BytesMut::new(), looked: 0 },
        asked: h1::Asked { verb, upgrade: after == After::Tunnel },
        key,
        endless: false,
        idle: shared.worker.limits.body_idle,
        stuck: None,
        limits: h1::Limits {
            // What the upstream was allowed, and what was added to it.
            head_bytes: shared.worker.head_limits.head_bytes + 4096,
            headers: h1::limits::MOST_HEADERS,
            ..shared.worker.head_limits
        },
    };
    let arrival = Arrival {
        socket: Socket::inner(near, None),
        read: Some(read),
        peer: shared.peer,
        ours: shared.ours,
        scheme: shared.scheme,
        guest,
        deadline: Deadline::default(),
    };
    let served = h1_http::serve_stream(Rc::clone(&shared.worker), shared.door.clone(), arrival);
    let mut served = pin!(served);
    let mut serving = true;
    let sent = poll_fn(|cx| {
        if serving {
            serving = served.as_mut().poll(cx).is_pending();
        }
        stream.poll(cx)
    });
    // Left by its client, the exchange is dropped, and with it the connection to the upstream.
    if sent.await.is_ok() && serving {
        // Complete, it ends by itself: the connection to the upstream may be used again.
        drop(stream);
        served.await;
    }
}

/// What comes and goes on the stream, on this side of the pair.
struct Stream {
    far: Inner,
    /// The body of the request, until it is through.
    upload: Option<Receiving>,
    answer: Answer,
    asked: h1::Asked,
    key: Key,
    limits: h1::Limits,
    /// Whether the response may stand still for ever.
    endless: bool,
    /// How long any other may.
    idle: Duration,
    /// How much was sent of it when its reader gave no more credit, and until when that must change.
    stuck: Option<(u64, Deadline)>,
}

/// How far the response has come.
enum Answer {
    /// Its head is not there yet; so much of what was read is known to be incomplete.
    Head { respond: SendResponse<Bytes>, read: BytesMut, looked: usize },
    /// It has one.
    Body(Sending),
    /// It is out.
    Done,
}

impl Stream {
    /// Ready once the response is out, and of a tunnel both directions.
    ///
    /// # Errors
    /// When it never will be.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        loop {
            let opened = !self.asked.upgrade || !matches!(self.answer, Answer::Head { .. });
            if let Some(upload) = self.upload.as_mut().filter(|_| opened) {
                match upload.poll(cx, &mut self.far) {
                    Poll::Ready(Ok(())) => {
                        self.upload = None;
                        if self.asked.upgrade {
                            self.far.end();
                        }
                    }
                    Poll::Ready(Err(reason)) => {
                        self.reset(reason);
                        return Poll::Ready(Err(()));
                    }
                    Poll::Pending => {}
                }
            }
            match &mut self.answer {
                Answer::Head { .. } => ready!(self.poll_head(cx))?,
                Answer::Body(sending) => match sending.poll(cx, &mut self.far) {
                    Poll::Ready(Ok(())) => self.answer = Answer::Done,
                    Poll::Ready(Err(Unsent::Left)) => return Poll::Ready(Err(())),
                    Poll::Ready(Err(Unsent::Cut)) => {
                        sending.reset(Reason::INTERNAL_ERROR);
                        return Poll::Ready(Err(()));
                    }
                    Poll::Pending => {
                        ready!(self.poll_stuck(cx));
                        self.reset(Reason::CANCEL);
                        return Poll::Ready(Err(()));
                    }
                },
                Answer::Done if self.asked.upgrade && self.upload.is_some() => return Poll::Pending,
                Answer::Done => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Ready once the client has not read for too long what there is for it.
    fn poll_stuck(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Answer::Body(sending) = &self.answer else { return Poll::Pending };
        if self.endless || !sending.is_stuck() {
            self.stuck = None;
            return Poll::Pending;
        }
        let (sent, deadline) = self.stuck.get_or_insert_with(|| (u64::MAX, Deadline::default()));
        if std::mem::replace(sent, sending.sent()) != sending.sent() {
            deadline.set(self.idle);
        }
        deadline.poll(cx)
    }

    /// Reads heads, and sends them on; ready once the final one is sent.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        loop {
            let Answer::Head { respond, read, looked } = &mut self.answer else { return Poll::Ready(Ok(())) };
            if respond.poll_reset(cx).is_ready() {
                return Poll::Ready(Err(()));
            }
            let mut parsed = h1::Response::default();
            let found = match read.len() > *looked {
                true => parsed.parse(read, *looked, &self.limits, self.asked),
                false => Ok(Parsed::Incomplete),
            };
            match found {
                Ok(Parsed::Complete(end)) => {
                    self.send_head(&parsed, end)?;
                    continue;
                }
                Ok(Parsed::Incomplete) => *looked = read.len(),
                Err(_) => return Poll::Ready(refuse(respond)),
            }
            match ready!(self.far.poll_bytes(cx)) {
                Ok(bytes) if !bytes.is_empty() && read.is_empty() => *read = bytes.into(),
                Ok(bytes) if !bytes.is_empty() => read.extend_from_slice(&bytes),
                _ => return Poll::Ready(refuse(respond)),
            }
        }
    }

    /// Sends the head that ends at `end` of what was read.
    fn send_head(&mut self, parsed: &h1::Response, end: usize) -> Result<(), ()> {
        let Answer::Head { respond, read, looked } = &mut self.answer else { return Ok(()) };
        let Some(head) = response::read(read, parsed) else { return refuse(respond) };
        let bytes = read.split_to(end);
        *looked = 0;
        if parsed.is_interim() {
            return respond.send_informational(head).map_err(|_| ());
        }
        let framing = parsed.head().framing();
        if self.asked.upgrade && !is_right(&bytes, parsed, &self.key) {
            let mut bad = Response::new(());
            *bad.status_mut() = StatusCode::BAD_GATEWAY;
            // Nothing more is said either way, whether the client hears it or not.
            let _ = respond.send_response(bad, true);
            return Err(());
        }
        if self.asked.upgrade && framing != Framing::Tunnel {
            // It is an ordinary response, and what the client says does not belong to it.
            self.asked.upgrade = false;
            self.upload = None;
        }
        self.endless = framing == Framing::Tunnel || h1_http::is_endless(&bytes, parsed);
        let ended = matches!(framing, Framing::None | Framing::Length(0));
        let stream = respond.send_response(head, ended).map_err(|_| ())?;
        if ended {
            self.answer = Answer::Done;
            return Ok(());
        }
        let mut sending = Sending::new(stream, framing, Side::Response);
        if sending.take(std::mem::take(read).freeze()).is_err() {
            sending.reset(Reason::INTERNAL_ERROR);
            return Err(());
        }
        self.answer = Answer::Body(sending);
        Ok(())
    }

    fn reset(&mut self, reason: Reason) {
        match &mut self.answer {
            Answer::Head { respond, .. } => respond.send_reset(reason),
            Answer::Body(sending) => sending.reset(reason),
            Answer::Done => {}
        }
    }
}

/// Ends a stream that got no answer which could be sent.
fn refuse(respond: &mut SendResponse<Bytes>) -> Result<(), ()> {
    respond.send_reset(Reason::INTERNAL_ERROR);
    Err(())
}

/// Whether the answer to a client that asked for a tunnel is one. A 2xx says that there is a tunnel (RFC 8441 §5), so it
/// must be one, and the upstream have understood the key.
fn is_right(bytes: &[u8], response: &h1::Response, key: &Key) -> bool {
    let accept = response.head().value(bytes, header::SEC_WEBSOCKET_ACCEPT.as_str());
    match response.head().framing() {
        Framing::Tunnel => accept.is_some_and(|accept| key.is_answered_by(accept)),
        _ => !matches!(response.status(), 200..300),
    }
}
