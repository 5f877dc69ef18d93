//! Releasing a message to a real server: a client of SMTP, as small as it can be.
//!
//! Deliberately absent: TLS and passwords. The server is one that somebody named on the command line, on this machine or
//! beside it.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::limits;

/// The longest reply that is read, in bytes.
const REPLY: u64 = 64 * 1024;

/// A server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    server: String,
    host: String,
}

/// Why a message was not released.
#[derive(Debug, thiserror::Error)]
pub enum NotReleased {
    /// The connection failed.
    #[error("`{server}` cannot be used: {source}")]
    Connection {
        /// The server.
        server: String,
        /// What failed.
        source: io::Error,
    },
    /// The server refused.
    #[error("`{server}` refused: {reply}")]
    Refused {
        /// The server.
        server: String,
        /// The last line that it said.
        reply: String,
    },
    /// An address has a letter in it that no address has.
    #[error("`{0}` is no address")]
    Address(String),
}

impl Relay {
    /// From `host:port`; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        port.parse::<u16>().ok().filter(|port| *port > 0)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Self { server: text.to_owned(), host: host.to_owned() })
    }

    /// Its name and port, as they were written.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Whether it is an address of the loopback device: a name could lead anywhere, but `localhost`.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Hands a message over to it.
    ///
    /// # Errors
    /// When it cannot be reached, or refuses.
    pub async fn send(&self, from: &str, to: &[String], message: &[u8]) -> Result<(), NotReleased> {
        let odd = |address: &&str| {
            address.chars().any(|letter| letter.is_control() || matches!(letter, '<' | '>' | ' '))
        };
        if let Some(address) = to.iter().map(String::as_str).chain([from]).find(odd) {
            return Err(NotReleased::Address(address.to_owned()));
        }
        let failed = |source| NotReleased::Connection { server: self.server.clone(), source };
        let talk = self.talk(from, to, message);
        match timeout(limits::ELSEWHERE, talk).await {
            Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
            Ok(Err(error)) => Err(failed(error)),
            Ok(Ok(Some(reply))) => Err(NotReleased::Refused { server: self.server.clone(), reply }),
            Ok(Ok(None)) => Ok(()),
        }
    }

    /// The reply that refused it, if one did.
    async fn talk(&self, from: &str, to: &[String], message: &[u8]) -> io::Result<Option<String>> {
        let stream = TcpStream::connect(&self.server).await?;
        stream.set_nodelay(true)?;
        let mut server = BufReader::new(stream);
        let mut lines = vec![(None, '2'), (Some("EHLO navyd\r\n".to_owned()), '2')];
        lines.push((Some(format!("MAIL FROM:<{from}>\r\n")), '2'));
        lines.extend(to.iter().map(|to| (Some(format!("RCPT TO:<{to}>\r\n")), '2')));
        lines.push((Some("DATA\r\n".to_owned()), '3'));
        for (line, expected) in lines {
            if let Some(line) = line {
                server.get_mut().write_all(line.as_bytes()).await?;
            }
            if let Some(refusal) = reply(&mut server, expected).await? {
                return Ok(Some(refusal));
            }
        }
        server.get_mut().write_all(&stuffed(message)).await?;
        let refusal = reply(&mut server, '2').await?;
        // It has the message, or does not; what it says to the farewell changes nothing.
        let _ = server.get_mut().write_all(b"QUIT\r\n").await;
        Ok(refusal)
    }
}

/// The last line of a reply, where it does not begin as expected.
async fn reply(server: &mut BufReader<TcpStream>, expected: char) -> io::Result<Option<String>> {
    let mut most = REPLY;
    loop {
        let mut line = Vec::new();
        let read = (&mut *server).take(most).read_until(b'\n', &mut line).await?;
        if !line.ends_with(b"\n") {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        most -= read as u64;
        if line.get(3) == Some(&b'-') {
            continue;
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        return Ok((!text.starts_with(expected)).then_some(text));
    }
}

/// The message as DATA has it: every line ends with CR LF, no line begins with a lone dot, and a dot is its end. A bare
/// LF is made a line end here, so that no server can read two messages from it.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 32 + 8);
    let mut lines = message.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Behind the last line end there is no line.
        if lines.peek().is_none() && line.is_empty() {
            break;
        }
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        // RFC 5321 §2.3.8: CR and LF stand only together.
        out.extend(line.iter().filter(|byte| **byte != b'\r'));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::{Relay, stuffed};

    #[test]
    fn no_message_ends_early() {
        for (message, expected) in [
            ("a\r\n", "a\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            (".\r\n..x\r\n", "..\r\n...x\r\n.\r\n"),
            ("a\n.\nQUIT\n", "a\r\n..\r\nQUIT\r\n.\r\n"),
            ("a\r.\r\n", "a.\r\n.\r\n"),
            ("", ".\r\n"),
        ] {
            assert_eq!(String::from_utf8(stuffed(message.as_bytes())).unwrap(), expected, "{message:?}");
        }
    }

    #[test]
    fn servers_are_named_by_host_and_port() {
        for (text, local) in [
            ("127.0.0.1:25", Some(true)),
            ("[::1]:25", Some(true)),
            ("LocalHost:2525", Some(true)),
            ("mail.example:25", Some(false)),
            ("10.0.0.1:25", Some(false)),
            ("mail.example", None),
            (":25", None),
            ("a:0", None),
            ("a:x", None),
        ] {
            assert_eq!(Relay::parse(text).map(|relay| relay.is_local()), local, "{text}");
        }
    }
}
