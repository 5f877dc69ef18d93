//! A folder without a page of its own: what is in it, for people and for programs.
//!
//! Links and sorting work without JavaScript. What may not be served is not listed either, and neither is a name that
//! is no text, since no address could name it.

mod html;
mod order;

use std::{io, path::PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::{
    Settings,
    fields::Fields,
    path::Wanted,
    root::{Entry, Root},
    watch, weighed,
};
use crate::http::Answer;
pub(super) use html::escaped;
use order::Order;

/// The most entries of a folder that are listed.
const MOST: usize = 10_000;

/// What is listed.
struct Listing<'a> {
    wanted: &'a Wanted,
    entries: Vec<Entry>,
    order: Order,
    /// Whether there are more entries than are listed.
    more: bool,
}

/// The body of `navyd.listing/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    path: String,
    entries: Vec<Row<'a>>,
    /// Whether there are more.
    truncated: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    kind: &'static str,
    /// In bytes; `null` of a folder.
    size: Option<u64>,
    modified: Option<Timestamp>,
}

/// The listing of a folder, as the client would rather have it.
pub(super) async fn answer(
    root: &Root,
    wanted: &Wanted,
    query: &str,
    fields: &Fields<'_>,
    settings: &Settings,
    watched: bool,
) -> Answer {
    let (entries, more) = match entries(root, wanted.path(), settings.hidden).await {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Answer::text(403, "this may not be read\n");
        }
        Err(error) => return Answer::text(500, format!("this cannot be read: {error}\n")),
    };
    let order = Order::parse(query);
    let mut listing = Listing { wanted, entries, order, more };
    order.sort(&mut listing.entries);
    let json = match fields.accept.as_deref() {
        Some(accept) => weighed::media(accept, "application/json") > weighed::media(accept, "text/html"),
        None => false,
    };
    let answer = if json {
        Answer::json(200, listing.json())
    } else {
        let page = html::page(&listing).into_bytes();
        Answer::of(200, "text/html; charset=utf-8", if watched { watch::injected(&page) } else { page })
    };
    answer.with("Vary", "Accept").with("Cache-Control", "no-cache").with("X-Content-Type-Options", "nosniff")
}

/// What is in a folder, and whether there is more. Read on another thread: a large one takes its time.
async fn entries(root: &Root, path: PathBuf, hidden: bool) -> io::Result<(Vec<Entry>, bool)> {
    let reader = root.reader();
    let mut entries = spawn_blocking(move || reader.entries(&path, MOST + 1)).await??;
    let more = entries.len() > MOST;
    entries.truncate(MOST);
    entries.retain(|entry| hidden || !entry.name.starts_with('.'));
    Ok((entries, more))
}

impl Listing<'_> {
    fn json(&self) -> Vec<u8> {
        fn row(entry: &Entry) -> Row<'_> {
            let facts = &entry.facts;
            Row {
                name: &entry.name,
                kind: if facts.folder { "folder" } else { "file" },
                size: (!facts.folder).then_some(facts.length),
                modified: facts.changed.and_then(|changed| Timestamp::try_from(changed).ok()),
            }
        }
        let document = Document {
            schema: "navyd.listing/1",
            path: format!("/{}", self.wanted.parts().join("/")),
            entries: self.entries.iter().map(row).collect(),
            truncated: self.more,
        };
        // Texts and numbers can always be written.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}
