//! The hub's API, `/api/v1`: a file for each resource, and their list.
//!
//! A resource is its paths and their description, which become the OpenAPI document. Answers are the documents of
//! `navyd_model::hub`, and errors say what, why and what to type. Deliberately absent: who may ask, which the
//! guard has decided before.

mod authority;
mod breakpoints;
mod capture;
mod events;
mod exchanges;
mod fault;
mod fault_log;
mod faults;
mod input;
mod inspect;
mod links;
mod listeners;
mod logs;
mod openapi;
mod passing;
mod projects;
mod recorded;
mod routes;
mod runs;
mod services;
mod session;
mod status;
mod stop;
mod stream;
mod taps;

use std::sync::Arc;

use axum::{Json, Router};
use navyd_model::api::Document;

use crate::house::House;
pub(crate) use fault::Fault;

/// Every resource, in the order of the document.
const RESOURCES: &[Resource] = &[
    status::RESOURCE,
    routes::RESOURCE,
    faults::RESOURCE,
    fault_log::RESOURCE,
    listeners::RESOURCE,
    projects::RESOURCE,
    services::RESOURCE,
    runs::RESOURCE,
    logs::RESOURCE,
    events::RESOURCE,
    capture::RESOURCE,
    exchanges::RESOURCE,
    taps::RESOURCE,
    breakpoints::RESOURCE,
    inspect::RESOURCE,
    authority::RESOURCE,
    links::RESOURCE,
    session::RESOURCE,
    stop::RESOURCE,
    openapi::RESOURCE,
];

/// A part of the API.
struct Resource {
    /// Its paths.
    routes: fn() -> Router<Arc<House>>,
    /// What they do.
    describe: fn() -> utoipa::openapi::OpenApi,
}

/// What a handler answers with.
type Answer<T> = Result<Json<Document<T>>, Fault>;

/// Every path of every resource.
pub(crate) fn router() -> Router<Arc<House>> {
    RESOURCES.iter().fold(Router::new(), |router, resource| router.merge((resource.routes)()))
}

fn document<T>(noun: &str, body: T) -> Json<Document<T>> {
    Json(Document::new(noun, body))
}
