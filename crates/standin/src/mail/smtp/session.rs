//! A session: bytes in, replies out, and what is to be done between (RFC 5321).
//!
//! Deliberately absent: sockets, the store and time. Whatever portions the bytes come in, the replies are the same.

mod arriving;

use std::{borrow::Cow, rc::Rc};

use arriving::Claimed;
use bytes::BytesMut;
use memchr::memchr;

use super::{
    Letter, NotKept, Rules,
    auth::{self, Outcome},
    command::Command,
    data::Finder,
    reply::{self, Reply},
};
use crate::mail::limits;

/// What the rim has to do next.
#[derive(Debug)]
pub enum Step {
    /// Send the replies and read on.
    Read,
    /// Keep this message, and tell [`Session::kept`] what came of it.
    Keep(Letter),
    /// Send the replies, forget what else was read, shake hands, and tell [`Session::encrypted`].
    Encrypt,
    /// Send the replies and close.
    Close,
}

/// One client.
#[derive(Debug)]
pub struct Session {
    rules: Rc<Rules>,
    /// The name of the door that it came through.
    door: Option<Rc<str>>,
    /// What CRAM-MD5 has the client sign.
    challenge: String,
    secure: bool,
    greeted: Option<Greeted>,
    user: Option<String>,
    mail: Option<Mail>,
    phase: Phase,
    /// Commands since the last message.
    idle: u32,
    claimed: Claimed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeted {
    Helo,
    Ehlo,
}

/// A message whose envelope is known so far.
#[derive(Debug, Default)]
struct Mail {
    sender: String,
    utf8: bool,
    recipients: Vec<String>,
    /// What came with BDAT; `None` before the first.
    chunks: Option<BytesMut>,
}

/// What the next bytes are.
#[derive(Debug)]
enum Phase {
    /// A command.
    Command,
    /// The rest of a line that was too long.
    Overlong,
    /// An answer to AUTH.
    Auth(auth::Step),
    /// A message, up to its dot; or why it is refused.
    Data(Finder, Option<Reply>),
    /// So many bytes of a chunk; whether it is the last, and why it is refused.
    Chunk { left: u64, size: u64, last: bool, refused: Option<Reply> },
    /// Nothing, until it is told what came of a message.
    Keeping,
}

impl Session {
    /// A session with a client that has just come through the door of that name. `challenge` must be its own.
    #[must_use]
    pub fn new(rules: Rc<Rules>, door: Option<Rc<str>>, challenge: String, secure: bool) -> Self {
        let claimed = Claimed { rules: Rc::clone(&rules), bytes: 0 };
        Self {
            rules,
            door,
            challenge,
            secure,
            greeted: None,
            user: None,
            mail: None,
            phase: Phase::Command,
            idle: 0,
            claimed,
        }
    }

    /// Writes what a server says first.
    pub fn greet(&self, out: &mut Vec<u8>) {
        Reply::new(220, "", "navyd ESMTP: mail is kept here and goes nowhere").write(out);
    }

