//! The inspection API of ngrok's agent, for the tools that speak it: `/api/requests/http`, `/api/tunnels`, `/api/status`.
//!
//! What it says is what the capture has: an exchange is a request, a route by HTTP is a tunnel. Times are in nanoseconds,
//! and `raw` is a message as it was sent, in Base64. Deliberately absent: changing tunnels.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use navyd_model::{
    api::Document,
    capture::Replay,
    exchange::Message,
    filter::Filter,
    hub::{ApiError, RouteEntry},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::OpenApi as _;

use super::{
    Fault, Resource,
    input::{Input, Named},
    recorded,
};
use crate::{capture::Question, export::Raw, house::House, replay};

/// How many requests are listed when nobody says how many, and at most.
const PAGE: usize = 50;
const MOST: usize = 1000;

pub(super) const RESOURCE: Resource = Resource {
    routes: || {
        Router::new()
            .route("/api/requests/http", get(list).post(again).delete(clear))
            .route("/api/requests/http/{id}", get(show))
            .route("/api/tunnels", get(tunnels))
            .route("/api/status", get(status))
    },
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, show, again, clear, tunnels, status))]
struct Description;

#[derive(Debug, Deserialize)]
struct Wanted {
    limit: Option<usize>,
    tunnel_name: Option<String>,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct Again {
    /// The number of a request.
    id: String,
}

/// Requests, as ngrok's agent lists them
#[utoipa::path(get, path = "/api/requests/http", operation_id = "inspect_requests",
    params(
        ("limit" = Option<usize>, Query, description = "how many at most: 50 when nothing is said"),
        ("tunnel_name" = Option<String>, Query, description = "only those of this route"),
    ),
    responses(
        (status = 200, description = "the requests, the newest first", body = Object),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn list(
    State(house): State<Arc<House>>,
    Query(Wanted { limit, tunnel_name }): Query<Wanted>,
) -> Result<Json<Value>, Fault> {
    let most = limit.unwrap_or(PAGE).clamp(1, MOST);
    let filter =
        Filter::parse("protocol:http", jiff::Timestamp::now()).map_err(|error| Fault::inner(&error))?;
    // Of one route, as many of all are looked through as may be.
    let limit = if tunnel_name.is_some() { 0 } else { most };
    let question = Question { filter: Some(filter), limit, ..Question::default() };
    let requests = recorded::with(&house, move |capture| {
        let page = capture.list(&question)?;
        let meant = |route: &str| tunnel_name.as_deref().is_none_or(|name| name == route);
        let ids = page.exchanges.iter().filter(|summary| meant(&summary.route)).map(|summary| summary.id);
        let mut all = Vec::new();
        for id in ids.take(most) {
            all.extend(capture.raw(id)?.as_ref().map(request));
        }
        Ok(all)
    });
    Ok(Json(json!({"uri": "/api/requests/http", "requests": requests.await?})))
}

/// One request, as ngrok's agent shows it
#[utoipa::path(get, path = "/api/requests/http/{id}", operation_id = "inspect_request",
    params(("id" = u64, Path, description = "its number")),
    responses(
        (status = 200, description = "the request and its response", body = Object),
        (status = 404, description = "there is none with this number", body = Document<ApiError>),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn show(State(house): State<Arc<House>>, Named(id): Named<u64>) -> Result<Json<Value>, Fault> {
    let raw = recorded::with(&house, move |capture| capture.raw(id)).await?;
    let raw = raw.filter(|raw| raw.exchange.summary.protocol.is_http());
    raw.map(|raw| Json(request(&raw))).ok_or_else(|| unknown(&id.to_string()))
}

/// Send a request once more, as with ngrok's agent
#[utoipa::path(post, path = "/api/requests/http", operation_id = "inspect_again", request_body = Again, responses(
    (status = 204, description = "it was sent"),
    (status = 404, description = "there is none with this number", body = Document<ApiError>),
    (status = 409, description = "it is not kept as it was sent", body = Document<ApiError>),
))]
async fn again(
    State(house): State<Arc<House>>,
    Input(Again { id }): Input<Again>,
) -> Result<StatusCode, Fault> {
    let id = id.parse().map_err(|_| unknown(&id))?;
    replay::replay(&house, recorded::of(&house)?, id, Replay::default()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forget all requests, as with ngrok's agent
#[utoipa::path(delete, path = "/api/requests/http", operation_id = "inspect_clear",
    responses(
        (status = 204, description = "they are forgotten"),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn clear(State(house): State<Arc<House>>) -> Result<StatusCode, Fault> {
    recorded::with(&house, |capture| capture.clear()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of HTTP, as ngrok's agent lists its tunnels
#[utoipa::path(get, path = "/api/tunnels", operation_id = "inspect_tunnels",
    responses((status = 200, description = "the routes that can be opened", body = Object)))]
async fn tunnels(State(house): State<Arc<House>>) -> Json<Value> {
    let all: Vec<Value> = house.book.list().iter().filter_map(tunnel).collect();
    Json(json!({"tunnels": all, "uri": "/api/tunnels"}))
}

/// The hub, as ngrok's agent tells of itself
#[utoipa::path(get, path = "/api/status", operation_id = "inspect_status",
    responses((status = 200, description = "that it is there", body = Object)))]
async fn status() -> Json<Value> {
    Json(json!({
        "status": "online",
        "agent_version": env!("CARGO_PKG_VERSION"),
        "session": {"legs": []},
        "uri": "/api/status",
    }))
}

fn tunnel(route: &RouteEntry) -> Option<Value> {
    let url = route.url.as_ref()?;
    let name = crate::client::segment(&route.from);
    Some(json!({
        "name": route.from,
        "uri": format!("/api/tunnels/{name}"),
        "public_url": url,
        "proto": "http",
        "config": {"addr": route.to, "inspect": route.capture},
    }))
}

fn request(raw: &Raw) -> Value {
    let (exchange, summary) = (&raw.exchange, &raw.exchange.summary);
    let line = exchange.request.line.as_deref().unwrap_or_default();
    let response = exchange.response.as_ref().filter(|response| response.line.is_some()).map(|response| {
        let line = response.line.as_deref().unwrap_or_default();
        let (proto, status) = line.split_once(' ').unwrap_or((line, ""));
        json!({
            "status": status,
            "status_code": summary.status,
            "proto": proto,
            "headers": headers(response),
            "raw": message(response, &raw.response),
        })
    });
    json!({
        "uri": format!("/api/requests/http/{}", summary.id),
        "id": summary.id.to_string(),
        "tunnel_name": summary.route,
        "remote_addr": summary.client.address,
        "start": summary.started,
        "duration": summary.took_ms.map_or(0, |took| (took * 1e6) as i64),
        "request": {
            "method": summary.method,
            "proto": line.rsplit(' ').next(),
            "headers": headers(&exchange.request),
            "uri": line.split(' ').nth(1),
            "raw": message(&exchange.request, &raw.request),
        },
        "response": response,
    })
}

/// Each name once, with all its values.
fn headers(message: &Message) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &message.headers {
        all.entry(name).or_default().push(value);
    }
    all
}

/// A message as it was sent, as far as it is kept.
fn message(message: &Message, body: &[u8]) -> String {
    let mut bytes = format!("{}\r\n", message.line.as_deref().unwrap_or_default());
    for (name, value) in &message.headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    STANDARD.encode([bytes.as_bytes(), body].concat())
}

fn unknown(id: &str) -> Fault {
    Fault::new(StatusCode::NOT_FOUND, format!("`{id}` is no request that is kept")).hint("navyd traffic ls")
}
