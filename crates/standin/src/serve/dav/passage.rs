//! Whether something may be done, by locks and by where it is copied or moved to, before the library begins.

use std::path::Path;

use super::{
    super::{path::Wanted, root::Root},
    claim::{Claim, locked},
};
use crate::http::{Answer, Head};

/// Where something is to be copied or moved.
pub(super) fn destination(head: &Head) -> Result<Option<Wanted>, Answer> {
    let Some(value) = head.value("destination") else { return Ok(None) };
    if !is_here(value, head) {
        return Err(Answer::text(502, "the destination is another server's\n"));
    }
    // One that names nothing here is refused by the tree, which says why.
    Ok(std::str::from_utf8(value).ok().and_then(|address| here(address, head)))
}

/// Whether locks, and where it is copied or moved to, let it be done.
pub(super) fn judge(
    root: &Root,
    claim: &Claim,
    method: &str,
    wanted: &Wanted,
    to: Option<&Wanted>,
) -> Result<(), Answer> {
    let is_there = |wanted: &Wanted| root.reader().look(&wanted.path()).is_ok();
    let free = |wanted: &Wanted, deep, goes: bool| {
        let free = claim.is_free(wanted.parts(), deep) && (!goes || claim.may_come_or_go(wanted.parts()));
        if free { Ok(()) } else { Err(locked(wanted)) }
    };
    match method {
        "PROPPATCH" => free(wanted, false, false)?,
        "MKCOL" => free(wanted, false, true)?,
        "DELETE" | "MOVE" => free(wanted, true, true)?,
        "LOCK" if !is_there(wanted) && !claim.may_come_or_go(wanted.parts()) => return Err(locked(wanted)),
        _ => {}
    }
    let Some(to) = to else { return Ok(()) };
    free(to, true, !is_there(to))?;
    if is_within(root, wanted, to) || is_within(root, to, wanted) {
        return Err(Answer::text(403, "one of them is in the other\n"));
    }
    Ok(())
}

/// Whether a folder is another one, or above it, by whatever path that was named: making room for a copy would take away
/// what is to be copied.
fn is_within(root: &Root, inner: &Wanted, outer: &Wanted) -> bool {
    if inner.parts().starts_with(outer.parts()) {
        return true;
    }
    let reader = root.reader();
    let folder = |path: &Path| reader.look(path).ok().filter(|facts| facts.folder && facts.number != 0);
    let Some(outer) = folder(&outer.path()) else { return false };
    let path = inner.path();
    let is_folder = folder(&path).is_some();
    let mut above = if is_folder { path } else { path.parent().map(Path::to_owned).unwrap_or_default() };
    if above.as_os_str().is_empty() {
        above.push(".");
    }
    // Up by what the system holds to be above: a link on the way has another folder there than its path. It ends at the
    // root, above which nothing is found.
    while let Some(facts) = folder(&above) {
        if facts.number == outer.number {
            return true;
        }
        above.push("..");
    }
    false
}

/// What an address on this server names: a path, or one with our host in front.
pub(super) fn here(address: &str, head: &Head) -> Option<Wanted> {
    if !is_here(address.as_bytes(), head) {
        return None;
    }
    let path = address.find("://").map_or(address, |at| {
        let rest = &address[at + 3..];
        rest.find('/').map_or("/", |at| &rest[at..])
    });
    Wanted::parse(path.split(['?', '#']).next().unwrap_or_default())
}

/// Whether a Destination is on this server: a path, or an address with the host that is asked for.
fn is_here(destination: &[u8], head: &Head) -> bool {
    let Ok(destination) = std::str::from_utf8(destination) else { return false };
    let rest = destination.strip_prefix("http://").or_else(|| destination.strip_prefix("https://"));
    let Some(rest) = rest else { return destination.starts_with('/') };
    let authority = rest.split('/').next().unwrap_or_default();
    head.text("host").is_some_and(|host| host.eq_ignore_ascii_case(authority))
}
