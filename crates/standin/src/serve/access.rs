//! Who may read and write what: rules by path.
//!
//! The rule with the longest path decides; several with the same path are several people. Where there are rules for
//! writing, they alone decide about it. Paths are compared as they were decoded, entry by entry, and what a request
//! leads to is judged like what it names; where a path has a rule, no link is followed.

use std::path::Path;

use crate::http::{Answer, Credentials};

/// Who may read and write what; without a rule, anyone may read all.
#[derive(Debug, Clone, Default)]
pub struct Access {
    rules: Vec<Rule>,
    writers: Vec<Credentials>,
}

#[derive(Debug, Clone)]
struct Rule {
    below: Vec<String>,
    who: Credentials,
}

impl Access {
    /// Reads `user:password` or `user:password@/path`; `None` where it is neither. A password with `@/` in it stands
    /// before the last one.
    #[must_use]
    pub fn with(mut self, text: &str) -> Option<Self> {
        let (who, path) = match text.rfind("@/") {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, "/"),
        };
        let below = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        self.rules.push(Rule { below, who: credentials(who)? });
        Some(self)
    }

    /// From now on only who is told so may write: `user:password`; `None` where it is not that.
    #[must_use]
    pub fn writing(mut self, text: &str) -> Option<Self> {
        self.writers.push(credentials(text)?);
        Some(self)
    }

    /// Whether some may see one place and not another.
    pub(super) fn has_paths(&self) -> bool {
        self.rules.iter().any(|rule| !rule.below.is_empty())
    }

    /// Whether someone who says this in Authorization may read, or write, what stands there.
    pub(super) fn admits(&self, parts: &[String], writes: bool, said: Option<&[u8]>) -> bool {
        let is_one = |who: &Credentials| said.is_some_and(|said| who.admit(said));
        if writes && !self.writers.is_empty() {
            return self.writers.iter().any(is_one);
        }
        let fitting = || self.rules.iter().filter(|rule| covers(&rule.below, parts));
        let Some(longest) = fitting().map(|rule| rule.below.len()).max() else { return true };
        fitting().filter(|rule| rule.below.len() == longest).any(|rule| is_one(&rule.who))
    }

    /// Whether someone who says this may change what stands there, and all below it.
    pub(super) fn admits_below(&self, path: &Path, said: Option<&[u8]>) -> bool {
        let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let below = self.rules.iter().filter(|rule| covers(&parts, &rule.below));
        self.admits(&parts, true, said)
            && below
                .into_iter()
                .all(|rule| self.admits(&rule.below, false, said) && self.admits(&rule.below, true, said))
    }

    /// [`Access::admits`] for a path below the root.
    pub(super) fn admits_path(&self, path: &Path, said: Option<&[u8]>) -> bool {
        if self.rules.is_empty() {
            return true;
        }
        let parts = path.iter().filter(|part| *part != ".");
        let parts: Vec<_> = parts.map(|part| part.to_string_lossy().into_owned()).collect();
        self.admits(&parts, false, said)
    }
}

/// What is said to those who are not admitted.
pub(super) fn refused() -> Answer {
    Answer::text(401, "a user and a password are needed\n")
        .with("WWW-Authenticate", "Basic realm=\"navyd\", charset=\"UTF-8\"")
}

/// Bias: case is left out of it, because some disks leave it out as well; who has two names that differ by it alone
/// protects both.
fn covers(below: &[String], parts: &[String]) -> bool {
    let same = |(one, other): (&String, &String)| one.to_lowercase() == other.to_lowercase();
    below.len() <= parts.len() && below.iter().zip(parts).all(same)
}

fn credentials(text: &str) -> Option<Credentials> {
    Credentials::parse(text).filter(|_| !text.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn the_longest_path_decides() {
        let access = ["all:a", "one:b@/private", "two:c@/private/", "deep:d@x@/private/deep"];
        let access = access.iter().try_fold(Access::default(), |access, rule| access.with(rule));
        let access = access.expect("they are rules");
        let writers = access.clone().writing("up:u").expect("it is one");
        for (path, who, reads, writes) in [
            ("", "", false, false),
            ("", "all:a", true, false),
            ("", "one:b", false, false),
            ("", "up:u", false, true),
            ("private", "all:a", false, false),
            ("private", "one:b", true, false),
            ("PRIVATE/x", "two:c", true, false),
            ("privateer", "all:a", true, false),
            ("private/deep/x", "one:b", false, false),
            ("private/deep", "deep:d@x", true, false),
        ] {
            let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            let said = format!("Basic {}", STANDARD.encode(who));
            let said = Some(said.as_bytes()).filter(|_| !who.is_empty());
            assert_eq!(access.admits(&parts, false, said), reads, "{path} {who}");
            assert_eq!(access.admits_path(Path::new(path), said), reads, "{path} {who}");
            assert_eq!(writers.admits(&parts, true, said), writes, "{path} {who}: writing");
        }
        assert!(Access::default().admits(&[], true, None));
        assert!(Access::default().with("nobody").is_none() && Access::default().with(":p@/x").is_none());
    }
}
