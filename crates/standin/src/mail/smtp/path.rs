//! Addresses in commands: a path in angle brackets (RFC 5321 §4.1.2).

use crate::mail::limits;

/// Why a path is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPath {
    #[error("there is no address")]
    Empty,
    #[error("an address of that form cannot be")]
    Form,
    #[error("the local part is longer than 64 octets")]
    Local,
    #[error("the domain is longer than 255 octets")]
    Domain,
    #[error("the path is longer than 256 octets")]
    Long,
    #[error("it has letters beyond ASCII, and MAIL did not say SMTPUTF8")]
    NotAscii,
}

impl NoPath {
    /// The code that says so: 501 for what is malformed, 553 for what may not be.
    pub(super) fn code(self) -> u16 {
        match self {
            Self::NotAscii | Self::Local | Self::Domain | Self::Long => 553,
            Self::Empty | Self::Form => 501,
        }
    }
}

/// Splits `<path> rest` into what is inside of the brackets and what is behind them. A bracket in a quoted string is
/// part of it.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, letter) in inside.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => {
                let rest = &inside[at + 1..];
                return (rest.is_empty() || rest.starts_with(' ')).then_some((&inside[..at], rest));
            }
            _ => {}
        }
    }
    None
}

/// The mailbox of a path, without the route that may stand before it. `null` is whether there may be none, as in the
/// sender of a bounce. An address without a domain is let pass: programs under test have them.
pub(super) fn mailbox(path: &str, utf8: bool, null: bool) -> Result<String, NoPath> {
    if path.is_empty() {
        return if null { Ok(String::new()) } else { Err(NoPath::Empty) };
    }
    if path.len() + 2 > limits::PATH {
        return Err(NoPath::Long);
    }
    if !utf8 && !path.is_ascii() {
        return Err(NoPath::NotAscii);
    }
    // RFC 5321 §4.1.1.3: "SHOULD simply ignore the source routes".
    let mailbox = match path.strip_prefix('@') {
        Some(route) => route.split_once(':').ok_or(NoPath::Form)?.1,
        None => path,
    };
    let (local, domain) = match mailbox.rfind('@') {
        Some(at) => (&mailbox[..at], Some(&mailbox[at + 1..])),
        None => (mailbox, None),
    };
    if local.len() > limits::LOCAL_PART {
        return Err(NoPath::Local);
    }
    if domain.is_some_and(|domain| domain.len() > limits::DOMAIN) {
        return Err(NoPath::Domain);
    }
    let quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    let plain = |letter: char| !letter.is_control() && !matches!(letter, ' ' | '<' | '>' | '"' | '\\' | '@');
    let local_fits = if quoted {
        !local.chars().any(char::is_control)
    } else {
        !local.is_empty() && local.chars().all(plain)
    };
    let domain_fits = domain.is_none_or(|domain| !domain.is_empty() && domain.chars().all(plain));
    if local_fits && domain_fits { Ok(mailbox.to_owned()) } else { Err(NoPath::Form) }
}

#[cfg(test)]
mod tests {
    use super::{NoPath, mailbox, split};

    #[test]
    fn brackets_in_quotes_belong_to_the_path() {
        for (text, expected) in [
            ("<a@b>", Some(("a@b", ""))),
            ("<a@b> SIZE=1", Some(("a@b", " SIZE=1"))),
            ("<\"a>\\\"\"@b> X", Some(("\"a>\\\"\"@b", " X"))),
            ("<>", Some(("", ""))),
            ("<a@b>SIZE=1", None),
            ("<a@b", None),
            ("a@b", None),
            ("", None),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn lengths_and_letters_are_held() {
        let check = |path: &str, expected: Result<&str, NoPath>| {
            assert_eq!(mailbox(path, false, false), expected.map(str::to_owned), "{path}");
        };
        check("a@b", Ok("a@b"));
        check(&format!("{}@b", "a".repeat(64)), Ok(&format!("{}@b", "a".repeat(64))));
        check(&format!("{}@b", "a".repeat(65)), Err(NoPath::Local));
        check(&format!("a@{}", "b".repeat(252)), Ok(&format!("a@{}", "b".repeat(252))));
        check(&format!("a@{}", "b".repeat(253)), Err(NoPath::Long));
        check("a\u{1}@b", Err(NoPath::Form));
        check("a@", Err(NoPath::Form));
        check("@b", Err(NoPath::Form));
        check("ä@b", Err(NoPath::NotAscii));
        check("", Err(NoPath::Empty));
        assert_eq!(mailbox("ä@b", true, false), Ok("ä@b".to_owned()));
    }
}
