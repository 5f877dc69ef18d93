//! `--probe` and `--show-probes`: asking listeners what they speak, and showing the bytes beforehand.
//!
//! What is asked, how, and who is never touched is decided by the host; here it is only called and shown.

use std::{
    io,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use navyd_model::{Listener, State, api::Document};
use serde::Serialize;

use crate::{
    client::{self, Hints, Request, Step, When},
    out::{Align, Column, Look, Screen, Table, Text, Tone},
};

const COLUMNS: &[Column] = &[
    Column { header: "PROTO", align: Align::Left, importance: 4, least: 5 },
    Column { header: "ADDRESS", align: Align::Left, importance: 9, least: 16 },
    Column { header: "CONNECTION", align: Align::Right, importance: 3, least: 10 },
    Column { header: "PROBE", align: Align::Left, importance: 8, least: 10 },
    Column { header: "WHEN", align: Align::Left, importance: 5, least: 10 },
    Column { header: "SENDS", align: Align::Left, importance: 7, least: 20 },
];

/// How often the progress line is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Asks every listener that may be asked, and fills in what it speaks.
pub(super) fn ask(listeners: &mut [Listener], screen: &mut Screen) -> io::Result<()> {
    let (asked, requests): (Vec<usize>, Vec<Request>) = listeners
        .iter()
        .enumerate()
        .filter(|(_, listener)| listener.state != State::BoundNotListening)
        .filter_map(|(at, listener)| Some((at, Request::of(listener)?)))
        .unzip();
    let started = Instant::now();
    let text = Text::plain(format!("asking {} listeners what they speak", requests.len()));
    let answers = thread::scope(|scope| {
        let (done, waiting) = channel();
        scope.spawn(|| {
            // Whoever waited may have failed to draw, and does not wait any more.
            done.send(client::ask_all(&requests)).unwrap_or_default();
            drop(done);
        });
        loop {
            match waiting.recv_timeout(TICK) {
                Ok(answers) => return Ok(answers),
                Err(RecvTimeoutError::Timeout) => screen.progress(started.elapsed(), &text)?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the probes ended early"));
                }
            }
        }
    })?;
    for (at, speaks) in asked.into_iter().zip(answers) {
        listeners[at].speaks = Some(speaks);
    }
    Ok(())
}

/// What `--probe` would send to one listener.
#[derive(Debug, Serialize)]
pub(super) struct Planned {
    proto: &'static str,
    address: String,
    refused: Option<String>,
    steps: Vec<PlannedStep>,
}

/// One message; bytes are written as in source code, because they need not be text.
#[derive(Debug, Serialize)]
struct PlannedStep {
    connection: Option<u8>,
    probe: &'static str,
    when: String,
    sends: String,
    then_sends: String,
}

/// The body of `navyd.probes/1`.
#[derive(Debug, Serialize)]
struct Probes<'a> {
    listeners: &'a [Planned],
}

/// What would be sent to these listeners.
pub(super) fn plan(listeners: &[Listener]) -> Vec<Planned> {
    let mut planned = Vec::new();
    for listener in listeners.iter().filter(|listener| listener.state != State::BoundNotListening) {
        if Request::of(listener).is_none() {
            continue;
        }
        let Some(hints) = Hints::of(listener) else { continue };
        planned.push(Planned {
            proto: listener.proto.as_str(),
            address: listener.place(),
            refused: client::refusal(&hints),
            steps: client::plan_probes(&hints).into_iter().map(PlannedStep::from).collect(),
        });
    }
    planned
}

/// The plan as a document.
pub(super) fn document(planned: &[Planned]) -> impl Serialize {
    Document::new("probes", Probes { listeners: planned })
}

/// The plan as a table.
pub(super) fn draw(planned: &[Planned], look: &Look) -> String {
    let mut table = Table::new(COLUMNS);
    for listener in planned {
        let row = |connection: Text, probe: &str, when: Text, sends: String| {
            let (proto, address) = (listener.proto.into(), listener.address.as_str().into());
            vec![proto, address, connection, probe.into(), when, sends.into()]
        };
        if let Some(reason) = &listener.refused {
            table.push(row(
                Text::default(),
                "",
                Text::of(Tone::Dim, format!("never: {reason}")),
                String::new(),
            ));
        }
        for step in &listener.steps {
            let connection = step.connection.map(|number| number.to_string()).unwrap_or_default();
            let sends = match step.then_sends.as_str() {
                "" => step.sends.clone(),
                then if step.sends.is_empty() => then.to_owned(),
                then => format!("{}, then {then}", step.sends),
            };
            table.push(row(connection.into(), step.probe, Text::of(Tone::Dim, &step.when), sends));
        }
    }
    table.draw(look)
}

impl From<Step> for PlannedStep {
    fn from(step: Step) -> Self {
        Self {
            connection: step.connection,
            probe: step.probe,
            when: match step.when {
                When::Greeted => "it greets so".into(),
                When::Unrecognised => "nothing recognised yet".into(),
                When::Invited => "an answer points to it".into(),
                When::Behind(base) => format!("it speaks {base}"),
            },
            sends: step.question.escape_ascii().to_string(),
            then_sends: step.farewell.escape_ascii().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::Protocol;

    use super::*;
    use crate::cli::fixture::*;

    #[test]
    fn every_byte_is_shown_and_whoever_is_never_asked_is_named() {
        let debugger = Listener {
            holders: vec![navyd_model::Holder {
                argv: Some(vec![
                    "java".into(),
                    "-agentlib:jdwp=transport=dt_socket,server=y,address=5005".into(),
                ]),
                ..held_by(1, "java")
            }],
            ..tcp("127.0.0.1", 5005)
        };
        let unix = Listener { proto: Protocol::Unix, ..tcp("127.0.0.1", 1) };
        let bound = Listener { state: State::BoundNotListening, ..tcp("127.0.0.1", 2) };
        let planned = plan(&[held("127.0.0.1", 6379, 2, "redis-server"), debugger, unix, bound]);
        assert_eq!(planned.len(), 2);
        assert!(planned[0].refused.is_none());
        let pings = planned[0].steps.iter().any(|step| step.sends == "*1\\r\\n$4\\r\\nPING\\r\\n");
        assert!(pings, "{planned:?}");
        assert!(planned[1].refused.is_some() && planned[1].steps.is_empty(), "{planned:?}");

        let drawn = draw(&planned, &Look::default());
        assert_eq!(drawn.lines().count(), planned[0].steps.len() + 1);
        assert!(drawn.contains("tcp\t127.0.0.1:5005\t\t\tnever: "), "{drawn}");
    }
}
