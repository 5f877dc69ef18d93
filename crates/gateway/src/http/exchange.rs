//! One request and its response, between a client and an upstream.

use std::{
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use navyd_h1::{
    self as h1, Asked, Framing, Parsed, Version,
    forward::{self, Back, BodyAs, Onward, Stay},
};
use navyd_model::exchange::{Outcome as Ended, Side};

use super::{
    Connection, Next, VIA,
    body::Passing,
    fate::{Met, edit},
    look::look,
    observe,
    pause::{Kept, Paused},
    reach::{Missed, Patience, Reached},
    why::Why,
};
use crate::{
    fault::Plan,
    net::{Broken, Buffer, Pump, Sign},
    pages::Page,
    site::{Ongoing, Site},
};

/// How an exchange ended.
pub(super) enum Outcome {
    /// With the upstream's response, as far as it came.
    Answered(Next),
    /// Without one: the client is told why, and may send another request.
    Failed {
        /// The page that says why.
        page: Page,
        /// Whether the request came completely, so that another can follow.
        stay: bool,
    },
}

/// What is on the way.
pub(super) struct Exchange {
    /// The route that it takes.
    pub(super) site: Ongoing,
    pub(super) reached: Reached,
    /// What was read from the upstream and is not used up.
    pub(super) read: Option<Buffer>,
    /// How much of that was found to be an incomplete head.
    looked: usize,
    pub(super) asked: Asked,
    /// Whether the upstream speaks HTTP/2, and its bytes are a translation.
    pub(super) multiplexed: bool,
    pub(super) version: Version,
    pub(super) upload: Pump<Passing>,
    pub(super) sending: Sending,
    /// Heads for the client, and how much of them is written.
    pub(super) answer: Vec<u8>,
    pub(super) sent: usize,
    /// Whether the client is watched for leaving.
    pub(super) watched: bool,
    /// What faults do to it, beyond its bytes.
    pub(super) plan: Plan,
    /// What it has to do with those on its route.
    pub(super) met: Met,
    /// The head of the request, where its answer may be held.
    pub(super) told: Option<Vec<u8>>,
}

/// The state of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// More of it is to come.
    Going,
    /// It is out.
    Done,
    /// The upstream reads no more of it. It may have said why before.
    Stopped,
}

