//! Messages of the client.

use std::sync::Arc;

use serde_json::Value;

use super::{
    PARAMETERS, VALUE,
    ask::{Ask, Bound, Kind},
    session::{Portal, Session, Statement},
    types,
};
use crate::{
    frames::{Frame, KEPT, Wrong},
    reader::Reader,
    shown,
};

/// The head of each message: its type, and its length without the type.
pub(super) const HEAD: usize = 5;

/// The most parameters whose types are remembered.
const KINDS: usize = 1024;

/// The length of a message of the client.
pub(super) fn length(head: &[u8]) -> Result<Option<u64>, Wrong> {
    typed(head, b"BCDEFHPQSXcdfp")
}

/// The length of a message that begins with one of these types.
pub(super) fn typed(head: &[u8], types: &[u8]) -> Result<Option<u64>, Wrong> {
    let mut head = Reader(head);
    let Some(kind) = head.u8() else { return Ok(None) };
    if !types.contains(&kind) {
        return Err(Wrong);
    }
    match head.i32() {
        None => Ok(None),
        Some(length) if length >= 4 => Ok(Some(1 + u64::from(length.unsigned_abs()))),
        Some(_) => Err(Wrong),
    }
}

impl Session {
    /// Takes a message of the client.
    pub(super) fn client(&mut self, frame: &Frame<'_>) -> Result<(), Wrong> {
        let mut body = Reader(frame.bytes.get(HEAD..).ok_or(Wrong)?);
        let kind = frame.bytes[0];
        if self.copying && matches!(kind, b'd' | b'c' | b'f' | b'H' | b'S') {
            self.copy(kind, frame);
            return Ok(());
        }
        self.sent += frame.size;
        if self.skipping && kind != b'S' {
            return Ok(());
        }
        match kind {
            b'Q' => {
                let text = text(body.0, frame);
                self.asked(Ask { target: text.into(), ..Ask::new(Kind::Query, frame.began) })
            }
            b'P' => self.parse(body, frame),
            b'B' => self.bound(body, frame),
            b'D' => self.describe(body, frame),
            b'E' => self.execute(body, frame),
            b'C' => self.close(body, frame),
            b'F' => {
                let function = body.u32().ok_or(Wrong)?;
                let target = format!("function {function}").into();
                self.asked(Ask { target, ..Ask::new(Kind::Call, frame.began) })
            }
            b'S' => {
                self.skipping = false;
                self.belongs_to_the_last();
                self.ask(Ask::new(Kind::Sync, frame.began))
            }
            b'd' | b'c' | b'f' => {
                self.copy_ahead(kind, frame);
                Ok(())
            }
            // Passwords are counted and not looked at; Flush and Terminate are not answered.
            _ => {
                self.belongs_to_the_last();
                Ok(())
            }
        }
    }

    fn parse(&mut self, mut body: Reader<'_>, frame: &Frame<'_>) -> Result<(), Wrong> {
        let name = name(&mut body)?;
        // The text may be longer than what is kept of the message.
        let all = body.0;
        let (target, kinds) = match body.zero_ended() {
            Some(text) => (shown::whole(text, KEPT), kinds(&mut body)),
            None if frame.size > frame.bytes.len() as u64 => (text(all, frame), Vec::new()),
            None => return Err(Wrong),
        };
        let target = Arc::<str>::from(target);
        let statement = Statement { text: Arc::clone(&target), kinds: kinds.into(), columns: None };
        self.prepare(name.clone(), statement);
        let ask = Ask { statement: name, target, ..Ask::new(Kind::Parse, frame.began) };
        if ask.becomes_an_exchange() { self.asked(ask) } else { self.ask(ask) }
    }

    fn bound(&mut self, mut body: Reader<'_>, frame: &Frame<'_>) -> Result<(), Wrong> {
        let portal = name(&mut body)?;
        let statement = name(&mut body)?;
        let known = self.statements.get(&statement);
        let text = known.map_or_else(|| unseen(&statement), |known| Arc::clone(&known.text));
        let columns = known.and_then(|known| known.columns.clone());
        let kinds = known.map(|known| Arc::clone(&known.kinds)).unwrap_or_default();
        let (parameters, rest) = parameters(body, &kinds);
        let formats = rest.and_then(|mut rest| formats(&mut rest)).unwrap_or_default().into();
        let bound = Bound { parameters: Some(parameters.into()), formats };
        let mut ask = Ask { portal, statement, target: text, bound, ..Ask::new(Kind::Bind, frame.began) };
        ask.columns = columns;
        let known = Portal {
            statement: ask.statement.clone(),
            text: Arc::clone(&ask.target),
            bound: ask.bound.clone(),
            columns: ask.columns.clone(),
            cost: ask.cost(),
        };
        self.bind(ask.portal.clone(), known);
        self.ask(ask)
    }

    fn describe(&mut self, mut body: Reader<'_>, frame: &Frame<'_>) -> Result<(), Wrong> {
        let what = body.u8();
        let name = name(&mut body)?;
        let mut ask = match what {
            Some(b'S') => Ask { statement: name, ..Ask::new(Kind::DescribeStatement, frame.began) },
            Some(b'P') => Ask { portal: name, ..Ask::new(Kind::DescribePortal, frame.began) },
            _ => return Err(Wrong),
        };
        ask.target = match ask.kind {
            Kind::DescribePortal => self.portals.get(&ask.portal).map(|portal| Arc::clone(&portal.text)),
            _ => self.statements.get(&ask.statement).map(|statement| Arc::clone(&statement.text)),
        }
        .unwrap_or_else(|| unseen(&ask.statement));
        self.ask(ask)
    }

