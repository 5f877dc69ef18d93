//! Whether a service does what it is there for.
//!
//! Seeing is passive where it can be: the socket table tells who listens. Only a check that asks for it connects.
//! Deliberately absent: what follows when a service is not ready.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    pin::pin,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};

use super::order::Standing;

/// How long whoever listens elsewhere than it was told is waited for: it may have opened something else first.
pub(super) const ELSEWHERE: Duration = Duration::from_secs(1);

/// How long one that is to do nothing but run has to run: a command that fails has mostly failed by then.
const STANDS: Duration = Duration::from_millis(500);

/// Where debuggers of Node listen: no service is there for that.
const DEBUGGERS: RangeInclusive<u16> = 9_229..=9_239;

/// How long an answer may take, and the pauses between questions.
const ANSWER: Duration = Duration::from_secs(5);
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(500);

/// What a connection is asked.
#[derive(Debug, Clone)]
pub(super) enum Question {
    /// Nothing: that it is accepted is enough.
    Accept,
    /// A GET of this path.
    Get(String),
}

/// Whether a tree listens where it should: at the port it was told, or, after a while, anywhere.
pub(super) fn listens(addresses: &[SocketAddr], told: Option<u16>, running: Duration) -> bool {
    let at_told = |address: &SocketAddr| told == Some(address.port());
    let elsewhere = |address: &SocketAddr| !DEBUGGERS.contains(&address.port());
    addresses.iter().any(at_told)
        || (told.is_none() || running >= ELSEWHERE) && addresses.iter().any(elsewhere)
}

/// The addresses with the one first that a route leads to: the told port before others, what is no debugger's
/// before what is, IPv4 before IPv6, then the lowest.
pub(super) fn leading(mut addresses: Vec<SocketAddr>, told: Option<u16>) -> Vec<SocketAddr> {
    addresses.sort_by_key(|address| {
        let port = address.port();
        (Some(port) != told, DEBUGGERS.contains(&port), port, address.is_ipv6(), address.ip())
    });
    addresses
}

/// Until one that is to do nothing but run has run for a while, within the time that it has to be ready.
pub(super) async fn stands(within: Duration) {
    sleep(STANDS.min(within / 2)).await;
}

/// Asks until the answer is good: at the told port of both loopback addresses, and wherever the service listens.
pub(super) async fn ask(question: Question, told: Option<u16>, standing: watch::Receiver<Standing>) {
    let mut pause = SHORTEST;
    loop {
        let told = told.into_iter().flat_map(|port| {
            [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))]
        });
        let mut places: Vec<SocketAddr> = told.collect();
        if places.is_empty() {
            places = standing.borrow().service.listens.clone();
        }
        for place in places {
            if timeout(ANSWER, is_good(&question, reachable(place))).await.unwrap_or(false) {
                return;
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// A listener on all addresses is reached at loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}

async fn is_good(question: &Question, place: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect(place).await else { return false };
    match question {
        Question::Accept => true,
        Question::Get(path) => {
            status(stream, place, path).await.is_some_and(|status| (200..400).contains(&status))
        }
    }
}

async fn status(stream: TcpStream, place: SocketAddr, path: &str) -> Option<u16> {
    let (mut sender, connection) = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.ok()?;
    let request = Request::get(path)
        .header(header::HOST, format!("localhost:{}", place.port()))
        .header(header::USER_AGENT, "navyd")
        .body(Empty::new())
        .ok()?;
    // The connection lives as long as this future. It may end before its answer has been taken.
    let (answer, connection) = (sender.send_request(request), async { drop(connection.await) });
    let (mut answer, mut connection, mut open) = (pin!(answer), pin!(connection), true);
    loop {
        tokio::select! {
            answer = &mut answer => return Some(answer.ok()?.status().as_u16()),
            () = &mut connection, if open => open = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::supervisor::fixture::service;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_told_port_counts_at_once_and_others_later() {
        const NOW: Duration = Duration::ZERO;
        for (found, told, running, expected) in [
            (&["127.0.0.1:3000"][..], Some(3000), NOW, true),
            (&["[::1]:3000"], Some(3000), NOW, true),
            (&["127.0.0.1:5173"], Some(3000), NOW, false),
            (&["127.0.0.1:5173"], Some(3000), ELSEWHERE, true),
            (&["127.0.0.1:5173"], None, NOW, true),
            (&["127.0.0.1:9229"], Some(3000), ELSEWHERE, false),
            (&["127.0.0.1:9229"], Some(9229), NOW, true),
            (&[], None, ELSEWHERE, false),
        ] {
            assert_eq!(listens(&addresses(found), told, running), expected, "{found:?} {told:?} {running:?}");
        }
    }

    #[test]
    fn the_route_leads_to_the_most_likely() {
        for (found, told, expected) in [
            (&["[::1]:3000", "127.0.0.1:3000"][..], None, "127.0.0.1:3000"),
            (&["127.0.0.1:3000", "127.0.0.1:8080"], Some(8080), "127.0.0.1:8080"),
            (&["127.0.0.1:9229", "0.0.0.0:24678"], None, "0.0.0.0:24678"),
            (&["127.0.0.1:24678", "[::1]:5173"], None, "[::1]:5173"),
        ] {
            assert_eq!(leading(addresses(found), told)[0].to_string(), expected, "{found:?}");
        }
    }

    #[tokio::test]
    async fn only_a_good_answer_is_one() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let (_standing, watch) = watch::channel(Standing { service: service("web"), said: false });
        let asking = tokio::spawn(ask(Question::Get("/health?x=1".into()), Some(port), watch));
        for answer in
            ["HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", "nonsense", "HTTP/1.1 302 Found\r\n\r\n"]
        {
            assert!(!asking.is_finished());
            let (mut stream, _) = server.accept().await.unwrap();
            let mut head = [0; 256];
            let read = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            assert!(head.starts_with("GET /health?x=1 HTTP/1.1\r\n"), "{head}");
            assert!(head.contains(&format!("host: localhost:{port}\r\n")), "{head}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asking.await.unwrap();
    }
}
