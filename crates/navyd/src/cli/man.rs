//! `navyd man [COMMAND]`: made from the same definitions as `--help`.

use super::{Command, Stage};
use crate::{exit::Exit, out::Failure};

/// Print the manual page
#[derive(Debug, clap::Parser)]
#[command(
    name = "man",
    after_long_help = "Examples:\n  \
        navyd man | man -l -\n  \
        navyd man ls > ~/.local/share/man/man1/navyd-ls.1"
)]
pub(super) struct Man {
    /// The command to describe, instead of navyd as a whole
    command: Option<String>,
}

impl Command for Man {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let mut root = super::define().disable_help_flag(true);
        root.build();
        let described = match &self.command {
            None => root,
            Some(name) => root.find_subcommand(name).cloned().ok_or_else(|| {
                Failure::new(format!("`{name}` is not a command of navyd")).hint("navyd --help")
            })?,
        };
        clap_mangen::Man::new(described).render(&mut stage.screen.answer()?)?;
        Ok(Exit::Yes)
    }
}
