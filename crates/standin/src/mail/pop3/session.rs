//! A session of POP3: lines in, replies out. Sockets and the store are elsewhere.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use crate::mail::{limits, smtp::Login};

/// The most commands that fail before a client is sent away.
const MISTAKES: u32 = 20;

/// A message of a mailbox, as it was when the client logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its name, which no other message ever has.
    pub key: String,
    /// How long it is, in bytes.
    pub size: u64,
}

/// What the rim has to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the replies and read on.
    Read,
    /// Tell [`Session::opened`] what this user has.
    Open(String),
    /// Tell [`Session::fetched`] what is in this message.
    Fetch(String),
    /// Remove these messages, and tell [`Session::removed`]; then close.
    Remove(Vec<String>),
    /// Send the replies, forget what else was read, shake hands, and tell [`Session::encrypted`].
    Encrypt,
    /// Send the replies and close.
    Close,
}

/// One client.
#[derive(Debug)]
pub struct Session {
    login: Option<Login>,
    /// Whether STLS is offered.
    stls: bool,
    secure: bool,
    user: Option<String>,
    /// The mailbox, once somebody has logged in; the second is whether a message is to be removed.
    mailbox: Option<Vec<(Held, bool)>>,
    /// How much of the message that is fetched is wanted.
    wanted: Option<Wanted>,
    mistakes: u32,
}

/// How much of a message a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    /// The head, and so many lines.
    Top(u64),
}

impl Session {
    /// A session with a client that has just connected.
    #[must_use]
    pub fn new(login: Option<Login>, stls: bool, secure: bool) -> Self {
        Self { login, stls, secure, user: None, mailbox: None, wanted: None, mistakes: 0 }
    }

