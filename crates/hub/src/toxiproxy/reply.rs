//! What is answered: status, content type and bytes, as Go's standard library writes them.

use serde::Serialize;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content: Option<&'static str>,
    pub(super) body: String,
}

/// What goes wrong with a request: what is said about it, and its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    pub(super) error: String,
    pub(super) status: u16,
}

const JSON: &str = "application/json";
pub(super) const PLAIN: &str = "text/plain; charset=utf-8";

impl Reply {
    /// A document.
    pub(super) fn json(status: u16, document: &impl Serialize) -> Self {
        Self { status, content: Some(JSON), body: written(document) }
    }

    /// Nothing to say.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, content: None, body: String::new() }
    }

    /// A line of text, as `http.Error` writes one.
    pub(super) fn line(status: u16, text: &str) -> Self {
        Self { status, content: Some(PLAIN), body: format!("{text}\n") }
    }

    /// A text of this content type.
    pub(super) fn text(content: &'static str, body: String) -> Self {
        Self { status: 200, content: Some(content), body }
    }
}

impl Fault {
    pub(super) fn new(status: u16, error: impl Into<String>) -> Self {
        Self { error: error.into(), status }
    }

    /// A body that is no JSON, or of other types.
    pub(super) fn body(why: impl std::fmt::Display) -> Self {
        Self::new(400, format!("bad request body: {why}"))
    }

    pub(super) fn missing(field: impl std::fmt::Display) -> Self {
        Self::new(400, format!("missing required field: {field}"))
    }

    pub(super) fn no_proxy() -> Self {
        Self::new(404, "proxy not found")
    }

    pub(super) fn no_toxic() -> Self {
        Self::new(404, "toxic not found")
    }
}

impl From<Fault> for Reply {
    fn from(fault: Fault) -> Self {
        Self::line(fault.status, &written(&fault))
    }
}

/// A document as Go's encoder writes it: without spaces, and with what HTML could read as its own escaped.
fn written(document: &impl Serialize) -> String {
    // None of the documents here has a key that is no text, or a number that is none; that is all that can fail.
    let json = serde_json::to_string(document).unwrap_or_default();
    if !json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return json;
    }
    // These stand in JSON only inside of texts.
    [('<', "003c"), ('>', "003e"), ('&', "0026"), ('\u{2028}', "2028"), ('\u{2029}', "2029")]
        .into_iter()
        .fold(json, |json, (from, to)| json.replace(from, &format!("\\u{to}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_lines_of_text() {
        let reply = Reply::from(Fault::missing("name"));
        assert_eq!(reply.body, "{\"error\":\"missing required field: name\",\"status\":400}\n");
        assert_eq!((reply.status, reply.content), (400, Some("text/plain; charset=utf-8")));
        assert_eq!(Reply::json(201, &"a<&>\u{2028}").body, "\"a\\u003c\\u0026\\u003e\\u2028\"");
    }
}
