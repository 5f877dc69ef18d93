//! Everything that the hub answers, behind its guard.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};

use crate::{
    api::{self, Fault},
    control::Came,
    guard::{self, Denied},
    house::House,
    page,
};

/// The API and the pages.
pub(crate) fn router(house: &Arc<House>) -> Router {
    api::router()
        .merge(page::router())
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(house), guarded))
        .with_state(Arc::clone(house))
}

async fn guarded(
    State(house): State<Arc<House>>,
    ConnectInfo(came): ConnectInfo<Came>,
    request: Request,
    next: Next,
) -> Response {
    let denied = match came {
        Came::Command => None,
        Came::Gateway => judge(&house, &request).err(),
        // Such a connection was closed before anything was read; were it not, it would be told nothing.
        Came::Stranger => Some(Denied::Host),
    };
    let mut response = match denied {
        None => next.run(request).await,
        Some(denied) => refuse(denied, &request),
    };
    for (name, value) in guard::FIELDS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

fn judge(house: &House, request: &Request) -> Result<(), Denied> {
    let admits = |token: &[u8]| house.tokens().admits(token, Instant::now());
    guard::judge(request.method(), request.uri().path(), request.headers(), house.doors.listen(), admits)
}

/// As a page for who reads pages, else as JSON.
fn refuse(denied: Denied, request: &Request) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    match denied {
        Denied::Origin if accept.is_some_and(|accept| accept.contains("text/html")) => page::denied(
            denied.status(),
            "Another page led here, and it could be any page of the web. Type the address into the browser yourself \
             to see this one.",
        ),
        Denied::Host | Denied::Origin | Denied::Token => Fault::from(denied).into_response(),
    }
}

async fn wrong_method() -> Fault {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    Fault::new(status, "the hub knows the path, and not what is to be done there")
        .hint("GET /api/v1/openapi.json")
}
