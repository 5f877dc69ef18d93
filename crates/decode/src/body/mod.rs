//! Bodies of HTTP as a person reads them: codings taken off, text by its charset, parts listed.
//!
//! What a sender claims costs at most 8 MiB. Text stays what was sent, so that it can be sent once more: deliberately
//! absent is indenting, which is for whoever draws it, and guessing what a body is against its media type.

mod coding;
mod media;
mod multipart;
#[cfg(test)]
mod tests;

use base64::{Engine, engine::general_purpose::STANDARD};
use navyd_model::exchange::Body;

pub use coding::{Bounds, Coding, Taken};
pub use media::MediaType;
pub use multipart::Part;

/// How long a body may become when its codings are taken off, and how many times longer than it came.
pub const SHOWN: Bounds = Bounds { most: 8 << 20, ratio: 100 };

/// A body as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The codings that were taken off, in the order in which they were put on.
    pub decoded: Vec<String>,
    /// What is shown.
    pub content: Content,
    /// The parts of a multipart body.
    pub parts: Vec<Part>,
    /// Why what is shown is not all of it, or not what it says.
    pub note: Option<String>,
}

/// What is shown of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(String),
    /// Anything else.
    Binary(Vec<u8>),
}

/// Shows a body. `encodings` are the values of Content-Encoding, in their order; `cut` says that some of it is missing,
/// wherever that is.
#[must_use]
pub fn view(media_type: Option<&str>, encodings: &[&str], bytes: &[u8], cut: bool) -> View {
    let undone = coding::undo(encodings, bytes, SHOWN);
    let media = media_type.map(MediaType::parse).unwrap_or_default();
    let parts = match media.parameter("boundary") {
        Some(boundary) if media.is("multipart") => multipart::parts(boundary, &undone.bytes),
        _ => Vec::new(),
    };
    let cut = cut || undone.note.is_some();
    let mut note = undone.note;
    // Where a coding could not be taken off, the media type says nothing of what is left.
    let content = match undone.finished {
        false => Content::Binary(undone.bytes),
        true => content(&media, undone.bytes, cut, &mut note),
    };
    View { decoded: undone.codings, content, parts, note }
}

fn content(media: &MediaType, bytes: Vec<u8>, cut: bool, note: &mut Option<String>) -> Content {
    if media.is_image() || !(media.is_text() || looks_like_text(&bytes)) {
        return Content::Binary(bytes);
    }
    match media::text(media.charset(), bytes, cut) {
        Ok(text) => Content::Text(text),
        Err((bytes, why)) => {
            note.get_or_insert(why);
            Content::Binary(bytes)
        }
    }
}

/// Whether bytes of a type that is not known for it are text: UTF-8 without what a terminal would not show. The bias is
/// towards saying no.
fn looks_like_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|letter| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r'))
    })
}

impl View {
    /// Adds it to a document. The size, the media type and the hash are the recorder's, as are notes that stand there.
    pub fn fill(self, body: &mut Body) {
        body.decoded.extend(self.decoded);
        (body.text, body.base64) = match self.content {
            Content::Text(text) => (Some(text), None),
            Content::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        let parts: Vec<_> = self.parts.iter().map(Part::line).collect();
        let parts = (!parts.is_empty()).then(|| format!("parts: {}", parts.join(", ")));
        let notes: Vec<_> = body.note.take().into_iter().chain(self.note).chain(parts).collect();
        body.note = (!notes.is_empty()).then(|| notes.join("; "));
    }
}
