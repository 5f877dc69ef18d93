//! Bodies of HTTP as a person reads them: codings taken off, text by its charset, JSON indented, parts listed.
//!
//! What a sender claims costs at most [`MOST`] bytes. Deliberately absent: Base64 of what is not text, which is for whoever
//! writes the document; guessing what a body is against its media type.

mod coding;
mod json;
mod media;
mod multipart;
#[cfg(test)]
mod tests;

use base64::{Engine, engine::general_purpose::STANDARD};
use navyd_model::exchange::Body;

pub use media::MediaType;
pub use multipart::Part;

/// The longest body that is shown.
pub const MOST: usize = 8 << 20;
/// How many times longer a body may become when its codings are taken off.
pub const RATIO: usize = 100;

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
    /// Text; JSON is indented, and else as it was sent.
    Text(String),
    /// A picture, by its media type.
    Image(Vec<u8>),
    /// Anything else.
    Binary(Vec<u8>),
}

/// Shows a body. `encodings` are the values of Content-Encoding, in their order; the bytes may be only the begin.
#[must_use]
pub fn view(media_type: Option<&str>, encodings: &[&str], bytes: &[u8]) -> View {
    let undone = coding::undo(encodings, bytes);
    let media = media_type.map(MediaType::parse).unwrap_or_default();
    let parts = match media.parameter("boundary") {
        Some(boundary) if media.is("multipart") => multipart::parts(boundary, &undone.bytes),
        _ => Vec::new(),
    };
    let mut note = undone.note;
    // Where a coding could not be taken off, the media type says nothing of what is left.
    let content = match undone.finished {
        false => Content::Binary(undone.bytes),
        true => content(&media, undone.bytes, &mut note),
    };
    View { decoded: undone.codings, content, parts, note }
}

fn content(media: &MediaType, bytes: Vec<u8>, note: &mut Option<String>) -> Content {
    if media.is_image() {
        return Content::Image(bytes);
    }
    let is_text = media.is_text() || (media.is_unknown() && looks_like_text(&bytes));
    if !is_text {
        return Content::Binary(bytes);
    }
    match media::text(media.charset(), bytes) {
        Ok(text) if media.is_json() => Content::Text(json::indented(&text).unwrap_or(text)),
        Ok(text) => Content::Text(text),
        Err((bytes, why)) => {
            note.get_or_insert(why);
            Content::Binary(bytes)
        }
    }
}

/// Whether bytes of no known type are text: UTF-8 without what a terminal would not show. The bias is towards saying no.
fn looks_like_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|letter| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r'))
    })
}

impl View {
    /// Writes it into a document. The size, the media type and the hash are the recorder's.
    pub fn fill(self, body: &mut Body) {
        body.decoded = self.decoded;
        (body.text, body.base64) = match self.content {
            Content::Text(text) => (Some(text), None),
            Content::Image(bytes) | Content::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        body.note = self.note;
        if !self.parts.is_empty() {
            let parts: Vec<_> = self.parts.iter().map(Part::line).collect();
            let parts = format!("parts: {}", parts.join(", "));
            body.note = Some(body.note.take().map_or(parts.clone(), |note| format!("{note}; {parts}")));
        }
    }
}
