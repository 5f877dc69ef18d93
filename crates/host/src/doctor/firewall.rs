//! What the packet filter takes: the judgement that the rows of those who drop and those who refuse share.
//!
//! What was seen comes first, then what was read: a connection that failed is a fact whether or not its rule is found,
//! and a rule that certainly takes connections to a listener is one whether or not somebody has tried.

use std::net::SocketAddr;

use navyd_model::{ConnectAttempt, ConnectResult};

use super::{Facts, row::Verdict};
use crate::kernel::{Action, Fate, Filter, Hit, Older};

/// What a row asks about.
pub(super) struct Question {
    /// What the rules do.
    pub(super) action: Action,
    /// `swallows`, `refuses`.
    pub(super) does: &'static str,
    /// What a program sees.
    pub(super) feels: &'static str,
}

/// What asks for the rights.
const AS_ROOT: &str = "sudo navyd doctor";

/// What is to be said.
pub(super) fn judge(facts: &Facts, question: &Question) -> Verdict {
    if facts.lo().is_some_and(|lo| !lo.up) {
        let what = format!("whether a rule {} connections of this machine to itself", question.does);
        return Verdict::unknown(what, "the loopback device is down, and nothing comes as far as a rule");
    }
    let filter = facts.net.filter.as_ref();
    let failed: Vec<_> = facts
        .net
        .matrix
        .iter()
        .flatten()
        .filter(|attempt| by(attempt, filter.ok()) == Some(question.action))
        .collect();
    let Some(first) = failed.first() else { return unseen(facts, filter, question) };
    let addresses: Vec<String> = failed.iter().map(|attempt| attempt.address.ip().to_string()).collect();
    let summary = format!("the packet filter {} connections to {}", question.does, addresses.join(", "));
    let verdict = Verdict::fail(summary);
    let filter = match filter {
        Ok(filter) => filter,
        Err(why) => {
            let cause = format!("{}; the rule cannot be named: {why}", question.feels);
            return verdict.cause(cause).fix(AS_ROOT);
        }
    };
    let fate = filter.fates.iter().find(|fate| fate.flow.to == first.address);
    let older = filter.older.fates.iter().find(|fate| fate.flow.to == first.address);
    let hit = fate
        .and_then(|fate| fate.by(question.action).or_else(|| fate.perhaps_by(question.action)))
        .or_else(|| older?.perhaps_by(question.action));
    match hit {
        Some(hit) => named(verdict, hit, question),
        None => verdict.cause(format!("{}; no rule that was read is known to do it", question.feels)),
    }
}

/// Nothing failed: whether rules take what nobody has tried.
fn unseen(facts: &Facts, filter: Result<&Filter, &String>, question: &Question) -> Verdict {
    let filter = match filter {
        Ok(filter) => filter,
        Err(why) => {
            let what = format!("whether a rule {} connections of this machine to itself", question.does);
            return Verdict::unknown(what, why).fix(AS_ROOT);
        }
    };
    let passed: Vec<SocketAddr> = connected(facts).collect();
    let taken: Vec<(&Fate, &Hit)> =
        filter.fates.iter().filter_map(|fate| Some((fate, fate.by(question.action)?))).collect();
    if let Some((fate, hit)) = taken.first() {
        let more = if taken.len() == 1 { String::new() } else { format!(" and to {} more", taken.len() - 1) };
        let summary = format!("the packet filter {} connections to {}{more}", question.does, fate.flow.to);
        return named(Verdict::fail(summary), hit, question);
    }
    if !filter.older.tables.is_empty() && filter.older.rules.is_none() {
        let why =
            "the older packet filter is in use as well, and only `iptables-legacy-save` shows its rules";
        return Verdict::unknown(format!("whether a rule {} other connections", question.does), why);
    }
    if let Some((place, hit)) = perhaps(&filter.older, &passed, question) {
        let what = format!("whether the older packet filter {} connections to {place}", question.does);
        let why = format!("its conditions are not all weighed: rule `{}`", hit.text);
        return Verdict::unknown(what, why).fix(format!("navyd doctor {}", place.port()));
    }
    let rules = match filter.rules + filter.older.rules.unwrap_or_default() {
        0 => "there are no rules".to_owned(),
        1 => "of 1 rule none does".to_owned(),
        count => format!("of {count} rules none does"),
    };
    Verdict::ok(format!("no rule {} connections of this machine to itself", question.does)).evidence(rules)
}

/// The rule of the older filter that may take connections to a listener. What a connection that went through has passed
/// as well did not take it, and is not taken for one that will.
fn perhaps<'a>(
    older: &'a Older,
    passed: &[SocketAddr],
    question: &Question,
) -> Option<(SocketAddr, &'a Hit)> {
    let refuted = |hit: &Hit| {
        let fates = older.fates.iter().filter(|fate| passed.contains(&fate.flow.to));
        fates.flat_map(|fate| &fate.hits).any(|other| other.text == hit.text)
    };
    let open = older.fates.iter().filter(|fate| !passed.contains(&fate.flow.to));
    open.flat_map(|fate| fate.hits.iter().map(|hit| (fate.flow.to, hit)))
        .find(|(_, hit)| hit.action == question.action && !refuted(hit))
}

/// Where connections of the matrix went through.
fn connected(facts: &Facts) -> impl Iterator<Item = SocketAddr> {
    let all = facts.net.matrix.iter().flatten();
    all.filter(|attempt| attempt.result == ConnectResult::Connected).map(|attempt| attempt.address)
}

fn named(verdict: Verdict, hit: &Hit, question: &Question) -> Verdict {
    let which = if hit.answers { "the answers are taken by rule" } else { "rule" };
    let may = if hit.certain { "" } else { " (one of its conditions cannot be weighed by reading)" };
    let verdict = verdict.evidence(format!("{which} `{}`{may}", hit.text)).cause(question.feels.to_owned());
    match &hit.mend {
        Some(mend) => verdict.fix(mend.clone()),
        None => verdict,
    }
}

/// Which kind of rule a failed connection shows. A refusal of IPv6 may look like silence, since Linux loses the ICMPv6
/// answers on loopback; so what the rules certainly do goes before what was felt.
fn by(attempt: &ConnectAttempt, filter: Option<&Filter>) -> Option<Action> {
    let felt = match attempt.result {
        ConnectResult::TimedOut | ConnectResult::Forbidden => Some(Action::Drop),
        ConnectResult::Refused => Some(Action::Reject),
        // `admin-prohibited` says so; but then it is known only by its rule, since a missing route does too.
        ConnectResult::Unreachable => None,
        _ => return None,
    };
    let fate = filter.and_then(|filter| filter.fates.iter().find(|fate| fate.flow.to == attempt.address));
    let certain = |action: &Action| fate.is_some_and(|fate| fate.by(*action).is_some());
    [Action::Drop, Action::Reject].into_iter().find(certain).or(felt)
}

/// Rules that each take the connections to one port of an address.
#[cfg(test)]
pub(super) fn scene(rules: &[(&str, u16, Action, bool)]) -> Filter {
    use crate::kernel::Flow;
    let fate = |(address, port, action, certain): &(&str, u16, Action, bool)| {
        let address: std::net::IpAddr = address.parse().unwrap();
        let word = format!("{action:?} {port}").to_lowercase();
        let hit =
            Hit { action: *action, certain: *certain, answers: false, to: None, text: word, mend: None };
        Fate {
            flow: Flow { to: (address, *port).into(), from: address, ports: 32768..=60999 },
            hits: vec![hit],
        }
    };
    Filter { fates: rules.iter().map(fate).collect(), rules: rules.len(), ..Filter::default() }
}
