//! Packets of the client: what it asks for.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Mysql, PARAMETERS, STATEMENTS, VALUE,
    answer::Due,
    ask::{Ask, Kind},
    column::Column,
    values, wire,
};
use crate::{
    Spoken,
    frames::{Frame, KEPT, Wrong},
    reader::Reader,
    shown,
};

/// The most parameters whose types are remembered.
const KINDS: usize = 1024;
/// How many parameters of a statement may be sent ahead.
const LONG: usize = 64;
/// PARAMETER_COUNT_AVAILABLE, a flag of an execution.
const COUNTED: u8 = 8;
/// What stands for the statement that was prepared last, in MariaDB.
const LAST: u32 = u32::MAX;

/// What was prepared.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub text: Arc<str>,
    pub parameters: u16,
    /// The types that parameters were last given.
    kinds: Vec<[u8; 2]>,
    /// How long the parameters are that were sent ahead.
    long: BTreeMap<u16, u64>,
    pub columns: Option<Arc<[Column]>>,
}

impl Mysql {
    /// Takes a packet of the client when both sides know each other.
    pub(super) fn client_packet(
        &mut self,
        number: u8,
        body: &[u8],
        frame: &Frame<'_>,
        at: i64,
        out: &mut Vec<Spoken>,
    ) -> Result<(), Wrong> {
        match self.due {
            // What proves who the client is.
            Due::Proof => {
                self.more(navyd_model::exchange::Side::Client, frame.size);
                return Ok(());
            }
            Due::File => {
                let ask = self.asks.front_mut().ok_or(Wrong)?;
                ask.sent += frame.size;
                ask.answer.facts.entry("file_bytes").and_modify(|bytes| {
                    *bytes = json!(bytes.as_u64().unwrap_or_default() + frame.size - wire::HEAD as u64);
                });
                if body.is_empty() {
                    self.due = Due::Result;
                }
                return Ok(());
            }
            _ => {}
        }
        if number != 0 {
            return Err(Wrong);
        }
        let mut reader = Reader(body);
        let command = reader.u8().ok_or(Wrong)?;
        let size = (frame.size - frame.bytes.len() as u64) + reader.0.len() as u64;
        let mut ask = Ask { sent: frame.size, ..Ask::new(Kind::Query, frame.began) };
        let text = |bytes: &[u8]| Arc::<str>::from(shown::text(bytes, size, KEPT));
        match command {
            // Nothing answers the end of a connection or of a statement, nor a parameter that is sent ahead.
            0x01 => return Ok(()),
            0x18 => return self.sent_ahead(reader, size),
            0x19 => {
                self.statements.remove(&wire::u32(&mut reader).ok_or(Wrong)?);
                return Ok(());
            }
            0x03 => {
                if self.abilities.attributes() {
                    ask.parameters = attributes(&mut reader).ok_or(Wrong)?;
                }
                let taken = body.len() - 1 - reader.0.len();
                ask.target = shown::text(reader.0, size - taken as u64, KEPT).into();
            }
            0x16 => {
                ask.kind = Kind::Prepare;
                ask.target = text(reader.0);
            }
            0x17 | 0xfa => self.executed(command, reader, &mut ask)?,
            0x1c => {
                ask.kind = Kind::Fetch;
                self.meant(&mut reader, &mut ask)?;
            }
            0x1a => {
                ask.kind = Kind::Other("reset");
                self.meant(&mut reader, &mut ask)?;
            }
            0x11 => {
                ask.kind = Kind::ChangeUser;
                ask.target = shown::whole(reader.zero_ended().ok_or(Wrong)?, VALUE).into();
            }
            0x04 => {
                ask.kind = Kind::FieldList;
                ask.target = shown::whole(reader.zero_ended().unwrap_or(reader.0), VALUE).into();
            }
            0x09 => ask.kind = Kind::Statistics,
            0x12 | 0x15 | 0x1e => {
                self.close("opaque", "replication from here on", at, out);
                return Ok(());
            }
            0x02 => {
                ask.kind = Kind::Other("use");
                ask.target = shown::text(reader.0, size, VALUE).into();
            }
            other => ask.kind = Kind::Other(name(other).ok_or(Wrong)?),
        }
        self.ask(ask)
    }

    /// Which statement is meant.
    fn meant(&self, reader: &mut Reader<'_>, ask: &mut Ask) -> Result<(), Wrong> {
        let id = wire::u32(reader).ok_or(Wrong)?;
        ask.statement = Some(id).filter(|id| *id != LAST);
        let prepared = || {
            // What is executed before its preparation was answered.
            let last = self.asks.iter().rev().find(|ask| ask.kind == Kind::Prepare).filter(|_| id == LAST);
            last.map(|ask| Arc::clone(&ask.target))
        };
        ask.target = match self.statements.get(&id) {
            Some(known) => Arc::clone(&known.text),
            None => prepared().unwrap_or_else(|| format!("statement {id}, which was not seen").into()),
        };
        Ok(())
    }

