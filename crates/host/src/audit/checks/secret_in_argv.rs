//! A54: its arguments hold a secret.

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A54",
    title: "its arguments hold a secret",
    why: "Every user of this machine may read the arguments of every process (proc_pid_cmdline(5)), and they end up \
          in histories and logs.",
    spares: "Names of files and variables that hold the secret instead, and values that are only placeholders.",
    fixes: &[("", "hand it over in a file or in the environment")],
    judge: Judge::Each(judge),
};

/// Ends of the names of options whose value is a secret.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secret-key",
    "token",
    "api-key",
    "apikey",
    "access-key",
    "private-key",
    "requirepass",
];

/// How secrets of well-known services begin, and how long they are at least.
const MARKS: &[(&str, usize)] = &[
    ("sk-", 24),
    ("sk_live_", 20),
    ("rk_live_", 20),
    ("ghp_", 36),
    ("gho_", 36),
    ("github_pat_", 40),
    ("glpat-", 24),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("AKIA", 20),
    ("AIza", 39),
    ("npm_", 36),
    ("hf_", 30),
    ("eyJhbGciOi", 40),
];

fn judge(subject: &Subject, _: &Facts) -> Option<Found> {
    subject.listener.holders.iter().find_map(|holder| {
        let (at, what) = secret(holder.argv.as_deref()?)?;
        let evidence = format!("argument {at} of pid {} (`{}`) is {what}", holder.pid, holder.name);
        Some(Found::observed(Power::Read, Reach::AnyUser, evidence).fix(CHECK.fix(subject)))
    })
}

/// The first argument that holds a secret, counted from 0 as argv is, and what it is: never its value.
fn secret(argv: &[String]) -> Option<(usize, String)> {
    for (at, argument) in argv.iter().enumerate().skip(1) {
        if let Some((mark, _)) = MARKS.iter().find(|(mark, least)| has_mark(argument, mark, *least)) {
            return Some((at, format!("a secret that begins with `{mark}`")));
        }
        if has_userinfo(argument) {
            return Some((at, "a URL with a password".to_owned()));
        }
        let next = argv.get(at + 1).filter(|_| argument.starts_with('-') && !argument.contains('='));
        // `Server=db;Password=x` and `?token=x` hold several.
        let pairs = argument.split([';', '&', '?', ' ']).filter_map(|pair| pair.split_once('='));
        let mut pairs = pairs.chain(next.map(|value| (argument.as_str(), value.as_str())));
        if let Some((name, _)) = pairs.find(|(name, value)| is_secret_name(name) && is_value(value)) {
            return Some((at, format!("the value of `{name}`")));
        }
    }
    None
}

fn is_secret_name(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
    NAMES.iter().any(|known| {
        name.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with(['-', '.', ':']))
    })
}

/// Whether it may be a secret, and not where one lies or what stands for one.
fn is_value(value: &str) -> bool {
    let elsewhere = ["-", "/", "./", "~", "@", "$", "{", "<", "env:", "file:", "op://", "vault:"];
    // A key or certificate lies in a file of its own; a few digits count something (`--max-token 4096`).
    let files = [".pem", ".key", ".crt", ".p12", ".pfx", ".jks", ".json", ".txt", ".conf"];
    let counts = value.len() < 6 && value.bytes().all(|byte| byte.is_ascii_digit());
    let words = ["true", "false", "none", "null", "changeme", "redacted"];
    value.len() >= 4
        && !counts
        && !files.iter().any(|end| value.ends_with(end))
        && !elsewhere.iter().any(|start| value.starts_with(start))
        && !words.iter().any(|word| value.eq_ignore_ascii_case(word))
        && !value.bytes().all(|byte| byte == b'*' || byte == b'x')
}

/// `postgres://user:password@host` (RFC 3986 §3.2.1).
fn has_userinfo(argument: &str) -> bool {
    let Some((_, rest)) = argument.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let password = authority.rsplit_once('@').and_then(|(userinfo, _)| userinfo.split_once(':'));
    password.is_some_and(|(_, password)| is_value(password))
}

fn has_mark(argument: &str, mark: &str, least: usize) -> bool {
    argument.split(['=', ' ', ',', '"', '\'', ':', ';']).any(|word| {
        word.len() >= least
            && word.starts_with(mark)
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_and_clean() {
        for (argv, expected) in [
            ("app --password hunter2", Some((1, "the value of `--password`"))),
            ("app --db.password=hunter2", Some((1, "the value of `--db.password`"))),
            ("app --api_key=0123456789", Some((1, "the value of `--api_key`"))),
            ("redis-server --requirepass hunter2", Some((1, "the value of `--requirepass`"))),
            ("java -Dmy.password=hunter2 App", Some((1, "the value of `-Dmy.password`"))),
            ("app postgres://me:hunter2@localhost/db", Some((1, "a URL with a password"))),
            ("app x AKIAIOSFODNN7EXAMPLE", Some((2, "a secret that begins with `AKIA`"))),
            ("app --key=sk-proj-abcdefghijklmnopqrstuv", Some((1, "a secret that begins with `sk-`"))),
            ("app --password-file /run/secret", None),
            ("app --password /run/secret", None),
            ("app --password=$PASSWORD", None),
            ("app --password", None),
            ("app --token-ttl 3600", None),
            ("app --no-password --verbose", None),
            ("app postgres://me@localhost/db", None),
            ("app http://localhost:3000/a@b:c", None),
            ("app --task sk-ip", None),
            ("app --passwords 4000", None),
            ("app --max-tokens 4096", None),
            ("app --max-token 4096", None),
            ("app --tls-private-key=certs/server.key", None),
            ("app --db=Server=db;Password=hunter2", Some((1, "the value of `Password`"))),
            ("app http://localhost/?token=hunter2", Some((1, "the value of `token`"))),
            ("app http://localhost/?page=hunter2", None),
        ] {
            let argv: Vec<String> = argv.split(' ').map(str::to_owned).collect();
            let found = secret(&argv);
            assert_eq!(found.as_ref().map(|(at, what)| (*at, what.as_str())), expected, "{argv:?}");
        }
    }

    #[test]
    fn the_value_is_never_told() {
        let subject = super::super::fixture::held(3000, "app", None);
        let subject = super::super::fixture::with_argv(subject, "app --token=hunter2hunter2");
        let found = judge(&subject, &Facts::default()).unwrap();
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    }
}
