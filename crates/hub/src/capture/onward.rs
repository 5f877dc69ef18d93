//! What of an exchange is sent to a collector: all that is kept of it, and no bodies.

use std::sync::Arc;

use super::{
    assemble::record::{Content, More, Record},
    query,
};
use crate::otlp::Sender;

/// Offers it. Who its processes are is looked at when it is sent, since that is known soon, and not at once.
pub(super) fn offer(sender: &Sender, record: &Record) {
    let light = light(record);
    let weight = weight(&light);
    sender.offer(light.id, light.caused_by, weight, move || query::in_memory(&light, None));
}

/// Without what a span does not tell. Of bodies it tells how long they were.
fn light(record: &Record) -> Record {
    let size = |content: &Option<Arc<Content>>| {
        let content = content.as_deref()?;
        Some(Arc::new(Content { size: content.size, state: content.state, ..Content::default() }))
    };
    let more = record.more.as_deref().map(|more| {
        // What is told besides the text of an error is its code.
        let details = record.error.as_ref().map(|_| more.details.clone()).unwrap_or_default();
        Box::new(More { hits: more.hits.clone(), details, ..More::default() })
    });
    Record {
        id: record.id,
        protocol: record.protocol,
        outcome: record.outcome,
        route: Arc::clone(&record.route),
        started: record.started,
        wait: record.wait,
        took: record.took,
        client: Arc::clone(&record.client),
        server: record.server.clone(),
        request: record.request.clone(),
        response: record.response.clone(),
        request_body: size(&record.request_body),
        response_body: size(&record.response_body),
        stream: None,
        status: record.status,
        error: record.error.clone(),
        sent: record.sent,
        received: record.received,
        lost: record.lost,
        caused_by: record.caused_by,
        more,
    }
}

fn weight(record: &Record) -> usize {
    let heads = [&record.request, &record.response].into_iter().flatten();
    let heads: usize = heads.map(|head| head.text.len() + head.target.len()).sum();
    size_of::<Record>() + heads + record.error.as_ref().map_or(0, String::len)
}
