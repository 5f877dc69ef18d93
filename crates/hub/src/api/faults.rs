//! Faults: which lie on routes, laying and taking them away.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    routing::get,
};
use navyd_model::{
    api::Document,
    fault::{Fault as Laid, Faults},
    hub::ApiError,
};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use utoipa::OpenApi as _;

use super::{Answer, Fault, Resource, document, input::Input};
use crate::house::House;

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/faults", get(list).post(lay).delete(lift)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, lay, lift))]
struct Description;

/// Which faults are meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meant {
    route: Option<String>,
    name: Option<String>,
}

/// Every fault
#[utoipa::path(get, path = "/api/v1/faults", operation_id = "list_faults",
    responses((status = 200, description = "the faults, in the order in which they apply", body = Document<Faults>)))]
async fn list(State(house): State<Arc<House>>) -> Answer<Faults> {
    Ok(document("faults", house.book.faults()))
}

/// Lay a fault on a route
///
/// One of the same name on the route gives way to it. It hits connections that are open as well, and stays until it is
/// taken away or the hub ends.
#[utoipa::path(post, path = "/api/v1/faults", operation_id = "lay_fault", request_body = Laid, responses(
    (status = 200, description = "every fault, with the new one", body = Document<Faults>),
    (status = 404, description = "no route begins there", body = Document<ApiError>),
    (status = 422, description = "it is no fault, or none for this route", body = Document<ApiError>),
))]
async fn lay(State(house): State<Arc<House>>, Input(fault): Input<Laid>) -> Answer<Faults> {
    // What has begun is finished, even when whoever asked has gone.
    let laid = spawn_blocking(move || house.book.lay(fault)).await.map_err(|error| Fault::inner(&error))?;
    Ok(document("faults", laid?))
}

/// Take faults away
#[utoipa::path(delete, path = "/api/v1/faults", operation_id = "lift_faults",
    params(
        ("route" = Option<String>, Query, description = "where the route begins; every route without it"),
        ("name" = Option<String>, Query, description = "the fault's name; every fault without it"),
    ),
    responses(
        (status = 200, description = "the faults that are left", body = Document<Faults>),
        (status = 404, description = "there is no such fault", body = Document<ApiError>),
    ))]
async fn lift(State(house): State<Arc<House>>, Query(meant): Query<Meant>) -> Answer<Faults> {
    let lifted = spawn_blocking(move || house.book.lift(meant.route.as_deref(), meant.name.as_deref()));
    Ok(document("faults", lifted.await.map_err(|error| Fault::inner(&error))??))
}
