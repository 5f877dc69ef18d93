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

/// How long a request may take to come, its body included.
const READING: Duration = Duration::from_secs(15);

/// How long an answer may take.
const ANSWERING: Duration = Duration::from_secs(25);

/// The longest body that is read.
const BODY: usize = 16 * 1024 * 1024;

/// What all connections share.
pub(super) struct Desk {
    pub(super) proxies: Mutex<Proxies>,
    pub(super) setting: Setting,
    /// What the identifiers of requests begin with, and how many there were.
    pub(super) identity: u64,
    pub(super) requests: AtomicU64,
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
        match timeout(READING, Limited::new(request.into_body(), BODY).collect()).await {
            Ok(Ok(body)) => {
                let body = body.to_bytes();
                let work = spawn_blocking(move || {
                    // A table that a panic has left is as it was before: it changes as a whole.
                    let mut proxies = desk.proxies.lock().unwrap_or_else(PoisonError::into_inner);
                    api::answer(&mut proxies, call, &body, desk.setting)
                });
                match timeout(ANSWERING, work).await {
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
