//! A request as a text that a person edits, and back.

use std::{env, process::Command};

use navyd_model::exchange::{Body, Exchange};

use crate::{
    hub::{self, Draft},
    out::Failure,
};

/// Fields that say how the body was sent: it is sent anew, with a length of its own.
const FRAMING: [&str; 3] = ["content-length", "transfer-encoding", "trailer"];

/// The request as it is edited: its head, an empty line, its body.
pub(super) fn text(exchange: &Exchange) -> Result<String, Failure> {
    let id = exchange.summary.id;
    let Some(line) = exchange.request.line.as_ref().filter(|_| exchange.summary.protocol.is_http()) else {
        return Err(Failure::new(format!("exchange `{id}` is no request of HTTP"))
            .cause(format!("it is {}", exchange.summary.protocol))
            .hint("navyd traffic ls protocol:http"));
    };
    let body = exchange.request.body.as_ref();
    if body.is_some_and(|body| body.base64.is_some()) {
        return Err(Failure::new(format!("the body of exchange `{id}` cannot be edited"))
            .cause("it is no text")
            .hint(format!("navyd traffic export --curl {id}")));
    }
    if body.is_some_and(|body| body.kept < body.size) {
        return Err(Failure::new(format!("the body of exchange `{id}` is not all there"))
            .cause("only a part of it is kept")
            .hint(format!("navyd traffic show {id}")));
    }
    let is_as_sent = |body: &Body| {
        !body.decoded.is_empty() || body.text.as_ref().is_none_or(|text| text.len() as u64 == body.kept)
    };
    if !body.is_none_or(is_as_sent) {
        return Err(Failure::new(format!("the body of exchange `{id}` cannot be edited"))
            .cause("it was sent in a charset other than UTF-8")
            .hint(format!("navyd traffic export --curl {id}")));
    }
    let fields = exchange.request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(message(line, fields, body))
}

/// A message as it is edited: its head without what says the length of its body, an empty line, its body.
pub(super) fn message<'a>(
    line: &str,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
    body: Option<&Body>,
) -> String {
    let is_decoded = body.is_some_and(|body| !body.decoded.is_empty());
    let mut text = format!("{line}\n");
    for (name, value) in fields {
        let lower = name.to_ascii_lowercase();
        let is_framing = FRAMING.contains(&lower.as_str()) || (is_decoded && lower == "content-encoding");
        if !is_framing {
            text.push_str(&format!("{name}: {value}\n"));
        }
    }
    text.push('\n');
    text.push_str(body.and_then(|body| body.text.as_deref()).unwrap_or_default());
    text
}

/// What was edited, as a request is sent: the head with the line breaks of HTTP; of the body, what an editor adds at its
/// end is taken off.
pub(super) fn request(edited: &str, before: &str) -> String {
    let normal = edited.replace("\r\n", "\n");
    let (head, body) = normal.split_once("\n\n").unwrap_or((normal.trim_end(), ""));
    let body = match body.strip_suffix('\n') {
        Some(stripped) if !before.ends_with('\n') || before.ends_with("\n\n") => stripped,
        _ => body,
    };
    format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n"))
}

/// Has a person edit a text. `None` when nothing is left of it.
pub(super) fn edit(text: &str) -> Result<Option<String>, Failure> {
    let draft = Draft::new(&hub::places()?, text).map_err(|error| {
        Failure::new("the request cannot be written for the editor").cause(error.to_string())
    })?;
    let editor = ["VISUAL", "EDITOR"].iter().filter_map(|name| env::var(name).ok());
    let editor = editor.into_iter().find(|editor| !editor.trim().is_empty()).ok_or_else(|| {
        Failure::new("no editor is known")
            .cause("neither `VISUAL` nor `EDITOR` names one")
            .hint("EDITOR=vi navyd traffic replay ID --edit")
    })?;
    // Editors that stay in the foreground are typed with flags: `code --wait`.
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let failed = |cause: String| {
        let failure = Failure::new(format!("the editor `{editor}` did not end well")).cause(cause);
        failure.hint("EDITOR=vi navyd traffic replay ID --edit")
    };
    let ended = Command::new(program).args(words).arg(draft.path()).status();
    let ended = ended.map_err(|error| failed(error.to_string()))?;
    if !ended.success() {
        return Err(failed(ended.to_string()));
    }
    let edited = draft.read().map_err(|error| {
        Failure::new("what was edited cannot be read").cause(error.to_string()).hint("navyd traffic ls")
    })?;
    Ok(Some(edited).filter(|edited| !edited.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use navyd_model::exchange::{Message, Protocol, Summary};

    use super::*;
    use crate::cli::fixture::summary;

    fn exchange(headers: &[(&str, &str)], body: Option<Body>) -> Exchange {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let request = Message {
            line: Some("POST /pay HTTP/1.1".into()),
            headers: headers.collect(),
            body,
            ..Message::default()
        };
        Exchange {
            summary: summary(7, "POST", "/pay"),
            request,
            response: None,
            pieces: Vec::new(),
            details: serde_json::Value::Null,
            hits: Vec::new(),
            caused: Vec::new(),
            maybe_caused: Vec::new(),
            maybe_caused_by: Vec::new(),
        }
    }

    fn body(text: &str) -> Body {
        let length = text.len() as u64;
        Body { size: length, kept: length, text: Some(text.into()), ..Body::default() }
    }

    #[test]
    fn a_request_is_edited_without_what_says_its_length() {
        let headers = [("hOst", "shop"), ("Content-Length", "2"), ("Content-Encoding", "gzip")];
        let plain = exchange(&headers, Some(body("hi")));
        assert_eq!(text(&plain).unwrap(), "POST /pay HTTP/1.1\nhOst: shop\nContent-Encoding: gzip\n\nhi");
        let decoded = exchange(&headers, Some(Body { decoded: vec!["gzip".into()], ..body("hi") }));
        assert_eq!(text(&decoded).unwrap(), "POST /pay HTTP/1.1\nhOst: shop\n\nhi");
        assert_eq!(text(&exchange(&[], None)).unwrap(), "POST /pay HTTP/1.1\n\n");
    }

    #[test]
    fn what_cannot_be_edited_is_refused() {
        let binary = Body { base64: Some("AAEC".into()), ..Body::default() };
        let cut = Body { size: 9, ..body("hi") };
        let foreign = Body { kept: 1, size: 1, ..body("\u{e9}") };
        let query = Exchange {
            summary: Summary { protocol: Protocol::Postgres, ..summary(7, "query", "select 1") },
            ..exchange(&[], None)
        };
        for refused in
            [exchange(&[], Some(binary)), exchange(&[], Some(cut)), exchange(&[], Some(foreign)), query]
        {
            assert!(text(&refused).is_err());
        }
    }

    #[test]
    fn what_was_edited_is_sent_as_http_writes_it() {
        for (edited, before, expected) in [
            ("GET / HTTP/1.1\nHost: a\n\n", "…\n\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("GET / HTTP/1.1\nHost: a", "…\n\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("POST / HTTP/1.1\r\nA: b\r\n\r\nhi\n", "…hi", "POST / HTTP/1.1\r\nA: b\r\n\r\nhi"),
            ("POST / HTTP/1.1\n\nhi\n", "…hi\n", "POST / HTTP/1.1\r\n\r\nhi\n"),
            ("POST / HTTP/1.1\n\na\n\nb", "…", "POST / HTTP/1.1\r\n\r\na\n\nb"),
        ] {
            assert_eq!(request(edited, before), expected, "{edited:?}");
        }
    }
}
