//! Requests and responses of an archive: their heads, and their bodies as text or in Base64.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use navyd_model::exchange::Message;
use serde_json::{Map, Value, json};

use super::Raw;

/// What is unknown is -1 in HAR.
const UNKNOWN: i64 = -1;

pub(super) fn request(raw: &Raw) -> Value {
    let (message, summary) = (&raw.exchange.request, &raw.exchange.summary);
    let mut request = common(message, raw.first_line().0, raw.request.len());
    request.insert("method".into(), summary.method.as_str().into());
    request.insert("url".into(), url(&summary.target).into());
    let target = summary.target.split('#').next().unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    request.insert("queryString".into(), pairs(query, '&'));
    request.insert("cookies".into(), pairs(value(message, "cookie").unwrap_or_default(), ';'));
    if !raw.request.is_empty() {
        let mut data = Map::new();
        data.insert("mimeType".into(), value(message, "content-type").unwrap_or_default().into());
        // HAR has no encoding here; readers know this one from browsers.
        shown(&mut data, "_encoding", &raw.request);
        request.insert("postData".into(), data.into());
    }
    request.into()
}

pub(super) fn response(raw: &Raw) -> Value {
    let empty = Message::default();
    let message = raw.exchange.response.as_ref().unwrap_or(&empty);
    let line = message.line.as_deref().unwrap_or_default();
    let mut words = line.splitn(3, ' ');
    let version = words.next().filter(|version| !version.is_empty()).unwrap_or("HTTP/1.1");
    let mut response = common(message, version, raw.response.len());
    // Status 0 is what browsers write where no response came.
    response.insert("status".into(), raw.exchange.summary.status.unwrap_or_default().into());
    response.insert("statusText".into(), words.nth(1).unwrap_or_default().into());
    response.insert("redirectURL".into(), value(message, "location").unwrap_or_default().into());
    let cookies = message.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let cookies: Vec<Value> = cookies
        .filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('='))
        .map(|(name, value)| json!({"name": name.trim(), "value": value.trim()}))
        .collect();
    response.insert("cookies".into(), cookies.into());
    response.insert("content".into(), content(message, &raw.response));
    response.into()
}

/// What both have: version, fields, sizes; and what only this program writes.
fn common(message: &Message, version: &str, kept: usize) -> Map<String, Value> {
    let line = message.line.as_deref().map_or(0, |line| line.len() + 2);
    let lengths = message.headers.iter().map(|(name, value)| name.len() + value.len() + 4);
    let head = if line == 0 { UNKNOWN } else { number(line + lengths.sum::<usize>() + 2) };
    let size = message.body.as_ref().map_or(kept as u64, |body| body.size);
    let mut common = Map::new();
    common.insert("httpVersion".into(), version.into());
    common.insert("headers".into(), fields(&message.headers));
    common.insert("headersSize".into(), head.into());
    common.insert("bodySize".into(), i64::try_from(size).unwrap_or(UNKNOWN).into());
    if let Some(line) = &message.line {
        common.insert("_line".into(), line.as_str().into());
    }
    if !message.trailers.is_empty() {
        common.insert("_trailers".into(), fields(&message.trailers));
    }
    if !message.interim.is_empty() {
        let interim = message.interim.iter();
        let interim = interim.map(|one| json!({"_line": one.line, "headers": fields(&one.headers)}));
        common.insert("_interim".into(), interim.collect());
    }
    common
}

/// The body as browsers show it, with its encodings taken off, which `size` counts. Then `_sent` has it as it was sent.
fn content(message: &Message, sent: &[u8]) -> Value {
    let mut content = Map::new();
    let media_type = value(message, "content-type").unwrap_or("x-unknown");
    content.insert("mimeType".into(), media_type.into());
    let Some(body) = &message.body else {
        content.insert("size".into(), 0.into());
        return content.into();
    };
    let size = match (&body.text, &body.base64) {
        _ if body.decoded.is_empty() => {
            if !sent.is_empty() {
                shown(&mut content, "encoding", sent);
            }
            i64::try_from(body.size).unwrap_or(UNKNOWN)
        }
        (Some(text), _) => {
            content.insert("text".into(), text.as_str().into());
            number(text.len())
        }
        (None, Some(base64)) => {
            content.insert("text".into(), base64.as_str().into());
            content.insert("encoding".into(), "base64".into());
            number(BASE64_STANDARD.decode(base64).map_or(sent.len(), |bytes| bytes.len()))
        }
        (None, None) => i64::try_from(body.size).unwrap_or(UNKNOWN),
    };
    content.insert("size".into(), size.into());
    if !body.decoded.is_empty() && !sent.is_empty() {
        content.insert("_sent".into(), BASE64_STANDARD.encode(sent).into());
    }
    if let Some(note) = &body.note {
        content.insert("comment".into(), note.as_str().into());
    }
    content.into()
}

/// Bytes as text, or else in Base64.
fn shown(content: &mut Map<String, Value>, encoding: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => content.insert("text".into(), text.into()),
        Err(_) => {
            content.insert(encoding.into(), "base64".into());
            content.insert("text".into(), BASE64_STANDARD.encode(bytes).into())
        }
    };
}

fn fields(of: &[(String, String)]) -> Value {
    of.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// HAR wants an absolute URL.
fn url(target: &str) -> String {
    let is_scheme = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    match target.split_once("://") {
        Some((scheme, _)) if is_scheme(scheme) => target.to_owned(),
        _ => format!("http://localhost/{}", target.strip_prefix('/').unwrap_or(target)),
    }
}

fn value<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    let mut fields = message.headers.iter();
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// `a=1&b=2`, `a=1; b=2`.
fn pairs(text: &str, separator: char) -> Value {
    let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect()
}

fn number(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(UNKNOWN)
}
