//! Packets of the server: what it answers.

use std::sync::Arc;

use super::{
    COLUMNS, Mysql, VALUE,
    ask::{Kind, Refusal},
    column::Column,
    values, wire,
};
use crate::{
    Spoken,
    frames::{Frame, Wrong},
    reader::Reader,
    shown,
};

/// SERVER_MORE_RESULTS_EXISTS
const MORE: u16 = 1 << 3;
/// SERVER_STATUS_CURSOR_EXISTS
const CURSOR: u16 = 1 << 6;
/// An error with this number is none: MariaDB tells how far it has come.
const PROGRESS: u16 = 0xffff;
/// An EOF is shorter than any row that begins like it.
const EOF: usize = 9;

/// What of the answer to the oldest command is due.
#[derive(Debug, Clone, Default)]
pub(super) enum Due {
    /// Nothing is.
    #[default]
    Nothing,
    /// Whether the client is who it says.
    Proof,
    /// OK, an error, the name of a file, or how many columns there are.
    Result,
    /// The client sends a file.
    File,
    /// Whether a statement was prepared.
    Prepared,
    /// So many definitions of parameters and columns of what was prepared, each list with its end.
    Definitions { left: u64 },
    /// Columns.
    Columns { left: u64, read: Vec<Column> },
    /// The end of the columns.
    ColumnsEnd,
    /// Rows, as texts or in binary.
    Rows { binary: bool },
    /// Definitions until an end.
    Fields,
    /// A text.
    Statistics,
}

impl Due {
    /// What is due first.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Connect | Kind::ChangeUser => Self::Proof,
            Kind::Query | Kind::Execute | Kind::Other(_) => Self::Result,
            Kind::Prepare => Self::Prepared,
            Kind::Fetch => Self::Rows { binary: true },
            Kind::FieldList => Self::Fields,
            Kind::Statistics => Self::Statistics,
        }
    }
}

impl Mysql {
    /// Takes a packet of the server when both sides know each other.
    pub(super) fn answered(
        &mut self,
        number: u8,
        body: &[u8],
        frame: &Frame<'_>,
        at: i64,
        out: &mut Vec<Spoken>,
    ) -> Result<(), Wrong> {
        let Some(ask) = self.asks.front_mut() else { return self.farewell(body, frame, at, out) };
        // The first packet of an answer has the number behind that of the command.
        let first = ask.answer.answered.is_none();
        if first && ask.kind != Kind::Connect && number == 0 {
            return Err(Wrong);
        }
        ask.answer.answered.get_or_insert(frame.began);
        ask.answer.received += frame.size;
        let kind = body.first().copied().ok_or(Wrong)?;
        if kind == 0xff && !matches!(self.due, Due::Columns { .. } | Due::Definitions { .. }) {
            let refusal = Refusal::read(&body[1..]).ok_or(Wrong)?;
            if refusal.code != PROGRESS {
                ask.answer.error = Some(refusal.line());
                ask.answer.facts.insert("error".into(), refusal.told());
                self.tell(at, out);
            }
            return Ok(());
        }
        match std::mem::take(&mut self.due) {
            Due::Nothing => return Err(Wrong),
            Due::Proof if kind == 0 => {
                let starts = ask.kind == Kind::Connect;
                self.tell(at, out);
                if starts && self.abilities.compressed() {
                    self.close("opaque", "compressed from here on", at, out);
                }
            }
            // Another way to prove it, or more of this one.
            Due::Proof => self.due = Due::Proof,
            Due::Result => self.result(kind, body, at, out)?,
            // Nothing comes before the client is done, save an error.
            Due::File => return Err(Wrong),
            Due::Prepared => self.statement(body, at, out)?,
            Due::Definitions { left } => match left.checked_sub(1).ok_or(Wrong)? {
                0 => self.tell(at, out),
                left => self.due = Due::Definitions { left },
            },
            Due::Columns { left, mut read } => {
                let column = Column::read(body, self.abilities.more_of_columns()).ok_or(Wrong)?;
                if read.len() < COLUMNS {
                    read.push(column);
                }
                match left - 1 {
                    0 => self.columns(read.into()),
                    left => self.due = Due::Columns { left, read },
                }
            }
            Due::ColumnsEnd => {
                let status = eof(body).ok_or(Wrong)?;
                if status & CURSOR == 0 {
                    self.due = self.rows();
                } else {
                    self.tell(at, out);
                }
            }
            Due::Rows { binary } => self.row(binary, body, frame.size, at, out)?,
            Due::Fields => match body.len() < EOF && kind == 0xfe {
                true => self.tell(at, out),
                false => self.due = Due::Fields,
            },
            Due::Statistics => {
                ask.answer.facts.insert("text".into(), shown::value(body, VALUE));
                self.tell(at, out);
            }
        }
        Ok(())
    }

    fn result(&mut self, kind: u8, body: &[u8], at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let ask = self.asks.front_mut().ok_or(Wrong)?;
        match kind {
            0 => self.ok(body, at, out),
            0xfe if body.len() < EOF => {
                self.tell(at, out);
                Ok(())
            }
            0xfb => {
                ask.answer.facts.insert("file".into(), shown::value(&body[1..], VALUE));
                ask.answer.facts.insert("file_bytes".into(), 0.into());
                self.due = Due::File;
                Ok(())
            }
            _ => {
                let mut reader = Reader(body);
                let left = wire::number(&mut reader).filter(|left| *left > 0).ok_or(Wrong)?;
                ask.answer.open();
                let left_out = self.abilities.columns_may_be_left_out() && reader.u8() == Some(0);
                if !left_out {
                    self.due = Due::Columns { left, read: Vec::new() };
                    return Ok(());
                }
                let known = ask.statement.and_then(|id| self.statements.get(&id)?.columns.clone());
                self.columns(known.unwrap_or_default());
                Ok(())
            }
        }
    }

