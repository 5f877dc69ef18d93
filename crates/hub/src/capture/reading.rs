//! Reading what is kept: what waits for the disk, and what goes on, is told as it stands now.

use std::{cmp::Reverse, collections::HashSet};

use jiff::Timestamp;
use navyd_decode::grpc::Schema;
use navyd_model::{
    capture::{Page, Stats},
    exchange::{Exchange, Summary},
};

use super::{
    Capture, CaptureError,
    query::{self, Question},
};
use crate::export::Raw;

impl Capture {
    /// The newest exchanges that are asked for. Pages are cut by number, and each has what began last first: a number is
    /// had when an exchange becomes known, which of a statement is when its answer ends. Blocks for the disk.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn list(&self, question: &Question) -> Result<Page, CaptureError> {
        let (folders, mut memory) = {
            let mut keeping = self.shared.keeping();
            keeping.write();
            let mut seen = HashSet::new();
            let mut memory: Vec<Summary> = keeping
                .assembler
                .open()
                // What was told when it began and when it ended is told as it stands last.
                .chain(keeping.waiting().iter().rev().cloned())
                .filter(|record| seen.insert(record.id) && query::is_in(question, record))
                .map(|record| record.summary())
                .collect();
            memory.sort_unstable_by_key(|summary| summary.id);
            (keeping.folders()?, memory)
        };
        let mut page = query::list(&folders, question)?;
        if memory.is_empty() {
            page.exchanges.sort_by_key(begun);
            return Ok(page);
        }
        // One that was written while it went on is told as it stands now.
        page.exchanges.retain(|summary| memory.binary_search_by_key(&summary.id, |open| open.id).is_err());
        // Behind the page there may be more on the disk.
        memory.retain(|summary| page.next.is_none_or(|next| summary.id > next));
        page.exchanges.append(&mut memory);
        page.exchanges.sort_unstable_by_key(|summary| Reverse(summary.id));
        if page.exchanges.len() > question.most() {
            page.exchanges.truncate(question.most());
            page.next = page.exchanges.last().map(|last| last.id);
        }
        page.exchanges.sort_by_key(begun);
        Ok(page)
    }

    /// One exchange with all that is kept of it; `None` when there is none with this number. Blocks for the disk.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn show(&self, id: u64) -> Result<Option<Exchange>, CaptureError> {
        self.show_by(id, None)
    }

    /// The same, with the messages of gRPC read by these descriptors.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub(crate) fn show_by(&self, id: u64, schema: Option<&Schema>) -> Result<Option<Exchange>, CaptureError> {
        let (folders, found) = {
            let mut keeping = self.shared.keeping();
            keeping.write();
            let found = keeping.standing(id).map(|record| query::in_memory(&record, schema));
            (keeping.folders()?, found)
        };
        match found {
            Some(found) => query::with_causes(&folders, found).map(Some),
            None => query::show(&folders, id, schema),
        }
    }

    /// One exchange with its bodies as they were sent, as far as they are kept; `None` when there is none with this
    /// number. Blocks for the disk.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn raw(&self, id: u64) -> Result<Option<Raw>, CaptureError> {
        let folders = {
            let mut keeping = self.shared.keeping();
            keeping.write();
            let found = keeping.standing(id).as_ref().map(query::raw_in_memory);
            if found.is_some() {
                return Ok(found);
            }
            keeping.folders()?
        };
        query::raw(&folders, id)
    }

    /// Figures of all exchanges on the disk that are asked for. Blocks for the disk.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn stats(&self, question: &Question) -> Result<Stats, CaptureError> {
        query::stats(&self.shared.written()?, question)
    }
}

/// By what a page is sorted. Pure.
fn begun(summary: &Summary) -> Reverse<(Timestamp, u64)> {
    Reverse((summary.started, summary.id))
}
