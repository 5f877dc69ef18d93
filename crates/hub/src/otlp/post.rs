//! One request of OTLP/HTTP, and what its answer means.

use std::time::{Duration, SystemTime};

use axum::{
    body::Bytes,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

use super::Endpoint;

/// How long a collector may take for one request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before a second try when nothing is said, and the longest that is waited when something is.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];
/// The most of an answer that is read, in bytes.
const ANSWER: usize = 64 * 1024;
/// The most of what a collector says that is told, in characters.
const SAID: usize = 200;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was taken, but for so many spans; with what the collector says of that, or of anything else.
    Taken { refused: u64, said: Option<String> },
    /// It may be taken a little later.
    Later { pause: Duration, why: String },
    /// It will not be taken.
    Refused { why: String },
}

/// Sends it once.
pub(super) async fn post(endpoint: &Endpoint, body: Bytes) -> Verdict {
    match timeout(PATIENCE, exchange(endpoint, body)).await {
        Ok(Ok((status, headers, body))) => verdict(status, &headers, &body, SystemTime::now()),
        Ok(Err(why)) => Verdict::Later { pause: AGAIN[0], why },
        // Whether it was taken is not known, and taken twice it would be counted twice.
        Err(_) => Verdict::Refused { why: format!("no answer within {} seconds", PATIENCE.as_secs()) },
    }
}

async fn exchange(endpoint: &Endpoint, body: Bytes) -> Result<(StatusCode, HeaderMap, Bytes), String> {
    let unreached = |error: std::io::Error| format!("it cannot be reached: {error}");
    let stream = TcpStream::connect(&endpoint.address()).await.map_err(unreached)?;
    let request = Request::post(&endpoint.path)
        .header(header::HOST, &endpoint.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("navyd/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .body(Full::new(body))
        .map_err(|error| error.to_string())?;
    let broken = |error: hyper::Error| format!("the connection broke: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let asked = async move {
        let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        // Without it nothing is lost but what the collector says.
        let body = Limited::new(body, ANSWER).collect().await.map(|body| body.to_bytes());
        Ok((head.status, head.headers, body.unwrap_or_default()))
    };
    // The connection is driven here, so it ends with this.
    tokio::pin!(asked);
    tokio::select! {
        answer = &mut asked => answer,
        _ = connection => asked.await,
    }
}

/// OTLP §"OTLP/HTTP Response": 200 is a success, of which a part may have been refused; of failures 429, 502, 503 and 504
/// may be tried again, and "all other 4xx or 5xx response status codes MUST NOT be retried".
fn verdict(status: StatusCode, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Verdict {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = |at: &str| body.pointer(at).and_then(Value::as_str).filter(|said| !said.is_empty());
    let short = |said: &str| said.chars().take(SAID).collect::<String>();
    if status.is_success() {
        let refused = body.pointer("/partialSuccess/rejectedSpans");
        // A number of 64 bits is a text in protobuf's JSON, and read as a number as well.
        let refused = refused.and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
        let said = said("/partialSuccess/errorMessage").map(short);
        return Verdict::Taken { refused: refused.unwrap_or_default(), said };
    }
    let why = match said("/message") {
        Some(said) => format!("it answered {}: {}", status.as_u16(), short(said)),
        None => format!("it answered {}", status.as_u16()),
    };
    if !matches!(status.as_u16(), 429 | 502 | 503 | 504) {
        return Verdict::Refused { why };
    }
    let asked = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let pause = asked.and_then(|value| retry_after(value, now)).unwrap_or(AGAIN[0]).min(AGAIN[1]);
    Verdict::Later { pause, why }
}

/// `Retry-After`, in seconds or as a date (RFC 9110 §10.2.3). A date that is over means now.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp();
    Some(SystemTime::from(date).duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_means_what_the_protocol_says() {
        let now = SystemTime::from("2026-11-21T00:00:00Z".parse::<jiff::Timestamp>().unwrap());
        let taken = |refused, said: Option<&str>| Verdict::Taken { refused, said: said.map(str::to_owned) };
        let later =
            |seconds, why: &str| Verdict::Later { pause: Duration::from_secs(seconds), why: why.into() };
        let refused = |why: &str| Verdict::Refused { why: why.into() };
        for (status, after, body, expected) in [
            (200, "", "", taken(0, None)),
            (200, "", "{}", taken(0, None)),
            (200, "", "no JSON", taken(0, None)),
            (
                200,
                "",
                r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#,
                taken(2, Some("too old")),
            ),
            (200, "", r#"{"partialSuccess":{"rejectedSpans":3}}"#, taken(3, None)),
            (200, "", r#"{"partialSuccess":{"errorMessage":"soon old"}}"#, taken(0, Some("soon old"))),
            (202, "", "", taken(0, None)),
            (400, "", r#"{"code":3,"message":"no span"}"#, refused("it answered 400: no span")),
            (404, "", "<h1>", refused("it answered 404")),
            (301, "", "", refused("it answered 301")),
            (500, "3", "", refused("it answered 500")),
            (429, "3", "", later(3, "it answered 429")),
            (503, "", "", later(1, "it answered 503")),
            (503, "soon", "", later(1, "it answered 503")),
            (502, "0", "", later(0, "it answered 502")),
            (504, "86400", "", later(30, "it answered 504")),
            (503, "Sat, 21 Nov 2026 00:00:05 GMT", "", later(5, "it answered 503")),
            (503, "Fri, 20 Nov 2026 00:00:05 GMT", "", later(0, "it answered 503")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, after.parse().unwrap());
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(verdict(status, &headers, body.as_bytes(), now), expected, "{status} {after} {body}");
        }
    }
}
