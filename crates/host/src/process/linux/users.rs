//! Names of users, from `/etc/passwd` (passwd(5)).
//!
//! Deliberately absent: directories such as LDAP, which only the C library's plug-ins can ask. Their users
//! keep their number and have no name.

use std::{collections::HashMap, path::Path};

use super::text::lossy;
use crate::process::bounded;

/// More than any file kept by hand.
const LIMIT: u64 = 8 * 1024 * 1024;

/// Names by number.
#[derive(Debug, Default)]
pub(super) struct Users(HashMap<u32, String>);

impl Users {
    pub(super) fn read() -> Self {
        parse(&bounded::read(Path::new("/etc/passwd"), LIMIT).unwrap_or_default())
    }

    pub(super) fn name(&self, uid: u32) -> Option<String> {
        self.0.get(&uid).cloned()
    }
}

/// Of two names for one number the first counts, as it does for the C library.
fn parse(passwd: &[u8]) -> Users {
    let mut names = HashMap::new();
    for line in passwd.split(|&byte| byte == b'\n') {
        let mut fields = line.split(|&byte| byte == b':');
        let (Some(name), Some(uid)) = (fields.next(), fields.nth(1)) else { continue };
        let Some(uid) = std::str::from_utf8(uid).ok().and_then(|uid| uid.parse().ok()) else { continue };
        names.entry(uid).or_insert_with(|| lossy(name));
    }
    Users(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_number() {
        let users = parse(b"root:x:0:0::/root:/bin/sh\n\nbroken\ntoor:x:0:0::/:\nm\xff:x:7:7::/:\n+::::::\nbig:x:99999999999::\n");
        assert_eq!(users.name(0).as_deref(), Some("root"));
        assert_eq!(users.name(7).as_deref(), Some("m\u{fffd}"));
        assert_eq!(users.name(8), None);
    }
}
