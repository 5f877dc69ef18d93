//! A listener of navyd's own is reached by every address of this machine: the connect matrix, in one line.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use navyd_model::{ConnectAttempt, ConnectResult};

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "connect", judge };

fn judge(facts: &Facts) -> Verdict {
    let attempts = match &facts.net.matrix {
        Ok(attempts) => attempts,
        Err(why) => return Verdict::unknown("whether this machine reaches itself", why),
    };
    // An address that cannot be bound is not there, which is another row's matter; 127.0.0.1 always has to be.
    let expected = |attempt: &&ConnectAttempt| {
        let address = attempt.address.ip();
        address == IpAddr::V4(Ipv4Addr::LOCALHOST) || facts.net.bind(address).is_none_or(|bind| bind.ok)
    };
    let failed: Vec<&ConnectAttempt> = attempts
        .iter()
        .filter(expected)
        .filter(|attempt| !matches!(attempt.result, ConnectResult::Connected | ConnectResult::NotTried))
        .collect();
    let Some(first) = failed.first() else {
        let reached = attempts.iter().filter(|attempt| attempt.result == ConnectResult::Connected).count();
        return Verdict::ok(format!("a listener is reached by {reached} addresses of this machine"));
    };
    let addresses: Vec<String> = failed.iter().map(|attempt| attempt.address.ip().to_string()).collect();
    // What `localhost` leads to has to work; an address of another device may belong to a routing table of its own.
    let localhost = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let ill = failed.iter().any(|attempt| localhost.contains(&attempt.address.ip()));
    let verdict = if ill { Verdict::fail } else { Verdict::warn };
    verdict(format!("a listener is not reached by {}", addresses.join(", ")))
        .evidence(format!("{} after {:.0} ms: {}", first.address, first.took_ms, word(first.result)))
        .cause(cause(facts, first))
}

fn word(result: ConnectResult) -> &'static str {
    match result {
        ConnectResult::Connected => "connected",
        ConnectResult::Refused => "refused (ECONNREFUSED)",
        ConnectResult::TimedOut => "no answer",
        ConnectResult::Unreachable => "no way there (ENETUNREACH)",
        ConnectResult::Forbidden => "forbidden (EPERM)",
        ConnectResult::SelfConnected => "it met itself",
        ConnectResult::NotTried => "not tried",
        ConnectResult::Failed => "it failed",
    }
}

fn cause(facts: &Facts, attempt: &ConnectAttempt) -> &'static str {
    match attempt.result {
        _ if facts.lo().is_some_and(|lo| !lo.up) => "the loopback device is down",
        _ if facts.net.bind(attempt.address.ip()).is_some_and(|bind| !bind.ok) => "the address is not there",
        ConnectResult::Refused => "something listens there, so a rule of the packet filter refuses",
        ConnectResult::TimedOut | ConnectResult::Forbidden => "a rule of the packet filter swallows packets",
        ConnectResult::Unreachable => "there is no route to it: see `ip route show table local`",
        _ => "the system's own answer is all that is known",
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::Net;

    #[test]
    fn what_has_to_answer_and_what_need_not() {
        use ConnectResult::{Connected, Failed, Refused, TimedOut, Unreachable};
        for (results, up, expected, cause) in [
            (&[("127.0.0.1", Connected), ("::1", Connected)][..], true, State::Ok, None),
            (
                &[("127.0.0.1", Connected), ("192.0.2.5", Unreachable)],
                true,
                State::Warn,
                Some("there is no route to it: see `ip route show table local`"),
            ),
            (&[("127.0.0.1", Connected), ("::1", Failed)], true, State::Ok, None),
            (
                &[("127.0.0.1", Failed), ("::1", Connected)],
                true,
                State::Fail,
                Some("the address is not there"),
            ),
            (&[("127.0.0.1", Unreachable)], false, State::Fail, Some("the loopback device is down")),
            (
                &[("127.0.0.1", Connected), ("::1", TimedOut)],
                true,
                State::Fail,
                Some("a rule of the packet filter swallows packets"),
            ),
            (
                &[("127.0.0.1", Refused)],
                true,
                State::Fail,
                Some("something listens there, so a rule of the packet filter refuses"),
            ),
        ] {
            let verdict = judge(&Facts { net: Net::reaching(results), ..Facts::with_lo(up) });
            assert_eq!((verdict.state, verdict.cause.as_deref()), (expected, cause), "{results:?}");
        }
        assert_eq!(judge(&Facts::unread()).state, State::Unknown);
    }
}
