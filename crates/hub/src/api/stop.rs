//! Ending the hub.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use navyd_model::{api::Document, hub::Stopping};
use utoipa::OpenApi as _;

use super::{Resource, document};
use crate::house::House;

pub(super) const RESOURCE: Resource =
    Resource { routes: || Router::new().route("/api/v1/stop", post(stop)), describe: Description::openapi };

#[derive(utoipa::OpenApi)]
#[openapi(paths(stop))]
struct Description;

/// End the hub: what is in flight finishes; asked again, it is cut off
#[utoipa::path(post, path = "/api/v1/stop", operation_id = "stop",
    responses((status = 202, description = "it ends", body = Document<Stopping>)))]
async fn stop(State(house): State<Arc<House>>) -> impl IntoResponse {
    house.bell.ring();
    (StatusCode::ACCEPTED, document("stopping", Stopping { pid: std::process::id() }))
}
