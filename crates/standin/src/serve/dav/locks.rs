//! Who has locked what (RFC 4918 §6 and §7): pure, with the time as it is told.
//!
//! A place is the parts of a path with slashes between them; that of the root is empty. Deliberately absent: the disk.
//! What goes there without WebDAV keeps its lock until that ends.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::{Duration, SystemTime},
};

use dav_server::ls::DavLock;

/// The most locks at one time. Each may say whose it is in as many bytes as its document has.
const MOST: usize = 500;

/// The longest that a lock lasts without being refreshed, and how long one lasts that asks for no time.
const LONGEST: Duration = Duration::from_secs(3600);
const USUAL: Duration = Duration::from_secs(600);

/// All locks.
#[derive(Debug, Default)]
pub(super) struct Locks(Vec<Held>);

#[derive(Debug)]
struct Held {
    place: String,
    lock: DavLock,
}

/// Who asks, and the tokens that were sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asks<'a> {
    pub(super) who: Who<'a>,
    pub(super) tokens: &'a [String],
}

/// Whose locks count as one's own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'a> {
    /// Anyone's whose token was sent.
    Anyone,
    /// Those of who gave this password, or none.
    One(Option<&'a str>),
}

impl Locks {
    /// Whether no lock can be given any more.
    pub(super) fn is_full(&mut self, now: SystemTime) -> bool {
        self.forget_old(now);
        self.0.len() >= MOST
    }

    /// Gives a lock, whose token and end are written here.
    ///
    /// # Errors
    /// The lock that stands against it.
    pub(super) fn lock(&mut self, place: &str, wanted: DavLock, now: SystemTime) -> Result<DavLock, DavLock> {
        self.forget_old(now);
        let against = self.0.iter().find(|held| {
            let meets = held.covers(place) || (wanted.deep && is_below(&held.place, place));
            meets && !(held.lock.shared && wanted.shared)
        });
        if let Some(held) = against {
            return Err(held.lock.clone());
        }
        let lock = until(DavLock { token: token(), ..wanted }, now);
        if self.0.len() >= MOST {
            return Err(lock);
        }
        self.0.push(Held { place: place.to_owned(), lock: lock.clone() });
        Ok(lock)
    }

    /// Ends the lock with this token, if it covers the place and is theirs; whether it was.
    pub(super) fn unlock(&mut self, place: &str, who: Option<&str>, token: &str, now: SystemTime) -> bool {
        self.forget_old(now);
        let is_it = |held: &Held| {
            held.covers(place) && held.lock.token == token && held.lock.principal.as_deref() == who
        };
        let found = self.0.iter().position(is_it);
        found.map(|at| self.0.swap_remove(at)).is_some()
    }

    /// Has the lock with this token, if it covers the place, last as long as is asked from now on.
    pub(super) fn refresh(
        &mut self,
        place: &str,
        token: &str,
        timeout: Option<Duration>,
        now: SystemTime,
    ) -> Option<DavLock> {
        self.forget_old(now);
        let held = self.0.iter_mut().find(|held| held.covers(place) && held.lock.token == token)?;
        held.lock = until(DavLock { timeout, ..held.lock.clone() }, now);
        Some(held.lock.clone())
    }

    /// Whether nobody else's lock keeps them off a place, nor, where it is `deep`, off anything below it.
    ///
    /// # Errors
    /// A lock that does.
    pub(super) fn check(
        &mut self,
        place: &str,
        deep: bool,
        asks: Asks<'_>,
        now: SystemTime,
    ) -> Result<(), DavLock> {
        self.check_those(place, asks, now, |held| {
            held.covers(place) || (deep && is_below(&held.place, place))
        })
    }

    /// Whether nobody else's lock keeps them from adding to a folder, and taking away from it: one that does need not
    /// reach what is in it (RFC 4918 §7.4).
    ///
    /// # Errors
    /// A lock that does.
    pub(super) fn check_members(
        &mut self,
        folder: &str,
        asks: Asks<'_>,
        now: SystemTime,
    ) -> Result<(), DavLock> {
        self.check_those(folder, asks, now, |held| held.covers(folder))
    }

