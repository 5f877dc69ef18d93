//! Bodies of an archive.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use navyd_model::exchange::Body;

use super::{MOST_BODY, shape};

/// A body: as it is described, and its bytes as they were sent.
pub(super) struct Sent {
    pub(super) body: Option<Body>,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn request(head: &mut shape::Head) -> Sent {
    let Some(data) = head.post_data.take() else { return whole(head.body_size, Vec::new(), None) };
    let bytes = match (data.text, data.params) {
        // Some writers leave an empty text beside the parameters.
        (Some(text), params) if !text.is_empty() || params.as_ref().is_none_or(Vec::is_empty) => {
            bytes(text, data.encoding.as_deref())
        }
        (_, Some(params)) => form(&params).into_bytes(),
        (_, None) => Vec::new(),
    };
    whole(head.body_size, bytes, data.mime_type)
}

/// The body of a response. Where its encodings were taken off and nobody wrote what was sent, the head is mended.
pub(super) fn response(head: &mut shape::Head) -> Sent {
    let Some(content) = head.content.take() else { return whole(head.body_size, Vec::new(), None) };
    let size = content.size.filter(|size| *size > 0);
    let stated = head.body_size.filter(|size| *size > 0).or(size);
    let shown = content.text.map(|text| bytes(text, content.encoding.as_deref()));
    let encodings = encodings(head);
    let sent = content.sent.and_then(|sent| BASE64_STANDARD.decode(sent).ok());
    let (mut body, decoded) = match (sent, shown) {
        (Some(sent), Some(shown)) if !encodings.is_empty() => {
            (whole(stated, sent, content.mime_type), Some((encodings, shown)))
        }
        (_, shown) => {
            let shown = shown.unwrap_or_default();
            let mut stated = stated;
            if !encodings.is_empty() && !shown.is_empty() {
                mend(head, shown.len());
                stated = size;
            }
            (whole(stated, shown, content.mime_type), None)
        }
    };
    if let Some(described) = &mut body.body {
        described.note = content.comment.or(described.note.take());
        if let Some((encodings, shown)) = decoded {
            let shown = data_of(shown);
            (described.text, described.base64) = (shown.text, shown.base64);
            described.decoded = encodings;
        }
    }
    body
}

/// What a message of WebSocket carries.
pub(super) struct Data {
    pub(super) size: u64,
    pub(super) text: Option<String>,
    pub(super) base64: Option<String>,
}

/// The text, or what is in Base64.
pub(super) fn data(written: String, text: bool) -> Data {
    if text {
        return Data { size: written.len() as u64, text: Some(written), base64: None };
    }
    let bytes = bytes(written, Some("base64"));
    Data { size: bytes.len() as u64, text: None, base64: Some(BASE64_STANDARD.encode(bytes)) }
}

fn data_of(bytes: Vec<u8>) -> Data {
    let size = bytes.len() as u64;
    match String::from_utf8(bytes) {
        Ok(text) => Data { size, text: Some(text), base64: None },
        Err(error) => Data { size, text: None, base64: Some(BASE64_STANDARD.encode(error.as_bytes())) },
    }
}

/// A body of so many bytes, of which these were written; `None` when there is none.
fn whole(stated: Option<i64>, mut bytes: Vec<u8>, media_type: Option<String>) -> Sent {
    let stated = stated.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
    let size = stated.max(bytes.len() as u64);
    if size == 0 {
        return Sent { body: None, bytes };
    }
    bytes.truncate(MOST_BODY);
    let shown = data_of(bytes.clone());
    let body = Body {
        size,
        kept: bytes.len() as u64,
        media_type: media_type.filter(|kind| !kind.is_empty() && kind != "x-unknown"),
        text: shown.text.filter(|text| !text.is_empty()),
        base64: shown.base64,
        ..Body::default()
    };
    Sent { body: Some(body), bytes }
}

/// Text, unless it says that it is Base64, and is.
fn bytes(text: String, encoding: Option<&str>) -> Vec<u8> {
    match encoding {
        Some("base64") => BASE64_STANDARD.decode(&text).unwrap_or_else(|_| text.into_bytes()),
        _ => text.into_bytes(),
    }
}

/// The encodings that the head tells.
fn encodings(head: &shape::Head) -> Vec<String> {
    let fields = head.headers.iter().flatten();
    fields
        .filter(|field| field.name.0.eq_ignore_ascii_case("content-encoding"))
        .filter_map(|field| field.value.as_deref())
        .flat_map(|value| value.split(','))
        .map(|encoding| encoding.trim().to_ascii_lowercase())
        .filter(|encoding| !encoding.is_empty() && encoding != "identity")
        .collect()
}

/// The head of a body without its encodings.
fn mend(head: &mut shape::Head, length: usize) {
    let Some(fields) = &mut head.headers else { return };
    fields.retain(|field| !field.name.0.eq_ignore_ascii_case("content-encoding"));
    for field in fields.iter_mut().filter(|field| field.name.0.eq_ignore_ascii_case("content-length")) {
        field.value = Some(length.to_string());
    }
}

/// Parameters as forms send them (the URL standard, "application/x-www-form-urlencoded serializing").
fn form(params: &[shape::Param]) -> String {
    let escaped = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            match byte {
                b' ' => out.push('+'),
                byte if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => out.push(char::from(byte)),
                byte => out.push_str(&format!("%{byte:02X}")),
            }
            out
        })
    };
    let pair = |param: &shape::Param| {
        format!("{}={}", escaped(&param.name), escaped(param.value.as_deref().unwrap_or_default()))
    };
    params.iter().map(pair).collect::<Vec<_>>().join("&")
}
