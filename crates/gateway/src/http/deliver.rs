//! Sending a response to the client, and what is left of the request meanwhile.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use navyd_h1::{
    self as h1, Body, Framing, Known, Version,
    forward::{self, Back, BodyAs, Stay},
};
use navyd_model::exchange::{Outcome, Side as Sender};

use super::{
    Connection, Next, Upgraded, VIA,
    body::Passing,
    exchange::{Exchange, Sending},
    fate::{edit, frame},
    is_grpc,
    pause::{Kept, Paused},
};
use crate::{
    net::{Broken, End, Extent as _, Pump, Side, Sign},
    upstream::Link,
    worker::Worker,
};

impl Connection {
    /// Sends the response whose head ends at `end`. The link comes back when it can carry another request, with how
    /// long the upstream promises to keep it open.
    pub(super) async fn deliver(
        &mut self,
        mut exchange: Exchange,
        end: usize,
        worker: &Worker,
    ) -> (Next, Option<Link>, Option<Duration>) {
        let (mut end, mut kept) = (end, None);
        if let Some(asked) = exchange.told.take() {
            match Box::pin(self.pause_answer(&mut exchange, end, &asked)).await {
                Paused::Not => {}
                Paused::On(held) => {
                    end = 0;
                    kept = Some(held);
                }
                Paused::Over(next) => return (next, None, None),
            }
        }
        let read = exchange.read.as_ref().map_or(&[][..], |buffer| buffer.filled());
        let bytes = kept.as_ref().map_or(read, |kept| &kept.head);
        let framing = self.response.head().framing();
        let whole = exchange.sending == Sending::Done;
        // A body that ends with the upstream's connection need not end the client's, if that knows chunks.
        let chunks = framing == Framing::UntilClose && exchange.version == Version::Http11;
        let stay = whole
            && self.request.persists()
            && (framing != Framing::UntilClose || chunks)
            && !(framing == Framing::Chunked && exchange.version == Version::Http10)
            && !self.guest.draining();
        let plain = framing == Framing::Chunked && exchange.version == Version::Http10;
        let back = Back {
            via: VIA,
            body: match (plain, chunks) {
                (true, _) => BodyAs::Plain,
                (false, true) => BodyAs::Chunked,
                (false, false) => BodyAs::Sent,
            },
            stay: match (stay, exchange.version) {
                (false, _) if framing == Framing::Tunnel => Stay::Silent,
                (false, _) => Stay::Close,
                (true, Version::Http10) => Stay::KeepAlive,
                (true, Version::Http11 | Version::Http2) => Stay::Silent,
            },
            extra: b"",
        };
        let head_at = exchange.answer.len();
        forward::response(bytes, &self.response, &back, &mut exchange.answer);
        if !exchange.plan.response.is_empty() {
            edit(&mut exchange.answer, head_at, &exchange.plan.response);
        }
        let promised = promised(bytes, &self.response);
        // One that was held is told already.
        self.tell_head(exchange.multiplexed, &bytes[..end]);
        let lasts = kept.as_ref().is_none_or(|kept| !kept.closed);
        // A stream of HTTP/2 carries one request.
        let reusable = whole && lasts && !exchange.multiplexed && self.response.persists();
        let endless = framing == Framing::Tunnel || is_endless(bytes, &self.response);
        exchange.consume(end);
        if endless {
            exchange.reached.link.leave();
        }

        // RFC 9112 §6.3: what answers a HEAD, and what is a 204 or 304, has no body whatever its head says.
        if framing != Framing::Tunnel
            && framing != Framing::None
            && let Some(body) = exchange.plan.body.take()
        {
            frame(&mut exchange.answer, head_at, body.len());
            exchange.answer.extend_from_slice(body.as_bytes());
            self.deadline.set(worker.limits.body_idle);
            let written = self.write_in_time(&exchange.answer[exchange.sent..]).await;
            self.settle(if written.is_ok() { Outcome::Complete } else { Outcome::ClientLeft });
            return (
                if written.is_err() {
                    Next::Cut
                } else if stay {
                    Next::Stay
                } else {
                    Next::Close
                },
                None,
                None,
            );
        }
        if framing == Framing::Tunnel {
            self.deadline.set(worker.limits.body_idle);
            if self.write_in_time(&exchange.answer[exchange.sent..]).await.is_err() {
                self.settle(Outcome::ClientLeft);
                return (Next::Cut, None, None);
            }
            if let Some(flow) = &self.flow {
                flow.upgraded();
            }
            let Link { socket, hit, .. } = exchange.reached.link;
            let upstream = Side { socket, read: exchange.read };
            return (Next::Leave(Box::new(Upgraded { upstream, site: exchange.site, hit })), None, None);
        }
        if plain {
            let mut head = exchange.answer.split_off(exchange.sent);
            let mut body = Body::new(framing, h1::Side::Response);
            if let Some(Kept { raw, .. }) = kept {
                for run in body.payload(&raw) {
                    // It was read once, so it is right.
                    head.extend_from_slice(run.unwrap_or_default());
                }
            }
            let link = (&mut exchange.reached.link.socket, &mut exchange.read);
            let passed = Box::pin(self.pass_plain(&head, body, link)).await;
            let link =
                (passed.is_ok() && reusable && exchange.read.is_none()).then_some(exchange.reached.link);
            self.settle(passed.err().unwrap_or(Outcome::Complete));
            return (if passed.is_ok() { Next::Close } else { Next::Cut }, link, promised);
        }
        let mut answer = std::mem::take(&mut exchange.answer);
        let watch = self.watch(Sender::Server);
        let body = match (kept, chunks) {
            (Some(Kept { raw, body, .. }), _) => {
                let body = Passing::rest(body, framing, chunks, watch);
                match chunks {
                    true if !raw.is_empty() => body.recast(&raw, &mut answer),
                    _ => answer.extend_from_slice(&raw),
                }
                body
            }
            (None, true) => Passing::chunked(watch),
            (None, false) => Passing::new(framing, h1::Side::Response, watch),
        };
        let mut download = Pump::new(answer, exchange.sent, body);
        let mut timed = false;
        let delivered =
            poll_fn(|cx| self.poll_deliver(cx, &mut exchange, &mut download, endless, &mut timed)).await;
        worker.lender.keep_head(download.into_prefix());
        let Exchange { reached, read, upload, .. } = exchange;
        worker.lender.keep_head(upload.into_prefix());
        let link = (reusable && read.is_none()).then_some(reached.link);
        self.settle(delivered.err().unwrap_or(Outcome::Complete));
        match delivered {
            Ok(End::Complete) if stay => (Next::Stay, link, promised),
            Ok(End::Complete) => (Next::Close, link, promised),
            Ok(End::Closed) => (Next::Close, None, None),
            Err(_) => (Next::Cut, None, None),
        }
    }

