//! Exchanges as they come, as an event stream.

use std::sync::Arc;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use navyd_model::{api::Document, exchange::Summary, hub::ApiError};
use serde::Deserialize;
use utoipa::OpenApi as _;

use super::asked::{Wanted, read};
use crate::{
    api::{Fault, passing, recorded, stream},
    house::House,
};

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/api/v1/exchanges/events", get(follow))
}

pub(super) fn describe() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(follow))]
struct Description;

#[derive(Debug, Deserialize)]
struct Written {
    filter: Option<String>,
}

/// Exchanges as they pass
///
/// An `exchange` for each that has ended, and for streams also when they begin; `lagged` when the reader was too slow for
/// some.
#[utoipa::path(get, path = "/api/v1/exchanges/events", operation_id = "follow_exchanges",
    params(("filter" = Option<String>, Query, description = "which are meant; all without one")),
    responses(
        (status = 200, description = "a stream without end; `data` is a document", body = Document<Summary>,
            content_type = "text/event-stream"),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 422, description = "it is no filter", body = Document<ApiError>),
    ))]
async fn follow(
    State(house): State<Arc<House>>,
    Wanted(written): Wanted<Written>,
) -> Result<impl IntoResponse, Fault> {
    let filter = read(written.filter)?;
    let live = recorded::of(&house)?.follow();
    let (tell, answer) = stream::open(passing::AHEAD);
    // It ends with its reader, or with the hub.
    tokio::spawn(async move { passing::forward(&house, live, filter.as_ref(), &tell).await });
    Ok(answer)
}
