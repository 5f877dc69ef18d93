//! A13: what only a browser keeps apart is not apart.

use super::super::{Check, Judge};

/// A rule for the others: that browsers begin to ask before a page may speak to this machine is never a gate, so that
/// no score falls because of it. There is nothing on this machine to be found for it.
pub(super) const CHECK: Check = Check {
    id: "A13",
    title: "it relies on the browser to keep pages away",
    why: "Chrome asks before a page may fetch from this machine since 142, and before it may open a WebSocket since \
          147; Firefox 146 does not ask, and people agree. No other check's score is lowered by it, and the headers of \
          Private Network Access that once were to allow it are obsolete.",
    spares: "Everything: it is never found, and only says how the others are judged.",
    fixes: &[("", "check Host and Origin in the server itself")],
    judge: Judge::Told,
};

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::{Facts, judge},
            fixture::{bound, held, machine},
        },
        CHECK,
    };

    #[test]
    fn it_is_explained_and_never_found() {
        let facts = machine(bound("0.0.0.0", held(9222, "chrome", None)), &["192.168.1.7"]);
        assert!(judge(&facts, |check| check.id == CHECK.id).is_empty());
        assert!(judge(&Facts::default(), |check| check.id == CHECK.id).is_empty());
    }
}
