//! Reading the capture: pages, one exchange, words, figures.
//!
//! Every question opens connections of its own, reads folder after folder from the newest on, and stops as soon as it has
//! enough. It never waits for the writer, nor the writer for it. Deliberately absent: what is still in memory, which
//! whoever asks adds.

mod carried;
mod line;
mod search;
mod stats;
mod view;
mod words;

use std::sync::Arc;

use navyd_decode::grpc::Schema;
use navyd_model::{
    capture::{Page, Stats},
    exchange::Exchange,
    filter::{Expr, Field, Filter, Term},
};
use rusqlite::Row;

use self::{
    line::{COLUMNS, Line, Reading, Seen},
    stats::Gathered,
    view::{Causes, Parts},
};
use super::{
    CaptureError,
    assemble::{
        head::Head,
        record::{Content, Record, State},
    },
    store::{folder::Folder, index::head_text, segment::Place},
};

use crate::export::Raw;

/// How many exchanges one page may have.
const MOST: usize = 10_000;

/// How many exchanges are told that one has caused.
const CAUSED: usize = 1000;

/// Which exchanges are asked for.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Only those that it means; all without one.
    pub filter: Option<Filter>,
    /// Only those in which this text stands, as words: in URL, headers or a body.
    pub text: Option<String>,
    /// Only those with a smaller number: the `next` of the page before.
    pub before: Option<u64>,
    /// Only those with a greater number.
    pub after: Option<u64>,
    /// So many at most; 0 means as many as one page may have.
    pub limit: usize,
}

impl Question {
    pub(super) fn most(&self) -> usize {
        if self.limit == 0 { MOST } else { self.limit.min(MOST) }
    }

    /// Whether this number may be in the answer.
    pub(super) fn has(&self, id: u64) -> bool {
        self.before.is_none_or(|before| id < before) && self.after.is_none_or(|after| id > after)
    }
}

/// The newest exchanges that are asked for.
pub(super) fn list(folders: &[Folder], question: &Question) -> Result<Page, CaptureError> {
    let mut page = Page::default();
    let most = question.most();
    for folder in folders.iter().rev() {
        let Some(reading) = Reading::open(folder)? else { continue };
        let note = each(&reading, question, |line| {
            if page.exchanges.len() == most {
                page.next = page.exchanges.last().map(|last| last.id);
                return false;
            }
            page.exchanges.push(line.summary(&reading));
            true
        })?;
        page.notes.extend(note);
        if page.next.is_some() {
            break;
        }
    }
    page.notes.dedup();
    Ok(page)
}

/// One exchange with all that is kept of it.
pub(super) fn show(
    folders: &[Folder],
    id: u64,
    schema: Option<&Schema>,
) -> Result<Option<Exchange>, CaptureError> {
    Ok(find(folders, id)?.map(|parts| view::exchange(parts, schema)))
}

/// One exchange with its bodies as they were sent.
pub(super) fn raw(folders: &[Folder], id: u64) -> Result<Option<Raw>, CaptureError> {
    Ok(find(folders, id)?.map(view::raw))
}

fn find(folders: &[Folder], id: u64) -> Result<Option<Parts>, CaptureError> {
    for folder in folders.iter().rev() {
        let Some(reading) = Reading::open(folder)? else { continue };
        let sql = format!("SELECT {COLUMNS} FROM exchanges WHERE id = ?");
        if let Some(line) = reading.one(&sql, id as i64, Line::of) {
            let mut parts = parts(&reading, &line);
            parts.causes = causes(folders, id)?;
            return Ok(Some(parts));
        }
    }
    Ok(None)
}

/// What an exchange that goes on has caused so far, or may have.
///
/// # Errors
/// As all of them.
pub(super) fn with_causes(folders: &[Folder], exchange: Exchange) -> Result<Exchange, CaptureError> {
    let Causes { caused, maybe_caused, maybe_caused_by } = causes(folders, exchange.summary.id)?;
    Ok(Exchange { caused, maybe_caused, maybe_caused_by, ..exchange })
}

