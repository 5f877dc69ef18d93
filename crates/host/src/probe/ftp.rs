//! FTP: the server greets with 220, and says in words what it is.

use super::{
    leaf::{Found, Probe, Turn},
    text,
};

/// File Transfer Protocol (RFC 959).
pub(super) struct Ftp;

impl Probe for Ftp {
    fn name(&self) -> &'static str {
        "FTP"
    }

    fn turn(&self) -> Turn {
        Turn::Greets
    }

    fn programs(&self) -> &'static [&'static str] {
        &["vsftpd", "proftpd", "pure-ftpd"]
    }

    fn ports(&self) -> &'static [u16] {
        &[21, 2121]
    }

    /// Keeps the peer's log free of a connection lost.
    fn farewell(&self) -> &'static [u8] {
        b"QUIT\r\n"
    }

    /// SMTP greets with 220 as well, so the words decide; a greeting without them stays unrecognised.
    fn overheard(&self, bytes: &[u8]) -> Option<Found> {
        let line = text::first_line(bytes);
        let words = line.strip_prefix(b"220 ").or_else(|| line.strip_prefix(b"220-"))?;
        let says = text::contains(bytes, b"FTP") || text::contains(words, b"FileZilla");
        if !says || text::contains(words, b"SMTP") || !bytes.ends_with(b"\n") {
            return None;
        }
        Some(Found::new("FTP", text::line(words)))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check_overheard, *};

    #[test]
    fn greetings() {
        check_overheard(
            &Ftp,
            &[
                (b"220 (vsFTPd 3.0.3)\r\n", Some(("FTP", Some("(vsFTPd 3.0.3)")))),
                (
                    b"220 ProFTPD Server (Debian) [::1]\r\n",
                    Some(("FTP", Some("ProFTPD Server (Debian) [::1]"))),
                ),
                (b"220-FileZilla Server 1.8.0\r\n220 hi\r\n", Some(("FTP", Some("FileZilla Server 1.8.0")))),
                (b"220 mail.local ESMTP Postfix\r\n", None),
                (b"220 ready\r\n", None),
                (b"421 FTP is full\r\n", None),
                (b"220 (vsFTPd", None),
            ],
        );
    }
}