    fn execute(&mut self, mut body: Reader<'_>, frame: &Frame<'_>) -> Result<(), Wrong> {
        let portal = name(&mut body)?;
        let mut ask = Ask::new(Kind::Execute, frame.began);
        match self.portals.get(&portal) {
            Some(known) => {
                ask.statement.clone_from(&known.statement);
                ask.target = Arc::clone(&known.text);
                ask.bound = known.bound.clone();
                ask.columns.clone_from(&known.columns);
            }
            // DECLARE CURSOR makes portals too.
            None => ask.target = format!("portal `{portal}`, which was not seen").into(),
        }
        ask.portal = portal;
        self.asked(ask)
    }

    fn close(&mut self, mut body: Reader<'_>, frame: &Frame<'_>) -> Result<(), Wrong> {
        let what = body.u8();
        let name = name(&mut body)?;
        match what {
            Some(b'S') => self.statements.remove(&name),
            Some(b'P') => self.portals.remove(&name),
            _ => return Err(Wrong),
        }
        self.ask(Ask { target: name.into(), ..Ask::new(Kind::Close, frame.began) })
    }

    fn copy(&mut self, kind: u8, frame: &Frame<'_>) {
        if matches!(kind, b'c' | b'f') {
            self.copying = false;
        }
        let Some(ask) = self.head() else { return };
        ask.sent += frame.size;
        let copy = ask.answer.result().and_then(|result| result.copy.as_mut());
        if let (b'd', Some(copy)) = (kind, copy) {
            copy.bytes += frame.size - HEAD as u64;
            copy.messages += 1;
        }
    }

    /// Some clients do not wait until the server asks for what COPY takes.
    fn copy_ahead(&mut self, kind: u8, frame: &Frame<'_>) {
        self.belongs_to_the_last();
        let asked = |ask: &&mut Ask| matches!(ask.kind, Kind::Query | Kind::Execute);
        let Some(ask) = self.asks.iter_mut().rev().find(asked) else { return };
        if kind == b'd' {
            ask.ahead.0 += frame.size - HEAD as u64;
            ask.ahead.1 += 1;
        } else {
            ask.all_ahead = true;
        }
    }

    /// Something is asked that becomes an exchange even when all goes well: what was sent to prepare it belongs to it.
    fn asked(&mut self, mut ask: Ask) -> Result<(), Wrong> {
        ask.sent = std::mem::take(&mut self.sent);
        self.ask(ask)
    }

    /// What was sent belongs to the last that becomes an exchange, where that has not been answered.
    fn belongs_to_the_last(&mut self) {
        if let Some(last) = self.asks.iter_mut().rev().find(|ask| ask.becomes_an_exchange()) {
            last.sent += std::mem::take(&mut self.sent);
        }
    }
}

/// What stands for a statement that was prepared before it could be seen, or was forgotten.
fn unseen(name: &str) -> Arc<str> {
    format!("statement `{name}`, which was not seen").into()
}

fn name(body: &mut Reader<'_>) -> Result<String, Wrong> {
    body.zero_ended().map(|name| shown::whole(name, VALUE)).ok_or(Wrong)
}

/// A text up to its zero, or as much of it as is kept.
fn text(bytes: &[u8], frame: &Frame<'_>) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let cut = end.is_none() && frame.size > frame.bytes.len() as u64;
    let text = &bytes[..end.unwrap_or(bytes.len())];
    shown::text(text, text.len() as u64 + u64::from(cut), KEPT)
}

fn kinds(body: &mut Reader<'_>) -> Vec<u32> {
    let count = usize::from(body.u16().unwrap_or_default()).min(KINDS);
    (0..count).map_while(|_| body.u32()).collect()
}

fn formats(body: &mut Reader<'_>) -> Option<Vec<i16>> {
    let count = body.u16()?;
    (0..count).map(|_| body.i16()).collect()
}

/// The parameters of Bind, and what stands behind them when that is here.
fn parameters<'a>(mut body: Reader<'a>, kinds: &[u32]) -> (Vec<Value>, Option<Reader<'a>>) {
    let Some((formats, count)) = formats(&mut body).zip(body.u16()) else { return (Vec::new(), None) };
    let (mut shown, mut bytes) = (Vec::new(), 0);
    for at in 0..usize::from(count) {
        let Some(length) = body.i32() else { return (shown, None) };
        let length = usize::try_from(length).ok();
        let content = body.up_to(length.unwrap_or_default());
        if shown.len() >= PARAMETERS.0 || bytes >= PARAMETERS.1 {
            continue;
        }
        let kind = kinds.get(at).copied().unwrap_or_default();
        let format = types::format_of(&formats, at).unwrap_or_default();
        let value = length.map_or(Value::Null, |length| types::value(kind, format, content, length));
        bytes += value.as_str().map_or(0, str::len);
        shown.push(value);
    }
    let hidden = usize::from(count) - shown.len();
    if hidden > 0 {
        shown.push(format!("… {hidden} more").into());
    }
    (shown, Some(body))
}
