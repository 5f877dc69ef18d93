//! `navyd fault`: network conditions laid on routes.
//!
//! Deliberately absent: which kinds there are and what they take, which the gateway's list says.

mod add;
mod flags;
mod log;
mod ls;
mod profile;

use navyd_model::{api::Document, fault::Faults};

use super::{Command, Format, Stage, entry::entry};
use crate::{
    exit::Exit,
    hub::{self, ClientError},
    out::{Failure, Text},
};

/// Make a route as slow, lossy or broken as the real world
///
/// Faults hit connections that are open as well as new ones, until they are removed or the hub ends.
#[derive(Debug, clap::Parser)]
#[command(
    name = "fault",
    disable_help_subcommand = true,
    after_long_help = "Examples:\n  \
        navyd fault add shop --latency 200ms --jitter 50ms --distribution normal\n  \
        navyd fault add shop --latency 2s --toxicity 0.3 --direction up\n  \
        navyd fault add shop --bandwidth 50kb --shared --name line\n  \
        navyd fault add 127.0.0.1:15432 --reset 500ms --schedule 'at 10s for 5s every 60s'\n  \
        navyd fault add shop/api --timeout --filter 'method:POST path:/pay'\n  \
        navyd fault add shop --latency 1s --toxicity 0.5 --seed 7\n  \
        navyd fault log --follow              what they choose\n  \
        navyd fault ls\n  \
        navyd fault rm shop line\n  \
        navyd fault clear shop                everything of one route; of all without a name\n  \
        navyd fault profile                   the connections that people have\n  \
        navyd fault profile 3g shop           one of them, on a route\n\n\
        Exit status: 0 yes, 1 no such fault or no hub runs, 2 wrong use or failure."
)]
pub(super) struct Fault {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Add(Box<add::Add>),
    /// List the faults
    Ls,
    Log(log::Log),
    /// Remove a fault
    Rm {
        /// Where its route begins
        #[arg(value_name = "ROUTE")]
        route: String,
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Remove every fault, of a route or of all
    Clear {
        /// Where the route begins
        #[arg(value_name = "ROUTE")]
        route: Option<String>,
    },
    Profile(profile::Lay),
}

impl Command for Fault {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        match self.action {
            Action::Add(add) => add.run(stage),
            Action::Ls => list(stage),
            Action::Log(log) => log.run(stage),
            Action::Rm { route, name } => remove(Some(&entry(&route)), Some(&name), stage),
            Action::Clear { route } => remove(route.as_deref().map(entry).as_deref(), None, stage),
            Action::Profile(lay) => lay.run(stage),
        }
    }
}

fn list(stage: &mut Stage) -> anyhow::Result<Exit> {
    let faults = match hub::running()? {
        Some(hub) => hub.faults().map_err(Failure::from)?,
        None => Faults::default(),
    };
    let exit = if faults.faults.is_empty() { Exit::No } else { Exit::Yes };
    if stage.format == Format::Text && exit == Exit::No {
        stage.screen.say(&"no fault is laid on any route".into())?;
        stage.screen.hint("navyd fault add shop --latency 200ms")?;
        return Ok(exit);
    }
    answer(&faults, stage)?;
    Ok(exit)
}

fn remove(route: Option<&str>, name: Option<&str>, stage: &mut Stage) -> anyhow::Result<Exit> {
    let Some(hub) = hub::running()? else {
        stage.screen.fail(&Failure::new("no hub runs").cause("faults end with it").hint("navyd fault ls"))?;
        return Ok(Exit::No);
    };
    match hub.remove_faults(route, name) {
        Ok(left) => {
            match stage.format {
                Format::Text => {
                    let what = match (route, name) {
                        (Some(route), Some(name)) => format!("`{name}` no longer lies on {route}"),
                        (Some(route), None) => format!("no fault lies on {route}"),
                        (None, _) => "no fault lies on any route".to_owned(),
                    };
                    stage.screen.line(&Text::plain(what))?;
                }
                _ => answer(&left, stage)?,
            }
            Ok(Exit::Yes)
        }
        Err(error @ ClientError::Refused { status: 404, .. }) => {
            stage.screen.fail(&error.into())?;
            Ok(Exit::No)
        }
        Err(error) => Err(Failure::from(error).into()),
    }
}

fn answer(faults: &Faults, stage: &mut Stage) -> anyhow::Result<()> {
    match stage.format {
        Format::Text => {
            let drawn = ls::draw(faults, &stage.screen.look());
            stage.screen.print(&drawn)?;
        }
        Format::Json => stage.screen.json(&Document::new("faults", faults))?,
        Format::Jsonl => faults.faults.iter().try_for_each(|fault| stage.screen.json_line(fault))?,
    }
    Ok(())
}
