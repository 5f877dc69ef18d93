//! What becomes of a line that a client says, and of one that the library answers: pure.
//!
//! Encryption (RFC 4217) and passive ports (RFC 959, RFC 2428) are ours; all else is passed on. Where TLS is spoken
//! neither a login nor a file goes in clear. Deliberately absent: active connections, with which a client could make
//! this machine connect to others.

use std::net::IpAddr;

/// What a session has come to.
#[derive(Debug)]
pub(super) struct Session {
    /// Whether TLS is spoken, and so demanded.
    tls: bool,
    encrypted: bool,
    /// Whether data connections are encrypted from now on.
    private: bool,
    /// The address that the client has reached.
    local: IpAddr,
    /// How the client asked for the port that is being opened.
    form: Form,
    /// Whether a file or a list is under way.
    transfer: bool,
}

/// What is done with a line of the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The library is to answer it.
    Pass,
    /// The library is to answer this instead.
    Ask(&'static str),
    /// It is answered with this line.
    Say(&'static str),
    /// It is answered with this line, and then hands are shaken.
    Encrypt(&'static str),
    /// The library is to open a port for data.
    Open,
    /// What is under way is cut short.
    Abort,
}

/// What is done with a line of the library.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The client is told.
    Pass,
    /// The client is told this instead.
    Instead(String),
    /// The library waits for data at this port of the loopback device.
    Opened(u16),
    /// The client is told, once it has all that the library sent; else that it was cut short.
    Moved,
}

/// How a port for data is asked for, and named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// PASV: with its address.
    Short,
    /// EPSV: at the address that the client has reached.
    Extended,
}

/// Commands that move bytes on a connection of their own.
const TRANSFERS: &[&str] = &["RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"];

/// Commands besides that are about files, and may fail.
const FILES: &[&str] =
    &["CWD", "CDUP", "DELE", "MDTM", "MKD", "MLST", "RMD", "RNFR", "RNTO", "SIZE", "STAT", "XMKD", "XRMD"];

/// What is in the list of features where TLS is spoken (RFC 4217 §6).
const FEATURES: &str = "211-Extensions supported:\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n";

impl Session {
    /// One that has just begun, at this address of ours; `encrypted` from its first byte on, or not.
    pub(super) fn new(tls: bool, encrypted: bool, local: IpAddr) -> Self {
        let local = local.to_canonical();
        Self { tls, encrypted, private: false, local, form: Form::Extended, transfer: false }
    }

    /// What is done with this line of the client, which has no end of line.
    pub(super) fn said(&mut self, line: &[u8]) -> Step {
        let (verb, argument) = parts(line);
        match verb.as_str() {
            "AUTH" => self.auth(&argument),
            "PBSZ" | "PROT" if !self.tls => Step::Say("502 TLS is not spoken here: that takes --tls"),
            "PBSZ" | "PROT" if !self.encrypted => Step::Say("503 AUTH TLS comes first"),
            // RFC 4217 §8: "the only permitted value is '0'".
            "PBSZ" => Step::Say("200 PBSZ=0"),
            "PROT" => self.protect(&argument),
            "ABOR" if std::mem::take(&mut self.transfer) => Step::Abort,
            // Above the root is the root itself: so does CDUP, and other servers with both.
            "CWD" | "XCWD" if argument == ".." => Step::Ask("CDUP"),
            "CCC" => Step::Say("534 what was encrypted stays so"),
            "USER" | "PASS" | "ACCT" if self.tls && !self.encrypted => {
                Step::Say("530 say AUTH TLS first: nobody logs in here in clear")
            }
            "PASV" if !self.local.is_ipv4() => Step::Say("425 PASV names addresses of IPv4: say EPSV"),
            "PASV" => self.open(Form::Short),
            "EPSV" => match argument.as_str() {
                "ALL" => Step::Say("200 only EPSV from now on"),
                "1" if !self.local.is_ipv4() => Step::Say("522 this is another family, use (2)"),
                "2" if self.local.is_ipv4() => Step::Say("522 this is another family, use (1)"),
                "" | "1" | "2" => self.open(Form::Extended),
                _ => Step::Say("501 EPSV takes 1, 2 or ALL"),
            },
            verb if TRANSFERS.contains(&verb) && self.tls && !self.private => {
                Step::Say("522 say PROT P first: no data goes in clear here")
            }
            _ => Step::Pass,
        }
    }

    /// Hands have been shaken.
    pub(super) fn encrypted(&mut self) {
        self.encrypted = true;
    }

