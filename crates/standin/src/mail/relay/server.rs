//! A server of SMTP as it is written on a command line.
//!
//! Pure: text in, the server or what is wrong with it out.

use super::super::away::url::host_and_port;

/// Where TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Nowhere.
    Never,
    /// With STARTTLS, where that is offered.
    Offered,
    /// With STARTTLS, or nothing is sent.
    Required,
    /// With the first byte.
    Implicit,
}

/// A user and a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) password: String,
}

/// A server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) account: Option<Account>,
}

/// What is wrong with a server as it was written. The text may have a password in it and is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRelay {
    /// It has no such form.
    #[error("is no server, such as `localhost:25` or `smtps://user:password@mail.example`")]
    Form,
    /// A part of it is escaped in a way that means nothing.
    #[error("has a user or a password that cannot be one: write `%40` for @, `%3A` for : and `%2F` for /")]
    Account,
    /// What is behind the question mark is not known.
    #[error("has something behind the `?` that is not `tls=required`, `tls=opportunistic` or `tls=none`")]
    Option,
    /// It would tell everyone the password.
    #[error("would send its password without TLS: leave out `tls=none`")]
    Exposed,
    /// A password without anyone whose it is.
    #[error("has no user whose password that could be: write `smtp://user@host`")]
    NoUser,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Account(…)")
    }
}

impl Relay {
    /// From `host:port`, `smtp://[user:password@]host[:port][?tls=…]`, or the same with `smtps`.
    ///
    /// # Errors
    /// When it is none of these, or would send a password without TLS to another machine.
    pub fn parse(text: &str) -> Result<Self, NoRelay> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        let (rest, option) = rest.split_once('?').map_or((rest, None), |(rest, option)| (rest, Some(option)));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // A password may have an @ that nobody has escaped; a host has none.
        let (account, place) =
            rest.rsplit_once('@').map_or((None, rest), |(account, rest)| (Some(account), rest));
        let (host, port) = host_and_port(place).ok_or(NoRelay::Form)?;
        let encryption = match (scheme.as_deref(), option) {
            (None | Some("smtp"), None | Some("tls=opportunistic")) => Encryption::Offered,
            (Some("smtp"), Some("tls=required")) => Encryption::Required,
            (Some("smtp"), Some("tls=none")) => Encryption::Never,
            (Some("smtps"), None) => Encryption::Implicit,
            (None | Some("smtp" | "smtps"), Some(_)) => return Err(NoRelay::Option),
            (Some(_), _) => return Err(NoRelay::Form),
        };
        let usual = match encryption {
            _ if scheme.is_none() => None,
            Encryption::Implicit => Some(465),
            Encryption::Required => Some(587),
            Encryption::Offered | Encryption::Never => Some(25),
        };
        let relay = Self {
            host: host.to_owned(),
            port: port.or(usual).ok_or(NoRelay::Form)?,
            encryption,
            account: account.map(Account::parse).transpose()?,
        };
        if scheme.is_none() && relay.account.is_some() {
            return Err(NoRelay::Form);
        }
        if relay.account.is_some() && encryption == Encryption::Never && !relay.is_local() {
            return Err(NoRelay::Exposed);
        }
        Ok(relay)
    }

    /// The same with another password, which was kept elsewhere.
    ///
    /// # Errors
    /// When it has no user, or the password has letters that none can have.
    pub fn with_password(mut self, password: &str) -> Result<Self, NoRelay> {
        let account = self.account.as_mut().ok_or(NoRelay::NoUser)?;
        password.clone_into(&mut account.password);
        if account.is_odd() { Err(NoRelay::Account) } else { Ok(self) }
    }

    /// Its name and port.
    #[must_use]
    pub fn server(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Whether it is an address of the loopback device: a name could lead anywhere, but `localhost`.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl Account {
    fn parse(text: &str) -> Result<Self, NoRelay> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let account = Self {
            user: decoded(user).ok_or(NoRelay::Account)?,
            password: decoded(password).ok_or(NoRelay::Account)?,
        };
        if account.user.is_empty() || account.is_odd() { Err(NoRelay::Account) } else { Ok(account) }
    }

    /// Whether it has a letter that could end what it is written into.
    fn is_odd(&self) -> bool {
        self.user.chars().chain(self.password.chars()).any(char::is_control)
    }
}

/// Undoes what `%` stands for; `None` where it stands for nothing.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{Encryption, NoRelay, Relay};

    #[test]
    fn servers_are_written_in_many_ways() {
        for (text, expected) in [
            ("127.0.0.1:25", Ok(("127.0.0.1:25", Encryption::Offered, None))),
            ("[::1]:25", Ok(("[::1]:25", Encryption::Offered, None))),
            ("smtp://mail.example", Ok(("mail.example:25", Encryption::Offered, None))),
            ("SMTP://mail.example/?tls=required", Ok(("mail.example:587", Encryption::Required, None))),
            (
                "smtp://a:b@mail.example:2525",
                Ok(("mail.example:2525", Encryption::Offered, Some(("a", "b")))),
            ),
            ("smtp://a@mail.example", Ok(("mail.example:25", Encryption::Offered, Some(("a", ""))))),
            (
                "smtps://a%40b:p%3a@%2F:c@[::1]",
                Ok(("[::1]:465", Encryption::Implicit, Some(("a@b", "p:@/:c")))),
            ),
            ("smtp://a:b@localhost?tls=none", Ok(("localhost:25", Encryption::Never, Some(("a", "b"))))),
            ("smtp://a:b@mail.example?tls=none", Err(NoRelay::Exposed)),
            ("smtp://mail.example?tls=maybe", Err(NoRelay::Option)),
            ("smtps://mail.example?tls=none", Err(NoRelay::Option)),
            ("smtp://%zz@mail.example", Err(NoRelay::Account)),
            ("smtp://a%0d%0aDATA:b@mail.example", Err(NoRelay::Account)),
            ("smtp://:b@mail.example", Err(NoRelay::Account)),
            ("http://mail.example:25", Err(NoRelay::Form)),
            ("a:b@mail.example:25", Err(NoRelay::Form)),
            ("mail.example", Err(NoRelay::Form)),
            (":25", Err(NoRelay::Form)),
            ("a:0", Err(NoRelay::Form)),
            ("a:x", Err(NoRelay::Form)),
            ("a b:25", Err(NoRelay::Form)),
        ] {
            let relay = Relay::parse(text);
            let server = relay.as_ref().map(Relay::server).unwrap_or_default();
            let found = relay.as_ref().map_err(|wrong| *wrong).map(|relay| {
                let account = relay.account.as_ref();
                (&server[..], relay.encryption, account.map(|one| (&one.user[..], &one.password[..])))
            });
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn only_the_loopback_device_is_local() {
        for (text, expected) in [
            ("127.0.0.1:25", true),
            ("[::1]:25", true),
            ("LocalHost:2525", true),
            ("mail.example:25", false),
            ("10.0.0.1:25", false),
        ] {
            assert_eq!(Relay::parse(text).map(|relay| relay.is_local()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let relay = Relay::parse("smtps://me:secret@mail.example").unwrap();
        assert!(!format!("{relay:?} {}", relay.server()).contains("secret"));
        let other = relay.with_password("other").unwrap();
        assert_eq!(other.account.as_ref().unwrap().password, "other");
        assert_eq!(other.with_password("a\r\nb"), Err(NoRelay::Account));
        assert_eq!(Relay::parse("a:25").unwrap().with_password("x"), Err(NoRelay::NoUser));
    }
}
