//! From the ready line to the end: told to, out of time, or left alone by whoever started it.

use std::{
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
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
    let (tell, events) = sync_channel(2);
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
        // Where nobody waits any more, the process ends.
        let _ = tell.send(Event::Ended(build(log).run(stop)));
    })?;
    let first = match flags.ttl {
        Some(ttl) => events.recv_timeout(ttl),
        None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    let event = first.or_else(|_| {
        stopper.stop();
        events.recv()
    });
    let ended = match event {
        Ok(Event::Ended(ended)) => ended,
        Ok(Event::Hurry) => return Ok(Exit::Interrupted),
        // It has ended without a word: it panicked, and the panic was printed.
        Err(_) => return Ok(Exit::Failure),
    };
    let lost = printing.map_or(0, super::log::Printing::end);
    if lost > 0 {
        stage.screen.note(format!("{lost} lines of the log were lost: nobody read them in time"))?;
    }
    ended.map_err(|error| {
        Failure::new(format!("`navyd {}` cannot stand", ready.kind))
            .cause(error.to_string())
            .hint("navyd doctor")
    })?;
    Ok(Exit::Yes)
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
