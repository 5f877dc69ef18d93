//! Rows as lines: what is wrong first, the worst on top, and what is ok in one line. Pure.

use std::cmp::Reverse;

use navyd_model::diagnosis::{Check, State};

use super::{Report, Watched};
use crate::out::{Text, Tone, folded};

/// The width of the column with the state, and of the labels below it.
const LABEL: usize = 7;

/// The least columns that a sentence is folded to.
const LEAST: usize = 30;

/// For a person; sentences are folded at `width`, when there is one. Commands never are: they are copied.
pub(super) fn lines(report: &Report, verbose: bool, width: Option<usize>) -> Vec<Text> {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(LABEL + 2).max(LEAST));
    let mut lines = target(report, room);
    let mut checks: Vec<&Check> = report.diagnosis.checks.iter().collect();
    // The sort is stable: rows of one state stay in the registry's order.
    checks.sort_by_key(|check| Reverse(check.state));
    let shown = checks.iter().filter(|check| verbose || check.state != State::Ok);
    lines.extend(shown.flat_map(|check| row(check, room)));
    lines.extend(report.trace.iter().flatten().flat_map(|watched| trace(watched, room)));
    lines.extend(report.mended.iter().map(|mended| labelled(mended.tone(), mended.state(), &mended.step)));
    let ok = checks.iter().filter(|check| check.state == State::Ok).count();
    if !verbose && ok > 0 {
        lines.push(labelled(Tone::Green, "ok", &format!("{ok} of {} rows", checks.len())));
    }
    lines
}

/// For a program: a row a line, tabs between the columns, nothing left out.
pub(super) fn records(report: &Report) -> Vec<String> {
    let causes = report.why.iter().flat_map(|why| &why.causes);
    let causes = causes.map(|cause| {
        let fix = cause.fix.as_deref().unwrap_or_default();
        record(&["cause", cause.id.as_str(), "", &cause.evidence, "", fix])
    });
    let rows = report.diagnosis.checks.iter().map(|check| {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let (seen, cause, fix) = (optional(&check.evidence), optional(&check.cause), optional(&check.fix));
        record(&[check.state.as_str(), &check.id, &check.summary, &seen, &cause, &fix])
    });
    let watched = report.trace.iter().flatten().map(|watched| {
        let rule = watched.dropped_by.as_deref().unwrap_or_default();
        record(&["trace", &watched.address.to_string(), watched.words(), rule])
    });
    let mended = report.mended.iter().map(|mended| record(&[mended.state(), &mended.id, &mended.step]));
    causes.chain(rows).chain(watched).chain(mended).collect()
}

/// Fields with tabs between them; a tab inside of one is escaped.
fn record(fields: &[&str]) -> String {
    fields.iter().map(|field| Text::plain(field).flat()).collect::<Vec<_>>().join("\t")
}

/// The causes of one target, as `navyd why` has them.
fn target(report: &Report, room: usize) -> Vec<Text> {
    let Some(why) = &report.why else { return Vec::new() };
    let (tone, word) = if why.verdict.is_clean() { (Tone::Green, "ok") } else { (Tone::Yellow, "why") };
    let mut lines = sentence(tone, word, &format!("{}: {}", why.verdict.as_str(), why.summary), room);
    for cause in &why.causes {
        lines.extend(sentence(Tone::Dim, "  seen", &cause.evidence, room));
        lines.extend(cause.fix.iter().map(|line| fix(line)));
    }
    lines
}

fn row(check: &Check, room: usize) -> Vec<Text> {
    let tone = match check.state {
        State::Ok => Tone::Green,
        State::Unknown => Tone::Dim,
        State::Warn => Tone::Yellow,
        State::Fail => Tone::Red,
    };
    let mut lines = sentence(tone, check.state.as_str(), &check.summary, room);
    let why = if check.state == State::Unknown { "  why" } else { "  cause" };
    for (label, text) in [("  seen", &check.evidence), (why, &check.cause)] {
        lines.extend(text.iter().flat_map(|text| sentence(Tone::Dim, label, text, room)));
    }
    lines.extend(check.fix.iter().map(|line| fix(line)));
    lines
}

fn trace(watched: &Watched, room: usize) -> Vec<Text> {
    let mut lines = sentence(Tone::Dim, "trace", &format!("{} {}", watched.address, watched.words()), room);
    let rule = watched.dropped_by.iter().flat_map(|rule| sentence(Tone::Dim, "  rule", rule, room));
    lines.extend(rule);
    lines
}

fn fix(line: &str) -> Text {
    Text::of(Tone::Dim, format!("{:<LABEL$}  ", "  fix")).then(Tone::Cyan, line)
}

fn labelled(tone: Tone, label: &str, text: &str) -> Text {
    Text::of(tone, format!("{label:<LABEL$}")).then(Tone::Plain, format!("  {text}"))
}

/// A sentence behind its label, folded at spaces.
fn sentence(tone: Tone, label: &str, text: &str, room: usize) -> Vec<Text> {
    let label = |at| if at == 0 { label } else { "" };
    folded(text, room).iter().enumerate().map(|(at, line)| labelled(tone, label(at), line)).collect()
}

#[cfg(test)]
mod tests {
    use navyd_model::Diagnosis;

    use super::*;

    fn report() -> Report {
        let check = |id: &str, state, summary: &str, more: [Option<&str>; 3]| {
            let [evidence, cause, fix] = more.map(|text| text.map(str::to_owned));
            Check { id: id.into(), state, summary: summary.into(), evidence, cause, fix }
        };
        let checks = vec![
            check("lo-up", State::Ok, "lo is up", [None; 3]),
            check("hosts", State::Warn, "a warning", [Some("line 3"), None, Some("sudo editor /etc/hosts")]),
            check("conntrack", State::Unknown, "how full it is", [None, Some("it needs root"), None]),
            check(
                "dns",
                State::Fail,
                "the only name server is dead",
                [
                    None,
                    Some("names that no file knows fail, or take seconds to fail"),
                    Some("a very long line to type"),
                ],
            ),
        ];
        let diagnosis = Diagnosis { checks, matrix: Vec::new() };
        Report { diagnosis, why: None, trace: None, mended: Vec::new() }
    }

    fn drawn(verbose: bool, width: Option<usize>) -> Vec<String> {
        lines(&report(), verbose, width).iter().map(Text::flat).collect()
    }

    #[test]
    fn the_worst_is_first_and_what_is_ok_is_counted() {
        assert_eq!(
            drawn(false, Some(40)),
            [
                "fail     the only name server is dead",
                "  cause  names that no file knows fail,",
                "         or take seconds to fail",
                "  fix    a very long line to type",
                "warn     a warning",
                "  seen   line 3",
                "  fix    sudo editor /etc/hosts",
                "unknown  how full it is",
                "  why    it needs root",
                "ok       1 of 4 rows",
            ]
        );
        assert_eq!(drawn(true, None).last().map(String::as_str), Some("ok       lo is up"));
    }

    #[test]
    fn a_pipe_gets_every_row_whole() {
        let records = records(&report());
        assert_eq!(records[0], "ok\tlo-up\tlo is up\t\t\t");
        assert_eq!(records[1], "warn\thosts\ta warning\tline 3\t\tsudo editor /etc/hosts");
        assert_eq!(records.len(), 4);
    }
}
