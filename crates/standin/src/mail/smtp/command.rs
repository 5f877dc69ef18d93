//! One line of a client, understood: verbs and their arguments (RFC 5321 §4.1.1).

use super::{path, reply::Reply};

/// A command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Helo(&'a str),
    Ehlo(&'a str),
    Mail { from: String, parameters: Parameters<'a> },
    Rcpt { to: String },
    Data,
    Bdat { size: u64, last: bool },
    Rset,
    Noop,
    Quit,
    Vrfy(&'a str),
    Expn,
    Help,
    Auth { mechanism: &'a str, initial: Option<&'a str> },
    StartTls,
}

/// What a client says of the message beside its sender.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters<'a> {
    /// SIZE (RFC 1870), in bytes.
    pub(super) size: Option<u64>,
    /// SMTPUTF8 (RFC 6531).
    pub(super) utf8: bool,
    /// AUTH (RFC 4954 §5): who is said to have sent it. Nothing follows from it here.
    pub(super) auth: Option<&'a str>,
}

impl<'a> Command<'a> {
    /// Understands a line without its end. `utf8` is whether the message may have addresses in UTF-8; MAIL says that for
    /// itself.
    ///
    /// # Errors
    /// What to reply instead.
    pub(super) fn parse(line: &'a [u8], utf8: bool) -> Result<Self, Reply> {
        let Ok(line) = std::str::from_utf8(line) else {
            return Err(Reply::new(500, "5.5.2", "a command is of ASCII or UTF-8"));
        };
        let line = line.trim_end_matches([' ', '\t']);
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim_start_matches(' ');
        let bare = |command| if rest.is_empty() { Ok(command) } else { Err(no_argument(verb)) };
        match verb.to_ascii_uppercase().as_str() {
            "HELO" => named(verb, rest).map(Self::Helo),
            "EHLO" => named(verb, rest).map(Self::Ehlo),
            "MAIL" => mail(rest),
            "RCPT" => rcpt(rest, utf8),
            "DATA" => bare(Self::Data),
            "BDAT" => bdat(rest),
            "RSET" => bare(Self::Rset),
            "NOOP" => Ok(Self::Noop),
            "QUIT" => bare(Self::Quit),
            "VRFY" if !rest.is_empty() => Ok(Self::Vrfy(rest)),
            "VRFY" => Err(Reply::new(501, "5.5.4", "VRFY needs a name")),
            "EXPN" => Ok(Self::Expn),
            "HELP" => Ok(Self::Help),
            "AUTH" => auth(rest),
            "STARTTLS" => bare(Self::StartTls),
            _ => Err(Reply::new(500, "5.5.1", "the command is not known")),
        }
    }
}

fn named<'a>(verb: &str, rest: &'a str) -> Result<&'a str, Reply> {
    match rest {
        "" => Err(Reply::new(
            501,
            "5.5.4",
            format!("{} needs the name of the client", verb.to_ascii_uppercase()),
        )),
        name if name.len() > crate::mail::limits::DOMAIN => {
            Err(Reply::new(501, "5.5.4", "the name of the client is too long"))
        }
        name => Ok(name),
    }
}

fn mail(rest: &str) -> Result<Command<'_>, Reply> {
    let rest = after(rest, "FROM:").ok_or_else(|| Reply::new(501, "5.5.4", "write MAIL FROM:<address>"))?;
    let (path, rest) = path::split(rest).ok_or_else(|| Reply::new(501, "5.1.7", "the sender has no < >"))?;
    let parameters = parameters(rest)?;
    let from = path::mailbox(path, parameters.utf8, true)
        .map_err(|why| Reply::new(why.code(), "5.1.7", format!("the sender: {why}")))?;
    Ok(Command::Mail { from, parameters })
}

fn rcpt(rest: &str, utf8: bool) -> Result<Command<'_>, Reply> {
    let rest = after(rest, "TO:").ok_or_else(|| Reply::new(501, "5.5.4", "write RCPT TO:<address>"))?;
    let (path, rest) =
        path::split(rest).ok_or_else(|| Reply::new(501, "5.1.3", "the recipient has no < >"))?;
    let ignored =
        |word: &&str| word.split_once('=').is_some_and(|(name, _)| is_any(name, &["NOTIFY", "ORCPT"]));
    if let Some(parameter) = rest.split_ascii_whitespace().find(|word| !ignored(word)) {
        return Err(Reply::new(555, "5.5.4", format!("RCPT knows no parameter {parameter}")));
    }
    let to = path::mailbox(path, utf8, false)
        .map_err(|why| Reply::new(why.code(), "5.1.3", format!("the recipient: {why}")))?;
    Ok(Command::Rcpt { to })
}

