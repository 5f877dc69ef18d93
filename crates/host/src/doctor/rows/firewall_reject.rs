//! No rule refuses what this machine sends to itself. A refusal looks like a port where nothing listens; here something
//! does, so it is told apart.

use super::super::{
    Facts, Row,
    firewall::{self, Question},
    row::Verdict,
};
use crate::kernel::Action;

/// See the module.
pub(super) const ROW: Row = Row { id: "firewall-reject", judge };

fn judge(facts: &Facts) -> Verdict {
    let question = Question {
        action: Action::Reject,
        does: "refuses",
        feels: "a program that connects is told that nothing listens there",
    };
    firewall::judge(facts, &question)
}

#[cfg(test)]
mod tests {
    use ConnectResult::{Connected, Refused, TimedOut, Unreachable};
    use navyd_model::{ConnectResult, diagnosis::State};

    use super::*;
    use crate::{
        doctor::{Net, firewall::scene},
        kernel::Filter,
    };

    #[test]
    fn a_refusal_where_something_listens_is_a_rule() {
        let denied = || Err("`nft`: Operation not permitted".to_owned());
        for (results, filter, expected, said) in [
            (&[("127.0.0.1", Connected)][..], Ok(Filter::default()), State::Ok, "there are no rules"),
            (&[("127.0.0.1", Connected)], denied(), State::Unknown, "Operation not permitted"),
            (&[("127.0.0.1", Refused)], denied(), State::Fail, "cannot be named"),
            (
                &[("127.0.0.1", Refused)],
                Ok(scene(&[("127.0.0.1", 40000, Action::Reject, true)])),
                State::Fail,
                "rule `reject 40000`",
            ),
            (
                &[("::1", TimedOut)],
                Ok(scene(&[("::1", 40000, Action::Reject, true)])),
                State::Fail,
                "rule `reject 40000`",
            ),
            (
                &[("127.0.0.1", Unreachable)],
                Ok(scene(&[("127.0.0.1", 40000, Action::Reject, true)])),
                State::Fail,
                "rule `reject 40000`",
            ),
            // No way there, and no rule: another row's matter.
            (&[("127.0.0.1", Unreachable)], Ok(Filter::default()), State::Ok, "there are no rules"),
            (&[("::1", TimedOut)], Ok(scene(&[("::1", 40000, Action::Drop, true)])), State::Ok, "none does"),
            (
                &[("127.0.0.1", Connected)],
                Ok(scene(&[("127.0.0.1", 3000, Action::Reject, true)])),
                State::Fail,
                "rule `reject 3000`",
            ),
        ] {
            let net = Net { filter, ..Net::reaching(results) };
            let verdict = judge(&Facts { net, ..Facts::with_lo(true) });
            assert_eq!(verdict.state, expected, "{verdict:?}");
            let text = format!("{:?} {:?}", verdict.evidence, verdict.cause);
            assert!(text.contains(said), "{said}: {verdict:?}");
        }
    }
}
