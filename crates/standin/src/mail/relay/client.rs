//! A client of SMTP (RFC 5321), on any stream.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    time::timeout,
};

use super::{
    Wrong,
    offered::{Mechanism, Offered},
    server::Account,
    stuffed::stuffed,
};
use crate::mail::{away::Stream, limits, smtp::signed};

/// How much of a reply is repeated, in characters.
const REPEATED: usize = 400;

/// One conversation.
pub(super) struct Client<S> {
    server: BufReader<S>,
}

/// What a server says at a time.
struct Reply {
    lines: Vec<String>,
}

impl<S: Stream> Client<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { server: BufReader::new(stream) }
    }

    /// The stream below; what was read and not understood is forgotten.
    pub(super) fn into_stream(self) -> S {
        self.server.into_inner()
    }

    /// Waits for what a server says first.
    pub(super) async fn greeted(&mut self) -> Result<(), Wrong> {
        self.reply().await?.expect('2')
    }

    /// Says who is there, and is told what is offered. A server that does not know EHLO offers nothing.
    pub(super) async fn hello(&mut self, local: IpAddr) -> Result<Offered, Wrong> {
        // RFC 5321 §4.1.3: who has no name says its address.
        let name = match local {
            IpAddr::V4(address) => format!("[{address}]"),
            IpAddr::V6(address) => format!("[IPv6:{address}]"),
        };
        let reply = self.ask(&format!("EHLO {name}")).await?;
        if reply.begins('2') {
            return Ok(Offered::read(
                reply.lines.iter().skip(1).map(|line| line.get(4..).unwrap_or_default()),
            ));
        }
        self.say(&format!("HELO {name}"), '2').await.map(|()| Offered::default())
    }

    /// Says a line; the reply must begin so.
    pub(super) async fn say(&mut self, line: &str, expected: char) -> Result<(), Wrong> {
        self.ask(line).await?.expect(expected)
    }

    /// Says who sends.
    pub(super) async fn authenticate(
        &mut self,
        account: &Account,
        offered: &Offered,
        secure: bool,
    ) -> Result<(), Wrong> {
        let Account { user, password } = account;
        let mechanism = offered.mechanism(secure).ok_or(Wrong::NoWay)?;
        let name = mechanism.name();
        let reply = match mechanism {
            // RFC 4616: nobody to act for, the user and the password, with a NUL before each.
            Mechanism::Plain => {
                self.ask(&format!("AUTH {name} {}", STANDARD.encode(format!("\0{user}\0{password}")))).await?
            }
            Mechanism::Login => {
                self.challenged(&format!("AUTH {name}")).await?;
                self.challenged(&STANDARD.encode(user)).await?;
                self.ask(&STANDARD.encode(password)).await?
            }
            Mechanism::CramMd5 => {
                let challenge = self.challenged(&format!("AUTH {name}")).await?;
                let challenge = STANDARD.decode(challenge.trim()).map_err(|_| Wrong::NoSmtp)?;
                self.ask(&STANDARD.encode(format!("{user} {}", signed(password, &challenge)))).await?
            }
        };
        if reply.begins('2') { Ok(()) } else { Err(Wrong::Password(reply.shown())) }
    }

    /// Hands over a message, to all recipients or to none.
    pub(super) async fn hand_over(
        &mut self,
        from: &str,
        to: &[String],
        message: &[u8],
        offered: &Offered,
    ) -> Result<(), Wrong> {
        let foreign = to.iter().map(String::as_str).chain([from]).find(|address| !address.is_ascii());
        if let Some(address) = foreign.filter(|_| !offered.utf8) {
            return Err(Wrong::Ascii(address.to_owned()));
        }
        let data = stuffed(message);
        if let Some(most) = offered.size.flatten().filter(|most| message.len() as u64 > *most) {
            return Err(Wrong::TooLarge(most));
        }
        // A message whose own head has such letters needs both, and a server that offers neither gets it as it is.
        let parameters = offered.parameters(message.len(), !message.is_ascii(), foreign.is_some());
        self.say(&format!("MAIL FROM:<{from}>{parameters}"), '2').await?;
        let mut refused = Vec::new();
        for to in to {
            let reply = self.ask(&format!("RCPT TO:<{to}>")).await?;
            if !reply.begins('2') {
                refused.push((to.clone(), reply.shown()));
            }
        }
        if !refused.is_empty() {
            // It has nothing; what it says to the farewell changes nothing.
            let _ = self.write(b"QUIT\r\n").await;
            return Err(Wrong::Recipients(refused));
        }
        self.say("DATA", '3').await?;
        for piece in data.chunks(crate::limits::PIECE) {
            self.write(piece).await?;
        }
        self.reply().await?.expect('2')?;
        // It has the message, whatever it says now.
        let _ = self.write(b"QUIT\r\n").await;
        Ok(())
    }

    /// Says a line that is answered with a challenge.
    async fn challenged(&mut self, line: &str) -> Result<String, Wrong> {
        let reply = self.ask(line).await?;
        if reply.begins('3') {
            Ok(reply.last().get(4..).unwrap_or_default().to_owned())
        } else {
            Err(Wrong::Password(reply.shown()))
        }
    }

    async fn ask(&mut self, line: &str) -> Result<Reply, Wrong> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Wrong> {
        let written = async {
            self.server.get_mut().write_all(bytes).await?;
            self.server.get_mut().flush().await
        };
        Ok(timeout(limits::ELSEWHERE, written).await.map_err(|_| Wrong::Late)??)
    }

    async fn reply(&mut self) -> Result<Reply, Wrong> {
        timeout(limits::ELSEWHERE, self.lines()).await.map_err(|_| Wrong::Late)?
    }

    async fn lines(&mut self) -> Result<Reply, Wrong> {
        let (mut lines, mut most) = (Vec::new(), limits::ITS_REPLY);
        loop {
            let mut line = Vec::new();
            let read = (&mut self.server).take(most).read_until(b'\n', &mut line).await?;
            if read == 0 && most > 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            most -= read as u64;
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let code =
                line.ends_with(b"\n") && line.iter().take_while(|byte| byte.is_ascii_digit()).count() == 3;
            let more = match line.get(3) {
                Some(b'-') => true,
                Some(b' ' | b'\r' | b'\n') => false,
                _ => return Err(Wrong::NoSmtp),
            };
            if !code {
                return Err(Wrong::NoSmtp);
            }
            lines.push(text);
            if !more {
                return Ok(Reply { lines });
            }
        }
    }
}

impl Reply {
    fn last(&self) -> &str {
        self.lines.last().map_or("", String::as_str)
    }

    fn begins(&self, expected: char) -> bool {
        self.last().starts_with(expected)
    }

    fn expect(&self, expected: char) -> Result<(), Wrong> {
        if self.begins(expected) { Ok(()) } else { Err(Wrong::Refused(self.shown())) }
    }

    /// What it says, in one line: the code once, and nothing that a screen would obey.
    fn shown(&self) -> String {
        let code = self.last().get(..3).unwrap_or_default();
        let texts = self.lines.iter().map(|line| line.get(4..).unwrap_or_default());
        let text = [code].into_iter().chain(texts).collect::<Vec<_>>().join(" ");
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(REPEATED).collect()
    }
}

#[cfg(test)]
mod tests;
