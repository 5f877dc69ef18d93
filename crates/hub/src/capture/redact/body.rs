//! Bodies, by the type and the encoding that their head tells.

use navyd_decode::body::{Bounds, Coding};

use super::{REDACTED, Text, json, multipart, url};

/// The most that is kept of a body that had to be decoded to take a secret out.
const DECODED_KEPT: usize = 1024 * 1024;

/// How much is looked at of a body that has to be decoded.
const LOOKED_AT: Bounds = Bounds { most: 8 * 1024 * 1024, ratio: 100 };

/// How a body is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Form {
    /// JSON, alone or in lines or events.
    Json,
    /// `application/x-www-form-urlencoded`.
    Fields,
    /// `multipart/form-data` and its kin.
    Multipart,
    /// Its type tells nothing: its first bytes decide.
    #[default]
    Unknown,
    /// It has no members: pictures, pages, programs.
    Opaque,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Encoding {
    /// Not at all.
    #[default]
    None,
    /// In this way.
    One(Coding),
    /// In a way that is not known here, or in several.
    Other,
}

/// What may be kept of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All of it as it is.
    Clean,
    /// This in its place.
    Instead {
        /// Its front, or all of it.
        head: Vec<u8>,
        /// Its end, or nothing.
        tail: Tail,
        /// Whether the encoding was taken off.
        decoded: bool,
    },
    /// Nothing: it may have secrets, and could not be looked into.
    Nothing,
}

/// What becomes of the end of a long body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// It stays.
    Kept,
    /// This in its place.
    Instead(Vec<u8>),
    /// It is left out.
    Dropped,
}

impl Form {
    /// By the value of `Content-Type`.
    pub(crate) fn of(content_type: &[u8]) -> Self {
        let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
        let essence = content_type[..end].trim_ascii().to_ascii_lowercase();
        let is = |prefix: &[u8]| essence.starts_with(prefix);
        match essence.as_slice() {
            b"" | b"text/plain" => Self::Unknown,
            b"application/x-www-form-urlencoded" => Self::Fields,
            b"text/event-stream" => Self::Json,
            _ if is(b"multipart/") => Self::Multipart,
            _ if essence.windows(4).any(|four| four == b"json") => Self::Json,
            _ => Self::Opaque,
        }
    }
}

impl Encoding {
    /// By the value of `Content-Encoding`.
    pub(crate) fn of(content_encoding: &[u8]) -> Self {
        match content_encoding.trim_ascii() {
            name if name.is_empty() || name.eq_ignore_ascii_case(b"identity") => Self::None,
            name => {
                let known = std::str::from_utf8(name).ok().and_then(Coding::parse);
                known.map_or(Self::Other, Self::One)
            }
        }
    }
}

/// Looks through a body: its front, and its end where bytes between both are not known.
pub(crate) fn body(form: Form, encoding: Encoding, head: &[u8], tail: &[u8]) -> Seen {
    if form == Form::Opaque || head.is_empty() && tail.is_empty() {
        return Seen::Clean;
    }
    match encoding {
        Encoding::None => {}
        Encoding::One(coding) => return compressed(form, coding, head, tail),
        Encoding::Other => return Seen::Nothing,
    }
    let form = sniffed(form, head);
    let front = looked(form, head);
    let open = front.as_ref().is_some_and(|front| front.open);
    let front = front.and_then(Text::changed);
    let back = match () {
        () if tail.is_empty() => Tail::Kept,
        // The secret goes on in what is not known, and perhaps into the end.
        () if open => Tail::Instead(REDACTED.to_vec()),
        () => torn(form, tail).map_or(Tail::Kept, Tail::Instead),
    };
    if front.is_none() && back == Tail::Kept {
        return Seen::Clean;
    }
    Seen::Instead { head: front.unwrap_or_else(|| head.to_vec()), tail: back, decoded: false }
}

/// A text of no known type, when it may not be kept as it is.
pub(crate) fn text(text: &str) -> Option<String> {
    match body(Form::Unknown, Encoding::None, text.as_bytes(), &[]) {
        Seen::Instead { head, .. } => Some(String::from_utf8_lossy(&head).into_owned()),
        Seen::Clean | Seen::Nothing => None,
    }
}

/// A body is kept as it was sent when all of it could be looked into and nothing was found, and else decoded.
fn compressed(form: Form, coding: Coding, head: &[u8], tail: &[u8]) -> Seen {
    let Some(plain) = coding.take_off(head, LOOKED_AT) else {
        return Seen::Nothing;
    };
    let form = sniffed(form, &plain.bytes);
    if form == Form::Opaque {
        return Seen::Clean;
    }
    let clean = looked(form, &plain.bytes).and_then(Text::changed);
    if clean.is_none() && plain.cut.is_none() && tail.is_empty() {
        return Seen::Clean;
    }
    let mut head = clean.unwrap_or(plain.bytes);
    head.truncate(DECODED_KEPT);
    Seen::Instead { head, tail: Tail::Dropped, decoded: true }
}

/// What a body of no type is, by its first bytes.
fn sniffed(form: Form, bytes: &[u8]) -> Form {
    if form != Form::Unknown {
        return form;
    }
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len());
    let bytes = &bytes[start..bytes.len().min(start + 4096)];
    match bytes.first() {
        Some(b'{' | b'[' | b'"') => Form::Json,
        _ if url::looks_like_form(bytes) => Form::Fields,
        _ if bytes.starts_with(b"--") => Form::Multipart,
        _ => Form::Opaque,
    }
}

fn looked(form: Form, bytes: &[u8]) -> Option<Text<'_>> {
    match form {
        Form::Json => Some(json::redact(bytes)),
        Form::Fields => Some(url::form(bytes)),
        Form::Multipart => Some(multipart::redact(bytes)),
        Form::Unknown | Form::Opaque => None,
    }
}

/// The end of a body of which the middle is not known. Whether its first byte stands inside of a string cannot be told,
/// so JSON is read both ways.
fn torn(form: Form, tail: &[u8]) -> Option<Vec<u8>> {
    let once = looked(form, tail).and_then(Text::changed);
    if form != Form::Json {
        return once;
    }
    let so_far = once.as_deref().unwrap_or(tail);
    let quote = so_far.iter().position(|byte| *byte == b'"');
    let other = quote.and_then(|quote| {
        let rest = json::redact(&so_far[quote + 1..]).changed()?;
        Some([&so_far[..=quote], &rest].concat())
    });
    other.or(once)
}
