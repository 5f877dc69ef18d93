//! What a client asked for and is answered in turn.

use std::{mem, sync::Arc};

use navyd_model::exchange::Protocol;
use serde_json::{Map, Value, json};

use super::{CUT, RESULTS, ROWS, VALUE, column::Column, wire};
use crate::{Spoken, reader::Reader, shown};

/// A command that waits for its answer.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub kind: Kind,
    pub started: i64,
    /// The text of the statement; a database.
    pub target: Arc<str>,
    /// The prepared statement that is meant.
    pub statement: Option<u32>,
    pub parameters: Vec<Value>,
    pub sent: u64,
    pub answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    ChangeUser,
    Query,
    Prepare,
    Execute,
    Fetch,
    FieldList,
    Statistics,
    /// What is answered by a single packet, or by a result like a query.
    Other(&'static str),
}

/// What has come of the answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub answered: Option<i64>,
    pub received: u64,
    pub error: Option<String>,
    pub facts: Map<String, Value>,
    results: Vec<Found>,
    /// How many results there were.
    count: usize,
    /// How many rows are kept, and how many bytes of them.
    rows: (usize, usize),
}

/// One result.
#[derive(Debug, Clone, Default)]
struct Found {
    columns: Option<Arc<[Column]>>,
    rows: Vec<Value>,
    row_count: u64,
    facts: Map<String, Value>,
}

/// What an error says.
#[derive(Debug)]
pub(super) struct Refusal {
    pub code: u16,
    state: String,
    message: String,
}

impl Ask {
    pub(super) fn new(kind: Kind, started: i64) -> Self {
        Self {
            kind,
            started,
            target: Arc::default(),
            statement: None,
            parameters: Vec::new(),
            sent: 0,
            answer: Answer::default(),
        }
    }

    /// How much it keeps of what a client chose.
    pub(super) fn cost(&self) -> usize {
        self.target.len()
            + self.parameters.iter().map(|value| value.as_str().map_or(8, str::len)).sum::<usize>()
    }

    /// Keeps little.
    pub(super) fn shorten(&mut self) {
        let end = self.target.floor_char_boundary(CUT);
        self.target = format!("{}…", &self.target[..end]).into();
        self.parameters = Vec::new();
    }

    /// The exchange as it is now.
    pub(super) fn spoken(mut self, ended: Option<i64>) -> Spoken {
        let method = match self.kind {
            Kind::Connect => "connect",
            Kind::ChangeUser => "change user",
            Kind::Query => "query",
            Kind::Prepare => "prepare",
            Kind::Execute => "execute",
            Kind::Fetch => "fetch",
            Kind::FieldList => "field list",
            Kind::Statistics => "statistics",
            Kind::Other(name) => name,
        };
        let mut details = mem::take(&mut self.answer.facts);
        if !self.parameters.is_empty() {
            details.insert("parameters".into(), self.parameters.into());
        }
        if let Some(statement) = self.statement {
            details.insert("statement".into(), statement.into());
        }
        let more = self.answer.count - self.answer.results.len();
        if !self.answer.results.is_empty() {
            details.insert("results".into(), self.answer.results.into_iter().map(Found::told).collect());
        }
        if more > 0 {
            details.insert("more_results".into(), more.into());
        }
        Spoken {
            answered: self.answer.answered,
            ended,
            error: self.answer.error,
            sent: self.sent,
            received: self.answer.received,
            details: if details.is_empty() { Value::Null } else { details.into() },
            ..Spoken::new(Protocol::Mysql, self.started, method, &*self.target)
        }
    }
}

impl Answer {
    /// A result begins.
    pub(super) fn open(&mut self) {
        self.count += 1;
        if self.count <= RESULTS {
            self.results.push(Found::default());
        }
    }

    /// The result that goes on. `None` when there are too many to keep.
    fn result(&mut self) -> Option<&mut Found> {
        if self.count > RESULTS { None } else { self.results.last_mut() }
    }

    pub(super) fn columns(&mut self, columns: Arc<[Column]>) {
        if let Some(result) = self.result() {
            result.columns = Some(columns);
        }
    }

    /// A row comes, which is read only when it is kept.
    pub(super) fn row(&mut self, read: impl FnOnce(&[Column]) -> Vec<Value>) {
        let (rows, bytes) = self.rows;
        let Some(result) = self.result() else { return };
        result.row_count += 1;
        if rows >= ROWS.0 || bytes >= ROWS.1 {
            return;
        }
        let row = read(result.columns.as_deref().unwrap_or_default());
        let size = row.iter().map(|cell| cell.as_str().map_or(4, str::len)).sum::<usize>();
        result.rows.push(row.into());
        self.rows = (rows + 1, bytes + size);
    }

    /// Something that is told of the result.
    pub(super) fn fact(&mut self, name: &str, value: Value) {
        if let Some(result) = self.result() {
            result.facts.insert(name.to_owned(), value);
        }
    }
}

impl Found {
    fn told(self) -> Value {
        let mut told = self.facts;
        if let Some(columns) = &self.columns {
            told.insert("columns".into(), columns.iter().map(Column::told).collect());
            told.insert("rows".into(), self.rows.into());
            told.insert("row_count".into(), self.row_count.into());
        }
        told.into()
    }
}

impl Refusal {
    /// Reads what stands behind the first byte of an error.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut body = Reader(body);
        let code = wire::u16(&mut body)?;
        let state = match body.0 {
            [b'#', ..] => body.bytes(6).map(|state| shown::whole(&state[1..], 5)),
            _ => None,
        };
        let message = shown::whole(body.0, VALUE);
        Some(Self { code, state: state.unwrap_or_default(), message })
    }

    /// `1146 (42S02): Table 'shop.nope' doesn't exist`.
    pub(super) fn line(&self) -> String {
        let state = if self.state.is_empty() { String::new() } else { format!(" ({})", self.state) };
        format!("{}{state}: {}", self.code, self.message)
    }

    pub(super) fn told(&self) -> Value {
        json!({"code": self.code, "state": self.state, "message": self.message})
    }
}
