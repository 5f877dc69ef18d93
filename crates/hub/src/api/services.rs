//! Services that the hub runs: how they stand, and what is wanted of them.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use navyd_model::{
    Service,
    api::Document,
    config::Stop,
    hub::{ApiError, Services},
    project::{NewInput, Taken},
};
use utoipa::OpenApi as _;

use super::{Answer, Fault, Resource, document, input::Input};
use crate::{house::House, project, supervisor::Act};

/// How long a command in a terminal may take to end before it is told that it has not yet. It is killed before; what
/// comes on top is for whoever kills it to notice.
const STOPPING: Duration = Stop::TIMEOUT.saturating_add(Duration::from_secs(10));

pub(super) const RESOURCE: Resource = Resource {
    routes: || {
        Router::new()
            .route("/api/v1/services", get(list))
            .route("/api/v1/services/{id}/{act}", post(act))
            .route("/api/v1/services/{id}/input", post(input))
    },
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, act, input))]
struct Description;

/// Every service
#[utoipa::path(get, path = "/api/v1/services", operation_id = "list_services",
    responses((status = 200, description = "the services", body = Document<Services>)))]
async fn list(State(house): State<Arc<House>>) -> Answer<Services> {
    let notes = project::list(&house).into_iter().flat_map(|project| project.notes).collect();
    Ok(document("services", Services { services: house.all_services(), notes }))
}

/// Start, stop or restart a service
///
/// Starting brings what it needs, and so does restarting one that does not run. Stopping is answered once nothing of it
/// runs any more. A command in a terminal can be stopped only: it is asked to end, and killed after 10 s with all that it
/// has started. Where even that takes long, the answer says that it is still `stopping`.
#[utoipa::path(post, path = "/api/v1/services/{id}/{act}", operation_id = "act_on_service",
    params(
        ("id" = String, Path, description = "the service, such as `web.shop`"),
        ("act" = String, Path, description = "`start`, `stop` or `restart`"),
    ),
    responses(
        (status = 200, description = "how it stands", body = Document<Service>),
        (status = 404, description = "there is no such service, or nothing like that can be done", body = Document<ApiError>),
        (status = 409, description = "it runs in a terminal", body = Document<ApiError>),
    ))]
async fn act(State(house): State<Arc<House>>, Path((id, act)): Path<(String, String)>) -> Answer<Service> {
    let act = match act.as_str() {
        "start" => Act::Start,
        "stop" => Act::Stop,
        "restart" => Act::Restart,
        _ => {
            let fault = Fault::new(StatusCode::NOT_FOUND, format!("a service cannot be told to `{act}`"));
            return Err(fault.hint(format!("navyd restart {id}")));
        }
    };
    if let Some(run) = house.runs.find(&id) {
        let stopped = if act == Act::Stop { house.runs.stop(&id, STOPPING).await } else { None };
        return stopped.map(|service| document("service", service)).ok_or_else(|| Fault::in_terminal(&run));
    }
    Ok(document("service", house.projects.supervisor.act(&id, act).await?))
}

/// Write into the standard input of a service
#[utoipa::path(post, path = "/api/v1/services/{id}/input", operation_id = "write_to_service", request_body = NewInput,
    params(("id" = String, Path, description = "the service, such as `web.shop`")),
    responses(
        (status = 200, description = "whether it took it", body = Document<Taken>),
        (status = 404, description = "there is no such service", body = Document<ApiError>),
    ))]
async fn input(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    Input(new): Input<NewInput>,
) -> Answer<Taken> {
    if let Some(run) = house.runs.find(&id) {
        return Err(Fault::in_terminal(&run));
    }
    let taken = house.projects.supervisor.input(&id, new.text.into_bytes()).await?;
    Ok(document("input", Taken { taken }))
}
