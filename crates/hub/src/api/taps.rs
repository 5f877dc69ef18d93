//! Taps: a listening address before a port, held by the connection that asked for it.

use std::{net::Ipv4Addr, sync::Arc};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use jiff::Timestamp;
use navyd_model::{
    Scheme, Upstream,
    api::Document,
    exchange::Protocol,
    filter::Filter,
    hub::ApiError,
    tap::{NewTap, Tap},
};
use tokio::task::spawn_blocking;
use utoipa::OpenApi as _;

use super::{Fault, Resource, input::Input, passing, recorded, stream};
use crate::{borrowed::Borrowed, house::House};

pub(super) const RESOURCE: Resource =
    Resource { routes: || Router::new().route("/api/v1/taps", post(open)), describe: Description::openapi };

#[derive(utoipa::OpenApi)]
#[openapi(paths(open))]
struct Description;

/// Watch a port
///
/// The answer is an event stream: `tap` first, then an `exchange` for each that passes, from the very first, and `lagged`
/// when the reader was too slow for some. The tap lasts until the connection ends.
#[utoipa::path(post, path = "/api/v1/taps", operation_id = "open_tap", request_body = NewTap, responses(
    (status = 200, description = "a stream without end; `data` is a document", body = Document<Tap>,
        content_type = "text/event-stream"),
    (status = 409, description = "its address is taken, or nothing is recorded", body = Document<ApiError>),
    (status = 422, description = "it is no server of this machine", body = Document<ApiError>),
))]
async fn open(
    State(house): State<Arc<House>>,
    Input(new): Input<NewTap>,
) -> Result<impl IntoResponse, Fault> {
    // Before the listener is there, so that nothing passes unseen.
    let live = recorded::of(&house)?.follow();
    let (upstream, read_as) = target(&new)?;
    let listen = new.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
    if !listen.ip().is_loopback() {
        let fault =
            Fault::new(StatusCode::UNPROCESSABLE_ENTITY, format!("`{listen}` is no loopback address"));
        return Err(fault.hint(format!("navyd tap {} --listen {}", new.target, listen.port())));
    }
    let opener = Arc::clone(&house);
    let opened = spawn_blocking(move || Borrowed::open(&opener, listen, upstream, Some(read_as)));
    let borrowed = opened.await.map_err(|error| Fault::inner(&error))??;
    let tap = Tap {
        route: borrowed.route.entry.to_string(),
        listen: borrowed.listen,
        to: borrowed.route.upstream.to_string(),
        read_as,
    };
    let passing = Filter::parse(&format!("route:\"{}\"", tap.route), Timestamp::now())
        .map_err(|error| Fault::inner(&error))?;
    let (tell, answer) = stream::open(passing::AHEAD);
    // It ends with its reader, or with the hub, and the route with it.
    tokio::spawn(async move {
        if tell.send(stream::event("tap", &Document::new("tap", &tap))).await.is_ok() {
            passing::forward(&house, live, Some(&passing), &tell).await;
        }
        drop(borrowed);
    });
    Ok(answer)
}

/// The server, and as what it is read.
fn target(new: &NewTap) -> Result<(Upstream, Protocol), Fault> {
    let written = new.target.trim_end_matches('/');
    let (scheme, rest) =
        written.split_once("://").map_or((None, written), |(scheme, rest)| (Some(scheme), rest));
    let port = rest.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let read_as = new.read_as.unwrap_or_else(|| spoken(scheme, port));
    let scheme = match scheme {
        Some(scheme @ ("http" | "h2c" | "tcp" | "udp")) => scheme,
        _ => carrier(read_as).as_str(),
    };
    Ok((format!("{scheme}://{rest}").parse()?, read_as))
}

/// What is spoken, by the scheme of a URL or else by the usual port. It is a guess: another server may listen there.
fn spoken(scheme: Option<&str>, port: Option<u16>) -> Protocol {
    match (scheme, port) {
        (Some("http" | "h2c"), _) => Protocol::Http,
        (Some("postgres" | "postgresql"), _) | (None | Some("tcp"), Some(5432)) => Protocol::Postgres,
        (Some("mysql" | "mariadb"), _) | (None | Some("tcp"), Some(3306)) => Protocol::Mysql,
        (Some("redis"), _) | (None | Some("tcp"), Some(6379)) => Protocol::Redis,
        (Some("dns"), _) | (Some("udp"), Some(53)) => Protocol::Dns,
        (Some("udp"), _) => Protocol::Udp,
        _ => Protocol::Tcp,
    }
}

/// What carries a protocol.
fn carrier(protocol: Protocol) -> Scheme {
    match protocol {
        Protocol::Http | Protocol::Websocket | Protocol::Sse => Scheme::Http,
        Protocol::Grpc => Scheme::H2c,
        Protocol::Dns | Protocol::Udp => Scheme::Udp,
        Protocol::Postgres | Protocol::Mysql | Protocol::Redis | Protocol::Tcp => Scheme::Tcp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_says_or_shows_what_is_spoken() {
        for (written, read_as, expected) in [
            ("127.0.0.1:5432", None, Some(("tcp://127.0.0.1:5432", Protocol::Postgres))),
            ("localhost:3306", None, Some(("tcp://localhost:3306", Protocol::Mysql))),
            ("127.0.0.1:7000", Some(Protocol::Redis), Some(("tcp://127.0.0.1:7000", Protocol::Redis))),
            ("127.0.0.1:5432", Some(Protocol::Tcp), Some(("tcp://127.0.0.1:5432", Protocol::Tcp))),
            ("http://localhost:3000/", None, Some(("http://localhost:3000", Protocol::Http))),
            ("127.0.0.1:3000", Some(Protocol::Http), Some(("http://127.0.0.1:3000", Protocol::Http))),
            ("redis://127.0.0.1:7000", None, Some(("tcp://127.0.0.1:7000", Protocol::Redis))),
            ("udp://127.0.0.1:53", None, Some(("udp://127.0.0.1:53", Protocol::Dns))),
            ("127.0.0.1:9000", None, Some(("tcp://127.0.0.1:9000", Protocol::Tcp))),
            ("192.0.2.1:5432", None, None),
            ("nonsense", None, None),
        ] {
            let new = NewTap { target: written.to_owned(), listen: None, read_as };
            let found = target(&new).ok();
            let expected = expected.map(|(url, protocol)| (url.parse().unwrap(), protocol));
            assert_eq!(found, expected, "{written}");
        }
    }
}