    /// The columns are known, and rows follow.
    fn columns(&mut self, columns: Arc<[Column]>) {
        if let Some(ask) = self.asks.front_mut() {
            if let Some(known) = ask.statement.and_then(|id| self.statements.get_mut(&id)) {
                known.columns = Some(Arc::clone(&columns));
            }
            ask.answer.columns(columns);
        }
        self.due = if self.abilities.no_eof() { self.rows() } else { Due::ColumnsEnd };
    }

    fn rows(&self) -> Due {
        Due::Rows { binary: self.asks.front().is_some_and(|ask| ask.kind == Kind::Execute) }
    }

    fn row(
        &mut self,
        binary: bool,
        body: &[u8],
        size: u64,
        at: i64,
        out: &mut Vec<Spoken>,
    ) -> Result<(), Wrong> {
        // A row that begins like an end holds a text of 16 MiB, and fills its packet.
        if body.first() == Some(&0xfe) && size < wire::FULL {
            let status = if self.abilities.no_eof() { status(body) } else { eof(body) };
            return self.ended(status.ok_or(Wrong)?, at, out);
        }
        let ask = self.asks.front_mut().ok_or(Wrong)?;
        if ask.kind == Kind::Fetch && !ask.answer.facts.contains_key("fetched") {
            ask.answer.facts.insert("fetched".into(), true.into());
            ask.answer.open();
            if let Some(columns) = ask.statement.and_then(|id| self.statements.get(&id)?.columns.clone()) {
                ask.answer.columns(columns);
            }
        }
        ask.answer.row(|columns| if binary { values::binary(body, columns) } else { values::texts(body) });
        self.due = Due::Rows { binary };
        Ok(())
    }

    fn ok(&mut self, body: &[u8], at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let mut reader = Reader(&body[1..]);
        let affected = wire::number(&mut reader).ok_or(Wrong)?;
        let inserted = wire::number(&mut reader).ok_or(Wrong)?;
        let status = wire::u16(&mut reader).unwrap_or_default();
        let warnings = wire::u16(&mut reader).unwrap_or_default();
        let ask = self.asks.front_mut().ok_or(Wrong)?;
        if matches!(ask.kind, Kind::Query | Kind::Execute) {
            ask.answer.open();
            ask.answer.fact("affected_rows", affected.into());
            for (name, number) in [("last_insert_id", inserted), ("warnings", warnings.into())] {
                if number > 0 {
                    ask.answer.fact(name, number.into());
                }
            }
        }
        self.ended(status, at, out)
    }

    /// A result has ended, and perhaps another follows.
    fn ended(&mut self, status: u16, at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        if status & MORE == 0 {
            self.tell(at, out);
        } else {
            self.due = Due::Result;
        }
        Ok(())
    }

    /// A statement has been prepared; the definitions of its parameters and columns follow.
    fn statement(&mut self, body: &[u8], at: i64, out: &mut Vec<Spoken>) -> Result<(), Wrong> {
        let mut reader = Reader(body);
        reader.u8().filter(|kind| *kind == 0).ok_or(Wrong)?;
        let id = wire::u32(&mut reader).ok_or(Wrong)?;
        let columns = wire::u16(&mut reader).ok_or(Wrong)?;
        let parameters = wire::u16(&mut reader).ok_or(Wrong)?;
        reader.bytes(3);
        let follow = !self.abilities.columns_may_be_left_out() || reader.u8() != Some(0);
        let ask = self.asks.front_mut().ok_or(Wrong)?;
        ask.statement = Some(id);
        let text = Arc::clone(&ask.target);
        self.prepared(id, text, parameters);
        let list = |count: u16| match (count, self.abilities.no_eof()) {
            (0, _) => 0,
            (count, true) => u64::from(count),
            (count, false) => u64::from(count) + 1,
        };
        match list(parameters) + list(columns) {
            left if left > 0 && follow => self.due = Due::Definitions { left },
            _ => self.tell(at, out),
        }
        Ok(())
    }

    /// What the server says without having been asked: why it ends.
    fn farewell(
        &mut self,
        body: &[u8],
        frame: &Frame<'_>,
        at: i64,
        out: &mut Vec<Spoken>,
    ) -> Result<(), Wrong> {
        let refusal = body.strip_prefix(&[0xff]).and_then(Refusal::read).ok_or(Wrong)?;
        out.push(Spoken {
            answered: Some(frame.began),
            ended: Some(at),
            error: Some(refusal.line()),
            received: frame.size,
            ..Spoken::new(navyd_model::exchange::Protocol::Mysql, frame.began, "error", "")
        });
        Ok(())
    }
}

/// The status in an EOF: behind the number of warnings.
fn eof(body: &[u8]) -> Option<u16> {
    let mut reader = Reader(body);
    reader.u8().filter(|kind| *kind == 0xfe && body.len() < EOF)?;
    wire::u16(&mut reader)?;
    wire::u16(&mut reader)
}

/// The status in an OK that ends rows: behind two numbers.
fn status(body: &[u8]) -> Option<u16> {
    let mut reader = Reader(body);
    reader.u8()?;
    wire::number(&mut reader)?;
    wire::number(&mut reader)?;
    wire::u16(&mut reader)
}
