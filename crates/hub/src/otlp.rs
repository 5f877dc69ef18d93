//! Sends exchanges to a collector of OpenTelemetry, over OTLP/HTTP in JSON.
//!
//! Whoever offers an exchange never waits: it goes into a queue with an end, and what does not fit is counted and gone.
//! A batch that the collector does not take is counted, too. Deliberately absent: TLS, since the collector is one on
//! this machine or the next hop to it; keeping what could not be sent, which the capture does.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{Request, Uri, header},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use navyd_model::exchange::Exchange;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use crate::export::otlp::{Traces, request};

/// How many exchanges wait to be sent.
const QUEUE: usize = 2048;
/// The most spans of one request.
const BATCH: usize = 512;
/// How long the first of a batch waits for others.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a collector may take for one request, and how long the end waits for what is left.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most of an answer that is read, in bytes: nothing in it changes what is done.
const ANSWER: usize = 64 * 1024;

/// Where a collector listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    authority: String,
    path: String,
}

/// Why a text names no collector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is none of HTTP.
    #[error("`{0}` is no URL such as `http://localhost:4318`")]
    NotHttp(String),
    /// TLS is not spoken.
    #[error("`{0}` asks for TLS: a collector is reached by `http://`")]
    Tls(String),
}

/// How many exchanges came to which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Taken by the collector.
    pub taken: u64,
    /// Never sent, because too many waited.
    pub dropped: u64,
    /// Sent, and not taken, or not even sent because nobody listened.
    pub refused: u64,
}

/// A sender. [`Sender::close`] ends it with what waits; dropped, it ends by itself when all that waits was tried.
#[derive(Debug)]
pub struct Sender {
    queue: mpsc::Sender<Arc<Exchange>>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    dropped: AtomicU64,
    refused: AtomicU64,
}

impl Sender {
    /// Starts to send to a collector, on the runtime of whoever calls.
    pub fn start(endpoint: Endpoint) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let counts = Arc::new(Counts::default());
        let task = tokio::spawn(send(endpoint, waiting, counts.clone()));
        Self { queue, counts, task }
    }

    /// Takes an exchange that has ended, and never waits.
    pub fn offer(&self, exchange: Arc<Exchange>) {
        if self.queue.try_send(exchange).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What became of what was offered.
    pub fn sent(&self) -> Sent {
        self.counts.sent()
    }

    /// Sends what waits, for so long as one request may take, and tells what became of everything.
    pub async fn close(self) -> Sent {
        let Self { queue, counts, mut task } = self;
        drop(queue);
        if timeout(PATIENCE, &mut task).await.is_err() {
            task.abort();
        }
        counts.sent()
    }
}

impl Counts {
    fn sent(&self) -> Sent {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Sent { taken: read(&self.taken), dropped: read(&self.dropped), refused: read(&self.refused) }
    }
}

/// Ends when its queue is closed and empty.
async fn send(endpoint: Endpoint, mut waiting: mpsc::Receiver<Arc<Exchange>>, counts: Arc<Counts>) {
    let mut origin = [0; 16];
    // Without randomness identifiers are those of any other machine's exchanges; better than none.
    let _ = SystemRandom::new().fill(&mut origin);
    let mut traces = Traces::new(&origin);
    while let Some(first) = waiting.recv().await {
        let mut batch = vec![first];
        let until = Instant::now() + PAUSE;
        while batch.len() < BATCH {
            let Ok(Some(next)) = timeout_at(until, waiting.recv()).await else { break };
            batch.push(next);
        }
        let exchanges: Vec<&Exchange> = batch.iter().map(AsRef::as_ref).collect();
        let body = request(&exchanges, &mut traces).to_string();
        let taken = matches!(timeout(PATIENCE, post(&endpoint, body)).await, Ok(Some(true)));
        let count = if taken { &counts.taken } else { &counts.refused };
        count.fetch_add(batch.len() as u64, Ordering::Relaxed);
    }
}