/// An exchange that is still in memory.
pub(super) fn in_memory(record: &Record, schema: Option<&Schema>) -> Exchange {
    view::exchange(parts_in_memory(record), schema)
}

/// The same with its bodies as they were sent.
pub(super) fn raw_in_memory(record: &Record) -> Raw {
    view::raw(parts_in_memory(record))
}

fn parts_in_memory(record: &Record) -> Parts {
    let text = |head: &Option<Arc<Head>>| head.as_deref().map(|head| head.text.clone()).unwrap_or_default();
    let content = |content: &Option<Arc<Content>>| {
        content.as_deref().map(|content| {
            Ok(Content {
                front: content.front.clone(),
                back: content.back.clone(),
                size: content.size,
                digest: content.digest,
                state: content.state,
                ..Content::default()
            })
        })
    };
    Parts {
        summary: record.summary(),
        heads: [text(&record.request), text(&record.response)],
        bodies: [content(&record.request_body), content(&record.response_body), content(&record.stream)],
        more: record.more.as_deref().cloned().unwrap_or_default(),
        causes: Causes::default(),
    }
}

/// The numbers of all exchanges that are asked for, the newest first.
pub(super) fn ids(folders: &[Folder], question: &Question) -> Result<Vec<u64>, CaptureError> {
    let mut ids = Vec::new();
    for folder in folders.iter().rev() {
        let Some(reading) = Reading::open(folder)? else { continue };
        each(&reading, question, |line| {
            ids.push(line.id);
            true
        })?;
    }
    Ok(ids)
}

/// Figures of all exchanges that are asked for.
pub(super) fn stats(folders: &[Folder], question: &Question) -> Result<Stats, CaptureError> {
    let mut gathered = Gathered::default();
    for folder in folders.iter().rev() {
        let Some(reading) = Reading::open(folder)? else { continue };
        each(&reading, question, |line| {
            gathered.add(line, &reading.route(line.route));
            true
        })?;
    }
    Ok(gathered.end())
}

/// Whether an exchange that is in memory is asked for.
pub(super) fn is_in(question: &Question, record: &Record) -> bool {
    let has = |text: &String| {
        let heads = [&record.request, &record.response].into_iter().flatten();
        let wanted = words::Phrase::of(text);
        let found = |head: &Head| wanted.is_in(&head_text(&head.method, &head.target, Some(&head.text)));
        heads.into_iter().any(|head| found(head))
    };
    let means = |filter: &Filter| {
        let known = filter.matches(&record.summary());
        known.or_else(|| filter.matches(&in_memory(record, None))) == Some(true)
    };
    question.has(record.id)
        && question.text.as_ref().is_none_or(has)
        && question.filter.as_ref().is_none_or(means)
}

fn is_meant(question: &Question, line: &Line, reading: &Reading) -> bool {
    let Some(filter) = &question.filter else { return true };
    let known = filter.matches(&Seen(line, reading));
    known.unwrap_or_else(|| filter.matches(&view::exchange(parts(reading, line), None)) == Some(true))
}

/// Every row that is asked for, the newest first, until `next` says that it is enough. Tells what was not looked through.
fn each(
    reading: &Reading,
    question: &Question,
    mut next: impl FnMut(&Line) -> bool,
) -> Result<Option<String>, CaptureError> {
    let bounds = bounds(question);
    let mut take = |line: &Line| !is_meant(question, line, reading) || next(line);
    if let Some(text) = &question.text {
        let mut wanted = search::Wanted::of(reading, text, question.most())?;
        let sql = format!("SELECT {COLUMNS} FROM exchanges WHERE id = ?");
        let mut one = reading.connection.prepare_cached(&sql)?;
        wanted.each(reading, bounds, |id| Ok(take(&one.query_row([id], Line::of)?)))?;
        return Ok(wanted.note);
    }
    let sql = format!("SELECT {COLUMNS} FROM exchanges WHERE id > ? AND id < ? ORDER BY id DESC");
    let mut statement = reading.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(bounds)?;
    while let Some(row) = rows.next()? {
        if !take(&Line::of(row)?) {
            break;
        }
    }
    Ok(None)
}

