//! Answers that go on: event streams of HTML (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! Whoever has the sending end ends the answer by dropping it, and learns from it that the reader is gone. Deliberately
//! absent: numbers of events, since no reader can take up a stream where it was cut.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse,
    sse::{Event, KeepAlive, Sse},
};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// How often a comment is sent when nothing happens, so that a reader that is gone is noticed.
const STILL_HERE: Duration = Duration::from_secs(15);

/// The end that events are told to.
pub(super) type Tell = mpsc::Sender<Told>;

/// An event, which can always be sent: that none fails is what a stream of answers wants to hear.
pub(super) type Told = Result<Event, Infallible>;

/// A stream, and its answer. At most `ahead` events wait for the reader; then whoever tells waits.
pub(super) fn open(ahead: usize) -> (Tell, impl IntoResponse) {
    let (tell, told) = mpsc::channel(ahead);
    (tell, Sse::new(ReceiverStream::new(told)).keep_alive(KeepAlive::new().interval(STILL_HERE)))
}

/// An event with its data.
pub(super) fn event(name: &str, data: &impl Serialize) -> Told {
    // A document of ours is always JSON; were one not, its name alone would arrive.
    Ok(Event::default().event(name).json_data(data).unwrap_or_else(|_| Event::default().event(name)))
}
