//! No rule swallows what this machine sends to itself.

use super::super::{
    Facts, Row,
    firewall::{self, Question},
    row::Verdict,
};
use crate::kernel::Action;

/// See the module.
pub(super) const ROW: Row = Row { id: "firewall-drop", judge };

fn judge(facts: &Facts) -> Verdict {
    let question = Question {
        action: Action::Drop,
        does: "swallows",
        feels: "a program that connects waits until it gives up",
    };
    firewall::judge(facts, &question)
}

#[cfg(test)]
mod tests {
    use ConnectResult::{Connected, TimedOut};
    use navyd_model::{ConnectResult, diagnosis::State};

    use super::*;
    use crate::{
        doctor::{Net, firewall::scene},
        kernel::{Filter, Older},
    };

    #[test]
    fn what_was_seen_and_what_was_read() {
        let denied = || Err("`nft`: Operation not permitted (you must be root)".to_owned());
        let older = |rules, fates: &[(&str, u16)]| {
            let rows: Vec<_> = fates.iter().map(|(at, port)| (*at, *port, Action::Drop, false)).collect();
            let older = Older { tables: vec!["filter".into()], rules, fates: scene(&rows).fates };
            Filter { older, ..Filter::default() }
        };
        let rows = [
            (&[("127.0.0.1", Connected)], Ok(Filter::default()), State::Ok, "there are no rules"),
            (&[("127.0.0.1", Connected)], denied(), State::Unknown, "Operation not permitted"),
            (&[("127.0.0.1", TimedOut)], denied(), State::Fail, "cannot be named"),
            (&[("127.0.0.1", TimedOut)], Ok(Filter::default()), State::Fail, "no rule"),
            (
                &[("127.0.0.1", TimedOut)],
                Ok(scene(&[("127.0.0.1", 40000, Action::Drop, true)])),
                State::Fail,
                "rule `drop 40000`",
            ),
            (
                &[("127.0.0.1", TimedOut)],
                Ok(scene(&[("127.0.0.1", 40000, Action::Drop, false)])),
                State::Fail,
                "cannot be weighed",
            ),
            // Nobody has tried it, and it is certain all the same.
            (
                &[("127.0.0.1", Connected)],
                Ok(scene(&[("127.0.0.1", 3000, Action::Drop, true)])),
                State::Fail,
                "rule `drop 3000`",
            ),
            // A rule that may, and did not.
            (
                &[("127.0.0.1", Connected)],
                Ok(scene(&[("127.0.0.1", 40000, Action::Drop, false)])),
                State::Ok,
                "none does",
            ),
            // Linux loses the refusals of such a rule.
            (
                &[("::1", TimedOut)],
                Ok(scene(&[("::1", 40000, Action::Reject, true)])),
                State::Ok,
                "none does",
            ),
            (
                &[("127.0.0.1", ConnectResult::Refused)],
                Ok(scene(&[("127.0.0.1", 40000, Action::Reject, true)])),
                State::Ok,
                "none does",
            ),
            (&[("127.0.0.1", Connected)], Ok(older(None, &[])), State::Unknown, "iptables-legacy-save"),
            (&[("127.0.0.1", Connected)], Ok(older(Some(0), &[])), State::Ok, "there are no rules"),
            (&[("127.0.0.1", Connected)], Ok(older(Some(3), &[])), State::Ok, "of 3 rules none does"),
            (
                &[("127.0.0.1", Connected)],
                Ok(older(Some(3), &[("127.0.0.1", 3000)])),
                State::Unknown,
                "rule `drop 3000`",
            ),
            // The connection has passed it.
            (
                &[("127.0.0.1", Connected)],
                Ok(older(Some(3), &[("127.0.0.1", 40000)])),
                State::Ok,
                "of 3 rules",
            ),
            (
                &[("127.0.0.1", TimedOut)],
                Ok(older(Some(3), &[("127.0.0.1", 40000)])),
                State::Fail,
                "rule `drop 40000`",
            ),
        ];
        for (results, filter, expected, said) in rows {
            let net = Net { filter, ..Net::reaching(results) };
            let verdict = judge(&Facts { net, ..Facts::with_lo(true) });
            assert_eq!(verdict.state, expected, "{verdict:?}");
            let text = format!("{:?} {:?}", verdict.evidence, verdict.cause);
            assert!(text.contains(said), "{said}: {verdict:?}");
        }
    }
}
