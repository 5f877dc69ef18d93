//! Holding a request or its answer until somebody has looked at it.
//!
//! A message is held with its body where that is short, comes at once, and ends; any other passes behind its head when
//! that goes on. Whatever ends the wait but a verdict lets it go on as it was: its time, the breakpoint's end, the
//! gateway's. A client that leaves ends it too, and nothing goes on; one that closes only its own side counts as one
//! that has left, because nothing else tells. Deliberately absent: the bytes behind an upgrade, calls of gRPC and event
//! streams, whose ends nobody can wait for.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};
use navyd_h1::{self as h1, Body, Framing, Version};
use navyd_model::exchange::{Hit, Outcome, Side};
use tokio::time::sleep;

use super::{Connection, Next, collect::Collected, exchange::Exchange, fate::Asked, is_endless};
use crate::{
    breakpoint::{Caught, Held, Permit, Verdict, amend, without_expectation},
    net::Sign,
    site::Site,
};

/// Under which name an exchange tells that it was held.
const NAME: &str = "breakpoint";

/// What becomes of a message that may have been held.
pub(super) enum Paused {
    /// It is not meant.
    Not,
    /// It goes on so.
    On(Kept),
    /// The client got another answer, or none.
    Over(Next),
}

/// A message that was held, as it goes on.
pub(super) struct Kept {
    /// Its head, of which the connection's own request or response tells.
    pub(super) head: Vec<u8>,
    /// What follows the head of what was held.
    pub(super) raw: Vec<u8>,
    /// What is still to come.
    pub(super) body: Body,
    /// Whether the connection it came by has ended with it.
    pub(super) closed: bool,
}

