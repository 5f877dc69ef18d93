//! Messages of the server.

use std::sync::Arc;

use navyd_model::exchange::Protocol;
use serde_json::json;

use super::{
    COLUMNS, VALUE,
    ask::{Ask, Column, Copied, Kind},
    client::{HEAD, typed},
    fields,
    session::Session,
};
use crate::{
    Spoken,
    frames::{Frame, Wrong},
    reader::Reader,
    shown,
};

/// The length of ReadyForQuery.
pub(super) const READY: usize = 6;

/// The most parameters whose types are remembered.
const KINDS: usize = 1024;

/// The length of a message of the server.
pub(super) fn length(head: &[u8]) -> Result<Option<u64>, Wrong> {
    typed(head, b"123ACDEGHIKNRSTVWZcdnstv")
}

impl Session {
    /// Takes a message of the server.
    pub(super) fn server(&mut self, frame: &Frame<'_>, at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let body = frame.bytes.get(HEAD..).ok_or(Wrong)?;
        self.count(frame);
        match frame.bytes[0] {
            b'D' => {
                if let Some(ask) = self.result() {
                    let formats = Arc::clone(&ask.bound.formats);
                    ask.answer.row(body, &formats);
                }
                Ok(())
            }
            b'C' => self.complete(body.split(|byte| *byte == 0).next().unwrap_or_default(), at, out),
            b'I' => self.complete(b"", at, out),
            b's' => self.complete(b"portal suspended", at, out),
            b'T' => self.row_description(body),
            b't' => self.parameter_description(body),
            b'n' => self.done(&[Kind::DescribeStatement, Kind::DescribePortal]).map(drop),
            b'1' => {
                let ask = self.done(&[Kind::Parse])?;
                if ask.becomes_an_exchange() {
                    out.push(self.with_bytes(ask).spoken(Some(at)));
                }
                Ok(())
            }
            b'2' => self.done(&[Kind::Bind]).map(drop),
            b'3' => self.done(&[Kind::Close]).map(drop),
            b'Z' => self.ready(at, out),
            b'E' => self.error(body, at, out),
            b'N' => self.notice(body, at, out),
            b'A' => notification(body, frame, at, out),
            b'G' => self.copy_begins("in"),
            b'H' => self.copy_begins("out"),
            b'W' => self.copy_begins("both"),
            b'd' => {
                let copy = self.result().and_then(|ask| ask.answer.result()?.copy.as_mut());
                if let Some(copy) = copy {
                    copy.bytes += frame.size - HEAD as u64;
                    copy.messages += 1;
                }
                Ok(())
            }
            b'S' | b'R' => {
                self.introduction(frame.bytes[0], body);
                Ok(())
            }
            // The key that cancels is nobody's business; a version, the end of a COPY, the result of a function.
            _ => Ok(()),
        }
    }

    /// What the server sends belongs to what will be told next, and is its answer.
    fn count(&mut self, frame: &Frame<'_>) {
        // A notification answers nothing.
        if frame.bytes[0] == b'A' {
            return;
        }
        self.received += frame.size;
        if let Some(ask) = self.head() {
            ask.answer.answered.get_or_insert(frame.began);
        }
    }

    /// What gives a result and is answered now.
    fn result(&mut self) -> Option<&mut Ask> {
        let ask = self.head().filter(|ask| matches!(ask.kind, Kind::Query | Kind::Execute))?;
        if ask.kind == Kind::Execute && !ask.answer.open {
            let columns = ask.columns.take();
            ask.answer.columns(columns);
        }
        Some(ask)
    }

    fn complete(&mut self, tag: &[u8], at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        self.result().ok_or(Wrong)?.answer.tag(tag);
        if self.head_kind() == Some(Kind::Execute) {
            self.tell_head(at, out);
        }
        Ok(())
    }

    fn row_description(&mut self, body: &[u8]) -> Result<(), Wrong> {
        let columns = columns(body).ok_or(Wrong)?;
        match self.head_kind() {
            Some(Kind::Query) => {
                if let Some(ask) = self.head() {
                    ask.answer.columns(Some(columns));
                }
            }
            Some(Kind::DescribeStatement | Kind::DescribePortal) => {
                let of = self.done(&[Kind::DescribeStatement, Kind::DescribePortal])?;
                self.described(&of, &columns);
            }
            _ => return Err(Wrong),
        }
        Ok(())
    }

    fn parameter_description(&mut self, body: &[u8]) -> Result<(), Wrong> {
        let mut body = Reader(body);
        let count = usize::from(body.u16().ok_or(Wrong)?).min(KINDS);
        let kinds: Arc<[u32]> = (0..count).map_while(|_| body.u32()).collect();
        let ask = self.head().filter(|ask| ask.kind == Kind::DescribeStatement).ok_or(Wrong)?;
        let name = ask.statement.clone();
        if let Some(statement) = self.statements.get_mut(&name) {
            statement.kinds = kinds;
        }
        Ok(())
    }

