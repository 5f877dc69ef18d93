//! Breakpoints: exchanges that are held on their way, by the connection that asked for it.
//!
//! Deliberately absent: what of a message may be changed, which the gateway decides.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::IntoResponse,
    routing::{delete, get, post},
};
use navyd_decode::body::view;
use navyd_gateway::breakpoint::{self as gateway, MOST_BODY, MOST_HELD, Notice, Refused, Wanted};
use navyd_model::{
    api::Document,
    breakpoint::{Breakpoint, Breakpoints, Held, NewBreakpoint, Release, Released},
    exchange::Body,
    hub::ApiError,
};
use serde::Serialize;
use utoipa::OpenApi as _;

use super::{
    Answer, Fault, Resource, document,
    input::{self, Input, Named},
    stream,
};
use crate::house::House;

/// How long messages are held when nothing is said.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Events that are written ahead of the reader.
const AHEAD: usize = 16;

/// The longest release, in bytes: a head and a body that JSON writes with up to six bytes for one.
const MOST: usize = 6 * MOST_BODY + 1024 * 1024;

pub(super) const RESOURCE: Resource = Resource { routes, describe: Description::openapi };

#[derive(utoipa::OpenApi)]
#[openapi(paths(set, list, remove, one, release))]
struct Description;

fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/api/v1/breakpoints", post(set).get(list))
        .route("/api/v1/breakpoints/{id}", delete(remove))
        .route("/api/v1/breakpoints/held/{id}", get(one))
        .route("/api/v1/breakpoints/held/{id}/release", post(release))
}

/// Hold exchanges on their way
///
/// The answer is an event stream: first `breakpoint`, then `held` for each message that is held, without its body,
/// `released` for each that is held no more, and `passed` for one that was meant and could not be held. The breakpoint
/// lasts until the connection ends; whatever it holds goes on as it was then.
#[utoipa::path(post, path = "/api/v1/breakpoints", operation_id = "set_breakpoint", request_body = NewBreakpoint,
    responses(
        (status = 200, description = "a stream without end; `data` is a document", body = Document<Held>,
            content_type = "text/event-stream"),
        (status = 422, description = "it is no filter, or asks for what is not known in time", body = Document<ApiError>),
    ))]
async fn set(
    State(house): State<Arc<House>>,
    Input(new): Input<NewBreakpoint>,
) -> Result<impl IntoResponse, Fault> {
    let timeout = new.timeout_ms.map_or(TIMEOUT, Duration::from_millis);
    let points = house.doors.breakpoints();
    let wanted = Wanted { filter: new.filter, response: new.response, timeout };
    let (point, mut notices) = points.set(wanted)?;
    let lease = Lease { points: points.clone(), id: point.id };
    let (tell, answer) = stream::open(AHEAD);
    // It ends with its reader, with the hub, or with the breakpoint, and takes that with it.
    tokio::spawn(async move {
        let mut ending = house.ending.subscribe();
        let lease = lease;
        if tell.send(event("breakpoint", &breakpoint(&point))).await.is_err() {
            return;
        }
        loop {
            let notice = tokio::select! {
                () = tell.closed() => break,
                _ = ending.wait_for(|ending| *ending) => break,
                notice = notices.recv() => notice,
            };
            let told = match notice {
                None => break,
                Some(Notice::Held(held)) => event("held", &shown(&held, false)),
                Some(Notice::Over { id, how }) => event("released", &Released { id, how }),
                Some(Notice::Passed) => event("passed", &Passed { most: MOST_HELD }),
            };
            tokio::select! {
                sent = tell.send(told) => if sent.is_err() { break },
                _ = ending.wait_for(|ending| *ending) => break,
            }
        }
        drop(lease);
    });
    Ok(answer)
}

/// A breakpoint that goes when this does.
struct Lease {
    points: gateway::Breakpoints,
    id: u64,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.points.remove(self.id);
    }
}

/// A message was meant, and passed because so many are held.
#[derive(Serialize)]
struct Passed {
    most: usize,
}

fn event(noun: &str, body: &impl Serialize) -> stream::Told {
    stream::event(noun, &Document::new(noun, body))
}

