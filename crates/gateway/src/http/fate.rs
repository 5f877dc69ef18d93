//! What faults do to an exchange beyond its bytes: another answer, other headers, another body.

use std::{rc::Rc, sync::Arc, time::Instant};

use http::StatusCode;
use navyd_h1::{self as h1, forward::Scheme};
use navyd_model::{
    exchange::{Outcome, Protocol},
    filter::{Field, Pattern, Subject, is_host},
};

use super::{Connection, Next, Wants, exchange::Exchange, reach::Patience};
use crate::{
    carry::Shaped,
    fault::{Edit, Passage, Plan},
    site::Site,
    tap::Mark,
    upstream::Link,
};

/// What an exchange has to do with the faults on its route.
#[derive(Debug, Clone, Default)]
pub(super) struct Met {
    /// Which exchange of the route it is, and the faults whose filter means it, once any lay there.
    hit: Option<(u64, Vec<Arc<str>>)>,
    /// How often faults had changed when it looked at them last.
    seen: u64,
}

impl Met {
    /// It has met none, and looked when they had changed so often.
    pub(super) fn at(changes: u64) -> Self {
        Self { hit: None, seen: changes }
    }
}

impl Connection {
    /// What becomes of the request whose head this is, where faults lie on its route.
    pub(super) fn fate(&self, bytes: &[u8], site: &Rc<Site>, patience: &mut Patience) -> Plan {
        let laid = site.laid();
        let meant = laid.meant(|route| Asked::new(bytes, &self.request, self.wants, self.scheme, route));
        patience.met.hit = Some((laid.next_connection(), meant));
        let Some(mut passage) = self.passage(site, &mut patience.met) else { return Plan::default() };
        let plan = passage.plan(Instant::now());
        if plan.answer.is_some() {
            self.tell_hits(passage.hits());
            self.settle(Outcome::Fault);
        }
        patience.passage = Some(passage);
        plan
    }

    /// Faults that have come while the exchange is on its way hit what is still to come of it, but for those with a
    /// filter, which have not seen its head.
    pub(super) fn follow(&self, exchange: &mut Exchange) {
        if exchange.reached.link.hit.is_some() || exchange.met.seen == self.worker.changes() {
            return;
        }
        let site = Rc::clone(exchange.site.site());
        let passage = self.passage(&site, &mut exchange.met);
        self.shape(&site, &mut exchange.reached.link, passage);
    }

    /// What faults do to this exchange, where any lie on its route.
    pub(super) fn passage(&self, site: &Site, met: &mut Met) -> Option<Passage> {
        met.seen = self.worker.changes();
        if !site.is_shaped() {
            return None;
        }
        let laid = site.laid();
        // Faults that come while the request is on its way have not seen its head.
        let (number, meant) = met.hit.get_or_insert_with(|| (laid.next_connection(), Vec::new()));
        Some(Passage::new(&self.worker.record, &laid, *number, meant.clone(), Instant::now()))
    }

    /// Puts what faults do between the link and this exchange, where any hits it.
    pub(super) fn shape(&self, site: &Rc<Site>, link: &mut Link, passage: Option<Passage>) {
        match passage {
            Some(mut passage) if passage.is_clear() => self.tell_hits(passage.hits()),
            Some(passage) => {
                link.shape(|socket| Shaped::new(&self.worker, site, socket, passage, self.flow.clone()));
            }
            None => {}
        }
    }

