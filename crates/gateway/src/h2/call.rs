//! One request to an upstream that speaks HTTP/2, as it stands in HTTP/1 on one end of a pair.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use h2::{
    Reason,
    client::{ResponseFuture, SendRequest},
};
use http::header;
use navyd_h1::{self as h1, Framing, Parsed, Side, Verb};

use super::{
    client::Active,
    receive::Receiving,
    request::{self, After},
    response,
    send::{Sending, Unsent},
};
use crate::{
    limits::Limits,
    net::{Inner, Sign},
};

/// Carries the request that comes from `near`, and its response. Where that fails before there is one, `near` just
/// ends: the exchange behind it knows what to say.
pub(super) async fn carry(
    connection: SendRequest<Bytes>,
    mut near: Inner,
    _active: Active,
    limits: Rc<Limits>,
) {
    let Some(Asked { head, framing, verb, rest, key }) = read_head(&mut near, &limits).await else { return };
    // The upstream says how many requests it takes at once; the rest waits here.
    let Ok(mut connection) = connection.ready().await else { return };
    // What a client says in a tunnel comes once it is open, and as it is.
    let framing = if key.is_some() { Framing::Tunnel } else { framing };
    let ended = matches!(framing, Framing::None | Framing::Length(0));
    let Ok((answer, stream)) = connection.send_request(head, ended) else { return };
    drop(connection);
    let mut upload = (!ended).then(|| Sending::new(stream, framing, Side::Request));
    if let Some(upload) = &mut upload
        && upload.take(rest).is_err()
    {
        return;
    }
    let mut call = Call { upload, answer: Answer::Head(answer, Vec::new()), verb, key };
    if poll_fn(|cx| call.poll(cx, &mut near)).await.is_err() {
        near.cut();
    }
}

/// What is asked of the upstream.
struct Asked {
    head: http::Request<()>,
    framing: Framing,
    verb: Verb,
    /// What was read behind the head.
    rest: Bytes,
    /// The Sec-WebSocket-Key of a client that wants a tunnel.
    key: Option<Vec<u8>>,
}

/// Reads the head of the request, which was written by `h1` and is well formed; and what was read behind it.
async fn read_head(near: &mut Inner, limits: &Limits) -> Option<Asked> {
    let limits = h1::Limits {
        // What the client was allowed, and what was added to it.
        head_bytes: limits.head_bytes + 4096,
        headers: h1::limits::MOST_HEADERS,
        target_bytes: limits.head_bytes,
        ..h1::Limits::default()
    };
    let (mut read, mut looked, mut parsed) = (BytesMut::new(), 0, h1::Request::default());
    loop {
        let bytes = poll_fn(|cx| near.poll_bytes(cx)).await.ok().filter(|bytes| !bytes.is_empty())?;
        read.extend_from_slice(&bytes);
        match parsed.parse(&read, looked, &limits).ok()? {
            Parsed::Complete(end) => {
                let head = request::read(&read, &parsed)?;
                let key = parsed.head().value(&read, header::SEC_WEBSOCKET_KEY.as_str());
                let key = parsed.upgrade().then(|| key.unwrap_or_default().to_vec());
                let rest = read.split_off(end).freeze();
                return Some(Asked {
                    head,
                    framing: parsed.head().framing(),
                    verb: parsed.verb(),
                    rest,
                    key,
                });
            }
            Parsed::Incomplete => looked = read.len(),
        }
    }
}

/// What comes and goes, on this side of the pair.
struct Call {
    /// The body of the request, until it is through.
    upload: Option<Sending>,
    answer: Answer,
    verb: Verb,
    /// The key of a client that wants a tunnel; gone once the upstream has refused it.
    key: Option<Vec<u8>>,
}

/// How far the response has come.
enum Answer {
    /// Interim ones at most; their heads are still to be written.
    Head(ResponseFuture, Vec<u8>),
    /// It has a head, and perhaps a body.
    Body(Receiving),
    /// It is out.
    Done,
}

