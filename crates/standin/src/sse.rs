//! Events for whoever listens (server-sent events of the HTML standard): a count that goes on, or what was posted.
//!
//! `GET` at any path begins a stream: `count` events (0 for no end), `interval` seconds apart, from behind the one that
//! Last-Event-ID names; who has heard the last is told by 204 not to come again. `POST` sends each line of its body back as an event. Deliberately absent: anything kept between
//! two clients.

use std::{
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::http::{Answer, Answering, Asked, Body, Head, Site, Source, Sourced};

/// How many events there are, and how far apart, unless the query says it.
const COUNT: u64 = 10;
const INTERVAL: Duration = Duration::from_secs(1);

/// The shortest time between two events.
const SHORTEST: Duration = Duration::from_millis(1);

/// The longest body that comes back, in bytes.
const BODY: usize = 1024 * 1024;

/// The site.
#[derive(Debug, Default, Clone, Copy)]
pub struct Events;

impl Site for Events {
    fn answer<'a>(&'a self, asked: Asked<'a>) -> Answering<'a> {
        Box::pin(async move {
            let body = match asked.head.method() {
                "GET" | "HEAD" => match Counted::asked(asked.head) {
                    // The HTML standard has a client come again after the end of a stream, for ever, but not after 204.
                    Ok(counted) if counted.is_heard() => Err(Answer::new(204)),
                    Ok(counted) => Ok(Body::Source(Box::new(counted), None)),
                    Err(answer) => Err(answer),
                },
                "POST" => match asked.body.whole(BODY).await {
                    Ok(body) => Ok(Body::Bytes(lines(&body).into())),
                    Err(error) => Err(Answer::text(error.status(), format!("{error}\n"))),
                },
                "OPTIONS" => Err(preflight(asked.head)),
                _ => Err(Answer::text(405, "GET or POST\n").with("Allow", "GET, HEAD, POST, OPTIONS")),
            };
            let answer = match body {
                Ok(body) => Answer::new(200)
                    .with("Content-Type", "text/event-stream")
                    .with("Cache-Control", "no-store")
                    .body(body),
                Err(answer) => answer,
            };
            answer.with("Access-Control-Allow-Origin", "*")
        })
    }
}

/// What lets pages of other origins send fields of their own, such as Last-Event-ID.
fn preflight(head: &Head) -> Answer {
    let answer = Answer::new(204)
        .with("Allow", "GET, HEAD, POST, OPTIONS")
        .with("Access-Control-Allow-Methods", "GET, HEAD, POST");
    match head.text("access-control-request-headers") {
        Some(fields) => answer.with("Access-Control-Allow-Headers", fields.to_owned()),
        None => answer,
    }
}

/// Events, a given time apart.
struct Counted {
    next: u64,
    /// Behind the last one; `None` where there is no end.
    end: Option<u64>,
    interval: Duration,
    due: Option<Instant>,
}

impl Counted {
    fn asked(head: &Head) -> Result<Self, Answer> {
        let arg = |name: &str| {
            let pairs = head.query().split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
        };
        let wrong = |name: &str| Answer::text(400, format!("`{name}` is no such number\n"));
        let count = arg("count").map_or(Ok(COUNT), str::parse).map_err(|_| wrong("count"))?;
        let interval = arg("interval").map_or(Some(INTERVAL), |text| {
            text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        });
        let interval = interval.ok_or_else(|| wrong("interval"))?.max(SHORTEST);
        let next = head
            .text("last-event-id")
            .and_then(|id| id.parse::<u64>().ok())
            .map_or(0, |id| id.saturating_add(1));
        Ok(Self { next, end: (count > 0).then_some(count), interval, due: None })
    }

    /// Whether all there is has been heard.
    fn is_heard(&self) -> bool {
        self.end.is_some_and(|end| self.next >= end)
    }
}

impl Source for Counted {
    fn next(&mut self) -> Sourced<'_> {
        Box::pin(async move {
            if self.is_heard() {
                return io::Result::Ok(None);
            }
            let first = self.due.is_none();
            let due = *self.due.get_or_insert_with(Instant::now);
            sleep_until(due).await;
            self.due = due.checked_add(self.interval).or(Some(due));
            let id = self.next;
            self.next = id.saturating_add(1);
            let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
            // How long a client that is cut off waits before it comes again.
            let retry = if first { format!("retry: {}\n", self.interval.as_millis()) } else { String::new() };
            let event =
                format!("{retry}id: {id}\nevent: ping\ndata: {{\"id\": {id}, \"timestamp\": {time}}}\n\n");
            Ok(Some(Bytes::from(event)))
        })
    }
}

/// Each line as an event.
fn lines(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let lines = text.split_inclusive('\n').map(|line| line.trim_end_matches(['\r', '\n']));
    // A carriage return alone would end the line as well.
    lines
        .enumerate()
        .map(|(id, line)| format!("id: {id}\ndata: {}\n\n", line.replace('\r', "\ndata: ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::{
        fixture::Standing,
        http::{Manners, Server},
    };

    #[test]
    fn events_come_and_go_on_where_they_were_cut() {
        let standing = Standing::new(|| {
            Rc::new(Server { site: Rc::new(Events), manners: Manners::default(), told: None })
        });
        let ask = |line: &str, fields: &str, body: &str| {
            let length = body.len();
            let fields =
                format!("Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{fields}\r\n");
            String::from_utf8(standing.ask(format!("{line} HTTP/1.1\r\n{fields}{body}"))).unwrap()
        };
        let whole = ask("GET /?count=3&interval=0.001", "", "");
        for part in
            ["text/event-stream", "retry: 1\nid: 0\nevent: ping\ndata: {\"id\": 0, ", "id: 1\n", "id: 2\n"]
        {
            assert!(whole.contains(part), "`{part}`: {whole}");
        }
        let rest = ask("GET /?count=3&interval=0", "Last-Event-ID: 1\r\n", "");
        assert!(rest.contains("id: 2\n") && !rest.contains("id: 1\n"), "{rest}");
        assert!(
            ask("POST /", "", "a\r\n\nb\rc")
                .ends_with("id: 0\ndata: a\n\nid: 1\ndata: \n\nid: 2\ndata: b\ndata: c\n\n")
        );
        assert!(ask("GET /?count=3", "Last-Event-ID: 2\r\n", "").starts_with("HTTP/1.1 204 "));
        let asked = "Origin: http://o\r\nAccess-Control-Request-Headers: last-event-id\r\n";
        let preflight = ask("OPTIONS /", asked, "");
        assert!(preflight.contains("Access-Control-Allow-Headers: last-event-id\r\n"), "{preflight}");
        assert!(ask("GET /?count=x", "", "").contains("400 "));
        assert!(ask("GET /?interval=-1", "", "").contains("400 "));
        assert!(ask("PUT /", "", "").contains("405 "));
    }
}