/// Whether the collector took it; `None` when it was not reached.
async fn post(endpoint: &Endpoint, body: String) -> Option<bool> {
    let stream = TcpStream::connect(&endpoint.address()).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    // It ends with its sender, at the end of this function.
    let connection = tokio::spawn(connection);
    let request = Request::post(&endpoint.path)
        .header(header::HOST, &endpoint.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("navyd/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .body(Full::<Bytes>::from(body))
        .ok()?;
    let answer = sender.send_request(request).await.ok();
    let taken = answer.as_ref().map(|answer| answer.status().is_success());
    if let Some(answer) = answer {
        let _ = Limited::new(answer.into_body(), ANSWER).collect().await;
    }
    connection.abort();
    taken
}

impl Endpoint {
    /// What to connect to.
    fn address(&self) -> String {
        let has_port = self.authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        if has_port { self.authority.clone() } else { format!("{}:80", self.authority) }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads `http://HOST[:PORT][/PATH]`. Without a path it is `/v1/traces`, as the protocol has it.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let not_http = || EndpointError::NotHttp(text.to_owned());
        let url: Uri = text.parse().map_err(|_| not_http())?;
        match url.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(EndpointError::Tls(text.to_owned())),
            _ => return Err(not_http()),
        }
        let authority = url.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.filter(|authority| !authority.host().is_empty()).ok_or_else(not_http)?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let path = if path == "/" { "/v1/traces" } else { path };
        Ok(Self { authority: authority.to_string(), path: path.to_owned() })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::export::samples;

    fn exchange() -> Arc<Exchange> {
        Arc::new(samples().remove(0).exchange)
    }

    /// Reads one request and answers it so.
    async fn answer(listener: &TcpListener, status: &str) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&heard).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.to_ascii_lowercase();
                let length = length.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
                if body.len() == length.parse::<usize>().unwrap() {
                    stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await.unwrap();
                    return text;
                }
            }
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "{text}");
        }
    }

    #[test]
    fn an_endpoint_is_understood_or_says_why_not() {
        for (text, expected) in [
            ("http://localhost:4318", Ok("http://localhost:4318/v1/traces")),
            ("http://[::1]", Ok("http://[::1]/v1/traces")),
            ("http://a:1/otlp/v1/traces?x", Ok("http://a:1/otlp/v1/traces?x")),
            ("https://a", Err("`https://a` asks for TLS: a collector is reached by `http://`")),
            ("localhost:4318", Err("`localhost:4318` is no URL such as `http://localhost:4318`")),
            ("http://me@a", Err("`http://me@a` is no URL such as `http://localhost:4318`")),
            ("", Err("`` is no URL such as `http://localhost:4318`")),
        ] {
            let read = text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
            assert_eq!(
                read.map_err(|error| error.to_string()),
                expected.map(str::to_owned).map_err(str::to_owned)
            );
        }
        assert_eq!("http://[::1]".parse::<Endpoint>().unwrap().address(), "[::1]:80");
    }

    #[tokio::test]
    async fn a_batch_is_posted_and_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let sender = Sender::start(endpoint);
        sender.offer(exchange());
        sender.offer(exchange());
        let (heard, sent) = tokio::join!(answer(&listener, "200 OK"), sender.close());
        assert!(heard.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{heard}");
        assert_eq!(heard.matches("\"spanId\"").count(), 2, "{heard}");
        assert_eq!(sent, Sent { taken: 2, ..Sent::default() });
    }

    #[tokio::test]
    async fn a_collector_that_refuses_or_is_not_there_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint: Endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let sender = Sender::start(endpoint.clone());
        sender.offer(exchange());
        let (_, sent) = tokio::join!(answer(&listener, "503 Busy"), sender.close());
        assert_eq!(sent, Sent { refused: 1, ..Sent::default() });
        drop(listener);
        let sender = Sender::start(endpoint);
        sender.offer(exchange());
        assert_eq!(sender.close().await, Sent { refused: 1, ..Sent::default() });
    }

    #[tokio::test]
    async fn who_offers_never_waits() {
        // Nothing takes from the queue before this test yields.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let sender = Sender::start(endpoint);
        for _ in 0..QUEUE + 7 {
            sender.offer(exchange());
        }
        assert_eq!(sender.sent().dropped, 7);
    }
}
