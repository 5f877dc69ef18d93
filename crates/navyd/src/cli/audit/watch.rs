//! `navyd audit --watch`: what is found now, then each finding that comes or goes.
//!
//! The socket table alone is asked often, which looks at no process; only when it has changed is everything looked
//! at. What changes without a socket, and what other network namespaces do, is seen by a slower look.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use navyd_model::{Change, finding::Finding};
use serde::Serialize;

use super::{Form, draw, plan::Plan};
use crate::{
    client::{self, Mark},
    exit::Exit,
    interrupt::Interrupt,
    out::{Screen, Text, Tone},
};

/// How often the socket table is asked.
const POLL: Duration = Duration::from_millis(500);

/// How often everything is looked at where no socket has changed.
const AGAIN: Duration = Duration::from_secs(60);

/// A finding that came or went: a line of `--jsonl`.
#[derive(Debug, Serialize)]
struct Event<'a> {
    at: Timestamp,
    event: Change,
    finding: &'a Finding,
}

/// Watches until interrupted.
pub(super) fn watch(plan: &Plan, form: Form, screen: &mut Screen) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::new()?;
    // The table is read before the look: what is born in between is looked at again, and not missed.
    let mut marks = client::marks()?;
    let first = plan.look()?;
    let notes = first.answer.unknown.iter().chain(&first.answer.stale);
    notes.into_iter().try_for_each(|note| screen.note(note))?;
    let mut found = first.answer.findings;
    found.iter().try_for_each(|finding| tell(Change::Present, finding, form, screen))?;
    screen.flush()?;
    let mut looked = Instant::now();
    loop {
        if interrupt.wait(POLL) {
            return Ok(Exit::Interrupted);
        }
        // Whoever reads has had enough, and there may never be another finding to write.
        if !client::is_read() {
            return Ok(Exit::Yes);
        }
        let now: HashSet<Mark> = client::marks()?;
        if now == marks && looked.elapsed() < AGAIN {
            continue;
        }
        let next = plan.look_again()?.answer.findings;
        for (change, finding) in changes(&found, &next) {
            tell(change, finding, form, screen)?;
        }
        screen.flush()?;
        (marks, found, looked) = (now, next, Instant::now());
    }
}

/// What went, then what came. Pure. A program that is started again is another, and its findings are new.
fn changes<'a>(before: &'a [Finding], after: &'a [Finding]) -> Vec<(Change, &'a Finding)> {
    let gone = before.iter().filter(|finding| !has(after, finding)).map(|finding| (Change::Gone, finding));
    let new = after.iter().filter(|finding| !has(before, finding)).map(|finding| (Change::Added, finding));
    gone.chain(new).collect()
}

fn has(all: &[Finding], wanted: &Finding) -> bool {
    let pid = |finding: &Finding| finding.holders.first().map(|keeper| keeper.pid);
    all.iter().any(|one| one.id == wanted.id && one.listener == wanted.listener && pid(one) == pid(wanted))
}

fn tell(change: Change, finding: &Finding, form: Form, screen: &mut Screen) -> anyhow::Result<()> {
    let at = Timestamp::now();
    if form != Form::Text {
        return Ok(screen.json_line(&Event { at, event: change, finding })?);
    }
    if screen.look().terminal {
        return Ok(screen.line(&line(at, change, finding))?);
    }
    let front = Text::tabbed(&[format!("{at:.0}"), word(change).to_owned(), String::new()]);
    Ok(screen.line(&front.append(draw::record(finding)))?)
}

/// One event for a person. Pure.
fn line(at: Timestamp, change: Change, finding: &Finding) -> Text {
    let tone = if change == Change::Gone { Tone::Dim } else { draw::tone(finding.severity.word) };
    let keeper = finding.holders.first().map(|keeper| format!("  {} {}", keeper.name, keeper.pid));
    let fix = finding.fix.iter().filter(|_| change != Change::Gone);
    let text = Text::of(Tone::Dim, format!("{at:.0} {:<7} ", word(change)))
        .then(tone, format!("{} {:.1}", finding.severity.word.as_str(), finding.severity.score))
        .then(Tone::Plain, format!("  {}  {}{}", finding.id, finding.title, keeper.unwrap_or_default()))
        .then(
            Tone::Dim,
            finding.listener.as_ref().and_then(draw::place).map_or_else(String::new, |at| format!("  {at}")),
        );
    fix.fold(text, |text, fix| text.then(Tone::Plain, "  fix: ").then(Tone::Green, fix))
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Present => "present",
        Change::Added => "added",
        Change::Replaced => "replaced",
        Change::Gone => "gone",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::finding, *};
    use crate::out::Look;

    #[test]
    fn what_came_and_what_went() {
        let at = |id: &str, pid, port| finding(id, "shop", "node", pid, "0.0.0.0", port);
        let told = |before: &[Finding], after: &[Finding]| -> Vec<String> {
            let all = changes(before, after);
            all.iter().map(|(change, finding)| format!("{} {}", word(*change), finding.id)).collect()
        };
        let milder = Finding { evidence: "other words".into(), ..at("A01", 1, 80) };
        assert_eq!(told(&[at("A01", 1, 80)], &[milder]), [""; 0]);
        assert_eq!(told(&[], &[at("A01", 1, 80)]), ["added A01"]);
        assert_eq!(told(&[at("A01", 1, 80), at("A54", 1, 80)], &[at("A54", 1, 80)]), ["gone A01"]);
        assert_eq!(told(&[at("A01", 1, 80)], &[at("A01", 2, 80)]), ["gone A01", "added A01"]);
        assert_eq!(told(&[at("A01", 1, 80)], &[at("A01", 1, 81)]), ["gone A01", "added A01"]);
    }

    #[test]
    fn an_event_is_a_line() {
        let found = finding("A01", "shop", "node", 812, "0.0.0.0", 5173);
        let shown = |change| line(Timestamp::UNIX_EPOCH, change, &found).show(&Look::default());
        let words = "critical 9.3  A01  every machine beside this one gets to it  node 812  0.0.0.0:5173";
        assert_eq!(
            shown(Change::Added),
            format!("1970-01-01T00:00:00Z added   {words}  fix: vite --host 127.0.0.1")
        );
        assert_eq!(shown(Change::Gone), format!("1970-01-01T00:00:00Z gone    {words}"));
    }
}