    fn ready(&mut self, at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        self.begin();
        self.copying = false;
        match self.head_kind() {
            Some(Kind::Query | Kind::Call | Kind::Connect) => self.tell_head(at, out),
            Some(Kind::Sync) => {
                self.drop_head();
                self.received = 0;
            }
            // After a gap the first answer may belong to something that was not seen.
            None => self.received = 0,
            Some(_) => return Err(Wrong),
        }
        Ok(())
    }

    fn error(&mut self, body: &[u8], at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        self.copying = false;
        let fields = fields::read(body);
        let line = fields::line(&fields);
        let Some(ask) = self.head().filter(|ask| ask.kind != Kind::Sync) else {
            // Of nothing that was asked: the server ends, or what Sync commits is refused.
            let (started, method) = self.head().map_or((at, "error"), |ask| (ask.started, "sync"));
            out.push(Spoken {
                answered: Some(at),
                ended: Some(at),
                error: Some(line),
                received: std::mem::take(&mut self.received),
                details: json!({"error": fields}),
                ..Spoken::new(Protocol::Postgres, started, method, "")
            });
            return Ok(());
        };
        ask.answer.error = Some(line);
        ask.answer.facts.insert("error".into(), fields.into());
        ask.answer.open = false;
        match ask.kind {
            // Told when the server is ready again.
            Kind::Query | Kind::Call => {}
            Kind::Connect => self.tell_head(at, out),
            _ => {
                self.tell_head(at, out);
                self.skip_to_sync();
            }
        }
        Ok(())
    }

    fn notice(&mut self, body: &[u8], at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let fields = fields::read(body);
        if let Some(ask) = self.head() {
            ask.answer.notice(fields.into());
            return Ok(());
        }
        out.push(Spoken {
            answered: Some(at),
            ended: Some(at),
            received: std::mem::take(&mut self.received),
            ..Spoken::new(Protocol::Postgres, at, "notice", fields::line(&fields))
        });
        Ok(())
    }

    fn copy_begins(&mut self, direction: &'static str) -> Result<(), Wrong> {
        let ask = self.result().ok_or(Wrong)?;
        let extended = ask.kind == Kind::Execute;
        let copying = direction != "out" && !ask.all_ahead;
        let (bytes, messages) = ask.ahead;
        if let Some(result) = ask.answer.result() {
            result.copy = Some(Copied { direction, bytes, messages });
        }
        self.copying = copying;
        // "the backend [...] will ignore Flush and Sync messages" while it takes what COPY brings.
        if self.copying && extended {
            self.asks.retain(|ask| ask.kind != Kind::Sync);
        }
        Ok(())
    }

    /// How the server introduces itself.
    fn introduction(&mut self, kind: u8, body: &[u8]) {
        let Some(ask) = self.head().filter(|ask| ask.kind == Kind::Connect) else { return };
        let mut body = Reader(body);
        if kind == b'R' {
            if let Some(method) = body.u32().and_then(authentication) {
                ask.answer.facts.insert("authentication".into(), method.into());
            }
        } else if let (Some(b"server_version"), Some(version)) = (body.zero_ended(), body.zero_ended()) {
            ask.answer.facts.insert("server_version".into(), shown::value(version, VALUE));
        }
    }

    fn tell_head(&mut self, at: i64, out: &mut Vec<Spoken>) {
        if let Some(kind) = self.head_kind()
            && let Ok(ask) = self.done(&[kind])
        {
            out.push(self.with_bytes(ask).spoken(Some(at)));
        }
    }

    /// What the server sent since it told something belongs to this.
    fn with_bytes(&mut self, mut ask: Ask) -> Ask {
        ask.answer.received += std::mem::take(&mut self.received);
        ask
    }
}

/// The name of what proves who the client is.
fn authentication(code: u32) -> Option<&'static str> {
    Some(match code {
        2 => "kerberos",
        3 => "password",
        5 => "md5",
        7 => "gss",
        9 => "sspi",
        10 => "sasl",
        _ => return None,
    })
}

fn columns(body: &[u8]) -> Option<Arc<[Column]>> {
    let mut body = Reader(body);
    let count = usize::from(body.u16()?).min(COLUMNS);
    // Fewer, when the message is longer than what is kept of it.
    let column = |body: &mut Reader<'_>| {
        let name = shown::whole(body.zero_ended()?, VALUE);
        // The table, and the column's number in it.
        body.bytes(6)?;
        let kind = body.u32()?;
        // The size of the type, and its modifier.
        body.bytes(6)?;
        Some(Column { name, kind, format: body.i16()? })
    };
    Some((0..count).map_while(|_| column(&mut body)).collect())
}

fn notification(body: &[u8], frame: &Frame<'_>, at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
    let mut body = Reader(body);
    let process = body.u32().ok_or(Wrong)?;
    let channel = shown::whole(body.zero_ended().ok_or(Wrong)?, VALUE);
    let payload = shown::whole(body.zero_ended().ok_or(Wrong)?, VALUE);
    out.push(Spoken {
        answered: Some(frame.began),
        ended: Some(at),
        received: frame.size,
        details: json!({"payload": payload, "process": process}),
        ..Spoken::new(Protocol::Postgres, frame.began, "notify", channel)
    });
    Ok(())
}