    /// All locks that cover a place.
    pub(super) fn covering(&mut self, place: &str, now: SystemTime) -> Vec<DavLock> {
        self.forget_old(now);
        self.0.iter().filter(|held| held.covers(place)).map(|held| held.lock.clone()).collect()
    }

    /// Whether a lock with this token covers the place.
    pub(super) fn is_covered_by(&mut self, place: &str, token: &str, now: SystemTime) -> bool {
        self.covering(place, now).iter().any(|lock| lock.token == token)
    }

    /// What stood at a place, and below it, is gone.
    pub(super) fn forget(&mut self, place: &str) {
        self.0.retain(|held| held.place != place && !is_below(&held.place, place));
    }

    /// Of shared locks one's own is enough; an exclusive one keeps everybody else off.
    fn check_those(
        &mut self,
        place: &str,
        asks: Asks<'_>,
        now: SystemTime,
        those: impl Fn(&Held) -> bool,
    ) -> Result<(), DavLock> {
        self.forget_old(now);
        let shares = |held: &Held| {
            let mut own = self.0.iter().filter(|own| own.lock.shared && asks.has(&own.lock));
            held.lock.shared && own.any(|own| own.covers(&held.place) || own.covers(place))
        };
        let mut against = self.0.iter().filter(|held| those(held) && !asks.has(&held.lock) && !shares(held));
        against.next().map_or(Ok(()), |held| Err(held.lock.clone()))
    }

    fn forget_old(&mut self, now: SystemTime) {
        self.0.retain(|held| held.lock.timeout_at.is_none_or(|end| now < end));
    }
}

impl Asks<'_> {
    fn has(&self, lock: &DavLock) -> bool {
        let theirs = match self.who {
            Who::Anyone => true,
            Who::One(who) => who == lock.principal.as_deref(),
        };
        theirs && self.tokens.contains(&lock.token)
    }
}

impl Held {
    fn covers(&self, place: &str) -> bool {
        self.place == place || (self.lock.deep && is_below(place, &self.place))
    }
}

/// Whether a place is below another one, and not that itself.
pub(super) fn is_below(place: &str, top: &str) -> bool {
    match place.strip_prefix(top) {
        Some(rest) => (top.is_empty() && !rest.is_empty()) || rest.starts_with('/'),
        None => false,
    }
}

/// With its end.
fn until(lock: DavLock, now: SystemTime) -> DavLock {
    let timeout = lock.timeout.unwrap_or(USUAL).min(LONGEST);
    DavLock { timeout: Some(timeout), timeout_at: Some(now + timeout), ..lock }
}

