//! A12: a WebSocket for pages of every origin.

use navyd_model::finding::Confidence;

use super::super::{Ask, Check, FOREIGN, Facts, Judge, Power, Reach, Subject, check::Found, stakes};
use crate::probe::contains;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A12",
    title: "its WebSocket is open to pages of every origin",
    why: "Browsers do not guard WebSockets by origin; the server must. webpack-dev-server (CVE-2018-14732), the \
          extensions of Claude Code (CVE-2025-52882) and Vite (CVE-2026-39363) did not, so pages read source and ran \
          tools.",
    spares: "Upgrades that are refused, for whatever reason. It is closed at once, and nothing but that is said on it.",
    fixes: &[
        ("webpack-dev-server", "npm i -D webpack-dev-server@latest"),
        ("webpack", "npm i -D webpack-dev-server@latest"),
        ("Create React App", "npm i -D webpack-dev-server@latest"),
        ("Vite", "npm i -D vite@latest"),
        ("Next.js", "npm i next@latest"),
        ("", "refuse upgrades whose `Origin` is not its own, or ask for a token"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let (path, answer) = subject.heard.iter().find_map(|heard| match heard.ask {
        Ask::Socket(path) => Some((path, subject.answer(heard.ask)?)),
        _ => None,
    })?;
    // RFC 6455 §4.1: any other status code is no WebSocket.
    if answer.status != 101 || !answer.says("upgrade", "websocket") || is_refused(answer.body) {
        return None;
    }
    let evidence = format!("an upgrade at `{path}` with `Origin: http://{FOREIGN}` was answered 101");
    let reach = Reach::AnyPage.max(stakes::heard(subject, facts));
    let power = stakes::power(subject).max(Power::Read);
    Some(Found::observed(power, reach, evidence).sure(Confidence::Proven).fix(CHECK.fix(subject)))
}

/// Whether the first frame ends it: a close, or the words of webpack-dev-server, which refuses only then.
fn is_refused(frames: &[u8]) -> bool {
    frames.first().is_some_and(|first| first & 0x0f == 8) || contains(frames, b"Invalid Host/Origin header")
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{heard, held, http, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        for (said, expected) in [
            (http(101, "Upgrade: websocket|Connection: Upgrade", ""), true),
            (http(101, "Upgrade: websocket", "\u{1}\u{2}hi"), true),
            (http(101, "Upgrade: websocket", "\u{1}\u{1a}{\"data\":\"Invalid Host/Origin header\"}"), false),
            (http(101, "Upgrade: websocket", "\u{8}\0"), false),
            (http(101, "Upgrade: h2c", ""), false),
            (http(403, "", ""), false),
            (http(426, "Upgrade: websocket", ""), false),
            (http(200, "", "<html>"), false),
            (String::new(), false),
        ] {
            let facts = machine(heard(held(8080, "node", None), &[(Ask::Socket("/ws"), &said)]), &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{said}");
        }
    }
}
