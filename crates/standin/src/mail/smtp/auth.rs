//! Authenticating: PLAIN (RFC 4616), LOGIN, and CRAM-MD5 (RFC 2195), inside of AUTH (RFC 4954).
//!
//! A sink takes any name and any password, so that programs need no configuration of their own; unless it was given
//! one of each.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use md5::{Digest as _, Md5};

use super::reply::Reply;

/// The mechanisms, as EHLO offers them.
pub(super) const OFFERED: &str = "AUTH PLAIN LOGIN CRAM-MD5";

/// The only user and password that are let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: String,
    password: String,
}

impl Login {
    /// From `user:password`; `None` where there is no colon.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (user, password) = text.split_once(':')?;
        Some(Self { user: user.to_owned(), password: password.to_owned() })
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether these are theirs.
    #[must_use]
    pub fn admits(&self, user: &str, password: &str) -> bool {
        self.user == user && self.password == password
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(…)")
    }
}

/// A mechanism under way: what the next line of the client means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Plain,
    LoginUser,
    LoginPassword(String),
    Cram(String),
}

/// What comes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The client is asked for another line, with this challenge.
    More(Step, String),
    /// The client is who it says.
    User(String),
    /// It is not, or the line was wrong.
    Refused(Reply),
}

/// Begins a mechanism. `challenge` is what CRAM-MD5 has the client sign: it must never repeat.
pub(super) fn begin(
    mechanism: &str,
    initial: Option<&str>,
    challenge: &str,
    login: Option<&Login>,
) -> Outcome {
    let step = match mechanism.to_ascii_uppercase().as_str() {
        "PLAIN" => Step::Plain,
        "LOGIN" => Step::LoginUser,
        "CRAM-MD5" if initial.is_some() => return refused(501, "5.5.4", "CRAM-MD5 begins with a challenge"),
        "CRAM-MD5" => Step::Cram(challenge.to_owned()),
        _ => return refused(504, "5.5.4", "the mechanism is not known"),
    };
    match initial {
        // RFC 4954 §4: "If the client is transmitting an initial response of zero length, it MUST instead transmit the
        // response as a single equals sign".
        Some("=") => step.answer(b"", login),
        Some(initial) => step.answer(initial.as_bytes(), login),
        None => {
            let asked = match &step {
                Step::Plain => String::new(),
                Step::LoginUser => STANDARD.encode("Username:"),
                Step::LoginPassword(_) => STANDARD.encode("Password:"),
                Step::Cram(challenge) => STANDARD.encode(challenge),
            };
            Outcome::More(step, asked)
        }
    }
}

impl Step {
    /// What comes of the client's line, without its end.
    pub(super) fn answer(self, line: &[u8], login: Option<&Login>) -> Outcome {
        if line == b"*" {
            return refused(501, "5.7.0", "given up, as you asked");
        }
        let text = STANDARD.decode(line).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text else { return refused(501, "5.5.2", "that is no base64 of UTF-8") };
        match self {
            Self::Plain => {
                let mut parts = text.split('\0');
                let (Some(_), Some(user), Some(password), None) =
                    (parts.next(), parts.next(), parts.next(), parts.next())
                else {
                    return refused(501, "5.5.2", "PLAIN is: authority NUL user NUL password");
                };
                admit(user, |login| login.admits(user, password), login)
            }
            Self::LoginUser => Outcome::More(Self::LoginPassword(text), STANDARD.encode("Password:")),
            Self::LoginPassword(user) => admit(&user, |login| login.admits(&user, &text), login),
            Self::Cram(challenge) => {
                let Some((user, digest)) = text.rsplit_once(' ') else {
                    return refused(501, "5.5.2", "CRAM-MD5 is: user, space, digest");
                };
                let signed = |login: &Login| {
                    login.user == user && digest == signed(&login.password, challenge.as_bytes())
                };
                admit(user, signed, login)
            }
        }
    }
}

fn admit(user: &str, is: impl FnOnce(&Login) -> bool, login: Option<&Login>) -> Outcome {
    if login.is_none_or(is) {
        Outcome::User(user.to_owned())
    } else {
        refused(535, "5.7.8", "the user or the password is wrong")
    }
}

fn refused(code: u16, status: &'static str, text: &'static str) -> Outcome {
    Outcome::Refused(Reply::new(code, status, text))
}

/// What CRAM-MD5 has a client answer beside its name (RFC 2195 §2).
pub(in crate::mail) fn signed(password: &str, challenge: &[u8]) -> String {
    hex(hmac_md5(password.as_bytes(), challenge))
}

/// HMAC with MD5 (RFC 2104).
fn hmac_md5(key: &[u8], text: &[u8]) -> [u8; 16] {
    const BLOCK: usize = 64;
    let mut padded = [0_u8; BLOCK];
    if key.len() > BLOCK {
        padded[..16].copy_from_slice(&Md5::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let inner = Md5::digest([&padded.map(|byte| byte ^ 0x36), text].concat());
    Md5::digest([&padded.map(|byte| byte ^ 0x5c)[..], &inner[..]].concat()).into()
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(
        mechanism: &str,
        initial: Option<&str>,
        lines: &[&str],
        login: Option<&Login>,
    ) -> Result<String, u16> {
        let mut outcome = begin(mechanism, initial, "<1896.697170952@postoffice.reston.mci.net>", login);
        for line in lines {
            let Outcome::More(step, _) = outcome else { break };
            outcome = step.answer(line.as_bytes(), login);
        }
        match outcome {
            Outcome::User(user) => Ok(user),
            Outcome::Refused(reply) => Err(reply.code),
            Outcome::More(..) => Err(334),
        }
    }

    #[test]
    fn mechanisms_find_the_user() {
        let encode = |text: &str| STANDARD.encode(text);
        let plain = encode("\0tim\0tanstaaftanstaaf");
        let wrong = encode("\0tim\0other");
        // The example of RFC 2195 §2.
        let cram = "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw";
        let login = Login::parse("tim:tanstaaftanstaaf");
        let (user, password) = (encode("tim"), encode("tanstaaftanstaaf"));
        for (mechanism, initial, lines, anyone, only_tim) in [
            ("PLAIN", Some(&plain[..]), &[][..], Ok("tim"), Ok("tim")),
            ("plain", None, &[&plain[..]][..], Ok("tim"), Ok("tim")),
            ("PLAIN", Some(&wrong[..]), &[], Ok("tim"), Err(535)),
            ("PLAIN", Some("="), &[], Err(501), Err(501)),
            ("PLAIN", None, &["*"], Err(501), Err(501)),
            ("PLAIN", None, &["%%"], Err(501), Err(501)),
            ("LOGIN", None, &[&user[..], &password[..]], Ok("tim"), Ok("tim")),
            ("LOGIN", Some(&user[..]), &[&password[..]], Ok("tim"), Ok("tim")),
            ("LOGIN", None, &[&user[..]], Err(334), Err(334)),
            ("CRAM-MD5", None, &[cram], Ok("tim"), Ok("tim")),
            ("CRAM-MD5", None, &[&user[..]], Err(501), Err(501)),
            ("CRAM-MD5", Some(cram), &[], Err(501), Err(501)),
            ("XOAUTH2", Some("x"), &[], Err(504), Err(504)),
        ] {
            let named = format!("{mechanism} {initial:?} {lines:?}");
            assert_eq!(run(mechanism, initial, lines, None), anyone.map(str::to_owned), "{named}");
            assert_eq!(
                run(mechanism, initial, lines, login.as_ref()),
                only_tim.map(str::to_owned),
                "{named}"
            );
        }
    }
}
