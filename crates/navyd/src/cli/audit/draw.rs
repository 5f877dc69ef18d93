//! Findings as lines: grouped by project and holder, the worst first. Pure.

use navyd_model::finding::{Audit, Finding, Word};

use crate::out::{Look, Text, Tone};

/// Draws an audit.
pub(super) fn lines(answer: &Audit, _look: &Look) -> Vec<Text> {
    answer.findings.iter().flat_map(finding).collect()
}

fn finding(finding: &Finding) -> Vec<Text> {
    let severity = format!("{:<8}", finding.severity.word.as_str());
    let place = finding.listener.as_ref().map(|listener| match (listener.address, listener.port) {
        (Some(address), Some(port)) => format!("  {}", std::net::SocketAddr::new(address, port)),
        _ => listener.path.as_deref().map(|path| format!("  {path}")).unwrap_or_default(),
    });
    let head = Text::of(tone(finding.severity.word), severity)
        .then(Tone::Plain, format!("  {}  {}", finding.id, finding.title))
        .then(Tone::Dim, place.unwrap_or_default());
    let mut lines = vec![head, Text::plain(format!("          {}", finding.evidence))];
    lines.extend(finding.fix.iter().map(|fix| Text::plain("          fix: ").then(Tone::Cyan, fix)));
    lines
}

fn tone(word: Word) -> Tone {
    match word {
        Word::Critical | Word::High => Tone::Red,
        Word::Medium => Tone::Yellow,
        Word::Low | Word::Info => Tone::Dim,
    }
}
