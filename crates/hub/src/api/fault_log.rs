//! The log of faults, and the seed that makes it repeatable.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use navyd_gateway::fault;
use navyd_model::{
    api::Document,
    fault::{Decision, FaultLog, Faults, Seed},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::OpenApi as _;

use super::{Answer, Resource, document, input::Input};
use crate::house::House;

/// Events that are written ahead of the reader.
const AHEAD: usize = 64;

/// How often a comment is sent, so that a reader that is gone is noticed.
const STILL_HERE: Duration = Duration::from_secs(15);

pub(super) const RESOURCE: Resource = Resource {
    routes: || {
        Router::new()
            .route("/api/v1/faults/log", get(list))
            .route("/api/v1/faults/log/events", get(follow))
            .route("/api/v1/faults/seed", post(seed))
    },
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(list, follow, seed))]
struct Description;

/// What faults have chosen
///
/// Since the run began, at most the last 16384. The same seed and the same traffic make the same log.
#[utoipa::path(get, path = "/api/v1/faults/log", operation_id = "fault_log", responses(
    (status = 200, description = "decisions, in the order in which they were made", body = Document<FaultLog>)))]
async fn list(State(house): State<Arc<House>>) -> Answer<FaultLog> {
    let decisions = house.doors.fault_log().iter().map(shown).collect();
    Ok(document("fault-log", FaultLog { seed: house.doors.fault_seed(), decisions }))
}

/// What faults choose, as they do
///
/// A `decision` for each from now on; `lagged` when the reader was too slow for some.
#[utoipa::path(get, path = "/api/v1/faults/log/events", operation_id = "follow_fault_log", responses(
    (status = 200, description = "a stream without end; `data` is a document", body = Document<Decision>,
        content_type = "text/event-stream")))]
async fn follow(State(house): State<Arc<House>>) -> impl IntoResponse {
    let (tell, told) = mpsc::channel::<Result<Event, Infallible>>(AHEAD);
    let made = house.doors.watch_faults();
    // It ends with its reader, or with the hub.
    tokio::spawn(async move {
        let Some(mut made) = made else { return };
        let mut ending = house.ending.subscribe();
        let mut seen = *made.borrow_and_update();
        loop {
            tokio::select! {
                changed = made.changed() => if changed.is_err() { return },
                _ = ending.wait_for(|ending| *ending) => return,
                () = tell.closed() => return,
            }
            let total = *made.borrow_and_update();
            let all = house.doors.fault_log();
            // What a new run has forgotten, or made room, is not there any more.
            let fresh = usize::try_from(total.saturating_sub(seen)).unwrap_or(usize::MAX);
            seen = total;
            if fresh > all.len()
                && tell.send(event("lagged", &Lagged { missed: fresh - all.len() })).await.is_err()
            {
                return;
            }
            for decision in all.iter().skip(all.len().saturating_sub(fresh)) {
                let told = event("decision", &Document::new("fault-decision", shown(decision)));
                tokio::select! {
                    sent = tell.send(told) => if sent.is_err() { return },
                    _ = ending.wait_for(|ending| *ending) => return,
                }
            }
        }
    });
    Sse::new(ReceiverStream::new(told)).keep_alive(KeepAlive::new().interval(STILL_HERE))
}

/// Begin a run of faults anew
///
/// With this seed: connections are counted from 0 on each route, and the log is empty. Faults stay where they lie.
#[utoipa::path(post, path = "/api/v1/faults/seed", operation_id = "seed_faults", request_body = Seed, responses(
    (status = 200, description = "every fault, with the seed", body = Document<Faults>)))]
async fn seed(State(house): State<Arc<House>>, Input(Seed { seed }): Input<Seed>) -> Answer<Faults> {
    house.doors.seed_faults(seed);
    Ok(document("faults", house.book.faults()))
}

/// The reader was too slow.
#[derive(serde::Serialize)]
struct Lagged {
    missed: usize,
}

fn event(name: &str, body: &impl serde::Serialize) -> Result<Event, Infallible> {
    // A document of ours is always JSON; were one not, its name alone would arrive.
    Ok(Event::default().event(name).json_data(body).unwrap_or_else(|_| Event::default().event(name)))
}

fn shown(decision: &fault::Decision) -> Decision {
    Decision {
        route: decision.route.to_string(),
        connection: decision.connection,
        fault: decision.fault.to_string(),
        kind: decision.kind.to_owned(),
        from: decision.from,
        datagram: decision.datagram,
        chosen: decision.chosen.clone(),
    }
}
