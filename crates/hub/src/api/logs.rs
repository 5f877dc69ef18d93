//! What services say: the last lines, and those to come as an event stream.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use navyd_model::{
    Line, Service,
    api::Document,
    hub::{ApiError, Happened},
    project::Lines,
    text::shell_word,
};
use serde::Deserialize;
use tokio::sync::{broadcast, broadcast::error::RecvError};
use utoipa::OpenApi as _;

use super::{
    Fault, Resource, document,
    stream::{self, Tell},
};
use crate::house::House;

/// Lines written ahead of the reader. Behind them each service's own queue fills, which tells what it drops.
const AHEAD: usize = 64;

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/services/{id}/logs", get(read)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(read))]
struct Description;

/// How the lines are wanted.
#[derive(Debug, Deserialize)]
struct Wanted {
    /// Whether those to come are wanted as well.
    #[serde(default)]
    follow: bool,
    /// At most so many of the last lines.
    tail: Option<usize>,
}

/// What services said; with `follow`, and what they say
///
/// A stream has a `line` for each line, and `lagged` when the reader was too slow for some.
#[utoipa::path(get, path = "/api/v1/services/{id}/logs", operation_id = "read_logs",
    params(
        ("id" = String, Path, description = "services, such as `web.shop,api.shop`"),
        ("follow" = Option<bool>, Query, description = "whether lines to come are wanted, as an event stream"),
        ("tail" = Option<usize>, Query, description = "how many of the last lines are wanted; all in memory otherwise"),
    ),
    responses(
        (status = 200, description = "the lines", body = Document<Lines>),
        (status = 404, description = "there is no such service", body = Document<ApiError>),
        (status = 409, description = "it runs in a terminal, where what it says is", body = Document<ApiError>),
    ))]
async fn read(
    State(house): State<Arc<House>>,
    Path(ids): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    // Each once, or a long list of the same name would be as many readers.
    let ids: BTreeSet<&str> = ids.split(',').collect();
    if let Some(run) = ids.iter().find_map(|id| house.runs.find(id)) {
        return Err(Fault::in_terminal(&run).hint(kept(&run)));
    }
    let logs = ids.iter().map(|id| house.projects.supervisor.log(id)).collect::<Result<Vec<_>, _>>()?;
    let mut before = Vec::new();
    let mut live = Vec::new();
    for log in logs {
        let follow = log.follow();
        before.extend(follow.before);
        live.push(follow.live);
    }
    before.sort_by_key(|line| line.at);
    if let Some(tail) = wanted.tail {
        before.drain(..before.len().saturating_sub(tail));
    }
    if !wanted.follow {
        let lines = before.iter().map(|line| Line::clone(line)).collect();
        return Ok(document("log", Lines { lines }).into_response());
    }
    let (tell, answer) = stream::open(AHEAD);
    // It ends with its reader, or with the hub.
    tokio::spawn(async move {
        for line in before {
            if tell.send(stream::event("line", &Document::new("line", &*line))).await.is_err() {
                return;
            }
        }
        for live in live {
            tokio::spawn(forward(live, tell.clone(), Arc::clone(&house)));
        }
    });
    Ok(answer.into_response())
}

/// How what a command in a terminal says is kept from its next start on.
fn kept(run: &Service) -> String {
    let words: Vec<String> = run.command.iter().map(|word| shell_word(word)).collect();
    format!("navyd run -- {} 2>&1 | tee {}.log", words.join(" "), run.name)
}

/// Hands on what one service says, until it is forgotten, nobody reads, or the hub has ended it.
async fn forward(mut live: broadcast::Receiver<Arc<Line>>, tell: Tell, house: Arc<House>) {
    let mut ending = house.ended.subscribe();
    loop {
        let event = tokio::select! {
            biased;
            line = live.recv() => match line {
                Ok(line) => stream::event("line", &Document::new("line", &*line)),
                Err(RecvError::Lagged(missed)) => {
                    let lagged = Happened::Lagged { missed };
                    stream::event(lagged.name(), &lagged)
                }
                Err(RecvError::Closed) => return,
            },
            _ = ending.wait_for(|ended| *ended) => return,
            () = tell.closed() => return,
        };
        if tell.send(event).await.is_err() {
            return;
        }
    }
}
