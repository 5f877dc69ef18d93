//! What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1), and what a client makes of that.

/// What a server can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offered {
    pub(super) starttls: bool,
    pub(super) eight_bit: bool,
    pub(super) utf8: bool,
    /// Whether SIZE may be said, and the longest message where there is a limit.
    pub(super) size: Option<Option<u64>>,
    /// Mechanisms of AUTH, in capitals.
    pub(super) mechanisms: Vec<String>,
}

/// A way to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain,
    Login,
    CramMd5,
}

impl Offered {
    /// From the lines of the reply behind the first one.
    pub(super) fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut offered = Self::default();
        for line in lines {
            // Old servers write `AUTH=LOGIN`, some of them beside the right form.
            let line = line.to_ascii_uppercase().replace("AUTH=", "AUTH ");
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("STARTTLS") => offered.starttls = true,
                Some("8BITMIME") => offered.eight_bit = true,
                Some("SMTPUTF8") => offered.utf8 = true,
                Some("SIZE") => {
                    // RFC 1870 §4: 0 means that there is no limit that is known.
                    let most = words.next().and_then(|most| most.parse().ok()).filter(|most| *most > 0);
                    offered.size = Some(most);
                }
                Some("AUTH") => offered.mechanisms.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offered
    }

    /// The way that is taken: what tells the least to whoever listens, or where nobody can, what every server has.
    pub(super) fn mechanism(&self, secure: bool) -> Option<Mechanism> {
        let open = [Mechanism::CramMd5, Mechanism::Plain, Mechanism::Login];
        let sealed = [Mechanism::Plain, Mechanism::Login, Mechanism::CramMd5];
        let order = if secure { sealed } else { open };
        order.into_iter().find(|one| self.mechanisms.iter().any(|name| name == one.name()))
    }

    /// What is said behind the sender of a message.
    pub(super) fn parameters(&self, size: usize, eight_bit: bool, utf8: bool) -> String {
        let mut text = String::new();
        if self.size.is_some() {
            text.push_str(&format!(" SIZE={size}"));
        }
        if self.eight_bit && eight_bit {
            text.push_str(" BODY=8BITMIME");
        }
        if self.utf8 && utf8 {
            text.push_str(" SMTPUTF8");
        }
        text
    }
}

impl Mechanism {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::CramMd5 => "CRAM-MD5",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mechanism, Offered};

    #[test]
    fn only_what_is_offered_is_used() {
        for (lines, size, parameters, open, sealed) in [
            (&["PIPELINING"][..], None, "", None, None),
            (
                &["size 1000", "8bitmime", "SMTPUTF8", "AUTH login CRAM-MD5"][..],
                Some(Some(1000)),
                " SIZE=7 BODY=8BITMIME SMTPUTF8",
                Some(Mechanism::CramMd5),
                Some(Mechanism::Login),
            ),
            (
                &["SIZE", "AUTH=PLAIN XOAUTH2"][..],
                Some(None),
                " SIZE=7",
                Some(Mechanism::Plain),
                Some(Mechanism::Plain),
            ),
            (&["SIZE 0", "AUTH GSSAPI"][..], Some(None), " SIZE=7", None, None),
        ] {
            let offered = Offered::read(lines.iter().copied());
            assert_eq!(offered.size, size, "{lines:?}");
            assert_eq!(offered.parameters(7, true, true), parameters, "{lines:?}");
            assert_eq!((offered.mechanism(false), offered.mechanism(true)), (open, sealed), "{lines:?}");
        }
        assert_eq!(Offered::read(["8BITMIME", "SMTPUTF8"]).parameters(7, false, false), "");
    }
}
