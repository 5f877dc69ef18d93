//! WebDAV (RFC 4918): the folder as a drive, by `dav-server` over the same root, rules and passwords.
//!
//! GET, HEAD, PUT and OPTIONS are answered as for everybody else; what is left of the protocol is here. It reads unless
//! `--upload`, `--overwrite` and `--delete` allow more: a copy is an upload, a move is an upload and a deletion.
//!
//! - `claim`: what a request says of locks; `states`: its `If`; `locks`: who has locked what; `holder`: the library's view
//! - `properties`: those that clients make up; `document`: what may be read of a request;
//!   `passage`: what may be copied and moved where; `tree`, `known`: the files
//! - `wants`, `told`: PROPFIND
//!
//! Locks and properties last as long as the server, and both are bounded. Deliberately absent: asking for a tree of any
//! depth at once, which a link in a circle would make endless (RFC 4918 §9.1 lets a server refuse it).

mod claim;
mod document;
mod holder;
mod known;
mod locks;
mod passage;
mod properties;
pub(super) mod states;
mod told;
mod tree;
mod wants;

use std::{io, time::SystemTime};

use bytes::Bytes;
use dav_server::{
    DavHandler,
    body::{Body as Said, BodyType},
};
use tokio::task::spawn_blocking;
use tokio_stream::StreamExt as _;

use super::{Settings, access, change, path::Wanted, root::Root};
use crate::http::{Answer, Asked, Body, Head, Source, Sourced};
pub(super) use claim::{Claim, locked};
use holder::{Holder, Kept};
use passage::{destination, judge};
use told::Told;
use tree::{MOST, May, Tree, Way};
use wants::Wants;

/// What a drive knows beyond its files.
#[derive(Debug, Default)]
pub(super) struct Drive(Kept);

/// What is said of a tree of any depth (RFC 4918 §16).
const FINITE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
    <D:error xmlns:D=\"DAV:\"><D:propfind-finite-depth/></D:error>\n";

/// What a method does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Read,
    Upload,
    Delete,
    /// Both.
    Move,
}

/// The methods that are answered here.
const METHODS: &[(&str, Does)] = &[
    ("PROPFIND", Does::Read),
    ("PROPPATCH", Does::Upload),
    ("MKCOL", Does::Upload),
    ("COPY", Does::Upload),
    ("MOVE", Does::Move),
    ("LOCK", Does::Upload),
    ("UNLOCK", Does::Upload),
    ("DELETE", Does::Delete),
];

/// The methods that are allowed beside those of everybody else, each with a comma in front.
pub(super) fn methods(settings: &Settings) -> String {
    let own = METHODS.iter().filter(|(method, does)| *method != "DELETE" && does.is_allowed(settings));
    own.map(|(method, _)| format!(", {method}")).collect()
}

/// What is said of it to those who ask what may be asked.
pub(super) fn introduced(answer: Answer, settings: &Settings) -> Answer {
    let class = if settings.upload.is_some() { "1, 2" } else { "1" };
    answer.with("DAV", class).with("MS-Author-Via", "DAV")
}

impl Drive {
    /// What a request that changes something says of locks; nothing where there is no drive.
    ///
    /// # Errors
    /// The answer where it sets conditions that do not hold.
    pub(super) fn claim(
        &self,
        root: &Root,
        settings: &Settings,
        wanted: &Wanted,
        head: &Head,
    ) -> Result<Option<Claim>, Answer> {
        if !settings.dav {
            return Ok(None);
        }
        Claim::read(&self.0, root, &settings.access, wanted, head).map(Some)
    }

    /// The answer; `None` where the method is not one of these, or is not allowed.
    pub(super) async fn answer(
        &self,
        root: &Root,
        settings: &Settings,
        wanted: &Wanted,
        asked: &mut Asked<'_>,
    ) -> Option<Answer> {
        let head = asked.head;
        let (method, does) = METHODS.iter().find(|(method, _)| *method == head.method())?;
        if !does.is_allowed(settings) {
            return None;
        }
        let writes = *does != Does::Read;
        if writes && !change::is_ours(head) {
            return Some(Answer::text(403, "pages of other sites may change nothing here\n"));
        }
        if !settings.access.admits(wanted.parts(), writes, head.value("authorization")) {
            return Some(access::refused());
        }
        if *does == Does::Read && !matches!(head.value("depth"), Some(b"0" | b"1")) {
            return Some(Answer::of(403, "application/xml; charset=utf-8", FINITE));
        }
        let document = match document::read(method, asked).await {
            Ok(document) => document,
            Err(answer) => return Some(answer),
        };
        Some(self.done(root, settings, wanted, head, (method, *does), document).await.unwrap_or_else(|no| no))
    }

