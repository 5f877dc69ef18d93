//! How much of its life the local authority has behind it, and what follows from that: a pure function of the time.
//!
//! An authority is never renewed under its name: the key of its root is destroyed, so the next one is another root that
//! stores have to trust anew. Therefore nothing replaces one that still works but a person who installs the next.

use jiff::{SignedDuration, Timestamp};

/// How long an authority lives: the two years of `Authority::create`.
const ALL: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);
/// From so long before its end on, `trust install` makes the next one: after two thirds of its life.
const RIPE: SignedDuration = SignedDuration::from_secs(ALL.as_secs() / 3);
/// From so long before its end on, the hub says so: so long a leaf lives, so that from here on leaves are shorter.
const ENDING: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How old an authority is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// Nothing is to be done.
    Young,
    /// Two thirds of its life are over: `trust install` makes the next one.
    Ripe,
    /// It ends within 30 days, and people are told.
    Ending,
    /// It has expired: no certificate is shown any more, and the next hub that starts makes another authority.
    Over,
}

impl Life {
    /// The life of one that ends then.
    pub fn at(now: Timestamp, expires: Timestamp) -> Self {
        let left = expires.duration_since(now);
        match () {
            () if left <= SignedDuration::ZERO => Self::Over,
            () if left <= ENDING => Self::Ending,
            () if left <= RIPE => Self::Ripe,
            () => Self::Young,
        }
    }

    /// What people who look at it are told, with what can be typed; `None` while there is nothing to do.
    pub fn advice(self, expires: Timestamp) -> Option<String> {
        let day = expires.strftime("%Y-%m-%d");
        match self {
            Self::Young => None,
            Self::Ripe => Some(format!(
                "the local authority ends on {day}: `navyd trust install` makes the next one whenever it suits"
            )),
            Self::Ending => Some(format!(
                "the local authority ends on {day}, and names are served without TLS from then on: `navyd trust \
                 install` makes the next one"
            )),
            Self::Over => Some(format!(
                "the local authority expired on {day}, so names are served without TLS: `navyd trust install` makes \
                 the next one"
            )),
        }
    }

    /// What people are told who did not ask about it: only what is near.
    pub(crate) fn warning(self, expires: Timestamp) -> Option<String> {
        match self {
            Self::Young | Self::Ripe => None,
            Self::Ending | Self::Over => self.advice(expires),
        }
    }

    /// Whether whoever depends on it should act now.
    pub fn is_due(self) -> bool {
        matches!(self, Self::Ending | Self::Over)
    }
}

#[cfg(test)]
mod tests {
    use navyd_gateway::tls::Authority;

    use super::*;

    #[test]
    fn it_is_said_before_it_ends() {
        let made = Timestamp::from_second(1_800_000_000).unwrap();
        let expires = Authority::create(made).unwrap().expires();
        assert_eq!(expires.duration_since(made), ALL);
        let day = |days: i64| SignedDuration::from_hours(days * 24);
        let second = SignedDuration::from_secs(1);
        for (now, life, advised, warned) in [
            (made, Life::Young, false, false),
            (made + RIPE * 2 - second, Life::Young, false, false),
            (made + RIPE * 2 + second, Life::Ripe, true, false),
            (expires - day(30) - second, Life::Ripe, true, false),
            (expires - day(30), Life::Ending, true, true),
            (expires - second, Life::Ending, true, true),
            (expires, Life::Over, true, true),
            (expires + day(400), Life::Over, true, true),
        ] {
            let found = Life::at(now, expires);
            assert_eq!(found, life, "{now}");
            let said = found.advice(expires);
            assert_eq!((said.is_some(), found.warning(expires).is_some()), (advised, warned), "{now}");
            assert!(
                said.is_none_or(|said| said.contains("`navyd trust install`") && said.contains("2029-01-14"))
            );
        }
    }
}
