//! `navyd stop`: services end.

use super::{Command, Stage, services};
use crate::exit::Exit;

/// End services of this directory's project
#[derive(Debug, clap::Parser)]
#[command(
    name = "stop",
    after_long_help = "Examples:\n  navyd stop web\n  navyd stop            all services of the project\n\n\
        Exit status: 0 it was done, 1 nothing runs here, 2 wrong use or failure."
)]
pub(super) struct Stop {
    /// The services; all of the project without any
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
}

impl Command for Stop {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        services::act("stop", &self.services, stage)
    }
}
