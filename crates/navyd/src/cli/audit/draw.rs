//! Findings as lines: grouped by project and holder, the worst first. Pure.

use std::{collections::HashSet, net::SocketAddr};

use navyd_model::finding::{Audit, Finding, Keeper, Place, Word};

use crate::out::{Text, Tone, folded};

/// The columns before the first word of a finding's sentences.
const MARGIN: &str = "      ";

/// The least columns that a sentence is folded to.
const LEAST: usize = 30;

/// An audit for a person; sentences are folded at `width`, when there is one.
pub(super) fn lines(answer: &Audit, width: Option<usize>) -> Vec<Text> {
    let mut lines = Vec::new();
    for findings in grouped(answer.findings.iter().collect(), |finding| {
        (finding.listener.is_none(), finding.project.as_ref().map(|at| &at.root))
    }) {
        lines.push(project(findings[0]));
        for findings in
            grouped(findings, |finding| finding.holders.first().map(|keeper| (keeper.pid, &keeper.name)))
        {
            lines.extend(findings[0].holders.first().map(|keeper| holder(keeper, findings[0])));
            for same in grouped(findings, |finding| (&finding.id, finding.severity.word, &finding.fix)) {
                lines.extend(told(&same, width));
            }
        }
        lines.push(Text::default());
    }
    lines.push(summary(answer));
    lines
}

