//! Runs: names for a command in a terminal, held by the connection that asked for them.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{post, put},
};
use navyd_model::{
    api::Document,
    hub::ApiError,
    run::{Bound, NewRun, Run},
};
use tokio::task::spawn_blocking;
use utoipa::OpenApi as _;

use super::{
    Answer, Fault, Resource, document,
    input::{Input, Named},
    stream::{self, Tell},
};
use crate::{
    house::House,
    runs::{Lease, RunError},
};

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/runs", post(open)).route("/api/v1/runs/{run}", put(bind)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(open, bind))]
struct Description;

/// Give a running command its names
///
/// The answer is an event stream whose first event is `run`. The names last until the connection ends. A later event
/// `stop` asks whoever reads to end the command.
#[utoipa::path(post, path = "/api/v1/runs", operation_id = "open_run", request_body = NewRun, responses(
    (status = 200, description = "a stream without end; `data` is a document", body = Document<Run>,
        content_type = "text/event-stream"),
    (status = 409, description = "its hosts lead elsewhere", body = Document<ApiError>),
    (status = 422, description = "it wants no hosts", body = Document<ApiError>),
))]
async fn open(
    State(house): State<Arc<House>>,
    Input(new): Input<NewRun>,
) -> Result<impl IntoResponse, Fault> {
    let opener = Arc::clone(&house);
    // The lease is made there: should whoever asked go meanwhile, it is dropped with the answer that nobody gets.
    let opened = spawn_blocking(move || lease(&opener, new));
    let lease = opened.await.map_err(|error| Fault::inner(&error))??;
    let (tell, answer) = stream::open(1);
    // It ends with its reader, or with the hub, and the names with it.
    tokio::spawn(async move {
        if tell.send(stream::event("run", &Document::new("run", &lease.run))).await.is_ok() {
            hold(&house, lease.run.run, &tell).await;
        }
        drop(lease);
    });
    Ok(answer)
}

/// Tells the reader whenever the run is asked to end, until the reader or the hub is gone.
async fn hold(house: &House, run: u64, tell: &Tell) {
    let mut ending = house.ending.subscribe();
    let Some(mut asked) = house.runs.asked(run) else { return };
    loop {
        let is_asked = tokio::select! {
            () = tell.closed() => false,
            _ = ending.wait_for(|ending| *ending) => false,
            changed = asked.changed() => changed.is_ok(),
        };
        // An event without data is none to its readers.
        let stop = stream::event("stop", &serde_json::Map::new());
        if !is_asked || tell.send(stop).await.is_err() {
            return;
        }
    }
}

/// Opens a run, whose names go when the lease is dropped. Blocks.
fn lease(house: &Arc<House>, new: NewRun) -> Result<Lease<impl FnOnce(u64) + use<>>, RunError> {
    let run = house.runs.open(&house.book, house.doors.port(), new)?;
    let closer = Arc::clone(house);
    Ok(Lease::new(run, move |number| {
        // Closing blocks shortly, and a lease may be dropped where nothing may.
        drop(spawn_blocking(move || closer.runs.close(&closer.book, number)));
    }))
}

/// Say where a running command listens
#[utoipa::path(put, path = "/api/v1/runs/{run}", operation_id = "bind_run", request_body = Bound,
    params(("run" = u64, Path, description = "the number that its `run` event told")),
    responses(
        (status = 200, description = "its names lead there", body = Document<Bound>),
        (status = 404, description = "there is no such run", body = Document<ApiError>),
        (status = 422, description = "it is no loopback address", body = Document<ApiError>),
    ))]
async fn bind(
    State(house): State<Arc<House>>,
    Named(run): Named<u64>,
    Input(bound): Input<Bound>,
) -> Answer<Bound> {
    let done = spawn_blocking(move || house.runs.bind(&house.book, run, bound));
    done.await.map_err(|error| Fault::inner(&error))??;
    Ok(document("bound", bound))
}

impl From<RunError> for Fault {
    fn from(error: RunError) -> Self {
        let status = match error {
            RunError::Refused(refusal) => return refusal.into(),
            RunError::Taken { .. } => StatusCode::CONFLICT,
            RunError::Unknown(_) => StatusCode::NOT_FOUND,
            RunError::Host(_) | RunError::Address(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.to_string()).hint("navyd route ls")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use navyd_model::{Change, hub::Happened};
    use tokio::time::timeout;

    use super::*;
    use crate::scratch::Scratch;

    #[tokio::test]
    async fn a_run_whose_asker_goes_before_the_answer_keeps_no_names() {
        let scratch = Scratch::new();
        let house = House::of_test(&scratch).await;
        let mut events = house.events.subscribe();
        let new = serde_json::from_value(serde_json::json!({
            "id": "web.shop", "name": "web", "command": ["x"], "pid": 1, "port": 2,
            "hosts": ["web.localhost"],
        }));
        // Dropped at its first wait, as a connection that closes drops it.
        let asked = timeout(Duration::ZERO, open(State(Arc::clone(&house)), Input(new.unwrap()))).await;
        drop(asked);
        for expected in [Change::Added, Change::Gone] {
            let event = timeout(Duration::from_secs(30), events.recv()).await.unwrap().unwrap();
            assert!(
                matches!(&event.what, Happened::Route { change, .. } if *change == expected),
                "{event:?}"
            );
        }
    }
}
