//! `navyd hub`: being the hub, in the foreground or behind everything.

use std::io;

use navyd_model::{api::Document, hub::Hub};

use super::{
    super::{Format, Stage},
    Serve, status,
};
use crate::{
    client,
    exit::Exit,
    hub::{self, Bell, LOG_LENGTH, Listen, Log, Places, Settings, Started},
    interrupt::Interrupt,
    out::Failure,
};

/// Runs the hub until it is told to end, or says where the one is that runs already.
pub(super) fn run(serve: &Serve, stage: &mut Stage) -> anyhow::Result<Exit> {
    let handed = client::handed_over();
    let places = hub::places()?;
    if serve.background {
        // A process that leads a group stays where it is: then whoever started it has seen to that.
        let _ = hub::leave_terminal();
    }
    // Before anything listens, so that no one can be let in and then cut off.
    let bell = Bell::new();
    let ringer = bell.clone();
    Interrupt::calling(move || ringer.ring())?;
    let listen = match serve.listen.as_slice() {
        [] => Listen::Usual,
        listen => Listen::At(listen.to_vec()),
    };
    hub::prepare(&places).map_err(Failure::from)?;
    let log = log(serve.background, &places, stage)?;
    let (workers, program) = (serve.workers(), hub::program()?);
    let capture = serve.recording();
    let seed = serve.seed;
    match hub::start(Settings { places, listen, handed, workers, program, capture, seed, log, bell })
        .map_err(Failure::from)?
    {
        Started::Joined(other) => {
            if !serve.background {
                stage.screen.note(format!("a hub runs already: pid {}", other.pid))?;
            }
            say(&other, serve.background, stage)?;
            tell_ready(stage)?;
        }
        Started::Running(running) => {
            say(&running.status(), serve.background, stage)?;
            tell_ready(stage)?;
            running.serve().map_err(Failure::from)?;
        }
        Started::Ended => {}
    }
    Ok(Exit::Yes)
}

/// Tells a manager of services that waits for it; one that cannot be told gives up by itself.
fn tell_ready(stage: &mut Stage) -> io::Result<()> {
    let Err(error) = hub::tell_ready() else { return Ok(()) };
    stage.screen.note(format!("the manager of services was not told that the hub answers: {error}"))
}

/// In the background nobody watches, so a file does.
fn log(background: bool, places: &Places, stage: &Stage) -> anyhow::Result<Log> {
    if !background {
        return Ok(Log::to(stage.screen.journal()));
    }
    let path = places.log();
    Log::file(path.clone(), LOG_LENGTH).map_err(|error| {
        let failure =
            Failure::new(format!("`{}` cannot be written", path.display())).cause(error.to_string());
        failure.hint(format!("ls -ld {}", places.state.display())).into()
    })
}

/// Where it is: a line for whoever waits for it, in the background for a program.
fn say(hub: &Hub, background: bool, stage: &mut Stage) -> anyhow::Result<()> {
    match stage.format {
        _ if background => stage.screen.json_line(&Document::new("hub-status", hub))?,
        Format::Text => status::addresses(hub, &mut stage.screen)?,
        Format::Json => stage.screen.json(&Document::new("hub-status", hub))?,
        Format::Jsonl => stage.screen.json_line(hub)?,
    }
    stage.screen.flush()?;
    Ok(())
}
