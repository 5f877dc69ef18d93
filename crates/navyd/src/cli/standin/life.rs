//! From the ready line to the end: told to, out of time, or left alone by whoever started it.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use navyd_standin::{Stand, Stopper, stopper};

use super::{
    super::{Format, Stage},
    flags::Flags,
    log::Log,
    name,
    ready::Ready,
};
use crate::{client, exit::Exit, interrupt::Interrupt, out::Failure};

/// Why this thread wakes.
enum Event {
    /// The stand-in has ended.
    Ended(std::io::Result<()>),
    /// It was told to end for the second time.
    Hurry,
    /// The system has no room for a connection.
    Short(std::io::Error),
}

/// Stands until it is told to end, its time is over, or its parent is gone. `build` runs on the thread that then
/// answers: its doors are bound already, so that whoever reads the ready line can connect.
///
/// # Errors
/// When the system refuses a thread, a signal or a listener.
pub(crate) fn stand(
    flags: &Flags,
    stage: &mut Stage,
    ready: &Ready,
    build: impl FnOnce(Log) -> Stand + Send + 'static,
) -> anyhow::Result<Exit> {
    let (stopper, stop) = stopper();
    let (tell, events) = sync_channel(3);
    heed_signals(&stopper, tell.clone())?;
    watch_parent(stopper.clone());
    let named = name::lead(flags, ready, &stopper);
    for note in &named.notes {
        stage.screen.note(note)?;
    }
    ready.say(flags, named.url.as_deref(), stage)?;
    let (log, printing) = if flags.log {
        let (log, printing) = Log::printing(stage.screen.ledger(), stage.format != Format::Text);
        (log, Some(printing))
    } else {
        (Log::none(), None)
    };
    let thread = thread::Builder::new().name(ready.kind.to_owned());
    thread.spawn(move || {
        let short = tell.clone();
        let stand = build(log).telling(move |error| {
            // Where nobody waits any more, nobody has to know.
            let _ = short.try_send(Event::Short(error));
        });
        // Where nobody waits any more, the process ends.
        let _ = tell.send(Event::Ended(stand.run(stop)));
    })?;
    let event = last(&events, flags.ttl, &stopper, stage)?;
    let ended = match event {
        Some(Event::Ended(ended)) => ended,
        Some(Event::Hurry) => {
            stage.screen.leave();
            return Ok(Exit::Interrupted);
        }
        // It has ended without a word: it panicked, and the panic was printed.
        None | Some(Event::Short(_)) => return Ok(Exit::Failure),
    };
    match printing.map_or(Some(0), super::log::Printing::end) {
        None => stage.screen.leave(),
        Some(0) => {}
        Some(lost) => {
            stage.screen.note(format!("{lost} lines of the log were lost: nobody read them in time"))?;
        }
    }
    ended.map_err(|error| {
        Failure::new(format!("`navyd {}` cannot stand", ready.kind))
            .cause(error.to_string())
            .hint("navyd doctor")
    })?;
    Ok(Exit::Yes)
}

/// The event with which it ends, which is at its time at the latest. What is to be known before is said.
fn last(
    events: &Receiver<Event>,
    ttl: Option<Duration>,
    stopper: &Stopper,
    stage: &mut Stage,
) -> anyhow::Result<Option<Event>> {
    // One that is too far away for a clock never comes.
    let mut until = ttl.and_then(|ttl| Instant::now().checked_add(ttl));
    loop {
        let event = match until {
            Some(until) => events.recv_timeout(until.saturating_duration_since(Instant::now())),
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match event {
            Ok(Event::Short(error)) => {
                stage.screen.note(format!("who connects has to wait: {error}"))?;
            }
            Ok(event) => return Ok(Some(event)),
            Err(RecvTimeoutError::Timeout) => {
                stopper.stop();
                until = None;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
    }
}

/// Told once it lets what is under way finish; told twice it waits for nothing.
fn heed_signals(stopper: &Stopper, tell: SyncSender<Event>) -> anyhow::Result<()> {
    let stopper = stopper.clone();
    let mut told = false;
    Interrupt::calling(move || {
        if std::mem::replace(&mut told, true) {
            let _ = tell.try_send(Event::Hurry);
        }
        stopper.stop();
    })?;
    Ok(())
}

/// Ends it when the process that started it has ended, unless that is the first of all.
fn watch_parent(stopper: Stopper) {
    let Some(parent) = client::parent() else { return };
    // It ends with the process: it waits for another one, and nobody for it.
    thread::spawn(move || {
        if parent.wait(Duration::MAX) {
            stopper.stop();
        }
    });
}
