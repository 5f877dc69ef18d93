//! The hosts file is there, can be read, and leads `localhost` to this machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::super::{Facts, HostsFile, HubSeen, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "hosts", judge };

/// The most lines, names and addresses that are named.
const MOST: usize = 3;

fn judge(facts: &Facts) -> Verdict {
    let path = &facts.names.hosts_path;
    let file = match &facts.names.hosts {
        Ok(Some(file)) => file,
        Ok(None) => {
            return Verdict::fail(format!("there is no `{path}`"))
                .cause("many programs know `localhost` from it alone")
                .fix(write_localhost(path));
        }
        Err(why) => return Verdict::unknown("what the hosts file says", why),
    };
    localhost_elsewhere(file, path)
        .or_else(|| no_localhost(file, path))
        .or_else(|| unread(file, path))
        .or_else(|| two_places(file, path))
        .or_else(|| twice(file, path))
        .or_else(|| routes(facts, file, path))
        .unwrap_or_else(|| Verdict::ok(format!("`{path}` leads localhost to this machine")))
}

fn write_localhost(path: &str) -> String {
    format!("printf '127.0.0.1 localhost\\n::1 localhost\\n' | sudo tee -a {path}")
}

fn edit(path: &str) -> String {
    format!("sudo editor {path}")
}

fn localhost_elsewhere(file: &HostsFile, path: &str) -> Option<Verdict> {
    let (line, address) = file.of("localhost").find(|(_, address)| !address.is_loopback())?;
    Some(
        Verdict::fail(format!("`{path}` leads localhost to {address}"))
            .evidence(format!("line {line}"))
            .cause("RFC 6761 §6.3: localhost is loopback; programs go to another machine instead of this one")
            .fix(edit(path)),
    )
}

fn no_localhost(file: &HostsFile, path: &str) -> Option<Verdict> {
    if file.of("localhost").next().is_some() {
        return None;
    }
    let verdict = Verdict::fail(format!("`{path}` has no line for localhost"))
        .cause("where no other source knows it, `localhost` does not resolve");
    let verdict = match file.faults.first() {
        Some((line, fault)) => verdict.evidence(format!("line {line} {}", fault.words())),
        None => verdict,
    };
    Some(verdict.fix(write_localhost(path)))
}

fn unread(file: &HostsFile, path: &str) -> Option<Verdict> {
    let said = file.faults.iter().take(MOST).map(|(line, fault)| format!("line {line} {}", fault.words()));
    let said: Vec<String> = said.collect();
    let first = said.first()?;
    let more = file.faults.len() - 1;
    let summary = match more {
        0 => format!("`{path}`: {first}"),
        _ => format!("`{path}`: {first}, and {more} more"),
    };
    Some(Verdict::warn(summary).evidence(said.join("; ")).fix(edit(path)))
}

/// A name with two addresses of one family: programs take the first, and who wrote the second does not know. Lists that
/// block names give many names one address, which is no contradiction.
fn two_places(file: &HostsFile, path: &str) -> Option<Verdict> {
    let mut places: BTreeMap<(&str, bool), (usize, IpAddr)> = BTreeMap::new();
    for entry in &file.entries {
        for name in &entry.names {
            let (line, first) =
                *places.entry((name, entry.address.is_ipv4())).or_insert((entry.line, entry.address));
            if first == entry.address || (first.is_loopback() && entry.address.is_loopback()) {
                continue;
            }
            return Some(
                Verdict::warn(format!("`{path}` gives `{name}` two addresses"))
                    .evidence(format!("{first} in line {line}, {} in line {}", entry.address, entry.line))
                    .cause("most programs take the first, and some try both")
                    .fix(edit(path)),
            );
        }
    }
    None
}

fn twice(file: &HostsFile, path: &str) -> Option<Verdict> {
    let mut seen = BTreeSet::new();
    let again = file.of("localhost").find(|(_, address)| !seen.insert(*address))?;
    Some(
        Verdict::warn(format!("`{path}` gives localhost the address {} twice", again.1))
            .evidence(format!("again in line {}", again.0))
            .cause("harmless by itself: programs try the same address twice, and an edit may change only one line")
            .fix(edit(path)),
    )
}