impl Connection {
    /// Holds the request whose head ends at `end`, if a breakpoint means it.
    pub(super) async fn pause(&mut self, site: &Rc<Site>, end: usize) -> Paused {
        // Whoever releases it asks the home.
        if site.is_home() {
            return Paused::Not;
        }
        let route = Arc::clone(site.name());
        let bytes = self.read.as_ref().map_or(&[][..], |buffer| buffer.filled());
        let asked = Asked::new(bytes, &self.request, self.wants, self.scheme, Arc::clone(&route));
        let Some(caught) = self.worker.breakpoints.catch(false, &asked) else { return Paused::Not };
        let mut head = bytes[..end].to_vec();
        self.consume(end);
        let framing = self.request.head().framing();
        let mut collected = Collected::new(Body::new(framing, h1::Side::Request));
        let mut permit = caught.permit();
        if !(self.wants.grpc || self.wants.websocket || self.request.upgrade()) {
            let expects = self.request.head().value(&head, "expect").is_some();
            if expects && !collected.body.is_done() && self.request.head().version() != Version::Http10 {
                self.deadline.set(self.worker.limits.body_idle);
                // RFC 9110 §10.1.1: nobody else tells the client to send what is to be looked at.
                if self.write_in_time(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_err() {
                    self.settle(Outcome::ClientLeft);
                    return Paused::Over(Next::End);
                }
                head = without_expectation(&head);
                self.reread_request(&head);
            }
            let watch = self.watch(Side::Client);
            let lender = &self.worker.lender;
            let quiet = self.worker.limits.held_body;
            let read = collected.read(
                framing,
                (&mut self.socket, &mut self.read),
                (&mut self.deadline, quiet),
                (&mut permit, watch),
                lender,
            );
            if read.await.is_err() {
                self.settle(Outcome::ClientLeft);
                return Paused::Over(Next::Cut);
            }
        }
        let stay = collected.payload.is_some() && self.request.persists() && !self.guest.draining();
        let line = String::from_utf8_lossy(self.request.head().first_line(&head)).into_owned();
        let held = Held {
            id: 0,
            breakpoint: 0,
            from: Side::Client,
            route,
            request: line,
            head,
            body: collected.payload.take(),
            asked: self.request.asked(),
            since: Timestamp::now(),
            until: until(&caught),
        };
        let (held, verdict) = self.wait(&caught, held, permit).await;
        // Whatever follows has its own time.
        self.deadline.set(self.worker.limits.body_idle);
        let Collected { raw, body, .. } = collected;
        let closed = false;
        match verdict {
            None => {
                self.settle(Outcome::ClientLeft);
                Paused::Over(Next::End)
            }
            Some(Verdict::Unchanged) => Paused::On(Kept { head: held.head, raw, body, closed }),
            Some(Verdict::Changed(amended)) => {
                self.reread_request(&amended.head);
                Paused::On(match amended.body {
                    Some(raw) => Kept {
                        head: amended.head,
                        raw,
                        body: Body::new(Framing::None, h1::Side::Request),
                        closed,
                    },
                    None => Kept { head: amended.head, raw, body, closed },
                })
            }
            Some(Verdict::Answer(status)) => Paused::Over(Box::pin(self.answer_held(status, stay)).await),
            Some(Verdict::Abort) => Paused::Over(Next::Cut),
        }
    }

    /// Holds the answer whose head ends at `end`, if a breakpoint means it; `asked` is the head of its request.
    pub(super) async fn pause_answer(&mut self, exchange: &mut Exchange, end: usize, asked: &[u8]) -> Paused {
        let route = Arc::clone(exchange.site.name());
        let bytes = exchange.read.as_ref().map_or(&[][..], |buffer| buffer.filled());
        let subject = Asked::new(asked, &self.request, self.wants, self.scheme, Arc::clone(&route));
        let subject = subject.answered(bytes, &self.response);
        let Some(caught) = self.worker.breakpoints.catch(true, &subject) else { return Paused::Not };
        let head = bytes[..end].to_vec();
        self.tell_head(exchange.multiplexed, &head);
        let framing = self.response.head().framing();
        let endless = framing == Framing::Tunnel || is_endless(bytes, &self.response);
        exchange.consume(end);
        let mut collected = Collected::new(Body::new(framing, h1::Side::Response));
        let mut permit = caught.permit();
        if !endless {
            let watch = self.watch(Side::Server);
            let Exchange { reached, read, site, .. } = exchange;
            let read = collected.read(
                framing,
                (&mut reached.link.socket, read),
                (&mut self.deadline, self.worker.limits.held_body),
                (&mut permit, watch),
                &self.worker.lender,
            );
            let read = read.await;
            site.tally().passed(0, collected.raw.len() as u64);
            if read.is_err() {
                self.settle(Outcome::ServerLeft);
                return Paused::Over(Next::Cut);
            }
        }
        let stay = exchange.is_sent() && self.request.persists() && !self.guest.draining();
        let held = Held {
            id: 0,
            breakpoint: 0,
            from: Side::Server,
            route,
            request: String::from_utf8_lossy(self.request.head().first_line(asked)).into_owned(),
            head,
            body: collected.payload.take(),
            asked: exchange.asked,
            since: Timestamp::now(),
            until: until(&caught),
        };
        let (held, verdict) = self.wait(&caught, held, permit).await;
        self.deadline.set(self.worker.limits.body_idle);
        let amended = match verdict {
            None => {
                self.settle(Outcome::ClientLeft);
                return Paused::Over(Next::End);
            }
            Some(Verdict::Answer(status)) => {
                return Paused::Over(Box::pin(self.answer_held(status, stay)).await);
            }
            Some(Verdict::Abort) => return Paused::Over(Next::Cut),
            Some(Verdict::Changed(amended)) => Some(amended),
            // What ended with its connection, or goes to who knows no chunks, is given a length: all of it is here.
            Some(Verdict::Unchanged)
                if self.needs_length(framing, exchange.version) && held.body.is_some() =>
            {
                amend(&held.original(), None, None, self.worker.breakpoints.limits()).ok()
            }
            Some(Verdict::Unchanged) => None,
        };
        let Collected { raw, body, closed, .. } = collected;
        let Some(amended) = amended else {
            return Paused::On(Kept { head: held.head, raw, body, closed });
        };
        self.reread_response(&amended.head, exchange);
        // Of what has no body by its new head, nothing of the old one is sent.
        let whole = held.body.is_some();
        let ended = Body::new(Framing::None, h1::Side::Response);
        Paused::On(match amended.body {
            Some(raw) => Kept { head: amended.head, raw, body: ended, closed },
            None if whole => Kept { head: amended.head, raw: Vec::new(), body: ended, closed },
            None => Kept { head: amended.head, raw, body, closed },
        })
    }

    /// Waits for a verdict; `None` when the client has left. A message that cannot be held goes on as it was.
    async fn wait(&mut self, caught: &Caught, held: Held, permit: Permit) -> (Held, Option<Verdict>) {
        let begun = Instant::now();
        let from = held.from;
        let Some(mut stopped) = caught.stop(held.clone(), permit) else {
            return (held, Some(Verdict::Unchanged));
        };
        let mut late = Box::pin(sleep(caught.timeout()));
        let mut watched = self.read.is_none();
        let (verdict, why) = poll_fn(|cx| {
            use std::task::Poll::{Pending, Ready};
            if let Ready(verdict) = Pin::new(&mut stopped.verdict).poll(cx) {
                let gone = (Some(Verdict::Unchanged), Some("its breakpoint ended"));
                return Ready(verdict.map_or(gone, |verdict| (Some(verdict), None)));
            }
            if late.as_mut().poll(cx).is_ready() {
                return Ready((Some(Verdict::Unchanged), Some("its time was over")));
            }
            if self.guest.should_leave(cx) {
                return Ready((Some(Verdict::Unchanged), Some("the gateway ends")));
            }
            if watched {
                match self.socket.poll_sign(cx) {
                    Ready(Sign::Gone | Sign::End) => return Ready((None, Some("the client left"))),
                    // It sends what nobody has asked for yet: whether it leaves is not seen before that is read.
                    Ready(Sign::Word) => watched = false,
                    Pending => {}
                }
            }
            Pending
        })
        .await;
        let how = match (&verdict, why) {
            (Some(Verdict::Unchanged), Some(why)) => format!("{why}, released as it was"),
            (_, Some(why)) => why.to_owned(),
            (Some(verdict), None) => verdict.how(),
            (None, None) => String::new(),
        };
        stopped.ends(&how);
        drop(stopped);
        self.tell_hits(vec![Hit {
            fault: NAME.to_owned(),
            kind: NAME.to_owned(),
            from: Some(from),
            asked: caught.filter().to_owned(),
            delivered: format!("held for {:.1} s: {how}", begun.elapsed().as_secs_f64()),
        }]);
        if matches!(verdict, Some(Verdict::Answer(_) | Verdict::Abort)) {
            self.settle(Outcome::Fault);
        }
        (held, verdict)
    }

    async fn answer_held(&mut self, status: u16, stay: bool) -> Next {
        let text = format!("answered at a breakpoint with {status}\n");
        self.answer_instead(status, &text, stay).await
    }

    /// Whether a body of this framing has to be given a length for this client.
    fn needs_length(&self, framing: Framing, version: Version) -> bool {
        framing == Framing::UntilClose || (framing == Framing::Chunked && version == Version::Http10)
    }

    /// Reads the head of the request anew, after it was changed. It was read once, so it is one.
    fn reread_request(&mut self, head: &[u8]) {
        let read = self.request.parse(head, 0, &self.worker.head_limits);
        debug_assert!(matches!(read, Ok(h1::Parsed::Complete(end)) if end == head.len()));
        if self.translated {
            self.request.translated();
        }
    }

    /// The same of a response.
    fn reread_response(&mut self, head: &[u8], exchange: &Exchange) {
        let read = self.response.parse(head, 0, &self.worker.head_limits, exchange.asked);
        debug_assert!(matches!(read, Ok(h1::Parsed::Complete(end)) if end == head.len()));
        if exchange.multiplexed {
            self.response.translated();
        }
    }
}

/// When what is caught now goes on by itself.
fn until(caught: &Caught) -> Timestamp {
    let time = SignedDuration::try_from(caught.timeout()).unwrap_or_default();
    Timestamp::now().saturating_add(time).unwrap_or(Timestamp::MAX)
}
