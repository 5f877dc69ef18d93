//! An exchange whose messages are read by descriptors: those that are said, or those that its server tells.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use navyd_decode::grpc::Schema;
use navyd_model::{
    api::Document,
    capture::Descriptors,
    exchange::{Exchange, Protocol},
    hub::ApiError,
};
use utoipa::OpenApi as _;

use super::unknown;
use crate::{
    api::{
        Answer, Fault, document,
        input::{Named, json},
        recorded,
    },
    house::House,
    reflection,
};

/// The longest body, in bytes: a set of descriptors of 16 MiB in Base64.
const MOST: usize = 24 << 20;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/api/v1/exchanges/{id}/messages", post(messages))
}

pub(super) fn describe() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(messages))]
struct Description;

/// One exchange, with the messages of gRPC read by descriptors
///
/// With `reflect` its server is asked for them, which sends bytes to it.
#[utoipa::path(post, path = "/api/v1/exchanges/{id}/messages", operation_id = "show_exchange_messages",
    request_body = Descriptors, params(("id" = u64, Path, description = "its number")),
    responses(
        (status = 200, description = "the exchange", body = Document<Exchange>),
        (status = 404, description = "there is none with this number", body = Document<ApiError>),
        (status = 409, description = "this hub records nothing, or it is no call of gRPC", body = Document<ApiError>),
        (status = 422, description = "these are no descriptors", body = Document<ApiError>),
        (status = 502, description = "its server does not tell them", body = Document<ApiError>),
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
    ))]
async fn messages(
    State(house): State<Arc<House>>,
    Named(id): Named<u64>,
    request: Request,
) -> Answer<Exchange> {
    let bytes = json(request, MOST).await?;
    let wanted: Descriptors = serde_json::from_slice(&bytes).map_err(|error| {
        Fault::new(StatusCode::BAD_REQUEST, "the request's body cannot be read").cause(error.to_string())
    })?;
    let found = recorded::with(&house, move |capture| capture.show(id)).await?;
    let exchange = found.ok_or_else(|| unknown(id))?;
    if exchange.summary.protocol != Protocol::Grpc {
        let fault = Fault::new(StatusCode::CONFLICT, format!("`{id}` is no call of gRPC"));
        let cause = format!("it is one of {}", exchange.summary.protocol);
        return Err(fault.cause(cause).hint("navyd traffic ls protocol:grpc"));
    }
    let schema = match (wanted.set, wanted.reflect) {
        (Some(set), false) => read(&set)?,
        (None, true) => reflection::ask(&exchange.summary).await.map_err(|error| {
            let fault = Fault::new(StatusCode::BAD_GATEWAY, "the server does not tell its descriptors");
            fault.cause(error.to_string()).hint(format!("navyd traffic show {id} --schema FILE.pb"))
        })?,
        _ => {
            let what = "either `set` or `reflect` is to be said";
            return Err(Fault::new(StatusCode::UNPROCESSABLE_ENTITY, what));
        }
    };
    let found = recorded::with(&house, move |capture| capture.show_by(id, Some(&schema))).await?;
    Ok(document("exchange", found.ok_or_else(|| unknown(id))?))
}

fn read(set: &str) -> Result<Schema, Fault> {
    let unread = |cause: String| {
        let fault =
            Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "the descriptors cannot be read").cause(cause);
        fault.hint("protoc --include_imports --descriptor_set_out=FILE.pb FILE.proto")
    };
    let bytes = STANDARD.decode(set).map_err(|error| unread(error.to_string()))?;
    Schema::read(&bytes).map_err(|error| unread(error.to_string()))
}