/// Names of routes that nothing on this machine resolves. Below `localhost` the resolver may know them by itself.
fn routes(facts: &Facts, file: &HostsFile, path: &str) -> Option<Verdict> {
    let HubSeen::Answered(hub) = &facts.outside.hub else { return None };
    let below = facts.names.below.answer.is_ok();
    let known = |name: &str| {
        (below && name.ends_with(".localhost")) || file.of(name).any(|(_, address)| address.is_loopback())
    };
    let missing: Vec<&str> = hub.names.iter().map(String::as_str).filter(|name| !known(name)).collect();
    let first = missing.first()?;
    let more = missing.len() - 1;
    let who = if more == 0 { format!("`{first}` has") } else { format!("`{first}` and {more} more have") };
    let shown = missing.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    Some(
        Verdict::warn(format!("{who} a route, and no line in `{path}`"))
            .evidence(shown)
            .cause("browsers know names below localhost by themselves; other programs do not find them")
            .fix("sudo navyd route sync-hosts ".to_owned() + &missing.join(" ")),
    )
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::{Names, OurHub, Outside};

    fn facts(text: &str) -> Facts {
        let hosts = Ok(Some(HostsFile::parse(text.as_bytes())));
        Facts { names: Names { hosts, ..Names::unread() }, ..Facts::unread() }
    }

    #[test]
    fn each_way_to_break_it() {
        const GOOD: &str = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n";
        for (text, state, said) in [
            (GOOD, State::Ok, "leads localhost"),
            ("127.0.0.1 localhost\n", State::Ok, ""),
            ("127.0.0.1 localhost\n127.0.1.1 host localhost\n", State::Ok, ""),
            ("", State::Fail, "no line for localhost"),
            ("#127.0.0.1 localhost\n", State::Fail, "no line for localhost"),
            ("127.0.0.1 local\n", State::Fail, "no line for localhost"),
            ("10.0.0.7 localhost\n", State::Fail, "to 10.0.0.7"),
            ("127.0.0.1 localhost\n0.0.0.0 localhost\n", State::Fail, "to 0.0.0.0"),
            ("localhost 127.0.0.1\n", State::Fail, "address has to stand first"),
            ("\u{feff}127.0.0.1 localhost\n", State::Fail, "byte order mark"),
            (&format!("{GOOD}127.0.0.1:3000 shop.test\n"), State::Warn, "no ports"),
            (&format!("{GOOD}127.0.0.1 *.shop.test\n"), State::Warn, "no wildcards"),
            (&format!("{GOOD}x\ny\n"), State::Warn, "and 1 more"),
            (&format!("{GOOD}127.0.0.1 localhost\n"), State::Warn, "twice"),
            (&format!("{GOOD}10.0.0.1 db\n10.0.0.2 db\n"), State::Warn, "two addresses"),
            // One name in both families, and a list that blocks names, are as they should be.
            (
                &format!("{GOOD}10.0.0.1 db\nfd00::1 db\n0.0.0.0 a.test b.test\n0.0.0.0 b.test\n"),
                State::Ok,
                "",
            ),
        ] {
            let verdict = judge(&facts(text));
            assert_eq!(verdict.state, state, "{text:?} {verdict:?}");
            assert!(format!("{verdict:?}").contains(said), "{text:?} {verdict:?}");
            assert_eq!(verdict.fix.is_some(), state != State::Ok, "{text:?}");
        }
        let none = Facts { names: Names { hosts: Ok(None), ..Names::unread() }, ..Facts::unread() };
        assert_eq!(judge(&none).state, State::Fail);
        assert_eq!(judge(&Facts::unread()).state, State::Unknown);
    }

    #[test]
    fn names_of_routes_are_missed_only_where_nothing_else_knows_them() {
        let hub = |names: &[&str]| OurHub {
            version: String::new(),
            ports: Vec::new(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ending: false,
        };
        let file = "127.0.0.1 localhost\n127.0.0.1 web.test\n10.0.0.1 far.test\n";
        for (names, below, state) in [
            (&["web.test"][..], false, State::Ok),
            (&["shop.localhost"], true, State::Ok),
            (&["shop.localhost"], false, State::Warn),
            (&["shop.test"], true, State::Warn),
            (&["far.test"], true, State::Warn),
            (&[], false, State::Ok),
        ] {
            let mut facts = facts(file);
            facts.outside = Outside { hub: HubSeen::Answered(hub(names)), ..Outside::default() };
            if below {
                facts.names.below = crate::doctor::Lookup::of(&["127.0.0.1"]);
            }
            assert_eq!(judge(&facts).state, state, "{names:?} {below}");
        }
    }
}