    /// Understands as much as there is, and writes replies.
    pub fn advance(&mut self, input: &mut BytesMut, out: &mut Vec<u8>) -> Step {
        loop {
            let step = match self.phase {
                Phase::Command | Phase::Overlong | Phase::Auth(_) => self.line(input, out),
                Phase::Data(..) => self.data(input, out),
                Phase::Chunk { .. } => self.chunk(input, out),
                Phase::Keeping => Some(Step::Read),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// What came of the message that was to be kept: its name in the store, or why there is none.
    pub fn kept(&mut self, outcome: &Result<String, NotKept>, out: &mut Vec<u8>) {
        match outcome {
            Ok(key) => Reply::new(250, "2.0.0", format!("kept as {key}")),
            // RFC 5321 §4.2.3: 452 is "insufficient system storage", and the client tries again later.
            Err(NotKept::Full) => {
                Reply::new(452, "4.3.1", "there is no room for the message: try again later")
            }
            Err(NotKept::Failed) => {
                Reply::new(451, "4.3.0", "the message could not be kept: try again later")
            }
        }
        .write(out);
        self.phase = Phase::Command;
        self.claimed.free();
    }

    /// Whether nothing is under way that a client would lose.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.mail.is_none() && matches!(self.phase, Phase::Command)
    }

    /// From here on nobody else can read or write: what was said before no longer counts (RFC 3207 §4.2).
    pub fn encrypted(&mut self) {
        self.secure = true;
        self.forget();
        self.greeted = None;
        self.user = None;
    }

    /// `None` when it goes on with what is there.
    fn line(&mut self, input: &mut BytesMut, out: &mut Vec<u8>) -> Option<Step> {
        let auth = matches!(self.phase, Phase::Auth(_));
        let most = if auth { limits::AUTH_LINE } else { limits::COMMAND_LINE };
        let Some(end) = memchr(b'\n', input) else {
            if input.len() >= most {
                input.clear();
                self.phase = Phase::Overlong;
            }
            return Some(Step::Read);
        };
        let line = input.split_to(end + 1).freeze();
        if matches!(self.phase, Phase::Overlong) || line.len() > most {
            self.phase = Phase::Command;
            return self.reply(&Reply::new(500, "5.5.2", format!("a line has at most {most} octets")), out);
        }
        // RFC 5321 §2.3.8: only CR LF ends a line. What ends otherwise is refused, and not understood.
        let line = match line.strip_suffix(b"\r\n") {
            Some(line) if !line.contains(&b'\r') => line,
            _ => {
                self.phase = Phase::Command;
                return self
                    .reply(&Reply::new(500, "5.5.2", "a line ends with CR LF, and has neither inside"), out);
            }
        };
        if let Phase::Auth(step) = std::mem::replace(&mut self.phase, Phase::Command) {
            let outcome = step.answer(line, self.rules.login.as_ref());
            return self.authenticate(outcome, out);
        }
        let utf8 = self.mail.as_ref().is_some_and(|mail| mail.utf8);
        match Command::parse(line, utf8) {
            Ok(command) => self.command(command, out),
            Err(_) if is_http(line) => {
                // A page on the web can have a browser send this, with commands in its body.
                Reply::new(421, "4.7.0", "this is SMTP and not HTTP").write(out);
                Some(Step::Close)
            }
            Err(wrong) => self.reply(&wrong, out),
        }
    }

    /// Replies to what brought no message nearer; too many of these are the end.
    fn reply(&mut self, reply: &Reply, out: &mut Vec<u8>) -> Option<Step> {
        self.idle += 1;
        if self.idle > limits::IDLE_COMMANDS {
            Reply::new(421, "4.7.0", "too many commands without a message").write(out);
            return Some(Step::Close);
        }
        reply.write(out);
        None
    }

    fn say(
        &self,
        code: u16,
        status: &'static str,
        text: impl Into<Cow<'static, str>>,
        out: &mut Vec<u8>,
    ) -> Option<Step> {
        Reply::new(code, status, text).write(out);
        None
    }

    fn command(&mut self, command: Command<'_>, out: &mut Vec<u8>) -> Option<Step> {
        match command {
            Command::Helo(name) | Command::Ehlo(name) => {
                self.forget();
                let extended = matches!(command, Command::Ehlo(_));
                self.greeted = Some(if extended { Greeted::Ehlo } else { Greeted::Helo });
                let mut lines = vec![Cow::from(format!("navyd greets {}", printable(name)))];
                if extended {
                    lines.extend(self.extensions());
                }
                self.idle += 1;
                reply::lines(250, &lines, out);
                None
            }
            Command::Mail { from, parameters } => self.mail_from(from, parameters.size, parameters.utf8, out),
            Command::Rcpt { to } => self.rcpt_to(to, out),
            Command::Data => match self.envelope(false) {
                Ok(_) => {
                    self.phase = Phase::Data(Finder::default(), None);
                    self.say(354, "", "end the message with CR LF . CR LF", out)
                }
                Err(reply) => self.reply(&reply, out),
            },
            Command::Bdat { size, last } => {
                let refused = self.envelope(true).err();
                self.phase = Phase::Chunk { left: size, size, last, refused };
                None
            }
            Command::Rset => {
                self.forget();
                self.reply(&Reply::new(250, "2.0.0", "forgotten"), out)
            }
            Command::Noop => self.reply(&Reply::new(250, "2.0.0", "nothing done"), out),
            Command::Quit => {
                Reply::new(221, "2.0.0", "until next time").write(out);
                Some(Step::Close)
            }
            Command::Vrfy(name) => {
                let text = format!("mail for {name} is taken, as all mail is");
                self.reply(&Reply::new(252, "2.1.5", text), out)
            }
            Command::Expn => self.reply(&Reply::new(502, "5.5.1", "there are no lists"), out),
            Command::Help => {
                let text = "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY AUTH STARTTLS QUIT";
                self.reply(&Reply::new(214, "2.0.0", text), out)
            }
            Command::Auth { mechanism, initial } => {
                if let Some(reply) = self.no_auth() {
                    return self.reply(&reply, out);
                }
                let login = self.rules.login.as_ref();
                let outcome = auth::begin(mechanism, initial, &self.challenge, login);
                self.authenticate(outcome, out)
            }
            Command::StartTls if !self.rules.starttls => {
                self.reply(&Reply::new(502, "5.5.1", "there is no certificate: see --tls"), out)
            }
            Command::StartTls if self.secure => self.reply(&out_of_order("it is encrypted already"), out),
            Command::StartTls => {
                Reply::new(220, "2.0.0", "go ahead").write(out);
                Some(Step::Encrypt)
            }
        }
    }

    fn extensions(&self) -> Vec<Cow<'static, str>> {
        let mut lines: Vec<Cow<'static, str>> =
            ["PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES", auth::OFFERED, "HELP"]
                .map(Cow::from)
                .to_vec();
        lines.push(format!("SIZE {}", self.rules.largest).into());
        if self.rules.starttls && !self.secure {
            lines.push("STARTTLS".into());
        }
        lines
    }

    fn mail_from(
        &mut self,
        sender: String,
        size: Option<u64>,
        utf8: bool,
        out: &mut Vec<u8>,
    ) -> Option<Step> {
        let refused = if self.greeted.is_none() {
            Some(out_of_order("say EHLO first"))
        } else if self.mail.is_some() {
            Some(out_of_order("a message has begun already"))
        } else if self.rules.login.is_some() && self.user.is_none() {
            Some(Reply::new(530, "5.7.0", "authenticate first"))
        } else if size.is_some_and(|size| size > self.rules.largest as u64) {
            Some(self.too_large())
        } else {
            self.rules.struck(self.rules.chaos.get().sender).map(chaos)
        };
        if let Some(reply) = refused {
            return self.reply(&reply, out);
        }
        self.mail = Some(Mail { sender, utf8, ..Mail::default() });
        self.say(250, "2.1.0", "the sender is taken", out)
    }

    fn rcpt_to(&mut self, to: String, out: &mut Vec<u8>) -> Option<Step> {
        let struck = self.rules.struck(self.rules.chaos.get().recipient);
        let refused = match &mut self.mail {
            None => out_of_order("say MAIL first"),
            Some(mail) if mail.chunks.is_some() => out_of_order("the message has begun"),
            // RFC 5321 §4.5.3.1.10: 452 for too many recipients, so that the client sends the rest separately.
            Some(mail) if mail.recipients.len() >= limits::RECIPIENTS => {
                Reply::new(452, "4.5.3", "too many recipients for one message")
            }
            Some(mail) => match struck {
                Some(code) => chaos(code),
                None => {
                    mail.recipients.push(to);
                    return self.say(250, "2.1.5", "the recipient is taken", out);
                }
            },
        };
        self.reply(&refused, out)
    }

    /// The envelope, if it is complete and what comes next may be a message, or a chunk of one.
    fn envelope(&mut self, chunk: bool) -> Result<&mut Mail, Reply> {
        match &mut self.mail {
            None => Err(out_of_order("say MAIL first")),
            Some(mail) if mail.recipients.is_empty() => {
                Err(Reply::new(554, "5.5.1", "there is no recipient"))
            }
            Some(mail) if mail.chunks.is_some() && !chunk => Err(out_of_order("the message came with BDAT")),
            Some(mail) => Ok(mail),
        }
    }

    fn no_auth(&self) -> Option<Reply> {
        if self.greeted != Some(Greeted::Ehlo) {
            return Some(out_of_order("say EHLO first"));
        }
        if self.mail.is_some() || self.user.is_some() {
            return Some(out_of_order("not now"));
        }
        self.rules.struck(self.rules.chaos.get().authentication).map(chaos)
    }

    fn authenticate(&mut self, outcome: Outcome, out: &mut Vec<u8>) -> Option<Step> {
        match outcome {
            Outcome::More(step, challenge) => {
                self.phase = Phase::Auth(step);
                self.say(334, "", challenge, out)
            }
            Outcome::User(user) => {
                self.user = Some(user);
                self.say(235, "2.7.0", "welcome", out)
            }
            Outcome::Refused(reply) => self.reply(&reply, out),
        }
    }

    fn forget(&mut self) {
        self.mail = None;
        self.claimed.free();
    }
}

fn out_of_order(text: &'static str) -> Reply {
    Reply::new(503, "5.5.1", text)
}

fn chaos(code: u16) -> Reply {
    let status = if code < 500 { "4.3.0" } else { "5.3.0" };
    Reply::new(code, status, "navyd was told to fail here (chaos)")
}

fn is_http(line: &[u8]) -> bool {
    memchr::memmem::find(line, b" HTTP/").is_some()
}

fn printable(name: &str) -> String {
    name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
