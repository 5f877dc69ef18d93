//! One-time links to the hub's pages, for commands alone.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    extract::{ConnectInfo, State},
    http::StatusCode,
    routing::post,
};
use navyd_model::{
    api::Document,
    hub::{ApiError, Link},
};
use utoipa::OpenApi as _;

use super::{Answer, Fault, Resource, document};
use crate::{
    control::Came,
    guard::{self, Token},
    house::House,
    os,
};

pub(super) const RESOURCE: Resource =
    Resource { routes: || Router::new().route("/api/v1/links", post(make)), describe: Description::openapi };

#[derive(utoipa::OpenApi)]
#[openapi(paths(make))]
struct Description;

/// Make a link that opens one session within a minute
#[utoipa::path(post, path = "/api/v1/links", operation_id = "make_link", responses(
    (status = 200, description = "the link", body = Document<Link>),
    (status = 403, description = "only over the hub's socket", body = Document<ApiError>),
))]
async fn make(State(house): State<Arc<House>>, ConnectInfo(came): ConnectInfo<Came>) -> Answer<Link> {
    if came != Came::Command {
        let fault = Fault::new(StatusCode::FORBIDDEN, "links are made over the hub's socket alone");
        return Err(fault.hint("navyd hub status --link"));
    }
    let token = Token::new(os::random().map_err(|error| Fault::inner(&error))?);
    house.tokens().link(token.clone(), Instant::now());
    let address = house.doors.listen().first().map(ToString::to_string).unwrap_or_default();
    let link = Link {
        url: format!("http://{address}/#t={}", token.as_str()),
        token: token.as_str().to_owned(),
        expires_in: guard::LINK.as_millis() as u64,
    };
    Ok(document("link", link))
}