impl Call {
    /// Ready once the response is written, and of a tunnel both directions have ended.
    ///
    /// # Errors
    /// When it is cut short.
    fn poll(&mut self, cx: &mut Context<'_>, near: &mut Inner) -> Poll<Result<(), Reason>> {
        if let Some(upload) = &mut self.upload {
            match upload.poll(cx, near) {
                // Where the upstream reads no more of it, it may have said why before.
                Poll::Ready(Ok(()) | Err(Unsent::Left)) => self.upload = None,
                Poll::Ready(Err(Unsent::Cut)) => return Poll::Ready(Err(Reason::CANCEL)),
                Poll::Pending => {}
            }
        }
        // The end of what a client says in a tunnel is no sign that it listens no more.
        let left = self.upload.is_none()
            && self.key.is_none()
            && matches!(near.poll_sign(cx), Poll::Ready(Sign::Gone | Sign::End));
        // Also while the upstream takes nothing of what there is to read.
        if left || near.poll_gone(cx).is_ready() {
            return Poll::Ready(Err(Reason::CANCEL));
        }
        loop {
            match &mut self.answer {
                Answer::Head(answer, interim) => {
                    while !interim.is_empty() {
                        let Ok(count) = ready!(near.poll_write(cx, interim)) else {
                            return Poll::Ready(Ok(()));
                        };
                        interim.drain(..count);
                    }
                    if let Poll::Ready(Some(Ok(head))) = answer.poll_informational(cx) {
                        response::write(&head, false, false, interim)?;
                        continue;
                    }
                    let answered = ready!(Pin::new(answer).poll(cx));
                    let (head, body) = match answered {
                        Ok(answered) => answered.into_parts(),
                        // Nothing was written yet, so the exchange tells why.
                        Err(_) => return Poll::Ready(Ok(())),
                    };
                    let head = http::Response::from_parts(head, ());
                    let mut front = Vec::new();
                    if let Some(key) = self.key.as_ref().filter(|_| head.status().is_success()) {
                        response::switch(&head, key, &mut front)?;
                        self.answer = Answer::Body(Receiving::new(body, After::Plain, front));
                        continue;
                    }
                    // It is an ordinary response, and what the client says does not belong to it.
                    if self.key.take().is_some() {
                        self.upload = None;
                    }
                    let after =
                        response::write(&head, body.is_end_stream(), self.verb == Verb::Head, &mut front)?;
                    self.answer = Answer::Body(Receiving::new(body, after, front));
                }
                Answer::Body(receiving) => {
                    ready!(receiving.poll(cx, near))?;
                    if self.key.is_none() {
                        return Poll::Ready(Ok(()));
                    }
                    near.end();
                    self.answer = Answer::Done;
                }
                Answer::Done if self.upload.is_some() => return Poll::Pending,
                Answer::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use h2::{RecvStream, server::SendResponse};
    use tokio::{
        io::duplex,
        task::{JoinHandle, LocalSet, spawn_local},
        time::{Duration, timeout},
    };

    use super::*;
    use crate::{h2::Calls, net::pair};

    /// How long a test waits for what must come.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// A request on its way to an upstream that never answers.
    struct Asked {
        client: Inner,
        carried: JoinHandle<()>,
        respond: SendResponse<Bytes>,
        body: RecvStream,
    }

    impl Asked {
        async fn new(length: usize) -> Self {
            let (ours, theirs) = duplex(1 << 20);
            let (asked, upstream) = tokio::join!(h2::client::handshake(ours), h2::server::handshake(theirs));
            let ((connection, driver), mut upstream) = (asked.unwrap(), upstream.unwrap());
            spawn_local(driver);
            let (mut client, near) = pair();
            let calls = Rc::<Calls>::default();
            let carried = spawn_local(carry(connection, near, Active::new(&calls), Rc::default()));
            let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
            say(&mut client, head.as_bytes()).await;
            let (request, respond) = upstream.accept().await.unwrap().unwrap();
            spawn_local(async move { while upstream.accept().await.is_some() {} });
            Self { client, carried, respond, body: request.into_body() }
        }

        /// Reads so much of the body, and gives no credit for it.
        async fn read(&mut self, mut left: usize) {
            while left > 0 {
                left -= self.body.data().await.unwrap().unwrap().len();
            }
        }

        async fn leave_and_listen(mut self) {
            drop(self.client);
            timeout(PATIENCE, self.carried).await.unwrap().unwrap();
            assert_eq!(poll_fn(|cx| self.respond.poll_reset(cx)).await.unwrap(), Reason::CANCEL);
        }
    }

    async fn say(client: &mut Inner, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = poll_fn(|cx| client.poll_write(cx, bytes)).await.unwrap();
            bytes = &bytes[count..];
        }
    }

    #[tokio::test]
    async fn an_upstream_is_told_of_a_client_that_left_after_its_request() {
        let told = async {
            let mut asked = Asked::new(3).await;
            say(&mut asked.client, b"abc").await;
            asked.read(3).await;
            asked.leave_and_listen().await;
        };
        LocalSet::new().run_until(told).await;
    }

    #[tokio::test]
    async fn an_upstream_that_reads_nothing_is_told_of_a_client_that_left() {
        const WINDOW: usize = 65_535;
        let told = async {
            let mut asked = Asked::new(1 << 20).await;
            say(&mut asked.client, &[b'x'; WINDOW + 1]).await;
            asked.read(WINDOW).await;
            // Nobody takes these until there is credit again.
            say(&mut asked.client, b"more").await;
            asked.leave_and_listen().await;
        };
        LocalSet::new().run_until(told).await;
    }
}