/// A name that no other lock ever has (RFC 4918 §6.5), in the form of RFC 9562 §5.4.
fn token() -> String {
    let random = RandomState::new();
    let (one, two) = (random.hash_one(0_u8), random.hash_one(1_u8));
    let (one, two) = (one & !0xf000 | 0x4000, two & !(0b11 << 62) | (0b10 << 62));
    let (a, b, c) = (one >> 32, one >> 16 & 0xffff, one & 0xffff);
    format!("urn:uuid:{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", two >> 48, two & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use dav_server::davpath::DavPath;

    use super::*;

    fn wanted(shared: bool, deep: bool, seconds: Option<u64>) -> DavLock {
        DavLock {
            token: String::new(),
            path: Box::new(DavPath::new("/").unwrap()),
            principal: None,
            owner: None,
            timeout_at: None,
            timeout: seconds.map(Duration::from_secs),
            shared,
            deep,
        }
    }

    fn asks(tokens: &[String]) -> Asks<'_> {
        Asks { who: Who::One(None), tokens }
    }

    #[test]
    fn who_meets_whom() {
        let now = SystemTime::UNIX_EPOCH;
        // What is locked, and whether it is shared and deep; what is asked for then, and whether it is given.
        for (first, shared, deep, second, also_shared, also_deep, given) in [
            ("a", false, false, "a", false, false, false),
            ("a", true, false, "a", true, false, true),
            ("a", true, false, "a", false, false, false),
            ("a", false, false, "a", true, false, false),
            ("a", false, true, "a/b", false, false, false),
            ("a", false, false, "a/b", false, false, true),
            ("a/b", false, false, "a", false, true, false),
            ("a/b", false, false, "a", false, false, true),
            ("a/b", true, false, "a", true, true, true),
            ("a", false, true, "ab", false, true, true),
            ("", false, true, "a", false, false, false),
            ("a", false, false, "", false, true, false),
            ("a", false, false, "", false, false, true),
        ] {
            let mut locks = Locks::default();
            locks.lock(first, wanted(shared, deep, None), now).expect("nothing is locked");
            let told = locks.lock(second, wanted(also_shared, also_deep, None), now);
            assert_eq!(told.is_ok(), given, "{first} {shared} {deep}, {second} {also_shared} {also_deep}");
        }
    }

    #[test]
    fn tokens_open() {
        let now = SystemTime::UNIX_EPOCH;
        let mut locks = Locks::default();
        let deep = locks.lock("a", wanted(false, true, None), now).expect("it is free").token;
        let flat = locks.lock("b", wanted(false, false, None), now).expect("it is free").token;
        let one = locks.lock("c", wanted(true, false, None), now).expect("it is free").token;
        let two = locks.lock("c", wanted(true, false, None), now).expect("it is shared").token;
        assert!(one != two && one.starts_with("urn:uuid:") && one.len() == "urn:uuid:".len() + 36);
        for (place, below, token, expected) in [
            ("a", false, "", false),
            ("a/x", false, "", false),
            ("a/x", false, &deep, true),
            ("a/x", false, &flat, false),
            ("b/x", false, "", true),
            ("", false, "", true),
            ("", true, "", false),
            ("", true, &deep, false),
            ("c", false, "", false),
            ("c", false, &two, true),
            ("d", true, "", true),
        ] {
            let tokens = [token.to_owned()];
            assert_eq!(locks.check(place, below, asks(&tokens), now).is_ok(), expected, "{place} {token}");
        }
        let others = locks.lock("e/x", wanted(true, false, None), now).expect("it is free").token;
        locks.lock("e/y", wanted(false, false, None), now).expect("it is free");
        assert!(locks.check("e", true, asks(&[others]), now).is_err(), "the exclusive one still stands");
        // Nothing comes into a locked folder, though what is in it is not locked.
        assert!(locks.check_members("b", asks(&[]), now).is_err());
        assert!(locks.check_members("b", asks(std::slice::from_ref(&flat)), now).is_ok());
        let else_one = Asks { who: Who::One(Some("else")), tokens: std::slice::from_ref(&flat) };
        assert!(locks.check("b", false, else_one, now).is_err());
        assert!(locks.check("b", false, Asks { who: Who::Anyone, ..else_one }, now).is_ok());
        assert!(!locks.unlock("b", Some("else"), &flat, now) && !locks.unlock("a", None, &flat, now));
        assert!(locks.unlock("b", None, &flat, now) && !locks.unlock("b", None, &flat, now));
        assert!(locks.unlock("a/x", None, &deep, now), "by anything that it covers");
        assert_eq!(locks.covering("c", now).len(), 2);
        locks.forget("c");
        locks.forget("e");
        assert!(locks.check("", true, asks(&[]), now).is_ok());
    }

    #[test]
    fn they_end_and_are_bounded() {
        let start = SystemTime::UNIX_EPOCH;
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut locks = Locks::default();
        let short = locks.lock("a", wanted(false, false, Some(5)), start).expect("it is free");
        assert!(locks.check("a", false, asks(&[]), after(4)).is_err());
        let told = locks.refresh("a", &short.token, Some(Duration::from_secs(90_000)), after(4));
        assert_eq!(told.and_then(|lock| lock.timeout), Some(LONGEST));
        assert!(locks.check("a", false, asks(&[]), after(3603)).is_err());
        assert!(locks.check("a", false, asks(&[]), after(3604)).is_ok());
        assert!(locks.refresh("a", &short.token, None, after(3604)).is_none());
        for at in 0..MOST {
            assert!(!locks.is_full(start));
            let told = locks.lock(&at.to_string(), wanted(false, false, None), start);
            assert_eq!(told.expect("there is room").timeout, Some(USUAL));
        }
        assert!(locks.is_full(start) && locks.lock("z", wanted(false, false, None), start).is_err());
        assert!(locks.lock("z", wanted(false, false, None), after(600)).is_ok());
    }
}
