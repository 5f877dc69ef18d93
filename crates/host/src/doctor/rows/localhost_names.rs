//! Names below `localhost` are this machine to programs, too, and not only to browsers.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "localhost-names", judge };

fn judge(facts: &Facts) -> Verdict {
    let names = &facts.names;
    let (localhost, below) = (&names.localhost.answer, &names.below.answer);
    let elsewhere = |found: &[std::net::IpAddr]| found.iter().find(|address| !address.is_loopback()).copied();
    for (name, answer) in [("localhost", localhost), ("*.localhost", below)] {
        let Some(address) = answer.as_deref().ok().and_then(elsewhere) else { continue };
        return Verdict::fail(format!("`{name}` resolves to {address}"))
            .evidence("asked of this system's resolver")
            .cause("RFC 6761 §6.3: names of localhost are loopback; here programs are led to another machine")
            .fix(format!("sudo editor {}", names.hosts_path));
    }
    let sources = match &names.sources {
        Ok(Some(sources)) => format!("looked up in: {}", sources.join(" ")),
        Ok(None) => "nothing says where names are looked up".to_owned(),
        Err(why) => why.clone(),
    };
    match (localhost, below) {
        (Err(why), _) if why == NOT_ASKED => Verdict::unknown("whether names of localhost resolve", why),
        (Err(why), _) => Verdict::fail("`localhost` does not resolve")
            .evidence(sources)
            .cause(why)
            .fix(format!("echo '127.0.0.1 localhost' | sudo tee -a {}", names.hosts_path)),
        // Browsers and curl need no resolver for them, so it may be long before anybody meets this.
        (Ok(_), Err(why)) => Verdict::warn("names below localhost resolve in browsers alone")
            .evidence(sources)
            .cause(format!("`shop.localhost` fails in other programs: {why}"))
            .fix("sudo apt install libnss-myhostname"),
        (Ok(_), Ok(_)) => Verdict::ok("names below localhost resolve to this machine"),
    }
}

/// What stands where the resolver was not asked.
const NOT_ASKED: &str = "not asked";

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::{Lookup, Names};

    #[test]
    fn where_names_lead() {
        let none = || Lookup::failed("Name or service not known");
        for (localhost, below, expected) in [
            (Lookup::of(&["127.0.0.1"]), Lookup::of(&["::1", "127.0.0.1"]), State::Ok),
            (Lookup::of(&["127.0.0.1"]), none(), State::Warn),
            (Lookup::of(&["127.0.0.1"]), Lookup::of(&["10.0.0.9"]), State::Fail),
            (Lookup::of(&["127.0.0.1", "10.0.0.9"]), none(), State::Fail),
            (none(), Lookup::of(&["127.0.0.1"]), State::Fail),
            (Lookup::failed(NOT_ASKED), Lookup::failed(NOT_ASKED), State::Unknown),
        ] {
            let facts = Facts { names: Names { localhost, below, ..Names::unread() }, ..Facts::unread() };
            let verdict = judge(&facts);
            assert_eq!(verdict.state, expected, "{verdict:?}");
            assert_eq!(verdict.fix.is_some(), expected > State::Unknown);
        }
    }
}