/// Breakpoints, and what they hold
#[utoipa::path(get, path = "/api/v1/breakpoints", operation_id = "list_breakpoints", responses(
    (status = 200, description = "all of them; what is held comes without bodies", body = Document<Breakpoints>)))]
async fn list(State(house): State<Arc<House>>) -> Answer<Breakpoints> {
    let points = house.doors.breakpoints();
    let breakpoints = points.all().iter().map(breakpoint).collect();
    let held = points.held().iter().map(|held| shown(held, false)).collect();
    Ok(document("breakpoints", Breakpoints { breakpoints, held }))
}

/// Take a breakpoint away
///
/// What it holds goes on as it was.
#[utoipa::path(delete, path = "/api/v1/breakpoints/{id}", operation_id = "remove_breakpoint",
    params(("id" = u64, Path, description = "its number")),
    responses(
        (status = 200, description = "what is left", body = Document<Breakpoints>),
        (status = 404, description = "there is none with this number", body = Document<ApiError>),
    ))]
async fn remove(State(house): State<Arc<House>>, Named(id): Named<u64>) -> Answer<Breakpoints> {
    if !house.doors.breakpoints().remove(id) {
        let fault = Fault::new(StatusCode::NOT_FOUND, format!("there is no breakpoint with the number {id}"));
        return Err(fault.hint("navyd traffic break"));
    }
    list(State(house)).await
}

/// A held message
#[utoipa::path(get, path = "/api/v1/breakpoints/held/{id}", operation_id = "held_message",
    params(("id" = u64, Path, description = "its number")),
    responses(
        (status = 200, description = "the message with its body", body = Document<Held>),
        (status = 404, description = "nothing with this number is held", body = Document<ApiError>),
    ))]
async fn one(State(house): State<Arc<House>>, Named(id): Named<u64>) -> Answer<Held> {
    let held = house.doors.breakpoints().one(id).ok_or(Refused::Gone(id))?;
    Ok(document("held", shown(&held, true)))
}

/// Let a held message go on
///
/// As it was; with another head or body; or not at all, and its client is answered with a status or cut off.
#[utoipa::path(post, path = "/api/v1/breakpoints/held/{id}/release", operation_id = "release_message",
    params(("id" = u64, Path, description = "its number")), request_body = Release,
    responses(
        (status = 200, description = "what became of it", body = Document<Released>),
        (status = 404, description = "nothing with this number is held", body = Document<ApiError>),
        (status = 413, description = "it is too long", body = Document<ApiError>),
        (status = 422, description = "it cannot be sent so; it is still held", body = Document<ApiError>),
    ))]
async fn release(
    State(house): State<Arc<House>>,
    Named(id): Named<u64>,
    request: Request,
) -> Answer<Released> {
    let bytes = input::json(request, MOST).await?;
    let asked: Release = serde_json::from_slice(&bytes).map_err(|error| {
        Fault::new(StatusCode::BAD_REQUEST, "the request's body cannot be read").cause(error.to_string())
    })?;
    let how = house.doors.breakpoints().release(id, verdict(asked)?)?;
    Ok(document("released", Released { id, how }))
}

/// The one thing that is asked for.
fn verdict(asked: Release) -> Result<gateway::Release, Fault> {
    let Release { head, body, status, abort } = asked;
    let edits = head.is_some() || body.is_some();
    match (edits, status, abort) {
        (_, None, false) => Ok(gateway::Release::On { head, body: body.map(String::into_bytes) }),
        (false, Some(status), false) => Ok(gateway::Release::Answer(status)),
        (false, None, true) => Ok(gateway::Release::Abort),
        _ => Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "only one thing can become of a message")
            .cause("it goes on with another `head` or `body`, or is answered with `status`, or `abort`ed")
            .hint("{\"status\": 503}")),
    }
}

fn breakpoint(point: &gateway::Breakpoint) -> Breakpoint {
    let Wanted { filter, response, timeout } = &point.wanted;
    let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    Breakpoint { id: point.id, filter: filter.clone(), response: *response, timeout_ms }
}