/// Between which numbers all lie that are asked for, both exclusive.
fn bounds(question: &Question) -> [i64; 2] {
    let number = |id: u64| i64::try_from(id).unwrap_or(i64::MAX);
    let mut least = question.after.map_or(i64::MIN, number);
    let mut most = question.before.map_or(i64::MAX, number);
    let terms: &[Expr] = match question.filter.as_ref().map(Filter::expr) {
        Some(Expr::All(all)) => all,
        Some(expr) => std::slice::from_ref(expr),
        None => &[],
    };
    for term in terms {
        if let Expr::Term(Term::Number(Field::Id, bounds)) = term {
            // A float becomes the nearest number that there is.
            least = least.max((bounds.least.ceil() as i64).saturating_sub(1));
            most = most.min((bounds.most.floor() as i64).saturating_add(1));
        }
    }
    [least, most]
}

fn parts(reading: &Reading, line: &Line) -> Parts {
    Parts {
        summary: line.summary(reading),
        heads: [reading.head(line.request), reading.head(line.response)],
        bodies: line.bodies.map(|body| body.map(|body| content(reading, body))),
        more: line.more(),
        causes: Causes::default(),
    }
}

fn content(reading: &Reading, body: i64) -> Result<Content, String> {
    let sql = "SELECT segment, frame, at, front, back, size, digest, state FROM bodies WHERE id = ?";
    let read = |row: &Row<'_>| {
        let number = |at| row.get::<_, i64>(at).map(|number| number as u64);
        let place = Place { segment: row.get(0)?, frame: number(1)?, at: number(2)? };
        let digest = row.get::<_, Option<Vec<u8>>>(6)?.and_then(|digest| digest.try_into().ok());
        let content =
            Content { size: number(5)?, digest, state: State::of(row.get(7)?), ..Content::default() };
        Ok((place, [number(3)?, number(4)?], content))
    };
    let unread = || "it is not on the disk any more".to_owned();
    let (place, [front, back], content) = reading.one(sql, body, read).ok_or_else(unread)?;
    let mut bytes = reading.bytes(place, front + back).map_err(|_| unread())?;
    let back = bytes.split_off(bytes.len().min(front as usize));
    Ok(Content { front: bytes, back, ..content })
}

fn causes(folders: &[Folder], id: u64) -> Result<Causes, CaptureError> {
    let mut causes = Causes::default();
    for folder in folders {
        let Some(reading) = Reading::open(folder)? else { continue };
        // What is caused begins later, and has a greater number.
        let sql = "SELECT id FROM exchanges WHERE id > ?1 AND caused_by = ?1 ORDER BY id LIMIT ?2";
        numbers(&reading, sql, id, &mut causes.caused)?;
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'maybe_caused'";
        if reading.connection.query_one(sql, [], |row| row.get::<_, i64>(0))? == 0 {
            continue;
        }
        let sql = "SELECT id FROM maybe_caused WHERE cause = ?1 ORDER BY id LIMIT ?2";
        numbers(&reading, sql, id, &mut causes.maybe_caused)?;
        let sql = "SELECT cause FROM maybe_caused WHERE id = ?1 ORDER BY cause LIMIT ?2";
        numbers(&reading, sql, id, &mut causes.maybe_caused_by)?;
    }
    Ok(causes)
}

/// The numbers that a statement gives of one, up to the limit of all.
fn numbers(reading: &Reading, sql: &str, id: u64, all: &mut Vec<u64>) -> Result<(), CaptureError> {
    let mut statement = reading.connection.prepare_cached(sql)?;
    let left = CAUSED.saturating_sub(all.len());
    let found = statement.query_map([id as i64, left as i64], |row| row.get::<_, i64>(0))?;
    for number in found {
        all.push(number? as u64);
    }
    Ok(())
}