    /// Whether the next data connection is encrypted.
    pub(super) fn is_private(&self) -> bool {
        self.private
    }

    /// What is done with this line of the library, which has no end of line.
    pub(super) fn heard(&mut self, line: &[u8]) -> Heard {
        match code(line) {
            Some(229) => return port(line).map_or(Heard::Pass, Heard::Opened),
            Some(150) => self.transfer = true,
            Some(226) if std::mem::take(&mut self.transfer) => return Heard::Moved,
            Some(400..) => self.transfer = false,
            _ => {}
        }
        if self.tls && line == b"211-Extensions supported:" {
            return Heard::Instead(FEATURES.to_owned());
        }
        // RFC 959: `257 "PATHNAME" created`, and a quote in it is doubled. The library quotes what PWD says alone.
        let made = line.strip_prefix(b"257 ").filter(|path| !path.starts_with(b"\""));
        match made.map(String::from_utf8_lossy) {
            Some(path) => Heard::Instead(format!("257 \"{}\" created\r\n", path.replace('"', "\"\""))),
            None => Heard::Pass,
        }
    }

    /// The reply that names the port of ours at which data is taken.
    pub(super) fn opened(&self, port: u16) -> String {
        match (self.form, self.local) {
            (Form::Short, IpAddr::V4(ip)) => {
                let ([a, b, c, d], [high, low]) = (ip.octets(), port.to_be_bytes());
                format!("227 Entering Passive Mode ({a},{b},{c},{d},{high},{low})\r\n")
            }
            _ => format!("229 Entering Extended Passive Mode (|||{port}|)\r\n"),
        }
    }

    /// Whether no file and no list is under way.
    pub(super) fn is_idle(&self) -> bool {
        !self.transfer
    }

    fn auth(&self, mechanism: &str) -> Step {
        match mechanism {
            _ if !self.tls => Step::Say("502 TLS is not spoken here: that takes --tls"),
            _ if self.encrypted => Step::Say("503 this is TLS already"),
            "TLS" | "TLS-C" => Step::Encrypt("234 TLS begins"),
            _ => Step::Say("504 AUTH takes TLS"),
        }
    }

    fn protect(&mut self, level: &str) -> Step {
        match level {
            "P" => {
                self.private = true;
                Step::Say("200 data is encrypted")
            }
            "C" => Step::Say("534 no data goes in clear here"),
            "S" | "E" => Step::Say("536 TLS knows PROT P alone"),
            _ => Step::Say("504 PROT takes P"),
        }
    }

    fn open(&mut self, form: Form) -> Step {
        if self.tls && !self.private {
            return Step::Say("522 say PROT P first: no data goes in clear here");
        }
        self.form = form;
        Step::Open
    }
}

/// Whether a command moves bytes on a connection of its own.
pub(super) fn is_transfer(line: &[u8]) -> bool {
    TRANSFERS.contains(&parts(line).0.as_str())
}

/// Whether a command has the library send bytes, and not take them.
pub(super) fn is_sent(line: &[u8]) -> bool {
    matches!(parts(line).0.as_str(), "RETR" | "LIST" | "NLST" | "MLSD")
}

/// Whether a command is about files, so that it may be made to fail.
pub(super) fn is_about_files(line: &[u8]) -> bool {
    is_transfer(line) || FILES.contains(&parts(line).0.as_str())
}

/// Whether a line of the library is the last of its reply, or all of it.
pub(super) fn is_last(line: &[u8]) -> bool {
    code(line).is_some() && line.get(3).is_none_or(|byte| *byte == b' ')
}

/// A line of the client without what Telnet put before it: clients say ABOR behind an interrupt (RFC 959 §4.1.3).
pub(super) fn plain(line: &[u8]) -> &[u8] {
    let from = line.iter().position(|byte| *byte < 0xf0).unwrap_or(line.len());
    &line[from..]
}

/// The command and its argument, both in capitals.
fn parts(line: &[u8]) -> (String, String) {
    let line = String::from_utf8_lossy(line).to_ascii_uppercase();
    let (verb, argument) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
    (verb.to_owned(), argument.trim().to_owned())
}

fn code(line: &[u8]) -> Option<u16> {
    std::str::from_utf8(line.get(..3)?).ok()?.parse().ok()
}

