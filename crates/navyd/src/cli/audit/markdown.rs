//! Findings as Markdown, for a pull request. Pure.
//!
//! What comes from outside is text here and never markup: it cannot mention anybody, load an image or end a cell.

use navyd_model::finding::{Audit, Finding};

use super::draw;
use crate::out::{Look, escape::escape};

/// The whole document.
pub(super) fn document(answer: &Audit) -> String {
    let summary = draw::summary(answer).show(&Look::default());
    let mut document = format!("## `navyd audit`\n\n{}\n", text(&summary));
    if !answer.findings.is_empty() {
        document
            .push_str("\n| severity | check | where | held by | what | fix |\n|---|---|---|---|---|---|\n");
        document.extend(answer.findings.iter().map(row));
    }
    let notes = answer.unknown.iter().chain(&answer.stale);
    for (at, note) in notes.enumerate() {
        document.push_str(if at == 0 { "\n" } else { "" });
        document.push_str(&format!("- {}\n", text(note)));
    }
    document
}

fn row(finding: &Finding) -> String {
    let severity = format!("{} {:.1}", finding.severity.word.as_str(), finding.severity.score);
    let sure = if finding.confidence.decides() { "" } else { " (inferred)" };
    let place =
        finding.listener.as_ref().and_then(draw::place).map_or_else(String::new, |place| code(&place));
    let keeper = finding.holders.first().map_or_else(String::new, |keeper| code(&keeper.name));
    let project =
        finding.project.as_ref().map_or_else(String::new, |project| format!(" in {}", text(&project.name)));
    let fix = finding.fix.as_deref().map_or_else(String::new, code);
    format!(
        "| {severity}{sure} | {} | {place} | {keeper}{project} | {}: {} | {fix} |\n",
        finding.id,
        text(&finding.title),
        text(&finding.evidence)
    )
}

/// Text in which no character is markup (CommonMark 0.31 §2.4: any ASCII punctuation may be escaped). Code in
/// backticks stays code.
fn text(words: &str) -> String {
    // Every second part stands between backticks; without a partner a backtick is one.
    let parts: Vec<&str> = words.split('`').collect();
    let pairs = parts.len() % 2 == 1;
    let drawn = parts.iter().enumerate().map(|(at, part)| match at % 2 {
        1 if pairs && !part.is_empty() => code(part),
        _ => plain(part),
    });
    let between = if pairs { "" } else { "\\`" };
    drawn.collect::<Vec<_>>().join(between)
}

fn plain(words: &str) -> String {
    let mut drawn = String::new();
    for c in escape(words).chars() {
        match c {
            // A mention and a link to an issue are no markup, and cannot be escaped by a backslash.
            '@' | '#' | '<' | '>' | '&' => drawn.push_str(&format!("&#{};", u32::from(c))),
            '\\' | '*' | '_' | '[' | ']' | '!' | '|' | '~' | '`' => drawn.extend(['\\', c]),
            c => drawn.push(c),
        }
    }
    drawn
}

/// A span of code: its fence is longer than any run of backticks in it (CommonMark 0.31 §6.1). In a table a bar ends
/// the cell even there, unless it is escaped.
fn code(words: &str) -> String {
    let words = escape(words).replace('|', "\\|");
    let longest = words.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if words.starts_with('`') || words.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{words}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::finding, *};

    #[test]
    fn a_document() {
        let answer = Audit {
            findings: vec![finding("A01", "shop", "node", 812, "0.0.0.0", 5173)],
            listeners: 2,
            unknown: vec!["the packet filter is not read".into()],
            ..Audit::default()
        };
        let expected = "## `navyd audit`

1 finding at 2 listeners: 1 critical

| severity | check | where | held by | what | fix |
|---|---|---|---|---|---|
| critical 9.3 | A01 | `0.0.0.0:5173` | `node` in shop | every machine beside this one gets to it: bound to \
0.0.0.0:5173, and another network device is up | `vite --host 127.0.0.1` |

- the packet filter is not read
";
        assert_eq!(document(&answer), expected);
        let clean = Audit { listeners: 2, ..Audit::default() };
        assert_eq!(document(&clean), "## `navyd audit`\n\nnothing found at 2 listeners\n");
    }

    #[test]
    fn nothing_from_outside_is_markup() {
        for (words, expected) in [
            ("@team <img src=x> #1", "&#64;team &#60;img src=x&#62; &#35;1"),
            ("[a](b) ![c](d) | *x* _y_", "\\[a\\](b) \\!\\[c\\](d) \\| \\*x\\* \\_y\\_"),
            ("a\nb", "a\\\\nb"),
            ("pid 1 (`no|de`) did", "pid 1 (`no\\|de`) did"),
            ("one ` alone @x", "one \\` alone &#64;x"),
        ] {
            assert_eq!(text(words), expected, "{words}");
        }
        for (words, expected) in
            [("a", "`a`"), ("a`b", "``a`b``"), ("`a``", "``` `a`` ```"), ("a|b\n", "`a\\|b\\n`")]
        {
            assert_eq!(code(words), expected, "{words}");
        }
    }
}
