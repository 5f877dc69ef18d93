//! A33: PostgreSQL or MySQL that trusts whoever calls.

use super::super::{Ask, Check, Facts, Judge, Power, Subject, Word, check::Found, stakes};

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

/// The option by which MySQL and MariaDB ask nobody who they are.
const NO_GRANTS: &str = "--skip-grant-tables";

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    if !subject.is_tcp() {
        return None;
    }
    let seen = match &subject.ground.trust {
        Some(line) => format!("pg_hba.conf has `{line}`"),
        None => {
            let mut arguments =
                subject.listener.holders.iter().flat_map(|holder| holder.argv.iter().flatten());
            arguments.find(|argument| argument.replace('_', "-") == NO_GRANTS)?;
            format!("it was started with `{NO_GRANTS}`")
        }
    };
    let tls = match subject.said(Ask::Word(Word::Tls)) {
        Some(b"S") => "; it offers TLS",
        Some(b"N") => "; it has no TLS",
        _ => "",
    };
    let evidence = format!("{seen}{tls}");
    Some(Found::observed(Power::Write, stakes::heard(subject, facts), evidence).fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::Ground,
            fixture::{heard, held, machine, with_argv},
        },
        *,
    };

    #[test]
    fn planted_and_clean() {
        for (trust, argv, expected) in [
            (Some("host all all 0.0.0.0/0 trust"), "postgres -D x", true),
            (None, "postgres -D x", false),
            (None, "mariadbd --skip-grant-tables", true),
            (None, "mysqld --skip_grant_tables", true),
            (None, "mariadbd --skip-networking=0", false),
        ] {
            let ground = Ground { trust: trust.map(str::to_owned), ..Ground::default() };
            let subject = Subject { ground, ..with_argv(held(5432, "postgres", None), argv) };
            let facts = machine(heard(subject, &[(Ask::Word(Word::Tls), "N")]), &[]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.is_some(), expected, "{argv}");
            assert!(found.is_none_or(|found| found.evidence.ends_with("no TLS")));
        }
    }
}
