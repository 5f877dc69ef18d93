//! Exchanges for other tools, in their formats, and from them.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use navyd_model::{api::Document, capture::Imported, hub::ApiError};
use serde::Deserialize;
use tokio::{sync::mpsc, task::spawn_blocking};
use tokio_stream::wrappers::ReceiverStream;
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

/// How much is sent at once, in bytes, and how many such parts wait for the reader.
const PART: usize = 64 << 10;
const AHEAD: usize = 4;

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
        (status = 504, description = "the disk does not answer", body = Document<ApiError>),
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
    let all = recorded::with(&house, move |capture| Ok(gather(capture, &question))).await??;
    if let Some(id) = id.filter(|_| all.is_empty()) {
        return Err(unknown(id));
    }
    let (tell, told) = mpsc::channel(AHEAD);
    // It ends with what it has to write, or with its reader.
    spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(PART, Parts(&tell));
        if let Err(error) = (format.write)(&all, &mut out).and_then(|()| out.flush()) {
            // The answer breaks off: what was cut short never looks complete. A reader that is gone hears nothing.
            drop(tell.blocking_send(Err(error)));
        }
    });
    Ok(([(header::CONTENT_TYPE, format.media_type)], Body::from_stream(ReceiverStream::new(told))))
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

/// An answer that is sent while it is written, so that it is never in memory as a whole.
struct Parts<'a>(&'a mpsc::Sender<io::Result<Bytes>>);

impl Write for Parts<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = Ok(Bytes::copy_from_slice(bytes));
        self.0.blocking_send(part).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
