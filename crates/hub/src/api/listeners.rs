//! Listeners of this machine, as `navyd ls` lists them.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use navyd_model::{
    api::Document,
    hub::{ApiError, Listeners},
};
use utoipa::OpenApi as _;

use super::{Answer, Fault, Resource, document};
use crate::house::House;

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/listeners", get(list)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list))]
struct Description;

/// Every listener of this machine
#[utoipa::path(get, path = "/api/v1/listeners", operation_id = "list_listeners", responses(
    (status = 200, description = "at most half a second old", body = Document<Listeners>),
    (status = 500, description = "the socket table cannot be read", body = Document<ApiError>),
))]
async fn list(State(house): State<Arc<House>>) -> Answer<Listeners> {
    let seen = house.seen.now().await.map_err(|error| Fault::inner(&error))?;
    Ok(document("listeners", Listeners::clone(&seen)))
}