    fn executed(&mut self, command: u8, mut reader: Reader<'_>, ask: &mut Ask) -> Result<(), Wrong> {
        ask.kind = Kind::Execute;
        self.meant(&mut reader, ask)?;
        let attributes = self.abilities.attributes();
        let known = ask.statement.and_then(|id| self.statements.get_mut(&id));
        // A bulk of MariaDB has many rows of parameters, which are not told.
        if let (0x17, Some(known)) = (command, known) {
            let long = std::mem::take(&mut known.long);
            ask.parameters = known.parameters(reader, attributes, &long).unwrap_or_default();
        }
        Ok(())
    }

    fn sent_ahead(&mut self, mut reader: Reader<'_>, size: u64) -> Result<(), Wrong> {
        let id = wire::u32(&mut reader).ok_or(Wrong)?;
        let parameter = wire::u16(&mut reader).ok_or(Wrong)?;
        if let Some(known) = self.statements.get_mut(&id)
            && (known.long.len() < LONG || known.long.contains_key(&parameter))
        {
            *known.long.entry(parameter).or_default() += size.saturating_sub(6);
        }
        Ok(())
    }

    /// A statement has been prepared.
    pub(super) fn prepared(&mut self, id: u32, text: Arc<str>, parameters: u16) {
        let cost = text.len();
        let statement =
            Statement { text, parameters, kinds: Vec::new(), long: BTreeMap::new(), columns: None };
        self.statements.put(id, statement, cost, STATEMENTS);
    }
}

impl Statement {
    /// Reads the parameters of an execution. `None` when they cannot be read.
    fn parameters(
        &mut self,
        mut body: Reader<'_>,
        attributes: bool,
        long: &BTreeMap<u16, u64>,
    ) -> Option<Vec<Value>> {
        let flags = body.u8()?;
        // How often it is executed: once.
        body.bytes(4)?;
        let count = match attributes && flags & COUNTED != 0 {
            true => usize::try_from(wire::number(&mut body)?).ok()?,
            false => self.parameters.into(),
        };
        if count == 0 {
            return Some(Vec::new());
        }
        let nulls = body.bytes(count.div_ceil(8))?;
        if body.u8()? == 1 {
            self.kinds = kinds(&mut body, count, attributes && flags & COUNTED != 0)?;
        }
        Some(list(&mut body, nulls, &self.kinds, count, long))
    }
}

fn kinds(body: &mut Reader<'_>, count: usize, named: bool) -> Option<Vec<[u8; 2]>> {
    let mut kinds = Vec::new();
    for _ in 0..count.min(KINDS) {
        kinds.push(body.array()?);
        if named {
            wire::text(body)?;
        }
    }
    Some(kinds)
}

fn list(
    body: &mut Reader<'_>,
    nulls: &[u8],
    kinds: &[[u8; 2]],
    count: usize,
    long: &BTreeMap<u16, u64>,
) -> Vec<Value> {
    let (mut shown, mut bytes) = (Vec::new(), 0);
    for at in 0..count {
        if shown.len() >= PARAMETERS.0 || bytes >= PARAMETERS.1 {
            break;
        }
        if let Some(size) = u16::try_from(at).ok().and_then(|at| long.get(&at)) {
            shown.push(format!("… {size} bytes").into());
            continue;
        }
        if values::is_null(nulls, at) {
            shown.push(Value::Null);
            continue;
        }
        let Some(value) = kinds.get(at).and_then(|kind| values::parameter(*kind, body)) else { break };
        bytes += value.as_str().map_or(0, str::len);
        shown.push(value);
    }
    if shown.len() < count {
        shown.push(format!("… {} more", count - shown.len()).into());
    }
    shown
}

/// What a query carries beside its text: named values. They are told as parameters.
fn attributes(body: &mut Reader<'_>) -> Option<Vec<Value>> {
    let count = usize::try_from(wire::number(body)?).ok()?;
    // How many sets of them there are: always one.
    wire::number(body)?;
    if count == 0 {
        return Some(Vec::new());
    }
    let nulls = body.bytes(count.div_ceil(8))?;
    body.u8()?;
    let kinds = kinds(body, count, true).filter(|kinds| kinds.len() == count)?;
    let mut values = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        let value = if values::is_null(nulls, at) { Value::Null } else { values::parameter(*kind, body)? };
        if values.len() < PARAMETERS.0 {
            values.push(value);
        }
    }
    Some(values)
}

fn name(command: u8) -> Option<&'static str> {
    Some(match command {
        0x00 => "sleep",
        0x05 => "create database",
        0x06 => "drop database",
        0x07 => "refresh",
        0x08 => "shutdown",
        0x0a => "process list",
        0x0b => "connect out",
        0x0c => "kill",
        0x0d => "debug",
        0x0e => "ping",
        0x0f => "time",
        0x10 => "delayed insert",
        0x1b => "set option",
        0x1d => "daemon",
        0x1f => "reset connection",
        _ => return None,
    })
}