/// Groups in the order in which their first stand.
fn grouped<'a, K: PartialEq>(all: Vec<&'a Finding>, key: impl Fn(&'a Finding) -> K) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<(K, Vec<&'a Finding>)> = Vec::new();
    for finding in all {
        let key = key(finding);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(finding),
            None => groups.push((key, vec![finding])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn project(finding: &Finding) -> Text {
    match &finding.project {
        Some(project) => {
            let branch = project.branch.as_ref().map_or_else(String::new, |branch| format!(" ({branch})"));
            Text::of(Tone::Bold, &project.name)
                .then(Tone::Plain, branch)
                .then(Tone::Dim, format!("  {}", project.root))
        }
        None if finding.holders.is_empty() && finding.listener.is_none() => {
            Text::of(Tone::Bold, "this machine")
        }
        None => Text::of(Tone::Bold, "no project"),
    }
}

fn holder(keeper: &Keeper, finding: &Finding) -> Text {
    let more = match finding.holders.len() {
        0 | 1 => String::new(),
        count => format!(" +{}", count - 1),
    };
    let user = keeper.user.as_ref().map_or_else(String::new, |user| format!(" ({user})"));
    let framework = keeper.framework.as_ref().map_or_else(String::new, |name| format!("  {name}"));
    Text::plain(format!("  {}", keeper.name))
        .then(Tone::Dim, format!(" {}{more}{user}", keeper.pid))
        .then(Tone::Plain, framework)
}

/// One danger, at all the places where one program has it.
fn told(same: &[&Finding], width: Option<usize>) -> Vec<Text> {
    let finding = same[0];
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(MARGIN.len()).max(LEAST));
    let severity = finding.severity;
    let sure = if finding.confidence.decides() {
        String::new()
    } else {
        format!(" ({})", finding.confidence.as_str())
    };
    let mut lines = vec![
        Text::plain("    ")
            .then(tone(severity.word), format!("{} {:.1}", severity.word.as_str(), severity.score))
            .then(Tone::Plain, format!("  {}  {}{sure}", finding.id, finding.title)),
    ];
    let indented = |tone, text: &str| {
        let drawn = |line: String| Text::plain(MARGIN).then(tone, line);
        folded(text, room).into_iter().map(drawn).collect::<Vec<_>>()
    };
    let mut said = HashSet::new();
    let evidence: Vec<&str> =
        same.iter().map(|finding| finding.evidence.as_str()).filter(|text| said.insert(*text)).collect();
    let places = same.iter().filter_map(|finding| place(finding.listener.as_ref()?));
    // A place that the evidence names need not be told twice.
    let places: Vec<String> = places.filter(|at| !evidence.iter().any(|text| text.contains(at))).collect();
    lines.extend(indented(Tone::Dim, &places.join(", ")));
    evidence.iter().for_each(|text| lines.extend(indented(Tone::Plain, text)));
    // A line to type is not folded: it is to be copied.
    lines.extend(
        finding.fix.iter().map(|fix| Text::plain(MARGIN).then(Tone::Plain, "fix: ").then(Tone::Green, fix)),
    );
    lines
}

/// `0.0.0.0:5173`, `[::]:53/udp`, `/run/x.sock`.
pub(super) fn place(place: &Place) -> Option<String> {
    let (Some(address), Some(port)) = (place.address, place.port) else { return place.path.clone() };
    let suffix = if place.proto.as_str() == "udp" { "/udp" } else { "" };
    Some(format!("{}{suffix}", SocketAddr::new(address, port)))
}

/// How many of what, over how many listeners.
pub(super) fn summary(answer: &Audit) -> Text {
    let found = answer.findings.len();
    let listeners = counted(answer.listeners, "listener");
    if found == 0 {
        let tail = accepted(answer);
        return Text::of(Tone::Green, "nothing found").then(Tone::Plain, format!(" at {listeners}{tail}"));
    }
    let of = |word: Word| {
        let count = answer.findings.iter().filter(|finding| finding.severity.word == word).count();
        (count > 0).then(|| format!("{count} {}", word.as_str()))
    };
    let words: Vec<String> = Word::ALL.iter().rev().copied().filter_map(of).collect();
    let inferred = answer.findings.iter().filter(|finding| !finding.confidence.decides()).count();
    let inferred = if inferred == 0 { String::new() } else { format!("; {inferred} only inferred") };
    let worst = answer.findings.iter().map(|finding| finding.severity.word).max().unwrap_or(Word::Info);
    Text::of(tone(worst), counted(found, "finding"))
        .then(Tone::Plain, format!(" at {listeners}: {}{inferred}{}", words.join(", "), accepted(answer)))
}

fn accepted(answer: &Audit) -> String {
    if answer.accepted == 0 { String::new() } else { format!("; {} accepted", answer.accepted) }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// One finding for a program: everything in a line, with tabs.
pub(super) fn record(finding: &Finding) -> Text {
    let keeper = finding.holders.first().map(|keeper| format!("{} {}", keeper.name, keeper.pid));
    let cells = [
        finding.severity.word.as_str().to_owned(),
        format!("{:.1}", finding.severity.score),
        finding.confidence.as_str().to_owned(),
        finding.id.clone(),
        finding.listener.as_ref().and_then(place).unwrap_or_default(),
        keeper.unwrap_or_default(),
        finding.project.as_ref().map(|project| project.name.clone()).unwrap_or_default(),
        finding.title.clone(),
        finding.evidence.clone(),
        finding.fix.clone().unwrap_or_default(),
    ];
    Text::tabbed(&cells)
}

pub(super) fn tone(word: Word) -> Tone {
    match word {
        Word::Critical | Word::High => Tone::Red,
        Word::Medium => Tone::Yellow,
        Word::Low | Word::Info => Tone::Dim,
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::finding::{Confidence, Severity};

    use super::{super::fixture::finding, *};
    use crate::out::Look;

    fn answer() -> Audit {
        let secret = Finding {
            title: "its arguments hold a secret".into(),
            evidence: "argument 2 of pid 812 (`node`) is the value of `--password`".into(),
            severity: Severity::new(4.5),
            confidence: Confidence::Inferred,
            fix: None,
            ..finding("A54", "shop", "node", 812, "0.0.0.0", 5173)
        };
        let again = Finding { listener: finding("A54", "", "", 1, "::1", 5174).listener, ..secret.clone() };
        let machine = Finding {
            listener: None,
            holders: Vec::new(),
            project: None,
            severity: Severity::new(0.5),
            fix: None,
            evidence: "seen".into(),
            ..finding("A56", "", "", 1, "::1", 1)
        };
        let bare = Finding { project: None, ..finding("A01", "x", "redis\x1b", 9, "::", 6379) };
        let findings =
            vec![finding("A01", "shop", "node", 812, "0.0.0.0", 5173), bare, secret, again, machine];
        Audit { findings, listeners: 50, accepted: 2, ..Audit::default() }
    }

    fn shown(answer: &Audit, width: usize) -> String {
        lines(answer, Some(width)).iter().map(|line| line.show(&Look::default()) + "\n").collect()
    }

    #[test]
    fn groups_are_the_worst_first_and_fit_the_width() {
        let expected = "
shop (main)  /srv/shop
  node 812 (dev)  Vite
    critical 9.3  A01  every machine beside this one gets to it
      bound to 0.0.0.0:5173, and another
      network device is up
      fix: vite --host 127.0.0.1
    medium 4.5  A54  its arguments hold a secret (inferred)
      0.0.0.0:5173, [::1]:5174
      argument 2 of pid 812 (`node`) is
      the value of `--password`

no project
  redis\\x1b 9 (dev)  Vite
    critical 9.3  A01  every machine beside this one gets to it
      [::]:6379
      bound to :::6379, and another
      network device is up
      fix: vite --host 127.0.0.1

this machine
    info 0.5  A56  every machine beside this one gets to it
      seen

5 findings at 50 listeners: 2 critical, 2 medium, 1 info; 2 only inferred; 2 accepted
";
        let shown = shown(&answer(), 42);
        assert_eq!(format!("\n{shown}"), expected, "{shown}");
    }

    #[test]
    fn a_program_reads_one_finding_a_line() {
        let odd =
            Finding { evidence: "a\tb\n".into(), ..finding("A01", "shop", "node", 812, "0.0.0.0", 5173) };
        let expected = "critical\t9.3\tobserved\tA01\t0.0.0.0:5173\tnode 812\tshop\tevery machine beside this one \
                        gets to it\ta\\tb\\n\tvite --host 127.0.0.1";
        assert_eq!(record(&odd).show(&Look::default()), expected);
    }

    #[test]
    fn nothing_is_a_line_as_well() {
        let clean = Audit { listeners: 1, ..Audit::default() };
        assert_eq!(shown(&clean, 80), "nothing found at 1 listener\n");
        let known = Audit { listeners: 2, accepted: 3, ..Audit::default() };
        assert_eq!(shown(&known, 80), "nothing found at 2 listeners; 3 accepted\n");
    }
}
