//! `navyd run -- CMD…`: a command under a stable name and port.
//!
//! The command takes the place of navyd, so that terminal, standard input, process group, signals, job control and
//! exit status are exactly those of a plain command. A helper beside it, with a session of its own, holds the port,
//! the name and a look at what really listens, and ends with it. Deliberately absent: starting it again, which is
//! for services.

mod adopt;
mod beside;
mod flags;
mod lease;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command as Program,
};

use navyd_model::{
    Project,
    config::{
        environment,
        names::{self, Names, Place},
    },
    text::shell_word,
};

use super::{Command, Stage};
use crate::{client, exit::Exit, hub, out::Failure};
use beside::{Ask, Told};

/// Run a command under a stable name and port
///
/// The command runs in this terminal as if it had been typed alone. Its port is in PORT, and where servers look for it
/// else; vite, astro, ng and some more get it as a flag. Where it listens elsewhere all the same, its name leads there.
/// It is called after its project and, off the default branch, its branch.
#[derive(Debug, clap::Parser)]
#[command(
    name = "run",
    after_long_help = "Examples:\n  \
        navyd run -- npm run dev                  http://shop.localhost:62893, in a project `shop`\n  \
        navyd run --name api -- cargo run         http://api.localhost:62893, and api.shop.localhost\n  \
        navyd run --port 3000 -- node server.js   with a port that was chosen by hand\n  \
        navyd run --no-hub -- python3 app.py      a stable port alone\n\n\
        Exit status: that of the command; 2 when it cannot be run."
)]
pub(super) struct Run {
    /// What it is called, instead of its project; a whole host such as shop.localhost is taken as it is
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Its port, instead of the one that belongs to its name
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,

    /// Without a name: a port alone, and no hub is started
    #[arg(long)]
    no_hub: bool,

    /// Do not record what passes
    #[arg(long)]
    no_capture: bool,

    /// Be the helper of a command
    #[arg(long, hide = true, value_name = "JSON", conflicts_with_all = ["name", "port", "no_hub", "no_capture"])]
    beside: Option<String>,

    /// The command and its arguments
    #[arg(value_name = "CMD", required_unless_present = "beside", trailing_var_arg = true)]
    command: Vec<OsString>,
}

impl Command for Run {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        if let Some(ask) = &self.beside {
            return beside::run(ask, &mut stage.screen);
        }
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Failure::new("no command was given").hint("navyd run -- npm run dev").into());
        };
        let ask = self.ask(stage.screen.is_quiet())?;
        let told = beside::start(&ask)?;
        for note in &told.notes {
            stage.screen.note(note)?;
        }
        stage.screen.flush()?;
        let name = program.to_string_lossy();
        let mut command = Program::new(program);
        command.args(arguments).args(self.flags(&told)).envs(environment::of_port(told.port));
        // So that it trusts other services by their names. Without a home there is no authority.
        if let Ok(places) = hub::places() {
            command.envs(navyd_hub::trust::environment(&places));
        }
        match client::become_program(&mut command) {
            Ok(status) => Ok(Exit::Child(status)),
            Err(error) => Err(Failure::new(format!("`{name}` cannot be run"))
                .cause(error.to_string())
                .hint(instead(&name, arguments.is_empty()))
                .into()),
        }
    }
}

impl Run {
    /// What the helper is asked for.
    fn ask(&self, quiet: bool) -> Result<Ask, Failure> {
        let here = std::env::current_dir().map_err(|error| {
            Failure::new("the `working directory` cannot be read").cause(error.to_string()).hint("cd ~")
        })?;
        // Outside of any project the directory itself stands for one.
        let project = client::project().unwrap_or_else(|| Project {
            root: here.to_string_lossy().into_owned(),
            name: here.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            branch: None,
            kind: navyd_model::ProjectKind::Manifest,
        });
        let default_branch = client::default_branch(Path::new(&project.root));
        let place = Place {
            project: &project.name,
            branch: project.branch.as_deref(),
            default_branch: default_branch.as_deref(),
        };
        if let Some(name) = self.name.as_deref().filter(|name| names::label(name).is_empty()) {
            return Err(Failure::new(format!("`{name}` cannot be a name"))
                .cause("a name has a letter or a digit")
                .hint("navyd run --name shop -- npm run dev"));
        }
        let Names { id, hosts } = names::of_run(self.name.as_deref(), &place);
        let name = self.name.clone().unwrap_or_else(|| project.name.clone());
        let command = self.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        Ok(Ask {
            pid: std::process::id(),
            id,
            hosts,
            name,
            project: project.root,
            branch: project.branch,
            command,
            port: self.port,
            hub: !self.no_hub,
            capture: !self.no_capture,
            quiet,
        })
    }

    fn flags(&self, told: &Told) -> Vec<String> {
        let words: Option<Vec<String>> =
            self.command.iter().map(|word| word.to_str().map(str::to_owned)).collect();
        let scripts = std::env::current_dir().ok().and_then(|here| manifest(&here));
        let script = |name: &str| Some(scripts.as_ref()?.get("scripts")?.get(name)?.as_str()?.to_owned());
        // A word that is no text is no server's that is known.
        words.map_or_else(Vec::new, |words| flags::appended(&words, told.port, &script))
    }
}

/// What to type when a program cannot be run. One with spaces and without arguments is a line for a shell.
fn instead(name: &str, is_alone: bool) -> String {
    if is_alone && name.contains(' ') {
        return format!("navyd run -- sh -c {}", shell_word(name));
    }
    format!("command -v {}", shell_word(name))
}

/// The nearest `package.json`, as npm and its relatives look for it.
fn manifest(here: &Path) -> Option<serde_json::Value> {
    /// The largest that is read, in bytes. Real ones have some kilobytes.
    const LARGEST: u64 = 4 * 1024 * 1024;
    let path: PathBuf = here.ancestors().map(|dir| dir.join("package.json")).find(|path| path.is_file())?;
    fs::metadata(&path).ok().filter(|found| found.len() <= LARGEST)?;
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_for_a_shell() {
        for (name, is_alone, expected) in [
            ("nosuch", true, "command -v nosuch"),
            ("my program", false, "command -v 'my program'"),
            ("serve $PORT", true, "navyd run -- sh -c 'serve $PORT'"),
            ("say 'x'", true, r"navyd run -- sh -c 'say '\''x'\'''"),
        ] {
            assert_eq!(instead(name, is_alone), expected);
        }
    }
}