/// A held message as a document.
fn shown(held: &gateway::Held, with_body: bool) -> Held {
    let head = std::str::from_utf8(&held.head).ok();
    let size = held.body.as_ref().map_or(0, Vec::len) as u64;
    let body = held.body.as_ref().filter(|body| with_body && !body.is_empty()).map(|bytes| {
        let value = |name: &str| field(head.unwrap_or_default(), name);
        let encodings: Vec<&str> = value("content-encoding").into_iter().collect();
        let mut body = Body {
            size,
            kept: size,
            media_type: value("content-type").map(str::to_owned),
            ..Body::default()
        };
        view(value("content-type"), &encodings, bytes, false).fill(&mut body);
        body
    });
    let status = head.and_then(|head| head.strip_prefix("HTTP/")?.split(' ').nth(1)?.get(..3)?.parse().ok());
    Held {
        id: held.id,
        breakpoint: held.breakpoint,
        from: held.from,
        route: held.route.to_string(),
        request: held.request.clone(),
        status,
        since: held.since,
        until: held.until,
        size,
        passes: held.body.is_none().then(|| {
            format!("it is longer than {} MiB, has not come completely, or has no end", MOST_BODY >> 20)
        }),
        head: head.map(str::to_owned),
        body,
    }
}

/// The value of a field of a head that was sent.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(is, _)| is.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        let unfit = StatusCode::UNPROCESSABLE_ENTITY;
        match refused {
            Refused::Gone(_) => Self::new(StatusCode::NOT_FOUND, refused.to_string())
                .cause("it went on, or its client has left")
                .hint("navyd traffic break"),
            Refused::Filter { written, error } => Self::of_filter(error, &written),
            Refused::Later(_) => Self::new(unfit, refused.to_string())
                .cause("a message is held when its head has come: method, host, path, headers; of answers, the status")
                .hint("navyd traffic break 'status:>=500' --response"),
            Refused::TooMany | Refused::Timeout => {
                Self::new(unfit, refused.to_string()).hint("navyd traffic break --timeout 5m")
            }
            Refused::Wrong(_) | Refused::Status(_) => {
                Self::new(unfit, refused.to_string()).hint("navyd traffic break --edit")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use navyd_h1::Asked;
    use navyd_model::{exchange::Side, filter::Filter};

    use super::*;

    #[test]
    fn a_mistake_in_a_filter_is_pointed_at() {
        let written = "method:POST statsu:500".to_owned();
        let error = Filter::parse(&written, Timestamp::now()).unwrap_err();
        let fault = Fault::from(Refused::Filter { written, error });
        assert_eq!(fault.to_string(), "`statsu` is no field: method:POST statsu:500\n            ^^^^^^^");
    }

    #[test]
    fn one_thing_becomes_of_a_message() {
        let text = |text: &str| Some(text.to_owned());
        let whole = Release { head: text("a"), body: text("b"), status: Some(200), abort: true };
        for (asked, expected) in [
            (Release::default(), Some(gateway::Release::On { head: None, body: None })),
            (
                Release { status: None, abort: false, ..whole.clone() },
                Some(gateway::Release::On { head: text("a"), body: Some(b"b".to_vec()) }),
            ),
            (Release { status: Some(503), ..Release::default() }, Some(gateway::Release::Answer(503))),
            (Release { abort: true, ..Release::default() }, Some(gateway::Release::Abort)),
            (Release { abort: false, ..whole.clone() }, None),
            (Release { status: Some(503), abort: true, ..Release::default() }, None),
            (whole, None),
        ] {
            assert_eq!(verdict(asked.clone()).ok(), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_body_is_shown_where_one_message_is_asked_for() {
        let held = gateway::Held {
            id: 1,
            breakpoint: 2,
            from: Side::Server,
            route: "shop.localhost/".into(),
            request: "GET / HTTP/1.1".to_owned(),
            head: b"HTTP/1.1 201 Made\r\nContent-Type: text/plain\r\n\r\n".to_vec(),
            body: Some(b"hi".to_vec()),
            asked: Asked::default(),
            since: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
        };
        let (one, all) = (shown(&held, true), shown(&held, false));
        assert_eq!((one.status, one.size, one.passes.as_ref(), &all.body), (Some(201), 2, None, &None));
        assert_eq!(one.body.unwrap().text.as_deref(), Some("hi"));
        let passes = shown(&gateway::Held { body: None, ..held }, true);
        assert!(passes.passes.is_some() && passes.body.is_none());
    }
}
