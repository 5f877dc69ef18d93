//! `navyd audit explain`: what a check looks for, why, when it is silent, and what mends it.

use navyd_model::api::Document;
use serde::Serialize;

use super::{
    super::{Format, Stage},
    checks,
};
use crate::{
    client::{self, Check},
    exit::Exit,
    out::{Text, Tone, folded},
};

/// The width of the labels.
const LABEL: usize = 10;

/// The least columns that a sentence is folded to.
const LEAST: usize = 30;

/// What is explained.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    navyd audit explain          every check in a line\n  \
    navyd audit explain A01      all of one")]
pub(super) struct Explain {
    /// The checks; every one in a line without
    #[arg(value_name = "ID")]
    ids: Vec<String>,
}

/// The body of `navyd.audit-checks/1`.
#[derive(Debug, Serialize)]
struct Checks {
    checks: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Told {
    id: &'static str,
    title: &'static str,
    why: &'static str,
    spares: &'static str,
    fixes: Vec<Fix>,
}

/// A line, and the program that it is for; `None` for every other.
#[derive(Debug, Serialize)]
struct Fix {
    program: Option<&'static str>,
    line: &'static str,
}

impl Explain {
    pub(super) fn run(&self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let ids = self.ids.iter().map(|text| checks::known(text)).collect::<Result<Vec<_>, _>>()?;
        let wanted: Vec<&Check> =
            client::checks().filter(|check| ids.is_empty() || ids.contains(&check.id)).collect();
        let told = || wanted.iter().map(|check| Told::of(check));
        let screen = &mut stage.screen;
        match stage.format {
            Format::Json => {
                screen.json(&Document::new("audit-checks", Checks { checks: told().collect() }))?;
            }
            Format::Jsonl => told().try_for_each(|check| screen.json_line(&check))?,
            Format::Text if self.ids.is_empty() => {
                let terminal = screen.look().terminal;
                let line = |check: &&Check| match terminal {
                    true => Text::of(Tone::Bold, check.id).then(Tone::Plain, format!("  {}", check.title)),
                    false => Text::tabbed(&[check.id.to_owned(), check.title.to_owned()]),
                };
                wanted.iter().map(line).try_for_each(|line| screen.line(&line))?;
            }
            Format::Text => {
                let width = screen.look().width;
                for (at, check) in wanted.iter().enumerate() {
                    if at > 0 {
                        screen.line(&Text::default())?;
                    }
                    lines(check, width).iter().try_for_each(|line| screen.line(line))?;
                }
            }
        }
        Ok(Exit::Yes)
    }
}

impl Told {
    fn of(check: &Check) -> Self {
        let fix = |(program, line): &(&'static str, &'static str)| Fix {
            program: Some(*program).filter(|name| !name.is_empty()),
            line,
        };
        Self {
            id: check.id,
            title: check.title,
            why: check.why,
            spares: check.spares,
            fixes: check.fixes.iter().map(fix).collect(),
        }
    }
}

/// One check, its sentences folded at `width`. Pure.
fn lines(check: &Check, width: Option<usize>) -> Vec<Text> {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(LABEL + 2).max(LEAST));
    let mut lines = vec![Text::of(Tone::Bold, check.id).then(Tone::Plain, format!("  {}", check.title))];
    let label = |text: &str| Text::of(Tone::Dim, format!("  {text:<LABEL$}"));
    let mut row = |name: &str, text: &str| {
        for (at, line) in folded(text, room).iter().enumerate() {
            lines.push(label(if at == 0 { name } else { "" }).then(Tone::Plain, line));
        }
    };
    row("why", check.why);
    row("silent", check.spares);
    row(
        "severity",
        "By what can be done there, who gets to it and what stands between: each finding has its own, from 0 to 10 as \
         CVSS counts.",
    );
    for (at, (program, line)) in check.fixes.iter().enumerate() {
        let name = match *program {
            "" if check.fixes.len() > 1 => "anything else: ".to_owned(),
            "" => String::new(),
            name => format!("{name}: "),
        };
        lines.push(label(if at == 0 { "fix" } else { "" }).then(Tone::Plain, name).then(Tone::Green, line));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::Look;

    #[test]
    fn every_check_is_told_whole_at_any_width() {
        for check in client::checks() {
            let shown = |width| -> Vec<String> {
                lines(check, width).iter().map(|line| line.show(&Look::default())).collect()
            };
            let words =
                |lines: &[String]| lines.join(" ").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&shown(None)), words(&shown(Some(60))), "{}", check.id);
            let whole = shown(None).join("\n");
            assert!(whole.starts_with(check.id) && whole.contains(check.why) && whole.contains(check.spares));
            assert!(check.fixes.iter().all(|(_, line)| whole.contains(line)), "{whole}");
        }
    }
}