    /// Answers in the upstream's place.
    pub(super) async fn answer_instead(&mut self, status: u16, body: &str, stay: bool) -> Next {
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let close = if stay { "" } else { "Connection: close\r\n" };
        let mut bytes = format!("HTTP/1.1 {status} {}\r\n{close}", reason.unwrap_or_default()).into_bytes();
        // RFC 9110 §8.6: a 204 has no Content-Length; like a 304, it has no body either (RFC 9112 §6.3).
        if !matches!(status, 204 | 304) {
            let head =
                format!("Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n", body.len());
            bytes.extend_from_slice(head.as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        if !matches!(status, 204 | 304) && !self.wants.bodiless {
            bytes.extend_from_slice(body.as_bytes());
        }
        self.deadline.set(self.worker.limits.body_idle);
        if self.write_in_time(&bytes).await.is_err() {
            return Next::Cut;
        }
        self.tell(Mark::Own, &bytes);
        if stay { Next::Stay } else { Next::Close }
    }
}

/// Changes headers of a head that is written behind the first `from` bytes.
pub(super) fn edit(head: &mut Vec<u8>, from: usize, edits: &[Edit]) {
    for Edit { name, value } in edits {
        remove(head, from, name);
        let Some(value) = value else { continue };
        // The empty line is the last one.
        let end = head.len().saturating_sub(2);
        let line = format!("{name}: {value}\r\n");
        head.splice(end..end, line.into_bytes());
    }
}

/// Gives a head that is written behind the first `from` bytes a body of so many bytes, instead of its own.
pub(super) fn frame(head: &mut Vec<u8>, from: usize, length: usize) {
    for name in ["content-length", "transfer-encoding", "content-encoding", "trailer", "etag", "digest"] {
        remove(head, from, name);
    }
    let end = head.len().saturating_sub(2);
    head.splice(end..end, format!("Content-Length: {length}\r\n").into_bytes());
}

fn remove(head: &mut Vec<u8>, from: usize, name: &str) {
    let mut at = from;
    while let Some(length) = head[at..].windows(2).position(|end| end == b"\r\n") {
        let line = &head[at..at + length];
        let is = line.split(|b| *b == b':').next().is_some_and(|is| is.eq_ignore_ascii_case(name.as_bytes()));
        // The first line has no name.
        if is && at > from {
            head.drain(at..at + length + 2);
        } else {
            at += length + 2;
        }
    }
}

/// A request, of which the head has come, and perhaps that of its answer.
pub(super) struct Asked<'a> {
    bytes: &'a [u8],
    request: &'a h1::Request,
    protocol: Protocol,
    scheme: Scheme,
    host: String,
    route: Arc<str>,
    answer: Option<(&'a [u8], &'a h1::Response)>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        bytes: &'a [u8],
        request: &'a h1::Request,
        wants: Wants,
        scheme: Scheme,
        route: Arc<str>,
    ) -> Self {
        let mut host = String::new();
        if let Some(authority) = request.authority(bytes) {
            authority.normalise(&mut host);
        }
        let protocol = match (wants.grpc, request.upgrade() || wants.websocket) {
            (true, _) => Protocol::Grpc,
            (false, true) => Protocol::Websocket,
            (false, false) => Protocol::Http,
        };
        Self { bytes, request, protocol, scheme, host, route, answer: None }
    }

    /// The same, now that the head of the answer has come.
    pub(super) fn answered(self, bytes: &'a [u8], response: &'a h1::Response) -> Self {
        Self { answer: Some((bytes, response)), ..self }
    }
}

