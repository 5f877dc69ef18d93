//! What passes through a daemon, as it is kept, found, sent once more and forgotten. Each test has a hub of its own, and
//! says what it sends with curl.

mod as_sent;
mod bodies;
mod bombs;
mod breaks;
mod causes;
mod cli;
mod disks;
mod faults;
mod forms;
mod grpc;
mod kept;
mod left_out;
mod lines;
mod live;
mod load;
mod mysql;
mod otlp;
mod postgres;
mod project_faults;
mod redis;
mod secrets;
mod seeds;
mod taps;
mod watched;
mod websocket;

use std::{
    net::SocketAddr,
    process::Command,
    sync::mpsc,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    gateway::upstream,
    hub::{Foreground, Home},
    support::{program, skip},
};

/// A server that answers everything with JSON.
const ANSWER: &str = "HTTP/1.1 200 OK|Content-Type: application/json|X-Shop: one|x-shop: two|Content-Length: 11||{\"ok\":true}";

/// How long anything may take. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(60);

/// A hub with the route `shop.localhost`, and curl.
struct Scene {
    home: Home,
    hub: Foreground,
    upstream: SocketAddr,
}

impl Scene {
    /// `None`, with the reason said, where there is no curl.
    fn new(test: &str) -> Option<Self> {
        Self::with(test, &[])
    }

    /// The same with more flags of the hub.
    fn with(test: &str, flags: &[&str]) -> Option<Self> {
        if program("curl").is_none() {
            skip(test, "`curl` is not installed");
            return None;
        }
        let home = Home::new();
        let hub = home.hub_with(flags);
        let (upstream, _) = serving(ANSWER);
        let scene = Self { home, hub, upstream };
        scene.home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
        Some(scene)
    }

    /// Sends a request to a name with curl, and waits for its answer.
    fn curl(&self, host: &str, arguments: &[&str], path: &str) {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--globoff", "--max-time", "60", "--noproxy", "*", "-o", "/dev/null"]);
        curl.args(["-H", &format!("Host: {host}")]).args(arguments);
        let ran = curl.arg(format!("http://{}{path}", self.hub.address())).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }

    /// Asks the hub, which must have an answer.
    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let answer = self.home.ask(method, path, body);
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        answer.json()
    }

    /// The exchanges of a filter, the newest first, once there are so many. What has passed is told soon, and not at
    /// once: whoever sent it has its answer first.
    fn exchanges(&self, filter: &str, count: usize) -> Vec<Value> {
        let path = format!("/api/v1/exchanges?filter={}", filter.replace(':', "%3A").replace(' ', "%20"));
        let found = until(|| {
            let page = self.ask("GET", &path, "");
            let all = page["exchanges"].as_array().unwrap();
            let ended = all.iter().filter(|exchange| exchange["outcome"] != "open").count();
            (ended >= count).then(|| all.clone())
        });
        assert_eq!(found.len(), count, "{filter}: {found:?}");
        found
    }
}

/// A server that answers every request with this text, and tells the heads, with `|` for the ends of lines.
fn serving(text: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let address = upstream(move |_, mut peer| {
        loop {
            let head = peer.head();
            if head.is_empty() {
                return;
            }
            let length = head.split('|').find_map(|line| line.strip_prefix("Content-Length: "));
            peer.take(length.map_or(0, |length| length.parse().unwrap()));
            // A test that does not ask how it was asked has dropped the other end.
            let _ = tell.send(head);
            peer.say(text);
        }
    });
    (address, told)
}

/// Asks until there is an answer. Asking takes its time, so nothing else has to.
fn until<T>(ask: impl FnMut() -> Option<T>) -> T {
    within(ask).expect("it did not come about")
}

/// [`until`], for whoever can say more of what did not come about.
fn within<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        let found = ask();
        if found.is_some() || begun.elapsed() >= DEADLINE {
            return found;
        }
    }
}
