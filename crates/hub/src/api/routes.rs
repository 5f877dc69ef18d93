//! Routes: which there are, adding and removing those of people.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{delete, get},
};
use navyd_model::{
    Entry, Route,
    api::Document,
    hub::{ApiError, NewRoute, RouteEntry, Routes},
};
use tokio::task::spawn_blocking;
use utoipa::OpenApi as _;

use super::{
    Answer, Fault, Resource, document,
    input::{Input, Named},
};
use crate::house::House;

pub(super) const RESOURCE: Resource = Resource {
    routes: || {
        Router::new()
            .route("/api/v1/routes", get(list).post(add))
            .route("/api/v1/routes/{name}", delete(remove))
    },
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, add, remove))]
struct Description;

/// Every route
#[utoipa::path(get, path = "/api/v1/routes", operation_id = "list_routes",
    responses((status = 200, description = "the routes", body = Document<Routes>)))]
async fn list(State(house): State<Arc<House>>) -> Answer<Routes> {
    Ok(document("routes", Routes { routes: house.book.list().to_vec() }))
}

/// Add a route, and keep it
///
/// Adding what is there already changes nothing and is no error.
#[utoipa::path(post, path = "/api/v1/routes", operation_id = "add_route", request_body = NewRoute, responses(
    (status = 200, description = "it was there already", body = Document<RouteEntry>),
    (status = 201, description = "it is new", body = Document<RouteEntry>),
    (status = 409, description = "another route begins there, or its address is taken", body = Document<ApiError>),
    (status = 422, description = "it is no route", body = Document<ApiError>),
))]
async fn add(
    State(house): State<Arc<House>>,
    Input(new): Input<NewRoute>,
) -> Result<impl IntoResponse, Fault> {
    let route: Route = format!("{}={}", new.from, new.to).parse()?;
    // What has begun is finished, even when whoever asked has gone.
    let added = spawn_blocking(move || house.book.add(&route, new.capture))
        .await
        .map_err(|error| Fault::inner(&error))?;
    let (entry, is_new) = added?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, document("route", entry)))
}

/// Remove a route of a person's
#[utoipa::path(delete, path = "/api/v1/routes/{name}", operation_id = "remove_route",
    params(("name" = String, Path, description = "where it begins: `shop.localhost`, with each `/` as `%2F`")),
    responses(
        (status = 200, description = "the route as it was", body = Document<RouteEntry>),
        (status = 404, description = "no route begins there", body = Document<ApiError>),
        (status = 409, description = "it is a service's", body = Document<ApiError>),
        (status = 422, description = "it is neither a name nor an address", body = Document<ApiError>),
    ))]
async fn remove(State(house): State<Arc<House>>, Named(name): Named<String>) -> Answer<RouteEntry> {
    let from: Entry = name.parse()?;
    let removed =
        spawn_blocking(move || house.book.remove(&from)).await.map_err(|error| Fault::inner(&error))?;
    Ok(document("route", removed?))
}
