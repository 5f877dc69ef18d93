//! `navyd listen-exec -- CMD…`, hidden: between the hub and a service that takes its socket over (sd_listen_fds(3)).
//!
//! Such a program wants its own process id in `LISTEN_PID`, which only its own process knows before it starts.

use std::{ffi::OsString, process::Command as Program};

use super::{Command, Stage};
use crate::{client, exit::Exit, hub, out::Failure};

/// Become a command that takes over the socket at the standard input
#[derive(Debug, clap::Parser)]
#[command(
    name = "listen-exec",
    hide = true,
    after_long_help = "Examples:\n  navyd listen-exec -- gunicorn app   how the hub starts what takes its socket over"
)]
pub(super) struct ListenExec {
    /// What is run
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl Command for ListenExec {
    fn run(self, _: &mut Stage) -> anyhow::Result<Exit> {
        let unable = |what: String, error: &std::io::Error| {
            Failure::new(what).cause(error.to_string()).hint("navyd up")
        };
        hub::take_over().map_err(|error| unable("the socket cannot be taken over".into(), &error))?;
        let Some((program, arguments)) = self.command.split_first() else { return Ok(Exit::Failure) };
        let mut command = Program::new(program);
        command.args(arguments).env("LISTEN_FDS", "1").env("LISTEN_PID", std::process::id().to_string());
        let error = match client::become_program(&mut command) {
            Ok(status) => return Ok(Exit::Child(status)),
            Err(error) => error,
        };
        Err(unable(format!("`{}` cannot be run", program.to_string_lossy()), &error).into())
    }
}
