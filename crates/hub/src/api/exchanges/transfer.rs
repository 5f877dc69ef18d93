//! Exchanges for other tools, in their formats, and from them.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use navyd_model::{api::Document, capture::Imported, hub::ApiError};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use utoipa::OpenApi as _;

use super::{
    asked::{Asked, Wanted},
    only, unknown,
};
use crate::{
    api::{Answer, Fault, document, input, recorded},
    capture::{Capture, Question},
    export::{FORMATS, Format, Raw},
    house::House,
    import::{self, Archive, ImportError},
};

/// The longest archive that is read, in bytes: it is in memory until it is kept.
const MOST_FILE: usize = 64 << 20;

/// How many bytes of bodies one export may hold: they are in memory until it is written.
const MOST_BYTES: usize = 128 << 20;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/api/v1/exchanges/export", get(export))
        .route("/api/v1/exchanges/import", post(import))
}

pub(super) fn describe() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(export, import))]
struct Description;

#[derive(Debug, Deserialize)]
struct Written {
    format: String,
    id: Option<u64>,
}

/// Exchanges in the format of another tool
///
/// The oldest comes first. Values that were redacted stay so.
#[utoipa::path(get, path = "/api/v1/exchanges/export", operation_id = "export_exchanges",
    params(
        ("format" = String, Query, description = "`har`, `pcapng`, `curl`, `hurl` or `jsonl`"),
        ("filter" = Option<String>, Query, description = "which are meant; all without one"),
        ("text" = Option<String>, Query, description = "words in URL, headers or body"),
        ("limit" = Option<usize>, Query, description = "only so many, the newest"),
        ("id" = Option<u64>, Query, description = "only the one with this number"),
    ),
    responses(
        (status = 200, description = "the exchanges, in the media type of the format", body = Vec<u8>,
            content_type = "application/octet-stream"),
        (status = 400, description = "it says no format", body = Document<ApiError>),
        (status = 404, description = "there is none with this number", body = Document<ApiError>),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 413, description = "they are too large for one export", body = Document<ApiError>),
        (status = 422, description = "it is no format or no filter", body = Document<ApiError>),
    ))]
async fn export(
    State(house): State<Arc<House>>,
    Wanted(Written { format, id }): Wanted<Written>,
    Asked(question): Asked,
) -> Result<impl IntoResponse, Fault> {
    let format = Format::of(&format).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        Fault::new(StatusCode::UNPROCESSABLE_ENTITY, format!("`{format}` is no format"))
            .cause(format!("known are {}", known.join(", ")))
            .hint("navyd traffic export --har")
    })?;
    let question = id.map_or(question, only);
    let written = spawn_blocking(move || {
        let all = gather(recorded::of(&house)?, &question)?;
        match id {
            Some(id) if all.is_empty() => Err(unknown(id)),
            _ => write(format, &all),
        }
    });
    let written = written.await.map_err(|error| Fault::inner(&error))??;
    Ok(([(header::CONTENT_TYPE, format.media_type)], Bytes::from(written)))
}

/// Keep exchanges of another tool
///
/// Values in them that are secret are not kept either.
#[utoipa::path(post, path = "/api/v1/exchanges/import", operation_id = "import_exchanges",
    request_body(content = Object, description = "an HTTP Archive", content_type = "application/json"),
    responses(
        (status = 200, description = "how many there were", body = Document<Imported>),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 413, description = "it is too long", body = Document<ApiError>),
        (status = 422, description = "it is no HTTP Archive; where the mistake is", body = Document<ApiError>),
    ))]
async fn import(State(house): State<Arc<House>>, request: Request) -> Answer<Imported> {
    let bytes = input::json(request, MOST_FILE).await?;
    let kept = spawn_blocking(move || {
        let capture = recorded::of(&house)?;
        let Archive { entries, skipped } = import::har(&bytes)?;
        capture.import(&entries);
        let notes = (skipped > 0).then(|| format!("{skipped} entries are not HTTP, and were left out"));
        Ok::<_, Fault>(Imported { imported: entries.len() as u64, notes: notes.into_iter().collect() })
    });
    Ok(document("imported", kept.await.map_err(|error| Fault::inner(&error))??))
}

impl From<ImportError> for Fault {
    fn from(error: ImportError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "the archive cannot be read")
            .cause(error.to_string())
            .hint("navyd traffic import FILE.har")
    }
}

/// Every exchange that is asked for, the oldest first.
fn gather(capture: &Capture, question: &Question) -> Result<Vec<Raw>, Fault> {
    let page = capture.list(question)?;
    let (mut all, mut bytes) = (Vec::with_capacity(page.exchanges.len()), 0);
    for summary in page.exchanges.iter().rev() {
        // One that was removed meanwhile is none that is asked for.
        let Some(raw) = capture.raw(summary.id)? else { continue };
        bytes += raw.request.len() + raw.response.len();
        if bytes > MOST_BYTES {
            return Err(Fault::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the exchanges are too large for one export",
            )
            .cause(format!("their bodies have more than {} MiB", MOST_BYTES >> 20))
            .hint("navyd traffic export --har since:10m"));
        }
        all.push(raw);
    }
    Ok(all)
}

fn write(format: &Format, all: &[Raw]) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::new();
    (format.write)(all, &mut out).map_err(|error| Fault::inner(&error))?;
    Ok(out)
}
