//! Connections of clients of the API: read, answered, and ended with it.
//!
//! Each request is worked on off the thread that reads, because a change waits for the gateway. Deliberately absent:
//! what is answered.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue, USER_AGENT},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::{JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

use super::{
    api::{self, Setting},
    call::{Stray, call},
    proxies::Proxies,
    reply::{PLAIN, Reply},
};

/// How many connections at once; further ones wait to be accepted.
const MOST: usize = 512;

/// How long accepting rests after an error, so that a full table of files is no busy loop.
const REST: Duration = Duration::from_millis(100);

/// How long is waited for a client, and for an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How long a request may take to come, its body included.
    pub(super) reading: Duration,
    /// How long an answer may take.
    pub(super) answering: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { reading: Duration::from_secs(15), answering: Duration::from_secs(25) }
    }
}

/// The longest body that is read.
const BODY: usize = 16 * 1024 * 1024;

/// What all connections share.
pub(super) struct Desk {
    pub(super) proxies: Mutex<Proxies>,
    pub(super) setting: Setting,
    /// What the identifiers of requests begin with, and how many there were.
    pub(super) identity: u64,
    pub(super) requests: AtomicU64,
    pub(super) patience: Patience,
}

/// Answers until it is told to end.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>, mut ending: watch::Receiver<bool>) {
    let (mut connections, seats) = (JoinSet::new(), Arc::new(Semaphore::new(MOST)));
    loop {
        // The semaphore is never closed.
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let accepted = tokio::select! {
            // The sender is gone only when whoever runs this is, which means the same.
            _ = ending.wait_for(|ending| *ending) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let desk = Arc::clone(&desk);
                connections.spawn(async move {
                    connection(stream, desk).await;
                    drop(seat);
                });
            }
            Err(_) => sleep(REST).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one client for as long as it likes.
async fn connection(stream: TcpStream, desk: Arc<Desk>) {
    // An answer never waits for the acknowledgement of the one before; where that cannot be had, it does.
    let _ = stream.set_nodelay(true);
    let answering = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(response(request, desk).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(60));
    // A client that breaks off needs no answer.
    let _ = builder.serve_connection(TokioIo::new(stream), answering).await;
}

async fn response(request: Request<Incoming>, desk: Arc<Desk>) -> Response<Full<Bytes>> {
    let call = match call(request.method().as_str(), request.uri().path(), desk.setting.metrics.any()) {
        Ok(call) => call,
        Err(Stray::Path) => return written(Reply::line(404, "404 page not found")),
        Err(Stray::Method) => return written(Reply::empty(405)),
    };
    let browser =
        request.headers().get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"));
    let identity =
        format!("{:012x}{:08x}", desk.identity & 0xffff_ffff_ffff, desk.requests.fetch_add(1, Relaxed));
    let reply = if browser {
        // A page of the web cannot have its reader's browser change what is here.
        Reply::line(403, "User agent not allowed")
    } else {
        match timeout(desk.patience.reading, Limited::new(request.into_body(), BODY).collect()).await {
            Ok(Ok(body)) => {
                let (body, answering) = (body.to_bytes(), desk.patience.answering);
                let work = spawn_blocking(move || {
                    // A table that a panic has left is as it was before: it changes as a whole.
                    let mut proxies = desk.proxies.lock().unwrap_or_else(PoisonError::into_inner);
                    api::answer(&mut proxies, call, &body, desk.setting)
                });
                match timeout(answering, work).await {
                    Ok(Ok(reply)) => reply,
                    Ok(Err(_)) => Reply::empty(500),
                    Err(_) => late(),
                }
            }
            Ok(Err(_)) => Reply::from(super::reply::Fault::body("http: request body too large")),
            Err(_) => Reply::from(super::reply::Fault::body("i/o timeout")),
        }
    };
    let mut response = written(reply);
    if let Ok(identity) = HeaderValue::from_str(&identity) {
        response.headers_mut().insert("x-toxiproxy-request-id", identity);
    }
    response
}

/// What Go's `http.TimeoutHandler` says.
fn late() -> Reply {
    let body = "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>".to_owned();
    Reply { status: 503, content: Some("text/html; charset=utf-8"), body }
}

fn written(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(content) = reply.content {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content));
        if content == PLAIN {
            response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, time::SystemTime};

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        task::JoinHandle,
    };

    use super::{super::metrics::Shown, *};

    const SHORT: Duration = Duration::from_millis(50);

    /// Long enough that it only ends a test that would hang.
    const LONG: Duration = Duration::from_secs(60);

    /// One that waits so long; where it is, and what ends it.
    async fn serving(patience: Patience) -> (SocketAddr, Arc<Desk>, watch::Sender<bool>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let setting = Setting { metrics: Shown::default(), since: SystemTime::UNIX_EPOCH };
        let proxies = Mutex::new(Proxies::start(None, 1).unwrap());
        let desk = Arc::new(Desk { proxies, setting, identity: 7, requests: AtomicU64::new(0), patience });
        let (end, ending) = watch::channel(false);
        let served = tokio::spawn(serve(listener, Arc::clone(&desk), ending));
        (address, desk, end, served)
    }

    /// What is answered to this, which need not be a whole request.
    async fn ask(address: SocketAddr, text: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(LONG, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }

    #[tokio::test]
    async fn a_client_that_is_slow_with_its_body_is_told_so_and_nothing_is_made() {
        let (address, desk, end, served) = serving(Patience { reading: SHORT, answering: LONG }).await;
        let begun = r#"{"name": "slow", "upstream": "127.0.0.1:9""#;
        let head = "POST /proxies HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n";
        let answer = ask(address, &format!("{head}{begun}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        let body = "{\"error\":\"bad request body: i/o timeout\",\"status\":400}\n";
        assert!(answer.ends_with(body), "{answer}");
        assert_eq!(desk.proxies.lock().unwrap().all().count(), 0);
        end.send_replace(true);
        served.await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_503() {
        let (address, desk, end, served) = serving(Patience { reading: LONG, answering: SHORT }).await;
        // Another change holds the table for as long as this does.
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let holding = Arc::clone(&desk);
        let (tell, told) = tokio::sync::oneshot::channel();
        let holder = spawn_blocking(move || {
            let _table = holding.proxies.lock().unwrap();
            tell.send(()).unwrap();
            // It ends when the test lets go.
            let _ = held.recv();
        });
        told.await.unwrap();
        let answer = ask(address, "GET /proxies HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        assert!(answer.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"), "{answer}");
        assert!(answer.ends_with("<body><h1>Timeout</h1></body></html>"), "{answer}");
        drop(hold);
        holder.await.unwrap();
        let answer = ask(address, "GET /proxies HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        assert!(answer.ends_with("\r\n\r\n{}") || answer.ends_with("\r\n\r\n{}\n"), "{answer}");
        end.send_replace(true);
        served.await.unwrap();
    }
}
