//! The name servers on this machine itself are alive, and the machine knows its own name.

use std::time::Duration;

use super::super::{Facts, Lookup, Row, Served, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "dns", judge };

/// A name of this machine that takes longer was asked of somebody else, who was slow.
const SLOW: Duration = Duration::from_secs(1);

fn judge(facts: &Facts) -> Verdict {
    let names = &facts.names;
    let resolver = match &names.resolver {
        Ok(resolver) => resolver.as_ref(),
        Err(why) => return Verdict::unknown("which name servers are asked", why),
    };
    if let Some(word) = resolver.and_then(|resolver| resolver.faults.first()) {
        return Verdict::warn(format!("`resolv.conf` names `{word}`, which is no address"))
            .cause("the line is passed over: name servers are named by address, without a port")
            .fix("sudo editor /etc/resolv.conf");
    }
    let listed = resolver.is_some_and(|resolver| !resolver.servers.is_empty());
    let dead = names.servers.iter().find(|(_, served)| *served != Served::Answered);
    if let Some((server, served)) = dead {
        let did = match served {
            Served::Refused => "nobody listens there".to_owned(),
            Served::Silent => "it did not answer within a second".to_owned(),
            Served::Unsent(why) => format!("nothing could be sent: {why}"),
            Served::Answered => "it answered".to_owned(),
        };
        let others = resolver.map_or(0, |resolver| resolver.servers.len()) > 1;
        let verdict = match (listed, others) {
            // Programs then ask 127.0.0.1 (resolv.conf(5)), which matters only to names of other machines.
            (false, _) => Verdict::warn("no name server is named, and none is here"),
            (true, true) => Verdict::warn(format!("the name server {server} is dead")),
            (true, false) => Verdict::fail(format!("the only name server, {server}, is dead")),
        };
        return verdict
            .evidence(format!("{server}: {did}"))
            .cause("names that no file knows fail, or take seconds to fail")
            .fix("sudo systemctl restart systemd-resolved");
    }
    own_name(facts)
}

fn own_name(facts: &Facts) -> Verdict {
    let (name, lookup) = match &facts.names.own {
        Ok(own) => own,
        Err(why) => return Verdict::unknown("whether this machine knows its own name", why),
    };
    let write = || format!("echo '127.0.1.1 {name}' | sudo tee -a {}", facts.names.hosts_path);
    let Lookup { answer, took } = lookup;
    let ms = took.as_millis();
    match answer {
        Ok(_) if *took < SLOW => Verdict::ok(format!("this machine's own name resolves in {ms} ms")),
        Ok(_) => Verdict::warn("this machine's own name resolves slowly")
            .evidence(format!("`{name}` took {ms} ms"))
            .cause("no file knows it, so a name server is asked whenever a program looks for it")
            .fix(write()),
        Err(why) => Verdict::warn("this machine's own name does not resolve")
            .evidence(format!("`{name}` failed after {ms} ms: {why}"))
            .cause("`sudo`, Java and mail programs look for it, and wait or fail")
            .fix(write()),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::{Names, Resolver};

    #[test]
    fn servers_of_this_machine_answer() {
        let alive = || Ok(("box".to_owned(), Lookup::of(&["127.0.1.1"])));
        let server = || "127.0.0.53:53".parse().unwrap();
        for (text, servers, own, expected) in [
            ("nameserver 127.0.0.53", vec![(server(), Served::Answered)], alive(), State::Ok),
            ("nameserver 127.0.0.53", vec![(server(), Served::Refused)], alive(), State::Fail),
            ("nameserver 127.0.0.53", vec![(server(), Served::Silent)], alive(), State::Fail),
            (
                "nameserver 127.0.0.53\nnameserver 10.0.0.1",
                vec![(server(), Served::Refused)],
                alive(),
                State::Warn,
            ),
            ("", vec![(server(), Served::Refused)], alive(), State::Warn),
            ("nameserver 10.0.0.1", vec![], alive(), State::Ok),
            ("nameserver 10.0.0.1:53", vec![], alive(), State::Warn),
            ("nameserver 10.0.0.1", vec![], Err("no".into()), State::Unknown),
            ("nameserver 10.0.0.1", vec![], Ok(("box".into(), Lookup::failed("no such name"))), State::Warn),
            (
                "nameserver 10.0.0.1",
                vec![],
                Ok(("box".into(), Lookup { took: SLOW, ..Lookup::of(&["10.0.0.3"]) })),
                State::Warn,
            ),
        ] {
            let resolver = Ok(Some(Resolver::parse(text.as_bytes())));
            let facts =
                Facts { names: Names { resolver, servers, own, ..Names::unread() }, ..Facts::unread() };
            let verdict = judge(&facts);
            assert_eq!(verdict.state, expected, "{text:?} {verdict:?}");
        }
        assert_eq!(judge(&Facts::unread()).state, State::Unknown);
    }
}
