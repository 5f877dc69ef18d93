//! Bodies of HTTP: a media type, codings, and a body, each on a line of its own.
#![cfg_attr(fuzzing, no_main)]

use navyd_decode::body::{Content, SHOWN, view};

navyd_fuzz::target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (media, codings, body) = (String::from_utf8_lossy(line()), String::from_utf8_lossy(line()), line());
    let view = view(Some(&media), &[&codings], body, false);
    let length = match &view.content {
        Content::Text(text) => text.len(),
        Content::Binary(bytes) => bytes.len(),
    };
    assert!(length <= 3 * SHOWN.most, "{length}");
    assert!(view.parts.len() <= 64 && view.decoded.len() <= 4);
    let mut document = navyd_model::exchange::Body::default();
    view.fill(&mut document);
    assert!(document.text.is_some() != document.base64.is_some());
});
