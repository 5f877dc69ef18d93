//! What a client asked for and is answered in turn.

use std::{mem, sync::Arc};

use navyd_model::exchange::Protocol;
use serde_json::{Map, Value, json};

use super::{COLUMNS, NOTICES, RESULTS, ROWS, VALUE, types};
use crate::{Spoken, reader::Reader, shown};

/// One message that the server answers.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub kind: Kind,
    pub started: i64,
    /// The text of the statement.
    pub target: Arc<str>,
    /// The prepared statement that is meant; empty for the one without a name.
    pub statement: String,
    /// The portal that is meant.
    pub portal: String,
    pub bound: Bound,
    pub columns: Option<Arc<[Column]>>,
    pub sent: u64,
    /// What came for COPY before the server asked for it, and whether that was all.
    pub ahead: (u64, u64),
    pub all_ahead: bool,
    pub answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Query,
    Call,
    Parse,
    Bind,
    DescribeStatement,
    DescribePortal,
    Execute,
    Close,
    Sync,
}

impl Kind {
    fn method(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Query => "query",
            Self::Call => "call",
            Self::Parse => "prepare",
            Self::Bind => "bind",
            Self::DescribeStatement | Self::DescribePortal => "describe",
            Self::Execute => "execute",
            Self::Close => "close",
            Self::Sync => "sync",
        }
    }
}

/// What Bind gave.
#[derive(Debug, Default, Clone)]
pub(super) struct Bound {
    pub parameters: Option<Arc<[Value]>>,
    /// The formats in which results come: none for text, one for all columns, or one for each.
    pub formats: Arc<[i16]>,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    pub kind: u32,
    pub format: i16,
}

/// What has come of the answer.
#[derive(Debug, Default, Clone)]
pub(super) struct Answer {
    pub answered: Option<i64>,
    pub received: u64,
    pub error: Option<String>,
    pub facts: Map<String, Value>,
    pub results: Vec<Found>,
    /// A result has begun and not ended.
    pub open: bool,
    /// Results that are not kept.
    pub more_results: u64,
    pub notices: Vec<Value>,
    /// How many rows are kept, and how many bytes of them.
    rows: (usize, usize),
}

/// One result.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    columns: Option<Arc<[Column]>>,
    rows: Vec<Value>,
    row_count: u64,
    tag: Option<String>,
    pub copy: Option<Copied>,
}

/// What COPY carried.
#[derive(Debug, Clone)]
pub(super) struct Copied {
    pub direction: &'static str,
    pub bytes: u64,
    pub messages: u64,
}

impl Ask {
    pub(super) fn new(kind: Kind, started: i64) -> Self {
        Self {
            kind,
            started,
            target: Arc::default(),
            statement: String::new(),
            portal: String::new(),
            bound: Bound::default(),
            columns: None,
            sent: 0,
            ahead: (0, 0),
            all_ahead: false,
            answer: Answer::default(),
        }
    }

    /// Whether it is told even when all goes well. What is prepared without a name shows where it is executed.
    pub(super) fn becomes_an_exchange(&self) -> bool {
        match self.kind {
            Kind::Connect | Kind::Query | Kind::Call | Kind::Execute => true,
            Kind::Parse => !self.statement.is_empty(),
            _ => false,
        }
    }

    /// How much it keeps of what a client chose.
    pub(super) fn cost(&self) -> usize {
        let parameters = self.bound.parameters.iter().flat_map(|parameters| parameters.iter());
        let texts = parameters.map(|value| value.as_str().map_or(0, str::len)).sum::<usize>();
        self.target.len() + self.statement.len() + self.portal.len() + texts
    }

