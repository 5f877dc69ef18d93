//! The answer with what was found: whole, in parts, or not at all.

use std::{
    borrow::Cow,
    fs::File,
    hash::{BuildHasher as _, RandomState},
    mem,
    rc::Rc,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;

use super::{
    coding::Coding,
    condition::{self, Verdict, Version},
    fields::Fields,
    held::{self, Served},
    range::{self, Asked, Range},
    root::Facts,
};
use crate::http::{Answer, Body, Part};

/// A representation: what an address stands for, for this client.
pub(super) struct Shown {
    /// Its media type.
    pub(super) media: Cow<'static, str>,
    /// How it is compressed.
    pub(super) coding: Option<Coding>,
    /// The fields of the request by which it was chosen; empty where there is but one.
    pub(super) vary: &'static str,
    /// Its strong tag, in quotes.
    pub(super) tag: String,
    /// When it was changed.
    pub(super) changed: Option<SystemTime>,
    /// That, as it is written.
    pub(super) dated: Option<String>,
    /// Its bytes.
    pub(super) content: Content,
}

/// The bytes of a representation.
pub(super) enum Content {
    /// So many of a file.
    File(File, u64),
    /// These.
    Made(Bytes),
}

impl Facts {
    /// The strong tag of a file, without quotes: another file, another length or another time is another version.
    pub(super) fn tag(&self) -> String {
        let since = self.changed.and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
        format!("{:x}-{:x}-{:x}", self.number, self.length, since.map_or(0, |since| since.as_nanos()))
    }
}

impl Shown {
    /// The answer to GET; that to HEAD is the same, and is sent without its body.
    pub(super) fn answer(mut self, fields: &Fields<'_>) -> Answer {
        let version = Version { tag: Some(&self.tag), changed: self.changed };
        match condition::judge(&fields.conditions(), &version, true) {
            Verdict::NotModified => return self.head(304),
            Verdict::Failed => return Answer::text(412, "it has changed\n"),
            Verdict::Proceed => {}
        }
        let is_same = |value: &[u8]| condition::is_same(value, &version, SystemTime::now());
        let length = self.content.length();
        let asked = match &fields.range {
            // RFC 9110 §13.1.5: otherwise "the recipient MUST ignore the Range header field".
            Some(range) if fields.if_range.as_deref().is_none_or(is_same) => range::asked(range, length),
            _ => Asked::Whole,
        };
        match asked {
            Asked::Whole => self.whole(200),
            Asked::Nothing => Answer::text(416, "there are no such bytes\n")
                .with("Content-Range", format!("bytes */{length}"))
                .with("Accept-Ranges", "bytes"),
            Asked::Ranges(ranges) => self.parts(&ranges, length),
        }
    }

    /// All of it, whatever was asked for.
    pub(super) fn whole(mut self, status: u16) -> Answer {
        let answer = self.head(status).with("Content-Type", self.media);
        let length = self.content.length();
        match self.content {
            Content::Made(bytes) => answer.body(Body::Bytes(bytes)),
            Content::File(file, _) => answer.body(Body::Parts(vec![Part::File(Rc::new(file), 0, length)])),
        }
    }

    /// Everything but what describes a body. It takes tag and time.
    fn head(&mut self, status: u16) -> Answer {
        let mut answer = Answer::new(status);
        // Room for all that follows, at once.
        answer.fields.reserve(10);
        answer = answer.with("ETag", mem::take(&mut self.tag)).with("Cache-Control", "no-cache");
        if let Some(changed) = self.dated.take() {
            answer = answer.with("Last-Modified", changed);
        }
        if !self.vary.is_empty() {
            answer = answer.with("Vary", self.vary);
        }
        if let Some(coding) = self.coding {
            answer = answer.with("Content-Encoding", coding.name());
        }
        if status != 304 {
            answer = answer.with("Accept-Ranges", "bytes").with("X-Content-Type-Options", "nosniff");
        }
        answer
    }

    fn parts(mut self, ranges: &[Range], length: u64) -> Answer {
        let answer = self.head(206);
        let of = |range: &Range| format!("bytes {}-{}/{length}", range.from, range.from + (range.length - 1));
        let source = self.content.shared();
        if let [one] = ranges {
            let body = Body::Parts(vec![source.part(one)]);
            return answer.with("Content-Type", self.media).with("Content-Range", of(one)).body(body);
        }
        // A line that nobody can know ahead cannot be planted in a file.
        let random = RandomState::new();
        let boundary = format!("{:016x}{:016x}", random.hash_one(0_u8), random.hash_one(1_u8));
        let mut parts = Vec::with_capacity(ranges.len() * 2 + 1);
        for (at, range) in ranges.iter().enumerate() {
            let line = if at == 0 { "" } else { "\r\n" };
            let (media, range_of) = (&self.media, of(range));
            let head =
                format!("{line}--{boundary}\r\nContent-Type: {media}\r\nContent-Range: {range_of}\r\n\r\n");
            parts.push(Part::Bytes(head.into()));
            parts.push(source.part(range));
        }
        parts.push(Part::Bytes(format!("\r\n--{boundary}--\r\n").into()));
        answer
            .with("Content-Type", format!("multipart/byteranges; boundary={boundary}"))
            .body(Body::Parts(parts))
    }
}

/// [`Content`] of which several parts are sent.
enum Shared {
    File(Rc<File>),
    Made(Bytes),
}

impl From<Served> for Content {
    fn from(served: Served) -> Self {
        match served.content {
            held::Content::File(file) => Self::File(file, served.facts.length),
            held::Content::Held(bytes) => Self::Made(bytes),
        }
    }
}

impl Content {
    fn length(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Made(bytes) => bytes.len() as u64,
        }
    }

    fn shared(self) -> Shared {
        match self {
            Self::File(file, _) => Shared::File(Rc::new(file)),
            Self::Made(bytes) => Shared::Made(bytes),
        }
    }
}

impl Shared {
    /// A part that lies within: ranges were read for this very length.
    fn part(&self, range: &Range) -> Part {
        match self {
            Self::File(file) => Part::File(Rc::clone(file), range.from, range.length),
            Self::Made(bytes) => {
                let from = range.from as usize;
                Part::Bytes(bytes.slice(from..from + range.length as usize))
            }
        }
    }
}
