//! `navyd hub install` and `uninstall`: the hub as a service of the system's own manager.
//!
//! Says the file and the commands first, asks, then acts. Deliberately absent: what stands in the file, which the
//! hub's room knows for each system.

use std::{fs, io, process::Command};

use navyd_hub::low_ports::Way;
use navyd_model::api::Document;
use serde::Serialize;

use super::{
    super::{Format, Stage, how::How},
    low_ports,
};
use crate::{
    exit::Exit,
    hub::{self, Client, Unit},
    out::{Answer, Failure, Screen, Text, Tone},
};

/// Start the hub whenever you log in
#[derive(Debug, clap::Args)]
pub(super) struct Install {
    #[command(flatten)]
    how: How,

    /// Not that, but make ports 80 and 443 lead to the hub; without `--way`, explain the ways
    #[arg(long)]
    low_ports: bool,

    /// How: try, setcap, sysctl, nft or systemd-socket
    #[arg(long, requires = "low_ports", value_parser = low_ports::way)]
    way: Option<Way>,
}

/// Take back what `install` did
#[derive(Debug, clap::Args)]
pub(super) struct Uninstall {
    #[command(flatten)]
    how: How,

    /// Not that, but what `install --low-ports` did
    #[arg(long)]
    low_ports: bool,
}

/// The body of `navyd.hub-install/1`.
#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    path: String,
    installed: bool,
    /// The file's text, when it is written.
    text: Option<String>,
    commands: Vec<String>,
    /// Commands that failed, and what they said.
    failures: Vec<String>,
}

impl Install {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        if self.low_ports {
            return low_ports::install(self.way, self.how, stage);
        }
        let unit = unit()?;
        let commands = unit.enable.clone();
        let plan = Plan { verb: "write", unit: &unit, commands: &commands };
        if !plan.is_agreed(&self.how, stage)? {
            return Ok(Exit::No);
        }
        let mut failures = Vec::new();
        if !self.how.dry_run {
            write(&unit)?;
            failures = carry_out(&unit.enable);
        }
        plan.answer(&self.how, !self.how.dry_run, failures, stage)
    }
}

impl Uninstall {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        if self.low_ports {
            return low_ports::uninstall(self.how, stage);
        }
        let unit = unit()?;
        let commands: Vec<_> = unit.disable.iter().chain(&unit.forget).cloned().collect();
        let plan = Plan { verb: "remove", unit: &unit, commands: &commands };
        if !unit.path.exists() {
            stage.screen.note(format!("`{}` is not there", unit.path.display()))?;
            still_runs(stage)?;
            return Ok(Exit::Yes);
        }
        if !plan.is_agreed(&self.how, stage)? {
            return Ok(Exit::No);
        }
        let mut failures = Vec::new();
        if !self.how.dry_run {
            failures = carry_out(&unit.disable);
            fs::remove_file(&unit.path).map_err(|error| refused(&unit, &error))?;
            failures.extend(carry_out(&unit.forget));
        }
        let exit = plan.answer(&self.how, self.how.dry_run, failures, stage)?;
        if !self.how.dry_run {
            still_runs(stage)?;
        }
        Ok(exit)
    }
}

/// What would be done.
struct Plan<'a> {
    verb: &'static str,
    unit: &'a Unit,
    commands: &'a [Vec<String>],
}

impl Plan<'_> {
    /// Says it, and asks.
    fn is_agreed(&self, how: &How, stage: &mut Stage) -> anyhow::Result<bool> {
        if how.dry_run {
            return Ok(true);
        }
        self.lines().iter().try_for_each(|line| stage.screen.say(line))?;
        if how.yes {
            return Ok(true);
        }
        match stage.screen.ask("do that?")? {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Nobody => {
                let word = if self.verb == "write" { "install" } else { "uninstall" };
                let failure = Failure::new("nothing was done: there is no terminal to ask on");
                Err(failure.hint(format!("navyd hub {word} --yes")).into())
            }
        }
    }

    fn answer(
        &self,
        how: &How,
        installed: bool,
        failures: Vec<String>,
        stage: &mut Stage,
    ) -> anyhow::Result<Exit> {
        let exit = if failures.is_empty() { Exit::Yes } else { Exit::No };
        if stage.format == Format::Text {
            return self.draw(how, &failures, &mut stage.screen).map(|()| exit).map_err(Into::into);
        }
        let report = Report {
            dry_run: how.dry_run,
            path: self.unit.path.display().to_string(),
            installed,
            text: (self.verb == "write").then(|| self.unit.text.clone()),
            commands: self.commands.iter().map(|command| command.join(" ")).collect(),
            failures,
        };
        match stage.format {
            Format::Jsonl => stage.screen.json_line(&report)?,
            _ => stage.screen.json(&Document::new("hub-install", report))?,
        }
        Ok(exit)
    }

    fn draw(&self, how: &How, failures: &[String], screen: &mut Screen) -> io::Result<()> {
        if how.dry_run {
            for line in self.lines() {
                screen.line(&line)?;
            }
            if self.verb == "write" {
                screen.line(&Text::default())?;
                return self.unit.text.lines().try_for_each(|line| screen.line(&line.into()));
            }
            return Ok(());
        }
        failures.iter().try_for_each(|failure| screen.note(failure))?;
        let done = if self.verb == "write" { "installed" } else { "uninstalled" };
        screen.line(&format!("{done}: {}", self.unit.path.display()).into())
    }

    fn lines(&self) -> Vec<Text> {
        let row = |word: &str, text: &str| Text::of(Tone::Dim, format!("{word:<7}")).then(Tone::Plain, text);
        let mut lines = vec![row(self.verb, &self.unit.path.display().to_string())];
        lines.extend(self.commands.iter().map(|command| row("run", &command.join(" "))));
        lines
    }
}

/// Says of a hub that nobody's manager keeps that it runs on: a command or a person started it, and may still need it.
fn still_runs(stage: &mut Stage) -> anyhow::Result<()> {
    // One that does not answer has something else to say, which is `hub status`'s.
    if let Ok((_, hub)) = Client::look(&hub::places()?)
        && !hub.ending
    {
        stage.screen.note(format!("a hub that was not started by its unit runs on: pid {}", hub.pid))?;
        stage.screen.hint("navyd hub stop")?;
    }
    Ok(())
}

fn unit() -> Result<Unit, Failure> {
    hub::own_unit()?.ok_or_else(|| {
        Failure::new("the hub cannot be installed here")
            .cause("the service manager of this system is not known")
            .hint("navyd hub start")
    })
}

fn write(unit: &Unit) -> Result<(), Failure> {
    let folder = unit.path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(&unit.path, &unit.text)).map_err(|error| refused(unit, &error))
}

/// Runs each; what fails is told, and the next is run all the same.
fn carry_out(commands: &[Vec<String>]) -> Vec<String> {
    let mut failures = Vec::new();
    for command in commands {
        let Some((program, arguments)) = command.split_first() else { continue };
        let failure = match Command::new(program).args(arguments).output() {
            Ok(output) if output.status.success() => continue,
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        failures.push(format!("`{}` failed: {failure}", command.join(" ")));
    }
    failures
}

fn refused(unit: &Unit, error: &io::Error) -> Failure {
    let failure =
        Failure::new(format!("`{}` cannot be changed", unit.path.display())).cause(error.to_string());
    failure.hint("navyd hub install --dry-run")
}
