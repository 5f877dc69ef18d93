//! Live events, as an event stream of HTML (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::sync::Arc;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use jiff::Timestamp;
use navyd_model::{
    api::Document,
    hub::{Happened, HubEvent},
};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::spawn_blocking;
use utoipa::OpenApi as _;

use super::{Resource, stream};
use crate::{house::House, seen};

/// Events written ahead of the reader. Behind them the hub's own queue fills, which tells what it drops.
const AHEAD: usize = 16;

pub(super) const RESOURCE: Resource = Resource {
    routes: || Router::new().route("/api/v1/events", get(follow)),
    describe: Description::openapi,
};

#[derive(utoipa::OpenApi)]
#[openapi(paths(follow))]
struct Description;

/// What happens, as it happens
///
/// The first event is `hub`. Then `route`, `service` and `listener` for each change, `lagged` when the reader was
/// too slow for some, and `stopping` as the last.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "follow_events", responses(
    (status = 200, description = "a stream without end; `data` is a document", body = Document<HubEvent>,
        content_type = "text/event-stream"),
))]
async fn follow(State(house): State<Arc<House>>) -> impl IntoResponse {
    let (tell, answer) = stream::open(AHEAD);
    let (events, services) = (house.events.subscribe(), house.projects.supervisor.changes());
    seen::watch(&house);
    // It ends with its reader, or with the hub.
    tokio::spawn(async move {
        let mut source = Source { events, services };
        let mut ending = house.ending.subscribe();
        let asked = Arc::clone(&house);
        // The capture's figures may wait for the disk.
        let Ok(hub) = spawn_blocking(move || asked.status()).await else { return };
        let mut next = Some(now(Happened::Hub { hub }));
        while let Some(event) = next {
            let last = matches!(event.what, Happened::Stopping);
            if tell.send(stream::event(event.what.name(), &Document::new("event", &event))).await.is_err()
                || last
            {
                return;
            }
            next = tokio::select! {
                event = source.next() => event,
                _ = ending.wait_for(|ending| *ending) => Some(now(Happened::Stopping)),
                () = tell.closed() => None,
            };
        }
    });
    answer
}

/// The two places where events come from.
struct Source {
    events: broadcast::Receiver<Arc<HubEvent>>,
    services: broadcast::Receiver<navyd_model::Service>,
}

impl Source {
    /// The next event; `None` when there can be no more. Cancel safe.
    async fn next(&mut self) -> Option<HubEvent> {
        tokio::select! {
            event = self.events.recv() => match event {
                Ok(event) => Some(HubEvent::clone(&event)),
                Err(RecvError::Lagged(missed)) => Some(now(Happened::Lagged { missed })),
                Err(RecvError::Closed) => None,
            },
            service = self.services.recv() => match service {
                Ok(service) => Some(now(Happened::Service { service })),
                Err(RecvError::Lagged(missed)) => Some(now(Happened::Lagged { missed })),
                Err(RecvError::Closed) => None,
            },
        }
    }
}

fn now(what: Happened) -> HubEvent {
    HubEvent { at: Timestamp::now(), what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Events;

    #[tokio::test]
    async fn a_reader_who_is_too_slow_is_told_how_much_it_missed() {
        let (events, services) = (Events::new(), broadcast::Sender::new(1));
        let mut source = Source { events: events.subscribe(), services: services.subscribe() };
        // 256 wait for a reader; these are 44 more.
        for _ in 0..300 {
            events.tell(Happened::Stopping);
        }
        let first = source.next().await.unwrap().what;
        assert_eq!(first, Happened::Lagged { missed: 44 });
        for _ in 0..256 {
            assert_eq!(source.next().await.unwrap().what, Happened::Stopping);
        }
        drop(events);
        assert_eq!(source.next().await, None);
    }
}
