//! `navyd audit --fix`: does what is navyd's to do, and prints the rest.
//!
//! Only one kind of line is: taking from everybody the right to change a file of the user who asks. It stops no
//! program, changes no configuration, and is undone by one command. Deliberately absent: stopping what holds a
//! port, which `navyd free` does after it was asked to.

use std::path::Path;

use navyd_model::{
    api::Document,
    finding::{Audit, Finding},
    text::of_shell_word,
};
use serde::Serialize;

use super::{
    Form, How,
    plan::{Plan, Seen},
    render,
};
use crate::{
    client::Writable,
    exit::Exit,
    out::{Answer, Failure, Screen, Text, Tone},
};

/// The body of `navyd.audit/1` where lines were applied.
#[derive(Debug, Serialize)]
struct Fixed<'a> {
    dry_run: bool,
    fixed: Vec<Line>,
    #[serde(flatten)]
    audit: &'a Audit,
}

/// A line that is navyd's to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Line {
    /// The check.
    id: String,
    /// The line.
    fix: String,
    /// Why it was not applied.
    error: Option<String>,
}

/// Applies what is safe, then says what is left.
pub(super) fn fix(plan: &Plan, how: How, form: Form, screen: &mut Screen) -> anyhow::Result<Exit> {
    let seen = plan.look()?;
    let (mut fixed, ready) = prepared(&seen);
    let count = ready.len();
    if how.dry_run || count == 0 {
        return told(&seen, how.dry_run, fixed, form, screen);
    }
    for line in fixed.iter().filter(|line| line.error.is_none()) {
        screen.say(&Text::plain(format!("{}  ", line.id)).then(Tone::Green, &line.fix))?;
    }
    let lines = if count == 1 { "this line".to_owned() } else { format!("these {count} lines") };
    if !how.yes {
        match screen.ask(&format!("apply {lines}?"))? {
            Answer::Yes => {}
            Answer::No => return Ok(Exit::No),
            Answer::Nobody => {
                return Err(Failure::new("nothing was applied: there is no terminal to ask on")
                    .hint("navyd audit --fix --yes")
                    .into());
            }
        }
    }
    for (at, file) in ready {
        fixed[at].error = file.close().err().map(|error| error.to_string());
    }
    told(&plan.look()?, false, fixed, form, screen)
}

/// The lines that are ours, and the files of those that can be applied, held open from here on.
fn prepared(seen: &Seen) -> (Vec<Line>, Vec<(usize, Writable)>) {
    let (mut lines, mut ready): (Vec<Line>, Vec<_>) = (Vec::new(), Vec::new());
    for Finding { id, fix, .. } in &seen.answer.findings {
        let Some((fix, path)) = fix.as_deref().and_then(|fix| Some((fix, closes(fix)?))) else { continue };
        if lines.iter().any(|line| line.fix == fix) {
            continue;
        }
        let opened = Writable::open(Path::new(&path));
        let error = opened.as_ref().err().map(ToString::to_string);
        ready.extend(opened.ok().map(|file| (lines.len(), file)));
        lines.push(Line { id: id.clone(), fix: fix.to_owned(), error });
    }
    (lines, ready)
}

fn told(
    seen: &Seen,
    dry_run: bool,
    fixed: Vec<Line>,
    form: Form,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    if form == Form::Json {
        screen.json(&Document::new("audit", Fixed { dry_run, fixed, audit: &seen.answer }))?;
        return Ok(seen.exit());
    }
    for line in &fixed {
        match &line.error {
            Some(error) => screen.note(format!("`{}` is not navyd's to apply: {error}", line.fix))?,
            None => {
                let done = if dry_run { "would apply" } else { "applied" };
                screen.say(&Text::of(Tone::Green, done).then(Tone::Plain, format!(" {}", line.fix)))?;
            }
        }
    }
    if fixed.is_empty() {
        screen.note("no line here is navyd's to apply")?;
    }
    render(seen, form, screen)?;
    Ok(seen.exit())
}

/// The path of a line that takes from everybody the right to change it: `chmod o-w PATH`, and nothing else. Pure.
fn closes(fix: &str) -> Option<String> {
    let path = of_shell_word(fix.strip_prefix("chmod o-w ")?)?;
    path.starts_with('/').then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_kind_of_line_is_ours() {
        for (fix, expected) in [
            ("chmod o-w /opt/app", Some("/opt/app")),
            ("chmod o-w '/srv/it'\\''s mine'", Some("/srv/it's mine")),
            ("chmod o-w '/a b' /c", None),
            ("chmod o-w '/a'; rm -rf '/b'", None),
            ("chmod o-w /a; rm -rf /b", None),
            ("chmod o-w $(x)", None),
            ("chmod o-w relative", None),
            ("chmod o-w ", None),
            ("chmod -R o-w /", None),
            ("chmod 600 /a", None),
            ("navyd free 3000", None),
            ("vite --host 127.0.0.1", None),
        ] {
            assert_eq!(closes(fix).as_deref(), expected, "{fix}");
        }
    }
}