    /// The exchange as it is now.
    pub(super) fn spoken(mut self, ended: Option<i64>) -> Spoken {
        let mut details = mem::take(&mut self.answer.facts);
        if let Some(parameters) = self.bound.parameters.filter(|parameters| !parameters.is_empty()) {
            details.insert("parameters".into(), parameters.iter().cloned().collect());
        }
        if !self.statement.is_empty() {
            details.insert("statement".into(), self.statement.into());
        }
        if !self.answer.results.is_empty() {
            details.insert("results".into(), self.answer.results.into_iter().map(Found::told).collect());
        }
        if self.answer.more_results > 0 {
            details.insert("more_results".into(), self.answer.more_results.into());
        }
        if !self.answer.notices.is_empty() {
            details.insert("notices".into(), self.answer.notices.into());
        }
        Spoken {
            answered: self.answer.answered,
            ended,
            error: self.answer.error,
            sent: self.sent,
            received: self.answer.received,
            details: if details.is_empty() { Value::Null } else { details.into() },
            ..Spoken::new(Protocol::Postgres, self.started, self.kind.method(), &*self.target)
        }
    }
}

impl Answer {
    /// The result that goes on, or a new one. `None` when there are too many to keep.
    pub(super) fn result(&mut self) -> Option<&mut Found> {
        if !self.open {
            self.open = true;
            if self.results.len() < RESULTS {
                self.results.push(Found::default());
            } else {
                self.more_results += 1;
            }
        }
        if self.more_results > 0 { None } else { self.results.last_mut() }
    }

    pub(super) fn columns(&mut self, columns: Option<Arc<[Column]>>) {
        if let Some(result) = self.result() {
            result.columns = columns;
        }
    }

    /// One row: a DataRow without its head.
    pub(super) fn row(&mut self, body: &[u8], formats: &[i16]) {
        let (mut rows, mut bytes) = self.rows;
        let Some(result) = self.result() else { return };
        result.row_count += 1;
        if rows >= ROWS.0 || bytes >= ROWS.1 {
            return;
        }
        let row = cells(body, result.columns.as_deref().unwrap_or_default(), formats);
        bytes += row.iter().map(|cell| cell.as_str().map_or(4, str::len)).sum::<usize>();
        rows += 1;
        result.rows.push(row.into());
        self.rows = (rows, bytes);
    }

    pub(super) fn tag(&mut self, tag: &[u8]) {
        if let Some(result) = self.result() {
            result.tag = Some(shown::whole(tag, VALUE));
        }
        self.open = false;
    }

    pub(super) fn notice(&mut self, notice: Value) {
        if self.notices.len() < NOTICES {
            self.notices.push(notice);
        }
    }
}

/// The values of a row, as far as they are here.
fn cells(body: &[u8], columns: &[Column], formats: &[i16]) -> Vec<Value> {
    let mut body = Reader(body);
    let count = usize::from(body.u16().unwrap_or_default()).min(COLUMNS);
    let mut row = Vec::with_capacity(count);
    for at in 0..count {
        let Some(length) = body.i32() else { break };
        let Ok(length) = usize::try_from(length) else {
            row.push(Value::Null);
            continue;
        };
        let column = columns.get(at);
        let format = types::format_of(formats, at).or(column.map(|column| column.format));
        let kind = column.map_or(0, |column| column.kind);
        row.push(types::value(kind, format.unwrap_or_default(), body.up_to(length), length));
    }
    row
}

impl Found {
    fn told(self) -> Value {
        let mut told = Map::new();
        if let Some(columns) = &self.columns {
            let columns =
                columns.iter().map(|column| json!({"name": column.name, "type": types::name(column.kind)}));
            told.insert("columns".into(), columns.collect());
        }
        if self.columns.is_some() || self.row_count > 0 {
            told.insert("rows".into(), self.rows.into());
            told.insert("row_count".into(), self.row_count.into());
        }
        if let Some(copy) = self.copy {
            let Copied { direction, bytes, messages } = copy;
            told.insert("copy".into(), json!({"direction": direction, "bytes": bytes, "messages": messages}));
        }
        told.insert("tag".into(), self.tag.into());
        told.into()
    }
}