impl Connection {
    /// Forwards the request whose head ends at `end`, and its response.
    pub(super) async fn forward(&mut self, mut site: Rc<Site>, mut end: usize) -> Outcome {
        let worker = Rc::clone(&self.worker);
        let mut stay = self.may_stay_after_page();
        let mut held = None;
        if worker.breakpoints.is_any() {
            match Box::pin(self.pause(&site, end)).await {
                Paused::Not => {}
                Paused::On(kept) => {
                    // Its head was used up, and of what is behind it all that was held.
                    end = 0;
                    stay = kept.body.is_done() && self.request.persists() && !self.guest.draining();
                    held = Some(kept);
                }
                Paused::Over(next) => return Outcome::Answered(next),
            }
        }
        let mut patience = Patience::default();
        let bytes = self.head_of(held.as_ref());
        let repeatable = is_repeatable(bytes, &self.request);
        patience.met = Met::at(worker.changes());
        let plan = if site.is_shaped() { self.fate(bytes, &site, &mut patience) } else { Plan::default() };
        if let Some((status, body)) = &plan.answer {
            self.consume(end);
            return Outcome::Answered(Box::pin(self.answer_instead(*status, body, stay)).await);
        }
        let passage = patience.passage.as_ref();
        let new = passage.is_some_and(|passage| passage.wants_new(repeatable, Instant::now()));
        let kept =
            if site.is_coming() || self.is_multiplexed(&site) || new { None } else { site.pool().reuse() };
        let reached = match kept {
            Some(mut link) => {
                self.shape(&site, &mut link, patience.passage.take());
                Ok(Reached::kept(link))
            }
            None => Box::pin(self.reach(&mut site, &mut patience, new)).await,
        };
        let reached = match reached {
            Ok(reached) => reached,
            Err(Missed::Told(page)) => {
                self.settle(Ended::Unreached);
                self.consume(end);
                return Outcome::Failed { page, stay };
            }
            Err(Missed::ClientLeft) => return Outcome::Answered(Next::End),
            Err(Missed::Refused) => return Outcome::Answered(Next::Cut),
        };
        self.tell_reached(&reached);
        let multiplexed = self.is_multiplexed(&site);
        let bytes = self.head_of(held.as_ref());
        let upgrade = !multiplexed || self.wants.websocket;
        let mut head = worker.lender.head();
        let onward = Onward { client: &self.client, host: None, via: site.via(), upgrade, extra: b"" };
        forward::request(bytes, &self.request, &onward, &mut head);
        if !plan.request.is_empty() {
            edit(&mut head, 0, &plan.request);
        }
        let (framing, version) = (self.request.head().framing(), self.request.head().version());
        let told = worker.breakpoints.holds_answers().then(|| match &held {
            Some(held) => held.head.clone(),
            None => bytes[..end].to_vec(),
        });
        self.consume(end);
        let watch = self.watch(Side::Client);
        let body = match held {
            Some(Kept { raw, body, .. }) => {
                head.extend_from_slice(&raw);
                Passing::rest(body, framing, false, watch)
            }
            None => Passing::new(framing, h1::Side::Request, watch),
        };

        let mut exchange = Exchange {
            site: site.begin(),
            reached,
            read: None,
            looked: 0,
            asked: Asked { upgrade: self.request.upgrade() && upgrade, ..self.request.asked() },
            multiplexed,
            version,
            upload: Pump::new(head, 0, body),
            sending: Sending::Going,
            answer: worker.lender.head(),
            sent: 0,
            watched: true,
            plan,
            met: patience.met.clone(),
            told,
        };
        if !stay || !exchange.reached.link.reused {
            // Whatever the wait for the request was given is not meant for its body or a new connection.
            self.deadline.set(worker.limits.body_idle);
        }
        let mut found = poll_fn(|cx| self.poll_answer(cx, &mut exchange)).await;
        while let Err(why) = &found {
            // RFC 9112 §9.3.1: "a client MAY […] automatically retry" a request "on a new connection" if it is
            // idempotent. The upstream closed the connection just when the request was sent, or began to answer and died.
            let again = match why {
                // Whatever a fault has ended is not to be seen again without it.
                _ if exchange.reached.link.is_over() => break,
                Why::Closed if repeatable || exchange.upload.is_untouched() => {
                    Box::pin(self.reach_again(&mut site, &mut patience, &exchange.reached)).await
                }
                // Nothing of that answer has gone to the client.
                Why::CutShort if repeatable && exchange.answer.is_empty() => {
                    Box::pin(self.reach_once_more(&mut site, &mut patience)).await
                }
                _ => break,
            };
            match again {
                Ok(Some(reached)) => {
                    self.tell_reached(&reached);
                    exchange.again_at(reached);
                    found = poll_fn(|cx| self.poll_answer(cx, &mut exchange)).await;
                }
                Ok(None) => break,
                Err(Missed::Told(page)) => found = Err(Why::Told(page)),
                Err(Missed::ClientLeft) => found = Err(Why::ClientLeft),
                Err(Missed::Refused) => return Outcome::Answered(Next::Cut),
            }
        }
        if let Err(why) = &found {
            self.settle(observe::outcome(why));
        }
        match found {
            Ok(end) => {
                let (next, link, promised) = self.deliver(exchange, end, &worker).await;
                if let Some(link) = link {
                    site.pool().keep(link, promised);
                }
                Outcome::Answered(next)
            }
            Err(Why::ClientLeft) => Outcome::Answered(Next::End),
            // No page is between a client and what it is to see.
            Err(_) if exchange.reached.link.is_over() => Outcome::Answered(Next::Cut),
            Err(why) => {
                let stay = stay || (self.request.persists() && exchange.sending == Sending::Done);
                match self.write_in_time(&exchange.answer[exchange.sent..]).await {
                    Ok(()) => {
                        let account = Box::pin(look(&site, &worker, false)).await;
                        Outcome::Failed { page: why.page(account.as_ref()), stay }
                    }
                    Err(()) => {
                        self.settle(Ended::ClientLeft);
                        Outcome::Answered(Next::Cut)
                    }
                }
            }
        }
    }

    /// The head of the request: where it was read, or as it was held.
    fn head_of<'a>(&'a self, kept: Option<&'a Kept>) -> &'a [u8] {
        kept.map_or_else(|| self.read.as_ref().map_or(&[][..], |buffer| buffer.filled()), |kept| &kept.head)
    }

