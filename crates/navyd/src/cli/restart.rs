//! `navyd restart`: services end, and run again.

use super::{Command, Stage, services};
use crate::exit::Exit;

/// End services of this directory's project, and start them again
///
/// One that does not run, since it was stopped or has failed, starts with what it needs. A command of `navyd run` is its
/// terminal's, and is started again there.
#[derive(Debug, clap::Parser)]
#[command(
    name = "restart",
    after_long_help = "Examples:\n  navyd restart web\n  navyd restart            all services of the project\n\n\
        Exit status: 0 it was done, 1 nothing runs here, 2 wrong use or failure."
)]
pub(super) struct Restart {
    /// The services; all of the project without any
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
}

impl Command for Restart {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        services::act("restart", &self.services, stage)
    }
}
