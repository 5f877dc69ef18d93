//! The kernel has one packet filter in use: beside nf_tables, the older iptables may have rules of its own, which the
//! newer program does not show.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "legacy-iptables", judge };

fn judge(facts: &Facts) -> Verdict {
    let filter = match &facts.net.filter {
        Ok(filter) => filter,
        Err(why) => {
            return Verdict::unknown("whether two packet filters are in use", why).fix("sudo navyd doctor");
        }
    };
    let tables = filter.older.tables.join(", ");
    match (filter.older.tables.is_empty(), filter.older.rules, filter.rules) {
        (true, _, _) => Verdict::ok("the older iptables is not in use"),
        (false, Some(0), _) => Verdict::ok("the older iptables is loaded, and has no rules")
            .evidence(format!("its tables: {tables}")),
        (false, Some(rules), 0) => Verdict::ok("the older iptables is the only packet filter in use")
            .evidence(format!("{rules} rules")),
        (false, None, 0) => Verdict::ok("the older iptables is the only packet filter in use")
            .evidence(format!("its tables: {tables}")),
        (false, rules, newer) => {
            let rules = rules
                .map_or_else(|| "rules that cannot be counted".to_owned(), |rules| format!("{rules} rules"));
            Verdict::warn("two packet filters are in use: nf_tables and the older iptables")
                .evidence(format!("{newer} rules in nf_tables; {rules} in the tables {tables}"))
                .cause("a packet must pass both, and each one's program shows only its own rules")
                .fix("sudo iptables-legacy-save; sudo nft list ruleset")
        }
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::{
        doctor::Net,
        kernel::{Filter, Older},
    };

    #[test]
    fn two_filters_are_told_from_one() {
        let filter = |tables: &[&str], older, rules| {
            let tables = tables.iter().map(|name| (*name).to_owned()).collect();
            Ok(Filter {
                older: Older { tables, rules: older, ..Older::default() },
                rules,
                ..Filter::default()
            })
        };
        for (filter, expected) in [
            (filter(&[], None, 5), State::Ok),
            (filter(&["filter"], Some(0), 5), State::Ok),
            (filter(&["filter"], Some(3), 0), State::Ok),
            (filter(&["filter"], None, 0), State::Ok),
            (filter(&["filter", "nat"], Some(3), 5), State::Warn),
            (filter(&["filter"], None, 5), State::Warn),
            (Err("Operation not permitted".to_owned()), State::Unknown),
        ] {
            let verdict = judge(&Facts { net: Net { filter, ..Net::unread() }, ..Facts::unread() });
            assert_eq!(verdict.state, expected, "{verdict:?}");
        }
    }
}