/// The port that a reply to EPSV names: `229 … (|||6446|)`.
fn port(line: &[u8]) -> Option<u16> {
    std::str::from_utf8(line).ok()?.split("|||").nth(1)?.split('|').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "127.0.0.1";

    fn said(session: &mut Session, line: &str) -> String {
        match session.said(line.as_bytes()) {
            Step::Pass => "pass".to_owned(),
            Step::Ask(line) => line.to_owned(),
            Step::Open => "open".to_owned(),
            Step::Abort => "abort".to_owned(),
            Step::Say(line) | Step::Encrypt(line) => line[..3].to_owned(),
        }
    }

    #[test]
    fn nothing_goes_in_clear_where_tls_is_spoken() {
        let mut session = Session::new(true, false, V4.parse().unwrap());
        for (line, expected) in [
            ("FEAT", "pass"),
            ("USER me", "530"),
            ("pass secret", "530"),
            ("PBSZ 0", "503"),
            ("PROT P", "503"),
            ("AUTH SSL", "504"),
            ("EPSV", "522"),
            ("RETR a", "522"),
            ("auth tls", "234"),
        ] {
            assert_eq!(said(&mut session, line), expected, "{line}");
        }
        session.encrypted();
        for (line, expected) in [
            ("AUTH TLS", "503"),
            ("USER me", "pass"),
            ("PASV", "522"),
            ("LIST", "522"),
            ("PBSZ 0", "200"),
            ("PROT C", "534"),
            ("PROT S", "536"),
            ("PROT", "504"),
            ("PROT P", "200"),
            ("PASV", "open"),
            ("RETR a", "pass"),
            ("CCC", "534"),
        ] {
            assert_eq!(said(&mut session, line), expected, "{line}");
        }
    }

    #[test]
    fn ports_are_named_as_they_were_asked_for() {
        for (local, line, expected) in [
            (V4, "PASV", "227 Entering Passive Mode (127,0,0,1,31,144)\r\n"),
            ("::ffff:127.0.0.1", "PASV", "227 Entering Passive Mode (127,0,0,1,31,144)\r\n"),
            (V4, "EPSV", "229 Entering Extended Passive Mode (|||8080|)\r\n"),
            (V4, "EPSV 1", "229 Entering Extended Passive Mode (|||8080|)\r\n"),
            ("::1", "EPSV 2", "229 Entering Extended Passive Mode (|||8080|)\r\n"),
        ] {
            let mut session = Session::new(false, false, local.parse().unwrap());
            assert_eq!(session.said(line.as_bytes()), Step::Open, "{local} {line}");
            assert_eq!(
                session.heard(b"229 Entering Extended Passive Mode (|||50000|)"),
                Heard::Opened(50000)
            );
            assert_eq!(session.opened(8080), expected, "{local} {line}");
        }
        for (local, line, expected) in [
            ("::1", "PASV", "425"),
            ("::1", "EPSV 1", "522"),
            (V4, "EPSV 2", "522"),
            (V4, "EPSV x", "501"),
            (V4, "epsv all", "200"),
            (V4, "CWD ..", "CDUP"),
            (V4, "CWD a/..", "pass"),
            (V4, "AUTH TLS", "502"),
            (V4, "PROT P", "502"),
        ] {
            assert_eq!(
                said(&mut Session::new(false, false, local.parse().unwrap()), line),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn what_the_library_says_is_told_as_clients_expect_it() {
        let mut session = Session::new(true, true, V4.parse().unwrap());
        for (line, expected) in [
            ("200 ok", Heard::Pass),
            ("211-Extensions supported:", Heard::Instead(FEATURES.to_owned())),
            ("257 \"/\" is the current directory", Heard::Pass),
            ("257 a\"b", Heard::Instead("257 \"a\"\"b\" created\r\n".to_owned())),
            ("229 no port", Heard::Pass),
            ("", Heard::Pass),
        ] {
            assert_eq!(session.heard(line.as_bytes()), expected, "{line}");
        }
        for (line, expected) in [
            ("150 x", false),
            ("200 noop", false),
            ("226 x", true),
            ("226 abor", true),
            ("150 x", false),
            ("550 x", true),
        ] {
            assert_eq!(session.heard(line.as_bytes()) == Heard::Moved, line == "226 x", "{line}");
            assert_eq!(session.is_idle(), expected, "{line}");
        }
        assert_eq!(said(&mut session, "ABOR"), "pass");
        session.heard(b"150 x");
        assert_eq!((said(&mut session, "ABOR"), session.is_idle()), ("abort".to_owned(), true));
        for (line, expected) in [("211-x", false), ("211 END", true), ("200", true), (" SIZE", false)] {
            assert_eq!(is_last(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(plain(b"\xff\xf4\xff\xf2ABOR"), b"ABOR");
        assert_eq!(plain(b"\xff\xf4\xff"), b"");
    }
}
