//! Exchanges as they come, as an event stream.

use std::sync::Arc;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use navyd_model::{
    api::Document,
    exchange::Summary,
    filter::Filter,
    hub::{ApiError, Happened},
};
use serde::Deserialize;
use tokio::sync::broadcast::{self, error::RecvError};
use utoipa::OpenApi as _;

use super::asked::{Wanted, read};
use crate::{
    api::{
        Fault, recorded,
        stream::{self, Tell},
    },
    house::House,
};

/// Events written ahead of the reader. Behind them the capture's own queue fills, which tells what it drops.
const AHEAD: usize = 64;

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
    let (tell, answer) = stream::open(AHEAD);
    // It ends with its reader, or with the hub.
    tokio::spawn(forward(house, live, filter, tell));
    Ok(answer)
}

async fn forward(
    house: Arc<House>,
    mut live: broadcast::Receiver<Arc<Summary>>,
    filter: Option<Filter>,
    tell: Tell,
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
                stream::event("exchange", &Document::new("exchange-summary", &*summary))
            }
            Ok(_) => continue,
            Err(RecvError::Lagged(missed)) => stream::event("lagged", &Happened::Lagged { missed }),
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
