//! The hub as it stands.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use navyd_model::{api::Document, hub::Hub};
use tokio::task::spawn_blocking;
use utoipa::OpenApi as _;

use super::{Answer, Fault, Resource, document};
use crate::house::House;

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/status", get(status)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(status))]
struct Description;

/// The hub as it stands
#[utoipa::path(get, path = "/api/v1/status", responses((status = 200, description = "the hub", body = Document<Hub>)))]
async fn status(State(house): State<Arc<House>>) -> Answer<Hub> {
    // The capture's figures may wait for the disk.
    let status = spawn_blocking(move || house.status()).await.map_err(|error| Fault::inner(&error))?;
    Ok(document("hub-status", status))
}
