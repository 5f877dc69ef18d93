//! SMTP: the server greets with 220, and says in words what it is.

use super::{
    leaf::{Found, Probe, Turn},
    text,
};

/// Simple Mail Transfer Protocol (RFC 5321).
pub(super) struct Smtp;

impl Probe for Smtp {
    fn name(&self) -> &'static str {
        "SMTP"
    }

    fn turn(&self) -> Turn {
        Turn::Greets
    }

    fn programs(&self) -> &'static [&'static str] {
        &["postfix", "exim4", "sendmail", "smtpd", "aiosmtpd", "mailpit", "mailhog"]
    }

    fn ports(&self) -> &'static [u16] {
        &[25, 587, 1025, 2525]
    }

    /// Keeps the peer's log free of a connection lost.
    fn farewell(&self) -> &'static [u8] {
        b"QUIT\r\n"
    }

    /// RFC 5321 §4.2 does not oblige the greeting to name SMTP, though servers do; FTP greets with 220 too, so
    /// a greeting without the word stays unrecognised.
    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        let line = text::first_line(bytes);
        let words = line.strip_prefix(b"220 ").or_else(|| line.strip_prefix(b"220-"))?;
        let says = ["SMTP", "LMTP"].iter().any(|word| text::contains(words, word.as_bytes()));
        (says && bytes.ends_with(b"\n")).then(|| Found::new("SMTP", text::line(words)))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check_overheard, *};

    #[test]
    fn greetings() {
        check_overheard(
            &Smtp,
            &[
                (b"220 box ESMTP Postfix (Debian)\r\n", Some(("SMTP", Some("box ESMTP Postfix (Debian)")))),
                (b"220 box Python SMTP 1.4.3\r\n", Some(("SMTP", Some("box Python SMTP 1.4.3")))),
                (b"220-box ESMTP Exim 4.96\r\n220 hi\r\n", Some(("SMTP", Some("box ESMTP Exim 4.96")))),
                (b"220 (vsFTPd 3.0.3)\r\n", None),
                (b"220 ready\r\n", None),
                (b"554 no SMTP service here\r\n", None),
            ],
        );
    }
}
