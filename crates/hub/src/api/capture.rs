//! How the capture stands.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use navyd_model::{api::Document, capture::Capture, hub::ApiError};
use utoipa::OpenApi as _;

use super::{Answer, Resource, document, recorded};
use crate::house::House;

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/capture", get(status)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(status))]
struct Description;

/// The capture as it stands
#[utoipa::path(get, path = "/api/v1/capture", operation_id = "capture_status", responses(
    (status = 200, description = "what is recorded, and what is lost", body = Document<Capture>),
    (status = 409, description = "this hub records nothing", body = Document<ApiError>),
    (status = 504, description = "the disk does not answer", body = Document<ApiError>),
))]
async fn status(State(house): State<Arc<House>>) -> Answer<Capture> {
    Ok(document("capture", recorded::with(&house, |capture| Ok(capture.status())).await?))
}