    async fn done(
        &self,
        root: &Root,
        settings: &Settings,
        wanted: &Wanted,
        head: &Head,
        (method, does): (&str, Does),
        document: Bytes,
    ) -> Result<Answer, Answer> {
        let claim = Claim::read(&self.0, root, &settings.access, wanted, head)?;
        if does == Does::Read {
            return self.told(root, settings, wanted, head, &document).await;
        }
        let to = destination(head)?.filter(|_| matches!(method, "COPY" | "MOVE"));
        judge(root, &claim, method, wanted, to.as_ref())?;
        if method == "LOCK" && !document.is_empty() && self.0.locks().is_full(SystemTime::now()) {
            return Err(Answer::text(503, "there are too many locks\n").with("Retry-After", "60"));
        }
        let request = request(head, document).ok_or_else(|| Answer::text(400, "it is not understood\n"))?;
        let may = May {
            create: settings.upload.is_some(),
            remove: if method == "DELETE" { settings.delete } else { settings.overwrite },
            circles: method != "COPY",
        };
        let way = to.map(|to| Way { from: wanted.path(), to: to.path() });
        let who = claim.who().map(str::to_owned);
        let tree = Tree::new(root, settings, head, may, way, self.0.clone());
        let mut handler = DavHandler::builder().filesystem(Box::new(tree)).hide_symlinks(false);
        if let Some(who) = &who {
            handler = handler.principal(who);
        }
        if settings.upload.is_some() {
            handler = handler.locksystem(Box::new(Holder { kept: self.0.clone(), who }));
        }
        Ok(answered(handler.build_handler().handle(request).await))
    }

    /// The properties of what stands there, and, where the client asks for that too, of what is in it.
    async fn told(
        &self,
        root: &Root,
        settings: &Settings,
        wanted: &Wanted,
        head: &Head,
        document: &[u8],
    ) -> Result<Answer, Answer> {
        let wants = Wants::parse(document).ok_or_else(|| Answer::text(400, "it is not understood\n"))?;
        let facts = root.reader().look(&wanted.path()).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Answer::text(404, "not found\n"),
            io::ErrorKind::PermissionDenied => Answer::text(403, "this may not be read\n"),
            _ => Answer::text(500, format!("this cannot be read: {error}\n")),
        })?;
        if wanted.folder && !facts.folder {
            return Err(Answer::text(404, "not found\n"));
        }
        let mut within = Vec::new();
        if facts.folder && head.value("depth") == Some(b"1") {
            let (reader, path) = (root.reader(), wanted.path());
            let read = spawn_blocking(move || reader.entries(&path, MOST)).await;
            // A folder that may not be read is there all the same.
            within = read.ok().and_then(Result::ok).unwrap_or_default();
            within.retain(|entry| {
                let path = wanted.path().join(&entry.name);
                tree::is_served(&entry.name, settings.hidden)
                    && settings.access.admits_path(&path, head.value("authorization"))
            });
        }
        let brief = head.text("brief").is_some_and(|brief| brief.trim().eq_ignore_ascii_case("t"))
            || head.text("prefer").is_some_and(|prefer| prefer.contains("return=minimal"));
        let told = Told::new(wants, self.0.clone(), wanted, facts, within);
        Ok(told.with(settings.upload.is_some(), brief).answer())
    }
}

impl Does {
    fn is_allowed(self, settings: &Settings) -> bool {
        let upload = settings.upload.is_some();
        match self {
            Self::Read => true,
            Self::Upload => upload,
            Self::Delete => settings.delete,
            Self::Move => upload && settings.delete,
        }
    }
}

fn request(head: &Head, document: Bytes) -> Option<http::Request<Said>> {
    let mut request = http::Request::builder().method(head.method()).uri(head.target());
    for (name, value) in head.fields() {
        request = request.header(name, value);
    }
    request.body(Said::from(document)).ok()
}

fn answered(response: http::Response<Said>) -> Answer {
    /// What the server says itself.
    const OURS: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];
    let (head, body) = response.into_parts();
    let mut answer = Answer::new(head.status.as_u16());
    for (name, value) in head.headers.iter().filter(|(name, _)| !OURS.contains(&name.as_str())) {
        answer =
            answer.with(name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    answer.body(match body.inner {
        BodyType::Bytes(bytes) => Body::Bytes(bytes.unwrap_or_default()),
        BodyType::Empty => Body::Empty,
        inner @ BodyType::AsyncStream(_) => Body::Source(Box::new(Made(Said { inner })), None),
    })
}

/// A body that the library makes while it works.
struct Made(Said);

impl Source for Made {
    fn next(&mut self) -> Sourced<'_> {
        Box::pin(async move {
            loop {
                match self.0.next().await.transpose()? {
                    // An empty piece would be taken for the end.
                    Some(piece) if piece.is_empty() => {}
                    piece => return Ok(piece),
                }
            }
        })
    }
}
