//! A33: PostgreSQL or MySQL that trusts whoever calls.

use super::super::{Ask, Check, Facts, Judge, Power, Subject, Word, check::Found, stakes};
use crate::probe::{Greeting, printable};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A33",
    title: "a database lets callers in without a password",
    why: "Who gets there is any user of it, its administrator too, and thereby runs programs as the server's user \
          (`COPY … TO PROGRAM`). Miners come in by that.",
    spares: "Callers by unix socket, whom the kernel names; a line that an earlier one hides; files that may not be \
             read. A login is never tried, so what is only in the server's mind stays unseen.",
    fixes: &[
        (
            "postgres",
            "write scram-sha-256 instead of trust into pg_hba.conf, then: psql -c 'select pg_reload_conf()'",
        ),
        ("mysqld", "start it without --skip-grant-tables"),
        ("mariadbd", "start it without --skip-grant-tables"),
        ("", "let it ask for a password"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    if !subject.is_tcp() {
        return None;
    }
    let seen = match &subject.ground.trust {
        Some(line) => format!("pg_hba.conf has `{line}`"),
        None => subject.ground.ungranted.clone()?,
    };
    let evidence = seen + &more(subject);
    Some(Found::observed(Power::Write, stakes::heard(subject, facts), evidence).fix(CHECK.fix(subject)))
}

/// What it said of itself.
fn more(subject: &Subject) -> String {
    match (subject.said(Ask::Word(Word::Tls)), subject.greeting()) {
        (Some(b"S"), _) => "; it offers TLS".to_owned(),
        (Some(b"N"), _) => "; it has no TLS".to_owned(),
        (_, Some(Greeting { is_maria, version, plugin })) => {
            let name = if is_maria { "MariaDB" } else { "MySQL" };
            let plugin = plugin.map(|name| format!(", which would ask by {}", printable(name)));
            format!("; it greets as {name} {}{}", printable(version), plugin.unwrap_or_default())
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::Ground,
            fixture::{heard, held, machine},
        },
        *,
    };

    #[test]
    fn planted_and_clean() {
        const TLS: Ask = Ask::Word(Word::Tls);
        const GREETING: Ask = Ask::Word(Word::Greeting);
        let trust = Ground { trust: Some("host all all 0.0.0.0/0 trust".into()), ..Ground::default() };
        let ungranted = Ground { ungranted: Some("`/my.cnf` has it".into()), ..Ground::default() };
        for (ground, ask, said, expected) in [
            (&trust, TLS, "N", Some("pg_hba.conf has `host all all 0.0.0.0/0 trust`; it has no TLS")),
            (&trust, TLS, "S", Some("pg_hba.conf has `host all all 0.0.0.0/0 trust`; it offers TLS")),
            (&Ground::default(), TLS, "N", None),
            (&ungranted, GREETING, "", Some("`/my.cnf` has it")),
            (
                &ungranted,
                GREETING,
                "\x0b\0\0\0\x0a10.11.6\0xx",
                Some("`/my.cnf` has it; it greets as MySQL 10.11.6"),
            ),
            (&Ground::default(), GREETING, "\x0b\0\0\0\x0a10.11.6\0xx", None),
        ] {
            let subject = Subject { ground: ground.clone(), ..held(5432, "postgres", None) };
            let facts = machine(heard(subject, &[(ask, said)]), &[]);
            let found = judge(&facts.subjects[0], &facts).map(|found| found.evidence);
            assert_eq!(found.as_deref(), expected, "{ground:?}");
        }
    }
}
