//! navyd's own certificates: today lies within their time, and the stores of this machine agree on whether they are
//! trusted.
//!
//! That no store holds the authority is a choice, and no illness: then names are served, and browsers warn.

use jiff::SignedDuration;

use super::super::{Authority, AuthoritySeen, Facts, Row, Trusted, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "authority", judge };

/// From so long before its end on it is worth a warning: as long as `navyd trust` and the hub warn.
const ENDING: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What makes the next one, and installs it.
const INSTALL: &str = "navyd trust install";

fn judge(facts: &Facts) -> Verdict {
    const WHAT: &str = "whether the certificates of navyd are good";
    match &facts.outside.authority {
        AuthoritySeen::Unasked => Verdict::unknown(WHAT, "the authority was not looked for"),
        AuthoritySeen::Absent => Verdict::ok("navyd has made no certificates yet"),
        AuthoritySeen::Unreadable(why) => Verdict::unknown(WHAT, why).fix("navyd trust status"),
        AuthoritySeen::Made(authority) => dated(authority).unwrap_or_else(|| trusted(authority)),
    }
}

/// What is wrong with its time.
fn dated(Authority { now, validity, .. }: &Authority) -> Option<Verdict> {
    let day = |time: jiff::Timestamp| time.strftime("%Y-%m-%d").to_string();
    if *now < validity.from {
        return Some(
            Verdict::fail("the clock stands before the day on which navyd made its certificates")
                .evidence(format!("it is {}, and they begin on {}", day(*now), day(validity.from)))
                .cause(
                    "no program takes a certificate before its time: the clock is behind, or was ahead then",
                )
                .fix("sudo timedatectl set-ntp true"),
        );
    }
    let left = validity.until.duration_since(*now);
    if left <= SignedDuration::ZERO {
        return Some(
            Verdict::fail(format!("the local authority expired on {}", day(validity.until)))
                .cause("names are served without TLS until there is another one")
                .fix(INSTALL),
        );
    }
    (left <= ENDING).then(|| {
        Verdict::warn(format!("the local authority ends on {}", day(validity.until)))
            .cause("names are served without TLS from then on")
            .fix(INSTALL)
    })
}

/// What the stores say of it.
fn trusted(authority: &Authority) -> Verdict {
    let stores = match &authority.stores {
        Ok(stores) => stores,
        Err(why) => {
            return Verdict::unknown("which stores hold the local authority", why).fix("navyd trust status");
        }
    };
    let of = |state: Trusted| {
        let named = stores.iter().filter(|(_, trusted)| *trusted == state).map(|(name, _)| name.as_str());
        let mut named: Vec<&str> = named.collect();
        named.dedup();
        named
    };
    let (yes, no, unknown) = (of(Trusted::Yes), of(Trusted::No), of(Trusted::Unknown));
    match (yes.is_empty(), no.is_empty(), unknown.is_empty()) {
        (true, _, false) => Verdict::unknown(
            "whether this machine trusts the certificates of navyd",
            format!("these stores do not tell: {}", unknown.join(", ")),
        )
        .fix("navyd trust status"),
        (true, _, true) => Verdict::ok("no store of this machine holds the local authority")
            .cause("browsers warn of https names of navyd until one does")
            .fix(INSTALL),
        (false, true, _) => Verdict::ok("this machine trusts the certificates of navyd")
            .evidence(format!("in the stores {}", yes.join(", "))),
        (false, false, _) => Verdict::warn("only some programs trust the certificates of navyd")
            .evidence(format!("held by {}; not by {}", yes.join(", "), no.join(", ")))
            .cause("what reads the other stores refuses https names of navyd")
            .fix(INSTALL),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::{Outside, Told, Validity};

    fn verdict(authority: AuthoritySeen) -> Verdict {
        judge(&Facts { outside: Outside { authority, ..Outside::default() }, ..Facts::unread() })
    }

    fn made(day: i64, stores: Told<Vec<(String, Trusted)>>) -> AuthoritySeen {
        let at = |day: i64| Timestamp::from_second(1_800_000_000 + day * 86_400).unwrap();
        let validity = Validity { from: at(0), until: at(730) };
        AuthoritySeen::Made(Authority { now: at(day), validity, stores })
    }

    #[test]
    fn what_is_not_there_or_not_told() {
        for (seen, expected) in [
            (AuthoritySeen::Unasked, State::Unknown),
            (AuthoritySeen::Absent, State::Ok),
            (AuthoritySeen::Unreadable("mode 0644".into()), State::Unknown),
        ] {
            assert_eq!(verdict(seen).state, expected);
        }
    }

    #[test]
    fn its_time() {
        let held = || Ok(vec![("debian".to_owned(), Trusted::Yes)]);
        for (day, expected, fix) in [
            (-1, State::Fail, Some("sudo timedatectl set-ntp true")),
            (0, State::Ok, None),
            (699, State::Ok, None),
            (700, State::Warn, Some(INSTALL)),
            (729, State::Warn, Some(INSTALL)),
            (730, State::Fail, Some(INSTALL)),
        ] {
            let found = verdict(made(day, held()));
            assert_eq!((found.state, found.fix.as_deref()), (expected, fix), "{day}");
        }
    }

    #[test]
    fn its_stores() {
        use Trusted::{No, Unknown, Yes};
        for (stores, expected, fix) in [
            (&[("debian", Yes), ("chromium", Yes)][..], State::Ok, None),
            (&[("debian", Yes), ("chromium", Unknown)], State::Ok, None),
            (&[("debian", Yes), ("chromium", No)], State::Warn, Some(INSTALL)),
            (&[("debian", No)], State::Ok, Some(INSTALL)),
            (&[], State::Ok, Some(INSTALL)),
            (&[("debian", No), ("java", Unknown)], State::Unknown, Some("navyd trust status")),
        ] {
            let told = stores.iter().map(|(name, trusted)| ((*name).to_owned(), *trusted)).collect();
            let found = verdict(made(1, Ok(told)));
            assert_eq!((found.state, found.fix.as_deref()), (expected, fix), "{stores:?}");
        }
        assert_eq!(verdict(made(1, Err("too slow".into()))).state, State::Unknown);
    }
}
