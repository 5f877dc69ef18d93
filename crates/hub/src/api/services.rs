//! Services that the hub runs.

use std::sync::Arc;

use axum::{Router, extract::State, routing::get};
use navyd_model::{api::Document, hub::Services};
use utoipa::OpenApi as _;

use super::{Answer, Resource, document};
use crate::house::House;

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/services", get(list)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list))]
struct Description;

/// Every service
#[utoipa::path(get, path = "/api/v1/services", operation_id = "list_services",
    responses((status = 200, description = "the services", body = Document<Services>)))]
async fn list(State(house): State<Arc<House>>) -> Answer<Services> {
    Ok(document("services", Services { services: house.all_services() }))
}