    /// Writes what a server says first.
    pub fn greet(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"+OK navyd: mail that was sent here\r\n");
    }

    /// Understands as much as there is, and writes replies.
    pub fn advance(&mut self, input: &mut BytesMut, out: &mut Vec<u8>) -> Step {
        loop {
            let Some(end) = memchr(b'\n', input) else {
                if input.len() >= limits::POP3_LINE {
                    out.extend_from_slice(b"-ERR a line is too long\r\n");
                    return Step::Close;
                }
                return Step::Read;
            };
            let line = input.split_to(end + 1);
            if line.len() > limits::POP3_LINE {
                out.extend_from_slice(b"-ERR a line is too long\r\n");
                return Step::Close;
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
            if let Some(step) = self.command(&verb.to_ascii_uppercase(), rest.trim(), out) {
                return step;
            }
            if self.mistakes > MISTAKES {
                out.extend_from_slice(b"-ERR too many mistakes\r\n");
                return Step::Close;
            }
        }
    }

    /// What the user that logged in has; `None` where that could not be found out.
    pub fn opened(&mut self, mailbox: Option<Vec<Held>>, out: &mut Vec<u8>) {
        match mailbox {
            Some(mailbox) => {
                ok(&format!("{} messages", mailbox.len()), out);
                self.mailbox = Some(mailbox.into_iter().map(|held| (held, false)).collect());
            }
            None => err("[SYS/TEMP] the store failed", out),
        }
    }

    /// A message that was asked for; `None` where it is no longer there.
    pub fn fetched(&mut self, message: Option<&Bytes>, out: &mut Vec<u8>) {
        let wanted = self.wanted.take().unwrap_or(Wanted::All);
        match message {
            Some(message) => {
                ok(&format!("{} octets", message.len()), out);
                write(message, wanted, out);
            }
            None => err("it has been removed meanwhile", out),
        }
    }

    /// Whether the messages were removed.
    pub fn removed(&mut self, removed: bool, out: &mut Vec<u8>) {
        if removed { ok("until next time", out) } else { err("some messages were not removed", out) }
    }

    /// What was said before no longer counts.
    pub fn encrypted(&mut self) {
        (self.secure, self.user) = (true, None);
    }

    fn command(&mut self, verb: &str, rest: &str, out: &mut Vec<u8>) -> Option<Step> {
        match (verb, self.mailbox.is_some()) {
            ("CAPA", _) => self.capabilities(out),
            ("NOOP", true) => ok("nothing done", out),
            ("QUIT", _) => return Some(self.quit(out)),
            ("STLS", false) if self.stls && !self.secure => {
                ok("go ahead", out);
                return Some(Step::Encrypt);
            }
            ("USER", false) if !rest.is_empty() => {
                self.user = Some(rest.to_owned());
                ok("and the password", out);
            }
            ("PASS", false) => return self.pass(rest, out),
            ("STAT", true) => {
                let (count, size) = self
                    .live()
                    .fold((0_u64, 0_u64), |(count, size), (_, held)| (count + 1, size + held.size));
                ok(&format!("{count} {size}"), out);
            }
            ("LIST", true) => self.list(rest, |held| held.size.to_string(), out),
            ("UIDL", true) => self.list(rest, |held| held.key.clone(), out),
            ("RETR", true) => return self.fetch(rest, Wanted::All, out),
            ("TOP", true) => {
                let (number, lines) = rest.split_once(' ').unwrap_or((rest, ""));
                match lines.trim().parse() {
                    Ok(lines) => return self.fetch(number, Wanted::Top(lines), out),
                    Err(_) => self.mistake("write TOP message lines", out),
                }
            }
            ("DELE", true) => match self.number(rest) {
                Some(at) => {
                    self.mark(at, true);
                    ok("it goes when you leave", out);
                }
                None => self.mistake("there is no such message", out),
            },
            ("RSET", true) => {
                (0..self.mailbox.as_ref().map_or(0, Vec::len)).for_each(|at| self.mark(at, false));
                ok("nothing is removed", out);
            }
            _ => self.mistake("the command is not known, or not now", out),
        }
        None
    }

    fn mistake(&mut self, text: &str, out: &mut Vec<u8>) {
        self.mistakes += 1;
        err(text, out);
    }

    fn capabilities(&self, out: &mut Vec<u8>) {
        ok("what there is", out);
        out.extend_from_slice(b"USER\r\nTOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nIMPLEMENTATION navyd\r\n");
        if self.stls && !self.secure {
            out.extend_from_slice(b"STLS\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }

    fn pass(&mut self, password: &str, out: &mut Vec<u8>) -> Option<Step> {
        let Some(user) = self.user.take() else {
            self.mistake("say USER first", out);
            return None;
        };
        match &self.login {
            Some(login) if !login.admits(&user, password) => {
                self.mistake("[AUTH] the user or the password is wrong", out);
                None
            }
            // Who alone may log in has everything.
            Some(_) => Some(Step::Open("all".to_owned())),
            None => Some(Step::Open(user)),
        }
    }

    fn quit(&mut self, out: &mut Vec<u8>) -> Step {
        let gone: Vec<String> = self
            .mailbox
            .iter()
            .flatten()
            .filter(|(_, gone)| *gone)
            .map(|(held, _)| held.key.clone())
            .collect();
        if !gone.is_empty() {
            return Step::Remove(gone);
        }
        ok("until next time", out);
        Step::Close
    }

    /// The messages that are not to be removed, with their places.
    fn live(&self) -> impl Iterator<Item = (usize, &Held)> {
        let all = self.mailbox.iter().flatten().enumerate();
        all.filter(|(_, (_, gone))| !gone).map(|(at, (held, _))| (at, held))
    }

    /// The place of a message by its number, which begins at 1.
    fn number(&self, text: &str) -> Option<usize> {
        let at = text.trim().parse::<usize>().ok()?.checked_sub(1)?;
        self.live().find(|(place, _)| *place == at).map(|(place, _)| place)
    }

    fn mark(&mut self, at: usize, gone: bool) {
        if let Some((_, mark)) = self.mailbox.as_mut().and_then(|mailbox| mailbox.get_mut(at)) {
            *mark = gone;
        }
    }

    fn list(&mut self, rest: &str, tell: impl Fn(&Held) -> String, out: &mut Vec<u8>) {
        if rest.is_empty() {
            ok("all of them", out);
            for (at, held) in self.live() {
                out.extend_from_slice(format!("{} {}\r\n", at + 1, tell(held)).as_bytes());
            }
            out.extend_from_slice(b".\r\n");
            return;
        }
        let line = self.number(rest).and_then(|at| self.live().find(|(place, _)| *place == at));
        match line.map(|(at, held)| format!("{} {}", at + 1, tell(held))) {
            Some(line) => ok(&line, out),
            None => self.mistake("there is no such message", out),
        }
    }

    fn fetch(&mut self, number: &str, wanted: Wanted, out: &mut Vec<u8>) -> Option<Step> {
        let key = self
            .number(number)
            .and_then(|at| self.mailbox.as_ref()?.get(at).map(|(held, _)| held.key.clone()));
        if key.is_none() {
            self.mistake("there is no such message", out);
        }
        self.wanted = key.is_some().then_some(wanted);
        key.map(Step::Fetch)
    }
}

fn ok(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("+OK {text}\r\n").as_bytes());
}

fn err(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("-ERR {text}\r\n").as_bytes());
}

/// Writes a message and its end: lines end with CR LF, and one more dot stands before each line that begins with one
/// (RFC 1939 §3).
fn write(message: &[u8], wanted: Wanted, out: &mut Vec<u8>) {
    let mut body_lines = None;
    let text = message.strip_suffix(b"\n").unwrap_or(message);
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let (Wanted::Top(most), Some(lines)) = (wanted, &mut body_lines) {
            if *lines >= most {
                break;
            }
            *lines += 1;
        }
        if line.is_empty() && body_lines.is_none() {
            body_lines = Some(0);
        }
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.one\r\ntwo\r\n";

    /// Plays a session against a mailbox of two messages, and says what was removed.
    fn play(login: Option<Login>, sent: &str) -> (String, Vec<String>) {
        let held = |key: &str| Held { key: key.to_owned(), size: MESSAGE.len() as u64 };
        let (mut session, mut input, mut out) =
            (Session::new(login, true, false), BytesMut::from(sent), Vec::new());
        let mut gone = Vec::new();
        loop {
            match session.advance(&mut input, &mut out) {
                Step::Open(user) if user == "nobody" => session.opened(Some(Vec::new()), &mut out),
                Step::Open(_) => session.opened(Some(vec![held("A"), held("B")]), &mut out),
                Step::Fetch(key) => {
                    session.fetched(Some(&Bytes::from_static(MESSAGE)).filter(|_| key == "A"), &mut out);
                }
                Step::Remove(keys) => {
                    gone = keys;
                    session.removed(true, &mut out);
                    break;
                }
                Step::Encrypt => {
                    input.clear();
                    session.encrypted();
                }
                Step::Read | Step::Close => break,
            }
        }
        (String::from_utf8(out).unwrap(), gone)
    }

    #[test]
    fn sessions() {
        let login = "USER ann\r\nPASS x\r\n";
        for (sent, expected) in [
            (format!("{login}STAT\r\n"), "+OK 2 50\r\n"),
            (format!("{login}LIST\r\n"), "1 25\r\n2 25\r\n.\r\n"),
            (format!("{login}UIDL 2\r\n"), "+OK 2 B\r\n"),
            (format!("{login}UIDL\r\n"), "1 A\r\n2 B\r\n.\r\n"),
            (format!("{login}RETR 1\r\n"), "+OK 25 octets\r\nSubject: x\r\n\r\n..one\r\ntwo\r\n.\r\n"),
            (format!("{login}TOP 1 0\r\n"), "octets\r\nSubject: x\r\n\r\n.\r\n"),
            (format!("{login}TOP 1 1\r\n"), "octets\r\nSubject: x\r\n\r\n..one\r\n.\r\n"),
            (format!("{login}RETR 2\r\n"), "-ERR it has been removed meanwhile\r\n"),
            (format!("{login}DELE 1\r\nSTAT\r\nLIST 1\r\n"), "+OK 1 25\r\n-ERR there is no such message\r\n"),
            (format!("{login}DELE 1\r\nRSET\r\nSTAT\r\n"), "+OK 2 50\r\n"),
            (format!("{login}LIST 0\r\nLIST 3\r\nLIST x\r\n"), "-ERR there is no such message\r\n"),
            (format!("{login}USER again\r\n"), "-ERR the command is not known, or not now\r\n"),
            ("STAT\r\n".to_owned(), "-ERR the command is not known, or not now\r\n"),
            ("PASS x\r\n".to_owned(), "-ERR say USER first\r\n"),
            ("USER nobody\r\nPASS x\r\nSTAT\r\n".to_owned(), "+OK 0 0\r\n"),
            ("CAPA\r\n".to_owned(), "STLS\r\n.\r\n"),
            ("USER a\r\nSTLS\r\nPASS injected\r\n".to_owned(), "+OK go ahead\r\n"),
            ("x".repeat(limits::POP3_LINE), "-ERR a line is too long\r\n"),
            ("NO\r\n".repeat(30), "-ERR too many mistakes\r\n"),
        ] {
            let (replies, _) = play(None, &sent);
            assert!(replies.ends_with(expected), "{sent:?}\n{replies}");
        }
    }

    #[test]
    fn what_is_marked_goes_with_the_client() {
        assert_eq!(play(None, "USER a\r\nPASS b\r\nDELE 2\r\nQUIT\r\n").1, ["B"]);
        assert!(play(None, "USER a\r\nPASS b\r\nDELE 2\r\n").1.is_empty());
        let login = Login::parse("ann:secret");
        assert!(play(login.clone(), "USER ann\r\nPASS wrong\r\n").0.contains("-ERR [AUTH]"));
        assert!(play(login, "USER ann\r\nPASS secret\r\nSTAT\r\n").0.ends_with("+OK 2 50\r\n"));
    }
}
