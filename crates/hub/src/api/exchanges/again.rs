//! Exchanges sent once more.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::post};
use navyd_model::{
    api::Document,
    capture::{Replay, Replayed},
    hub::ApiError,
};
use utoipa::OpenApi as _;

use crate::{
    api::{
        Answer, Fault, document,
        input::{Input, Named},
        recorded,
    },
    house::House,
    replay::{self, ReplayError},
};

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/api/v1/exchanges/{id}/replay", post(replay))
}

pub(super) fn describe() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(replay))]
struct Description;

/// Send an exchange once more
///
/// It goes through the gateway, so that it is recorded as well; the answer comes when that is done.
#[utoipa::path(post, path = "/api/v1/exchanges/{id}/replay", operation_id = "replay_exchange",
    request_body = Replay, params(("id" = u64, Path, description = "its number")),
    responses(
        (status = 200, description = "the new exchanges", body = Document<Replayed>),
        (status = 404, description = "there is none with this number", body = Document<ApiError>),
        (status = 409, description = "nothing is recorded, or what was sent is not kept whole", body = Document<ApiError>),
        (status = 422, description = "it is no request, or no server of this machine", body = Document<ApiError>),
        (status = 502, description = "the gateway cannot be reached where its route begins", body = Document<ApiError>),
    ))]
async fn replay(
    State(house): State<Arc<House>>,
    Named(id): Named<u64>,
    Input(wanted): Input<Replay>,
) -> Answer<Replayed> {
    let exchanges = replay::replay(&house, recorded::of(&house)?, id, wanted).await?;
    Ok(document("replayed", Replayed { exchanges }))
}

impl From<ReplayError> for Fault {
    fn from(error: ReplayError) -> Self {
        let status = match &error {
            ReplayError::Refused(_) | ReplayError::Capture(_) | ReplayError::To(_) => StatusCode::CONFLICT,
            ReplayError::Unknown(_) => StatusCode::NOT_FOUND,
            ReplayError::Unfit { .. } | ReplayError::Unrecorded(_) => StatusCode::CONFLICT,
            ReplayError::Often(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ReplayError::Unreached { .. } => StatusCode::BAD_GATEWAY,
            ReplayError::Lost => StatusCode::INTERNAL_SERVER_ERROR,
            ReplayError::Ending => StatusCode::SERVICE_UNAVAILABLE,
        };
        let fault = Self::new(status, error.to_string());
        match error {
            ReplayError::Refused(refusal) => refusal.into(),
            ReplayError::Capture(error) => error.into(),
            ReplayError::To(error) => error.into(),
            ReplayError::Unknown(_) => fault.hint("navyd traffic ls"),
            ReplayError::Unfit { id, source } => {
                fault.cause(source.to_string()).hint(format!("navyd traffic replay {id} --edit"))
            }
            ReplayError::Often(_) => fault.cause(format!("{} are the most", replay::MOST)),
            ReplayError::Unrecorded(_) => fault.hint("navyd route ls"),
            ReplayError::Unreached { address, source } => {
                fault.cause(source.to_string()).hint(format!("navyd why {}", address.port()))
            }
            ReplayError::Lost => fault.hint("navyd hub status"),
            ReplayError::Ending => fault,
        }
    }
}