/// Parameters of MAIL. Those of RFC 3461, of reports on what becomes of a message, are let pass by MAIL and RCPT, as other
/// sinks do: nothing becomes of it.
fn parameters(rest: &str) -> Result<Parameters<'_>, Reply> {
    let mut parameters = Parameters::default();
    for word in rest.split_ascii_whitespace() {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        match (name.to_ascii_uppercase().as_str(), value) {
            ("SIZE", Some(value)) => {
                let size = value.parse().ok().filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()));
                parameters.size = Some(size.ok_or_else(|| Reply::new(501, "5.5.4", "SIZE is no number"))?);
            }
            ("BODY", Some(value))
                if ["7BIT", "8BITMIME"].iter().any(|body| value.eq_ignore_ascii_case(body)) => {}
            ("SMTPUTF8", None) => parameters.utf8 = true,
            ("AUTH", Some(value)) => parameters.auth = Some(value),
            ("RET" | "ENVID", Some(_)) => {}
            _ => return Err(Reply::new(555, "5.5.4", format!("MAIL knows no parameter {word}"))),
        }
    }
    Ok(parameters)
}

fn bdat(rest: &str) -> Result<Command<'_>, Reply> {
    let wrong = || Reply::new(501, "5.5.4", "write BDAT size, or BDAT size LAST");
    let mut words = rest.split_ascii_whitespace();
    let size =
        words.next().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(wrong)?;
    let size = size.parse().map_err(|_| wrong())?;
    match (words.next(), words.next()) {
        (None, _) => Ok(Command::Bdat { size, last: false }),
        (Some(word), None) if word.eq_ignore_ascii_case("LAST") => Ok(Command::Bdat { size, last: true }),
        _ => Err(wrong()),
    }
}

fn auth(rest: &str) -> Result<Command<'_>, Reply> {
    let mut words = rest.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(mechanism), initial, None) => Ok(Command::Auth { mechanism, initial }),
        _ => Err(Reply::new(501, "5.5.4", "write AUTH mechanism, or AUTH mechanism response")),
    }
}

fn is_any(name: &str, names: &[&str]) -> bool {
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}

fn no_argument(verb: &str) -> Reply {
    Reply::new(501, "5.5.4", format!("{} takes no argument", verb.to_ascii_uppercase()))
}

/// What stands behind a word that is written in any case. A space behind it is wrong, but so common that it is let pass.
fn after<'a>(rest: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = rest.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then(|| rest.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::{Command, Parameters};

    fn mail<'a>(from: &str, parameters: Parameters<'a>) -> Command<'a> {
        Command::Mail { from: from.to_owned(), parameters }
    }

    #[test]
    fn lines_are_understood() {
        for (line, expected) in [
            ("EHLO client.example", Command::Ehlo("client.example")),
            ("ehlo [127.0.0.1] ", Command::Ehlo("[127.0.0.1]")),
            ("MAIL FROM:<a@b.example>", mail("a@b.example", Parameters::default())),
            ("mail from: <>", mail("", Parameters::default())),
            (
                "MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME",
                mail("a@b", Parameters { size: Some(12), ..Parameters::default() }),
            ),
            (
                "MAIL FROM:<ä@b> SMTPUTF8 AUTH=<>",
                mail("ä@b", Parameters { utf8: true, auth: Some("<>"), size: None }),
            ),
            ("RCPT TO:<\"a b>\"@c>", Command::Rcpt { to: "\"a b>\"@c".to_owned() }),
            ("RCPT TO:<@relay.example:a@c>", Command::Rcpt { to: "a@c".to_owned() }),
            ("RCPT TO:<Postmaster>", Command::Rcpt { to: "Postmaster".to_owned() }),
            ("MAIL FROM:<a@b> RET=HDRS ENVID=x", mail("a@b", Parameters::default())),
            ("RCPT TO:<a@b> notify=NEVER ORCPT=rfc822;a@b", Command::Rcpt { to: "a@b".to_owned() }),
            ("BDAT 12", Command::Bdat { size: 12, last: false }),
            ("bdat 0 last", Command::Bdat { size: 0, last: true }),
            ("AUTH PLAIN =", Command::Auth { mechanism: "PLAIN", initial: Some("=") }),
            ("NOOP whatever", Command::Noop),
            ("VRFY a", Command::Vrfy("a")),
            ("quit", Command::Quit),
        ] {
            assert_eq!(Command::parse(line.as_bytes(), false), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, code) in [
            ("", 500),
            ("GET / HTTP/1.1", 500),
            ("EHLO", 501),
            ("MAIL", 501),
            ("MAIL FROM:a@b", 501),
            ("MAIL FROM:<a@b", 501),
            ("MAIL FROM:<ä@b>", 553),
            ("MAIL FROM:<a@b> SIZE=-1", 501),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", 555),
            ("MAIL FROM:<a@b> RET", 555),
            ("RCPT TO:<>", 501),
            ("RCPT TO:<a@b> NOTIFY", 555),
            ("RCPT TO:<a@b> NOTIFY=NEVER SIZE=1", 555),
            ("RCPT TO:<a b@c>", 501),
            ("DATA x", 501),
            ("BDAT", 501),
            ("BDAT +1", 501),
            ("BDAT 99999999999999999999", 501),
            ("BDAT 1 FIRST", 501),
            ("AUTH", 501),
            ("STARTTLS now", 501),
            ("VRFY", 501),
        ] {
            let reply = Command::parse(line.as_bytes(), false).expect_err(line);
            assert_eq!(reply.code, code, "{line}: {reply:?}");
        }
        assert_eq!(Command::parse(b"EHLO \xff", false).map_err(|reply| reply.code), Err(500));
    }
}