impl Subject for Asked<'_> {
    fn number(&self, field: Field) -> Option<f64> {
        let (_, response) = self.answer.filter(|_| field == Field::Status)?;
        Some(f64::from(response.status()))
    }

    fn text(&self, field: Field, sub: Option<&str>, pattern: &Pattern) -> Option<bool> {
        let text = String::from_utf8_lossy;
        let whole = text(self.request.path(self.bytes));
        let (path, query) =
            whole.split_once('?').map_or((&*whole, None), |(path, query)| (path, Some(query)));
        let is = match field {
            Field::Protocol => pattern.matches(self.protocol.as_str()),
            Field::Method => pattern.matches(&text(self.request.method(self.bytes))),
            Field::Host => is_host(&self.host, pattern),
            Field::Path => pattern.matches(path),
            Field::Query => query.is_some_and(|query| pattern.matches(query)),
            Field::Target => {
                let scheme = if matches!(self.scheme, Scheme::Https) { "https" } else { "http" };
                pattern.matches(&format!("{scheme}://{}{whole}", self.host))
            }
            Field::Route => is_host(&self.route, pattern),
            Field::Header => {
                let has = |head: &h1::Head, bytes: &[u8]| {
                    head.fields().iter().any(|field| {
                        let name = text(field.name(bytes));
                        sub.is_none_or(|sub| name.eq_ignore_ascii_case(sub))
                            && (pattern.matches(&text(field.value(bytes)))
                                || (sub.is_none() && pattern.matches(&name)))
                    })
                };
                has(self.request.head(), self.bytes)
                    || self.answer.is_some_and(|(bytes, response)| has(response.head(), bytes))
            }
            _ => return None,
        };
        Some(is)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use navyd_model::filter::Filter;

    use super::*;

    #[test]
    fn heads_are_edited_behind_their_first_line() {
        let edits = |text: &str| -> Vec<Edit> {
            let one = |part: &str| match part.split_once('=') {
                Some((name, value)) => Edit { name: name.to_owned(), value: Some(value.to_owned()) },
                None => Edit { name: part.to_owned(), value: None },
            };
            text.split(' ').map(one).collect()
        };
        for (head, change, expected) in [
            ("GET / HTTP/1.1|A: 1|B: 2||", "a", "GET / HTTP/1.1|B: 2||"),
            ("GET / HTTP/1.1|A: 1|a: 2|B: 3||", "A=9", "GET / HTTP/1.1|B: 3|A: 9||"),
            ("GET / HTTP/1.1||", "X=1 Y=2 X", "GET / HTTP/1.1|Y: 2||"),
            ("GET: / HTTP/1.1|A: 1||", "GET", "GET: / HTTP/1.1|A: 1||"),
            ("HTTP/1.1 200 OK|AB: 1||", "A", "HTTP/1.1 200 OK|AB: 1||"),
        ] {
            let before = b"HTTP/1.1 100 Continue\r\nA: 0\r\n\r\n";
            let mut bytes = [before, head.replace('|', "\r\n").as_bytes()].concat();
            edit(&mut bytes, before.len(), &edits(change));
            assert!(bytes.starts_with(before));
            let edited = String::from_utf8(bytes[before.len()..].to_vec()).unwrap().replace("\r\n", "|");
            assert_eq!(edited, expected, "{head} {change}");
        }
        let mut head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: 1\r\n\r\n".to_vec();
        frame(&mut head, 0, 5);
        assert_eq!(head, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    }

    #[test]
    fn a_request_is_told_by_its_head() {
        let bytes =
            b"POST /pay/now?card=1 HTTP/1.1\r\nHost: api.shop.localhost:80\r\nX-Kind: Big one\r\n\r\n";
        let mut request = h1::Request::default();
        let parsed = request.parse(bytes, 0, &h1::Limits::default());
        assert_eq!(parsed, Ok(h1::Parsed::Complete(bytes.len())));
        let route = Arc::from("shop.localhost/");
        let asked = Asked::new(bytes, &request, Wants::default(), Scheme::Http, route);
        for (filter, expected) in [
            ("method:POST", true),
            ("method:GET", false),
            ("path:/pay/*", true),
            ("path:/pay", false),
            ("query:card=1", true),
            ("host:api", true),
            ("host:web", false),
            ("route:shop", true),
            ("header.x-kind~big", true),
            ("header.x-other~big", false),
            ("protocol:http", true),
            ("not method:GET path:/pay/now", true),
            ("url~shop.localhost/pay", true),
            ("pay", true),
            ("absent", false),
        ] {
            let filter = Filter::parse(filter, Timestamp::UNIX_EPOCH).unwrap();
            let meant = filter.matches(&asked) == Some(true);
            assert_eq!(meant, expected, "{filter:?}");
        }
    }
}
