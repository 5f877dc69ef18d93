//! `navyd stop`: services end.

use super::{Command, Stage, services};
use crate::exit::Exit;

/// End services of this directory's project, or a command of `navyd run`
///
/// All that they have started ends with them: it is asked to, and killed when it takes longer than its stop time, 10 s
/// where nothing else is written. A command of `navyd run` ends only when it is named.
#[derive(Debug, clap::Parser)]
#[command(
    name = "stop",
    after_long_help = "Examples:\n  navyd stop web\n  navyd stop            all services of the project\n  \
        navyd stop api        also a command of `navyd run --name api`\n\n\
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
