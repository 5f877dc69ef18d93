//! WebDAV (RFC 4918): the folder as a drive, by `dav-server` over the same root, rules and passwords.
//!
//! GET, HEAD, PUT and OPTIONS are answered as for everybody else; what is left of the protocol is here. It reads unless
//! `--upload`, `--overwrite` and `--delete` allow more: a copy is an upload, a move is an upload and a deletion.
//!
//! Deliberately absent: locks that keep anybody off. They are given to whoever asks, since the clients of two systems
//! write nothing without; properties that clients make up; and asking for a tree of any depth at once, which a link in a
//! circle would make endless (RFC 4918 §9.1 lets a server refuse it).

mod known;
mod tree;

use bytes::Bytes;
use dav_server::{
    DavHandler,
    body::{Body as Said, BodyType},
    fakels::FakeLs,
};
use tokio_stream::StreamExt as _;

use super::{Settings, access, change, path::Wanted, root::Root};
use crate::http::{Answer, Asked, Body, Head, Source, Sourced};
use tree::{May, Tree};

/// The longest document of a request, in bytes. What clients ask takes a few hundred.
const LONGEST: usize = 64 * 1024;

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

/// The answer; `None` where the method is not one of these, or is not allowed.
pub(super) async fn answer(
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
    if !head.value("destination").is_none_or(|to| is_here(to, head)) {
        return Some(Answer::text(502, "the destination is another server's\n"));
    }
    let Ok(document) = asked.body.whole(LONGEST).await else {
        return Some(Answer::text(413, "what is asked is too long\n"));
    };
    let may = May {
        create: settings.upload.is_some(),
        remove: if *method == "DELETE" { settings.delete } else { settings.overwrite },
        circles: *method != "COPY",
    };
    let Some(request) = request(head, document) else {
        return Some(Answer::text(400, "it is not understood\n"));
    };
    let tree = Tree::new(root, settings, head, may);
    let mut handler = DavHandler::builder().filesystem(Box::new(tree)).hide_symlinks(false);
    if settings.upload.is_some() {
        handler = handler.locksystem(FakeLs::new());
    }
    Some(answered(handler.build_handler().handle(request).await))
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

/// Whether a Destination is on this server: a path, or an address with the host that is asked for.
fn is_here(destination: &[u8], head: &Head) -> bool {
    let Ok(destination) = std::str::from_utf8(destination) else { return false };
    let rest = destination.strip_prefix("http://").or_else(|| destination.strip_prefix("https://"));
    let Some(rest) = rest else { return destination.starts_with('/') };
    let authority = rest.split('/').next().unwrap_or_default();
    head.text("host").is_some_and(|host| host.eq_ignore_ascii_case(authority))
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
        inner @ BodyType::AsyncStream(_) => Body::Source(Box::new(Told(Said { inner })), None),
    })
}

/// A body that is told while a folder is read.
struct Told(Said);

impl Source for Told {
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