    /// Moves the response, and what is left of the request; how the exchange ends when either is cut short.
    fn poll_deliver(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        download: &mut Pump<Passing>,
        endless: bool,
        timed: &mut bool,
    ) -> Poll<Result<End, Outcome>> {
        self.follow(exchange);
        let Ok(uploaded) = self.poll_upload(cx, exchange) else {
            return Poll::Ready(Err(Outcome::ClientLeft));
        };
        let Exchange { reached, read, watched, site, .. } = exchange;
        let polled = download.poll(cx, &mut reached.link.socket, read, &mut self.socket, &self.worker.lender);
        let moved = download.take_moved();
        if moved > 0 {
            site.tally().passed(0, moved);
        }
        match polled {
            Poll::Ready(Ok(end)) => return Poll::Ready(Ok(end)),
            Poll::Ready(Err(Broken::From(_))) => return Poll::Ready(Err(Outcome::ServerLeft)),
            Poll::Ready(Err(Broken::To)) => return Poll::Ready(Err(Outcome::ClientLeft)),
            Poll::Pending => {}
        }
        if !endless {
            if moved > 0 || uploaded || !*timed {
                *timed = true;
                self.deadline.set(self.worker.limits.body_idle);
            }
            // Who keeps the other waiting: what was read and is not written waits for the client.
            let late = if read.is_some() { Outcome::ClientLeft } else { Outcome::ServerLeft };
            return self.deadline.poll(cx).map(|()| Err(late));
        }
        // Nobody else tells that the reader of an endless response has left.
        if *watched {
            match self.socket.poll_sign(cx) {
                Poll::Ready(Sign::Gone | Sign::End) => return Poll::Ready(Err(Outcome::ClientLeft)),
                Poll::Ready(Sign::Word) => *watched = false,
                Poll::Pending => {}
            }
        }
        // It has no end of its own: the gateway's is the server's.
        if self.guest.should_leave(cx) { Poll::Ready(Err(Outcome::ServerLeft)) } else { Poll::Pending }
    }
}

/// How long the upstream says that it keeps the connection open: `Keep-Alive: timeout=5`.
fn promised(bytes: &[u8], response: &h1::Response) -> Option<Duration> {
    let value = response.head().known(Known::KeepAlive)?.value(bytes);
    let text = std::str::from_utf8(value).ok()?;
    let seconds = text.split(',').find_map(|part| part.trim().strip_prefix("timeout="))?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// Whether the body comes whenever there is something to tell: Server-Sent Events, and gRPC, whose calls may last
/// for as long as both sides like.
pub(crate) fn is_endless(bytes: &[u8], response: &h1::Response) -> bool {
    const EVENTS: &[u8] = b"text/event-stream";
    let kind = response.head().known(Known::ContentType).map(|field| field.value(bytes));
    kind.is_some_and(|kind| {
        is_grpc(kind) || kind.get(..EVENTS.len()).is_some_and(|start| start.eq_ignore_ascii_case(EVENTS))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(fields: &str) -> (Vec<u8>, h1::Response) {
        let bytes = format!("HTTP/1.1 200 OK|{fields}|").replace('|', "\r\n").into_bytes();
        let mut response = h1::Response::default();
        let found = response.parse(&bytes, 0, &h1::Limits::default(), h1::Asked::default());
        assert_eq!(found, Ok(h1::Parsed::Complete(bytes.len())), "{fields}");
        (bytes, response)
    }

    #[test]
    fn what_an_upstream_promises_is_read() {
        for (fields, expected) in [
            ("", None),
            ("Keep-Alive: timeout=5|", Some(5)),
            ("keep-alive: max=9, timeout=72|", Some(72)),
            ("Keep-Alive: 5|", None),
            ("Keep-Alive: timeout=soon|", None),
        ] {
            let (bytes, response) = parsed(fields);
            assert_eq!(promised(&bytes, &response), expected.map(Duration::from_secs), "{fields}");
        }
    }

    #[test]
    fn endless_bodies_are_told_by_their_type() {
        for (fields, expected) in [
            ("Content-Type: text/event-stream|", true),
            ("content-type: Text/Event-Stream; charset=utf-8|", true),
            ("Content-Type: application/grpc+proto|", true),
            ("Content-Type: text/html|", false),
            ("Content-Type: text|", false),
            ("", false),
        ] {
            let (bytes, response) = parsed(fields);
            assert_eq!(is_endless(&bytes, &response), expected, "{fields}");
        }
    }
}
