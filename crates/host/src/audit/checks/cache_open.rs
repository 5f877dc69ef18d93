//! A31: Redis, Valkey or Memcached without a password.

use navyd_model::finding::Confidence;

use super::super::{Ask, Check, Facts, Judge, Power, Subject, Word, check::Found, stakes};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A31",
    title: "a cache takes commands from anybody",
    why: "Who gets there reads and changes all of it; Redis even writes files, by which machines were taken over for \
          years, and runs scripts that left their sandbox (CVE-2022-0543, CVE-2025-49844).",
    spares: "A server that wants a password, whether or not another door of it is open. Through the machine's own \
             address Redis may still refuse: that is said.",
    fixes: &[
        ("redis-server", "redis-cli -h {host} -p {port} config set requirepass \"$(openssl rand -hex 24)\""),
        (
            "valkey-server",
            "valkey-cli -h {host} -p {port} config set requirepass \"$(openssl rand -hex 24)\"",
        ),
        ("memcached", "memcached -s ~/.memcached.sock -a 0600"),
        ("", "set a password, or let it listen on a unix socket"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let open = |ask, mark: &[u8]| subject.said(ask).is_some_and(|said| said.starts_with(mark));
    let seen = match () {
        () if open(Ask::Word(Word::Ping), b"+PONG\r\n") => "`PING` was answered `+PONG` without a password",
        () if open(Ask::Word(Word::Version), b"VERSION ") => {
            "`version` was answered, and there are no passwords"
        }
        () => return None,
    };
    let far = subject.heard.iter().find(|heard| heard.far);
    let beside = far.map(|far| {
        let said = far.said.as_deref().map(|said| crate::probe::printable(&said[..said.len().min(40)]));
        let said = said.map_or("nothing".to_owned(), |said| format!("`{said}`"));
        format!("; through {}, asked from this machine, {said}", far.to.ip())
    });
    let evidence = format!("{seen}{}", beside.unwrap_or_default());
    let found = Found::observed(Power::Write, stakes::heard(subject, facts), evidence);
    Some(found.sure(Confidence::Proven).fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{Heard, Reach},
        super::fixture::{bound, heard, held, machine},
        *,
    };

    const PING: Ask = Ask::Word(Word::Ping);

    #[test]
    fn planted_and_clean() {
        for (ask, said, expected) in [
            (PING, "+PONG\r\n", true),
            (PING, "-NOAUTH Authentication required.\r\n", false),
            (PING, "-NOPERM this user has no permissions\r\n", false),
            (PING, "", false),
            (Ask::Word(Word::Version), "VERSION 1.6.18\r\n", true),
            (Ask::Word(Word::Version), "CLIENT_ERROR unauthenticated\r\n", false),
        ] {
            let facts = machine(heard(held(6379, "redis-server", None), &[(ask, said)]), &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{said}");
        }
    }

    #[test]
    fn the_other_side_may_be_refused() {
        for (far, reach) in
            [("+PONG\r\n", Reach::Lan), ("-DENIED Redis is running in protected mode\r\n", Reach::AnyUser)]
        {
            let mut subject =
                heard(bound("0.0.0.0", held(6379, "redis-server", None)), &[(PING, "+PONG\r\n")]);
            let to = "192.168.1.7:6379".parse().unwrap();
            subject.heard.push(Heard { ask: PING, to, far: true, said: Some(far.into()) });
            let facts = machine(subject, &["192.168.1.7"]);
            let found = judge(&facts.subjects[0], &facts).unwrap();
            assert_eq!(found.reach, reach, "{far}");
            assert!(found.evidence.contains("through 192.168.1.7"), "{}", found.evidence);
        }
    }
}
