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
    held, markdown,
    path::Wanted,
    root::{Entry, Root},
    watch, weighed,
};
use crate::http::Answer;
pub(super) use html::escaped;
use order::Order;

/// The most entries of a folder that are read, of which the first in order are listed.
const READ: usize = 100_000;

/// The most entries of a folder that are listed.
const MOST: usize = 10_000;

/// The file that is shown below the list, in whatever case, and how long it may be, in bytes.
const README: &str = "readme.md";
const LONGEST_README: u64 = 256 * 1024;

/// What is listed.
struct Listing<'a> {
    wanted: &'a Wanted,
    entries: Vec<Entry>,
    order: Order,
    /// Whether there are more entries than are listed.
    more: bool,
    /// Whether files may be sent here.
    upload: bool,
    /// What the folder says of itself, as a piece of a page.
    readme: Option<String>,
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
    let order = Order::parse(query);
    let (entries, more) = match entries(root, wanted.path(), settings.hidden, order).await {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Answer::text(403, "this may not be read\n");
        }
        Err(error) => return Answer::text(500, format!("this cannot be read: {error}\n")),
    };
    let mut listing = Listing { entries, order, more, ..Listing::of(wanted) };
    let json = match fields.accept.as_deref() {
        Some(accept) => weighed::media(accept, "application/json") > weighed::media(accept, "text/html"),
        None => false,
    };
    let answer = if json {
        Answer::json(200, listing.json())
    } else {
        listing.upload = settings.upload.is_some();
        listing.readme = listing.readme(root, fields, settings).await;
        let page = html::page(&listing).into_bytes();
        Answer::of(200, "text/html; charset=utf-8", if watched { watch::injected(&page) } else { page })
    };
    answer.with("Vary", "Accept").with("Cache-Control", "no-cache").with("X-Content-Type-Options", "nosniff")
}

/// What is in a folder, in this order, and whether there is more. Read on another thread: a large one takes its time.
async fn entries(root: &Root, path: PathBuf, hidden: bool, order: Order) -> io::Result<(Vec<Entry>, bool)> {
    let reader = root.reader();
    let work = move || {
        let mut entries = reader.entries(&path, READ)?;
        let mut more = entries.len() >= READ;
        entries.retain(|entry| hidden || !entry.name.starts_with('.'));
        order.sort(&mut entries);
        more |= entries.len() > MOST;
        entries.truncate(MOST);
        Ok((entries, more))
    };
    spawn_blocking(work).await?
}

impl<'a> Listing<'a> {
    fn of(wanted: &'a Wanted) -> Self {
        let order = Order::parse("");
        Self { wanted, entries: Vec::new(), order, more: false, upload: false, readme: None }
    }

    /// The text in Markdown by which a folder is introduced, for those who may read it.
    async fn readme(&self, root: &Root, fields: &Fields<'_>, settings: &Settings) -> Option<String> {
        let is_it = |entry: &&Entry| entry.name.eq_ignore_ascii_case(README);
        let entry = self.entries.iter().find(is_it).filter(|entry| !entry.facts.folder)?;
        let path = self.wanted.path().join(&entry.name);
        let long = entry.facts.length > LONGEST_README;
        if long || !settings.access.admits_path(&path, fields.authorization.as_deref()) {
            return None;
        }
        let reader = root.reader();
        let rendered = spawn_blocking(move || {
            let found = reader.find(&path)?;
            let text = held::whole(&found.file, found.facts.length.min(LONGEST_README))?;
            io::Result::Ok(markdown::body(&String::from_utf8_lossy(&text)).0)
        });
        // One that cannot be read is none; it is listed anyway.
        rendered.await.ok()?.ok()
    }

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