    /// Sends the request, and reads up to the end of the head of the final response; interim ones are forwarded as
    /// they come.
    fn poll_answer(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange) -> Poll<Result<usize, Why>> {
        self.follow(exchange);
        loop {
            if let Err(why) = self.poll_upload(cx, exchange) {
                return Poll::Ready(Err(why));
            }
            while exchange.sent < exchange.answer.len() {
                match self.socket.poll_write(cx, &exchange.answer[exchange.sent..]) {
                    Poll::Ready(Ok(count)) => exchange.sent += count,
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(Why::ClientLeft)),
                    Poll::Pending => break,
                }
            }
            if let Some(buffer) =
                exchange.read.as_ref().filter(|buffer| buffer.filled().len() > exchange.looked)
            {
                let bytes = buffer.filled();
                let found =
                    self.response.parse(bytes, exchange.looked, &self.worker.head_limits, exchange.asked);
                if exchange.multiplexed {
                    self.response.translated();
                }
                match found {
                    Ok(Parsed::Complete(end)) if self.response.is_interim() => {
                        self.tell_head(exchange.multiplexed, &bytes[..end]);
                        // RFC 9110 §15.2: "a server MUST NOT send a 1xx response to an HTTP/1.0 client".
                        if exchange.version != Version::Http10 {
                            let back = Back { via: VIA, body: BodyAs::Sent, stay: Stay::Silent, extra: b"" };
                            forward::response(bytes, &self.response, &back, &mut exchange.answer);
                        }
                        exchange.consume(end);
                        exchange.looked = 0;
                        continue;
                    }
                    Ok(Parsed::Complete(end)) => return Poll::Ready(Ok(end)),
                    Ok(Parsed::Incomplete) => exchange.looked = bytes.len(),
                    Err(reject) => return Poll::Ready(Err(Why::Bad(reject))),
                }
            }
            let mut buffer = exchange.read.take().unwrap_or_else(|| self.worker.lender.buffers.take());
            match exchange.reached.link.socket.poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(1..)) => exchange.read = Some(buffer),
                Poll::Ready(_) if buffer.is_empty() && exchange.answer.is_empty() => {
                    return Poll::Ready(Err(Why::Closed));
                }
                Poll::Ready(_) => return Poll::Ready(Err(Why::CutShort)),
                Poll::Pending => {
                    if !buffer.is_empty() {
                        exchange.read = Some(buffer);
                    }
                    if exchange.watched && exchange.sending != Sending::Going {
                        match self.socket.poll_sign(cx) {
                            Poll::Ready(Sign::Gone) => return Poll::Ready(Err(Why::ClientLeft)),
                            // It has sent another request, or no more: either way it may wait for this answer.
                            Poll::Ready(Sign::Word | Sign::End) => exchange.watched = false,
                            Poll::Pending => {}
                        }
                    }
                    let late = if exchange.sending == Sending::Going { Why::SlowBody } else { Why::Silent };
                    return self.deadline.poll(cx).map(|()| Err(late));
                }
            }
        }
    }

    /// Sends what of the request has come; whether that was anything.
    pub(super) fn poll_upload(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange) -> Result<bool, Why> {
        if exchange.sending != Sending::Going {
            return Ok(false);
        }
        let link = &mut exchange.reached.link.socket;
        let polled = exchange.upload.poll(cx, &mut self.socket, &mut self.read, link, &self.worker.lender);
        let moved = exchange.upload.take_moved();
        if moved > 0 {
            exchange.site.tally().passed(moved, 0);
        }
        match polled {
            Poll::Ready(Ok(_)) => {
                exchange.sending = Sending::Done;
                self.deadline.set(self.worker.limits.response);
            }
            Poll::Ready(Err(Broken::To)) => {
                exchange.sending = Sending::Stopped;
                self.deadline.set(self.worker.limits.response);
            }
            Poll::Ready(Err(Broken::From(error))) => return Err(Why::of_upload(&error)),
            Poll::Pending if moved > 0 => self.deadline.set(self.worker.limits.body_idle),
            Poll::Pending => {}
        }
        Ok(moved > 0)
    }
}

impl Exchange {
    /// Whether all of the request is out.
    pub(super) fn is_sent(&self) -> bool {
        self.sending == Sending::Done
    }

    /// Sends the request anew, on this connection. What came on the other is forgotten.
    fn again_at(&mut self, reached: Reached) {
        self.reached = reached;
        (self.read, self.looked) = (None, 0);
        self.sending = Sending::Going;
        self.upload.rewind();
    }

    /// The first `count` bytes of what was read from the upstream are used up.
    pub(super) fn consume(&mut self, count: usize) {
        if let Some(buffer) = &mut self.read {
            buffer.consume(count);
            if buffer.is_empty() {
                self.read = None;
            }
        }
    }
}

/// Whether sending it twice does what sending it once does (RFC 9110 §9.2.2), and it can be sent twice.
fn is_repeatable(bytes: &[u8], request: &h1::Request) -> bool {
    matches!(request.head().framing(), Framing::None | Framing::Length(0))
        && !request.upgrade()
        && matches!(request.method(bytes), b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" | b"PUT" | b"DELETE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_sent_twice_is() {
        for (head, expected) in [
            ("GET / HTTP/1.1|Host: a||", true),
            ("DELETE / HTTP/1.1|Host: a|Content-Length: 0||", true),
            ("POST / HTTP/1.1|Host: a|Content-Length: 0||", false),
            ("PATCH / HTTP/1.1|Host: a||", false),
            ("PUT / HTTP/1.1|Host: a|Content-Length: 1||", false),
            ("PUT / HTTP/1.1|Host: a|Transfer-Encoding: chunked||", false),
            ("get / HTTP/1.1|Host: a||", false),
            ("GET / HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: websocket||", false),
        ] {
            let bytes = head.replace('|', "\r\n").into_bytes();
            let mut request = h1::Request::default();
            assert!(
                matches!(request.parse(&bytes, 0, &h1::Limits::default()), Ok(Parsed::Complete(_))),
                "{head}"
            );
            assert_eq!(is_repeatable(&bytes, &request), expected, "{head}");
        }
    }
}
