//! Sessions: what the token of a link is exchanged for.

use std::{sync::Arc, time::Instant};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use navyd_model::{
    api::Document,
    hub::{ApiError, NewSession, Session},
};
use utoipa::OpenApi as _;

use super::{Answer, Fault, Resource, document, input::Input};
use crate::{
    guard::{self, Token},
    house::House,
    os,
};

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/session", post(open)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(open))]
struct Description;

/// Exchange the token of a link for that of a session
#[utoipa::path(post, path = "/api/v1/session", operation_id = "open_session", request_body = NewSession, responses(
    (status = 200, description = "the session", body = Document<Session>),
    (status = 401, description = "the link is used, too old or none", body = Document<ApiError>),
))]
async fn open(State(house): State<Arc<House>>, Input(new): Input<NewSession>) -> Answer<Session> {
    let token = Token::new(os::random().map_err(|error| Fault::inner(&error))?);
    if !house.tokens().redeem(new.token.as_bytes(), token.clone(), Instant::now()) {
        let fault = Fault::new(StatusCode::UNAUTHORIZED, "the link opens nothing");
        return Err(fault.cause("it was used, is too old, or is none").hint("navyd hub status --link"));
    }
    let session = Session { token: token.as_str().to_owned(), expires_in: guard::SESSION.as_millis() as u64 };
    Ok(document("session", session))
}
