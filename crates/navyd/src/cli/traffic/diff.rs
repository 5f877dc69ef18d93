//! `navyd traffic diff`: what is different between two exchanges.

use navyd_model::{
    api::Document,
    exchange::{Exchange, Message, Summary},
};
use serde::Serialize;

use super::{
    super::{Format, Stage, exchanges},
    body,
    compare::{Change, compare},
    details, show,
};
use crate::{
    exit::Exit,
    out::{Look, Text, Tone},
};

/// Compare two exchanges: heads field by field, bodies decoded and line by line
#[derive(Debug, clap::Args)]
pub(super) struct Diff {
    /// The number of one
    #[arg(value_name = "A")]
    one: u64,

    /// The number of the other
    #[arg(value_name = "B")]
    other: u64,
}

/// How many lines that are the same are shown around those that are not.
const AROUND: usize = 3;

/// A part of two exchanges that differs.
#[derive(Debug, Serialize)]
struct Part {
    part: &'static str,
    changes: Vec<Line>,
}

/// A line that only one of them has.
#[derive(Debug, Serialize)]
struct Line {
    only: &'static str,
    text: String,
}

/// The body of `navyd.traffic-diff/1`.
#[derive(Debug, Serialize)]
struct Answer {
    a: u64,
    b: u64,
    same: bool,
    parts: Vec<Part>,
}

impl Diff {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let Some(hub) = exchanges::hub(stage)? else { return Ok(Exit::No) };
        let Some(one) = show::one(&hub, self.one, stage)? else { return Ok(Exit::No) };
        let Some(other) = show::one(&hub, self.other, stage)? else { return Ok(Exit::No) };
        let (one, other) = (parts(&one), parts(&other));
        let pairs = || one.iter().zip(&other).map(|((name, one), (_, other))| (*name, compare(one, other)));
        let is_same = one == other;
        match stage.format {
            Format::Text if is_same => stage.screen.say(&"both are the same".into())?,
            Format::Text => {
                for (name, changes) in pairs() {
                    for line in draw(name, &changes) {
                        stage.screen.line(&line)?;
                    }
                }
            }
            Format::Json | Format::Jsonl => {
                let parts = pairs().filter_map(|(name, changes)| told(name, &changes)).collect();
                let answer = Answer { a: self.one, b: self.other, same: is_same, parts };
                match stage.format {
                    Format::Jsonl => stage.screen.json_line(&answer)?,
                    _ => stage.screen.json(&Document::new("traffic-diff", answer))?,
                }
            }
        }
        Ok(if is_same { Exit::Yes } else { Exit::No })
    }
}

/// What of an exchange is compared: not its number, its times and its ends, which always differ.
fn parts(exchange: &Exchange) -> [(&'static str, Vec<String>); 6] {
    let (request, response) = (&exchange.request, exchange.response.as_ref());
    let shown = |line: &Text| line.show(&Look::default());
    [
        ("exchange", about(&exchange.summary)),
        ("details", details::lines(&exchange.details).iter().map(shown).collect()),
        ("request", head(request)),
        ("request body", content(request)),
        ("response", response.map(head).unwrap_or_default()),
        ("response body", response.map(content).unwrap_or_default()),
    ]
}

fn about(summary: &Summary) -> Vec<String> {
    let mut lines = vec![
        format!("{} {}", summary.method, summary.target),
        format!("protocol {}", summary.protocol),
        format!("route {}", summary.route),
    ];
    lines.extend(summary.status.map(|status| format!("status {status}")));
    lines.extend(summary.error.as_ref().map(|error| format!("error {error}")));
    lines
}

fn head(message: &Message) -> Vec<String> {
    let field = |(name, value): &(String, String)| format!("{name}: {value}");
    let fields = message.headers.iter().chain(&message.trailers).map(field);
    message.line.iter().cloned().chain(fields).collect()
}

fn content(message: &Message) -> Vec<String> {
    message.body.as_ref().map(body::lines).unwrap_or_default()
}

/// The lines that differ, with some around them; nothing when none does.
fn draw(name: &str, changes: &[Change<'_>]) -> Vec<Text> {
    let is_change = |change: &Change<'_>| !matches!(change, Change::Same(_));
    if !changes.iter().any(is_change) {
        return Vec::new();
    }
    let mut lines = vec![Text::of(Tone::Bold, format!("@ {name}"))];
    let mut is_left_out = false;
    for (at, change) in changes.iter().enumerate() {
        let near = at.saturating_sub(AROUND)..(at + AROUND + 1).min(changes.len());
        let line = match change {
            Change::Gone(line) => Text::of(Tone::Red, format!("- {line}")),
            Change::New(line) => Text::of(Tone::Green, format!("+ {line}")),
            Change::Same(line) if changes[near].iter().any(is_change) => Text::plain(format!("  {line}")),
            Change::Same(_) => {
                if !is_left_out {
                    lines.push(Text::of(Tone::Dim, "  …"));
                }
                is_left_out = true;
                continue;
            }
        };
        is_left_out = false;
        lines.push(line);
    }
    lines
}

fn told(part: &'static str, changes: &[Change<'_>]) -> Option<Part> {
    let line = |change: &Change<'_>| match change {
        Change::Same(_) => None,
        Change::Gone(text) => Some(Line { only: "a", text: (*text).to_owned() }),
        Change::New(text) => Some(Line { only: "b", text: (*text).to_owned() }),
    };
    let changes: Vec<Line> = changes.iter().filter_map(line).collect();
    (!changes.is_empty()).then_some(Part { part, changes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_with_what_is_around_it() {
        let lines = |changed: &str| {
            (0..12)
                .map(|at| if at == 6 { changed.to_owned() } else { format!("line {at}") })
                .collect::<Vec<_>>()
        };
        let (one, other) = (lines("old"), lines("\u{1b}new"));
        let drawn: Vec<String> =
            draw("request", &compare(&one, &other)).iter().map(|line| line.show(&Look::default())).collect();
        let expected = [
            "@ request",
            "  …",
            "  line 3",
            "  line 4",
            "  line 5",
            "- old",
            "+ \\x1bnew",
            "  line 7",
            "  line 8",
            "  line 9",
            "  …",
        ];
        assert_eq!(drawn, expected);
        assert!(draw("request", &compare(&one, &one)).is_empty());
    }
}
