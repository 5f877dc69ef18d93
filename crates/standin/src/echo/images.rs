//! Pictures: an anchor, in four formats.

use super::{Question, status};
use crate::http::Answer;

/// `/image`: the format that the client names, in this order; PNG where any will do.
pub(super) fn image(question: &Question<'_>, segments: &[&str]) -> Answer {
    let Some(accept) = question.field("accept").map(|accept| accept.to_ascii_lowercase()) else {
        return png(question, segments);
    };
    let takes = |kind: &str| accept.contains(kind);
    match () {
        () if takes("image/webp") => webp(question, segments),
        () if takes("image/svg+xml") => svg(question, segments),
        () if takes("image/jpeg") => jpeg(question, segments),
        () if takes("image/png") || takes("image/*") => png(question, segments),
        () => status::of(406),
    }
}

/// `/image/png`
pub(super) fn png(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, "image/png", &include_bytes!("image/anchor.png")[..])
}

/// `/image/jpeg`
pub(super) fn jpeg(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, "image/jpeg", &include_bytes!("image/anchor.jpeg")[..])
}

/// `/image/webp`
pub(super) fn webp(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, "image/webp", &include_bytes!("image/anchor.webp")[..])
}

/// `/image/svg`
pub(super) fn svg(_: &Question<'_>, _: &[&str]) -> Answer {
    Answer::of(200, "image/svg+xml", &include_bytes!("image/anchor.svg")[..])
}
