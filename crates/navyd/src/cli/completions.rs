//! `navyd completions SHELL`: made from the same definitions as `--help`.

use clap_complete::Shell;

use super::{Command, Stage};
use crate::exit::Exit;

/// Print the completions for a shell
#[derive(Debug, clap::Parser)]
#[command(
    name = "completions",
    after_long_help = "Examples:\n  \
        navyd completions bash > ~/.local/share/bash-completion/completions/navyd\n  \
        navyd completions zsh > ~/.zfunc/_navyd\n  \
        navyd completions fish > ~/.config/fish/completions/navyd.fish"
)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Command for Completions {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        // Made in memory first: the generator panics where writing fails, as it does when a pipe is closed.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::define(), "navyd", &mut script);
        stage.screen.answer()?.write_all(&script)?;
        Ok(Exit::Yes)
    }
}
