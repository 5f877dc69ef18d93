//! Exchanges as they come, as an event stream.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use navyd_model::{
    api::Document,
    exchange::Summary,
    filter::Filter,
    hub::{ApiError, Happened},
};
use serde::Deserialize;
use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc,
};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::OpenApi as _;

use super::asked::{Wanted, read};
use crate::{
    api::{Fault, recorded},
    house::House,
};

/// Events written ahead of the reader. Behind them the capture's own queue fills, which tells what it drops.
const AHEAD: usize = 64;

/// How often a comment is sent when nothing passes, so that a reader that is gone is noticed.
const STILL_HERE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/api/v1/exchanges/events", get(follow))
}

pub(super) fn describe() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(follow))]
struct Description;

#[derive(Debug, Deserialize)]
struct Written {
    filter: Option<String>,
}

/// Exchanges as they pass
///
/// An `exchange` for each that has ended, and for streams also when they begin; `lagged` when the reader was too slow for
/// some.
#[utoipa::path(get, path = "/api/v1/exchanges/events", operation_id = "follow_exchanges",
    params(("filter" = Option<String>, Query, description = "which are meant; all without one")),
    responses(
        (status = 200, description = "a stream without end; `data` is a document", body = Document<Summary>,
            content_type = "text/event-stream"),
        (status = 409, description = "this hub records nothing", body = Document<ApiError>),
        (status = 422, description = "it is no filter", body = Document<ApiError>),
    ))]
async fn follow(
    State(house): State<Arc<House>>,
    Wanted(written): Wanted<Written>,
) -> Result<impl IntoResponse, Fault> {
    let filter = read(written.filter)?;
    let live = recorded::of(&house)?.follow();
    let (tell, told) = mpsc::channel(AHEAD);
    // It ends with its reader, or with the hub.
    tokio::spawn(forward(house, live, filter, tell));
    Ok(Sse::new(ReceiverStream::new(told)).keep_alive(KeepAlive::new().interval(STILL_HERE)))
}

async fn forward(
    house: Arc<House>,
    mut live: broadcast::Receiver<Arc<Summary>>,
    filter: Option<Filter>,
    tell: mpsc::Sender<Result<Event, Infallible>>,
) {
    let mut ending = house.ending.subscribe();
    loop {
        let told = tokio::select! {
            biased;
            told = live.recv() => told,
            _ = ending.wait_for(|ending| *ending) => return,
            () = tell.closed() => return,
        };
        let event = match told {
            Ok(summary) if is_meant(&house, filter.as_ref(), &summary).await => {
                write("exchange", &Document::new("exchange-summary", &*summary))
            }
            Ok(_) => continue,
            Err(RecvError::Lagged(missed)) => write("lagged", &Happened::Lagged { missed }),
            Err(RecvError::Closed) => return,
        };
        if tell.send(event).await.is_err() {
            return;
        }
    }
}

/// Whether the filter means it; where its line does not tell, all that is kept of it does.
async fn is_meant(house: &Arc<House>, filter: Option<&Filter>, summary: &Summary) -> bool {
    let Some(filter) = filter else { return true };
    if let Some(known) = filter.matches(summary) {
        return known;
    }
    let id = summary.id;
    let whole = recorded::with(house, move |capture| capture.show(id)).await;
    whole.ok().flatten().is_some_and(|exchange| filter.matches(&exchange) == Some(true))
}

fn write(name: &str, body: &impl serde::Serialize) -> Result<Event, Infallible> {
    // A document of ours is always JSON; were one not, its name alone would arrive.
    Ok(Event::default().event(name).json_data(body).unwrap_or_else(|_| Event::default().event(name)))
}
