//! Exchanges told as they pass, to whoever reads an event stream.

use std::sync::Arc;

use navyd_model::{api::Document, exchange::Summary, filter::Filter, hub::Happened};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    recorded,
    stream::{self, Tell},
};
use crate::house::House;

/// Events written ahead of the reader. Behind them the capture's own queue fills, which tells what it drops.
pub(super) const AHEAD: usize = 64;

/// An `exchange` for each that the filter means, and `lagged` for those that came too fast, until the reader is gone or
/// the hub ends.
pub(super) async fn forward(
    house: &Arc<House>,
    mut live: Receiver<Arc<Summary>>,
    filter: Option<&Filter>,
    tell: &Tell,
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
            Ok(summary) if is_meant(house, filter, &summary).await => {
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
