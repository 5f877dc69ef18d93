//! Projects: which run, letting one run, and ending it.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    extract::{Path, State},
    routing::{get, post},
};
use navyd_model::{
    api::Document,
    hub::{ApiError, Services},
    project::{NewProject, ProjectList, ProjectState, Stopped},
};
use utoipa::OpenApi as _;

use super::{Answer, Resource, document, input::Input};
use crate::{house::House, project};

pub(super) const RESOURCE: Resource = Resource {
    routes: || {
        Router::new()
            .route("/api/v1/projects", get(list).post(up))
            .route("/api/v1/projects/{root}/stop", post(down))
    },
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, up, down))]
struct Description;

/// Every project that runs
#[utoipa::path(get, path = "/api/v1/projects", operation_id = "list_projects",
    responses((status = 200, description = "the projects", body = Document<ProjectList>)))]
async fn list(State(house): State<Arc<House>>) -> Answer<ProjectList> {
    Ok(document("projects", ProjectList { projects: project::list(&house) }))
}

/// Let services of a project run
///
/// Its file is watched from then on. Services that run already go on, unless they are written otherwise now.
#[utoipa::path(post, path = "/api/v1/projects", operation_id = "project_up", request_body = NewProject, responses(
    (status = 200, description = "the project, with the services that were asked for", body = Document<ProjectState>),
    (status = 404, description = "there is no such service", body = Document<ApiError>),
    (status = 422, description = "the file has a mistake", body = Document<ApiError>),
))]
async fn up(State(house): State<Arc<House>>, Input(new): Input<NewProject>) -> Answer<ProjectState> {
    Ok(document("project", project::up(&house, new).await?))
}

/// End services of a project, those first that need others; answered once they have ended
#[utoipa::path(post, path = "/api/v1/projects/{root}/stop", operation_id = "project_down", request_body = Stopped,
    params(("root" = String, Path, description = "its directory, with each `/` as `%2F`")),
    responses(
        (status = 200, description = "the services as they ended", body = Document<Services>),
        (status = 404, description = "there is no such project or service", body = Document<ApiError>),
    ))]
async fn down(
    State(house): State<Arc<House>>,
    Path(root): Path<String>,
    Input(stopped): Input<Stopped>,
) -> Answer<Services> {
    let services = project::down(&house, &PathBuf::from(root), &stopped.services).await?;
    Ok(document("services", Services { services, notes: Vec::new() }))
}
