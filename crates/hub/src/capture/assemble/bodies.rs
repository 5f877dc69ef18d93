//! Bodies that have ended: without secrets, and recognised when they were seen before.

use std::sync::Arc;

use ring::digest::{SHA256, digest};

use super::{
    head::Shape,
    kept::Whole,
    record::{Content, State},
};
use crate::capture::{
    known::Known,
    limits::{KNOWN, KNOWN_BODY},
    redact::{self, Encoding, Form, Seen, Tail},
};

/// Makes contents of bodies.
pub(crate) struct Bodies {
    known: Known<Content>,
    reveal: bool,
}

impl Bodies {
    pub(crate) fn new(reveal: bool) -> Self {
        Self { known: Known::new(KNOWN), reveal }
    }

    /// The content of a body; `None` when it has none.
    pub(crate) fn content(&mut self, body: Whole, shape: Shape) -> Option<Arc<Content>> {
        if body.size == 0 {
            return None;
        }
        if body.front.len() > KNOWN_BODY || body.size != body.front.len() as u64 {
            return Some(Arc::new(self.clean(body, shape)));
        }
        let encoding = match shape.encoding {
            Encoding::None => 0,
            Encoding::Other => 1,
            Encoding::One(coding) => 2 + coding as u64,
        };
        let kind = (shape.form as u64) << 8 | encoding;
        let hash = self.known.hash(kind, &body.front);
        let same = |content: &Content| content.raw.as_deref().unwrap_or(&content.front) == body.front;
        if let Some(found) = self.known.find(hash, same) {
            return Some(found);
        }
        let raw = body.front.clone();
        let mut content = self.clean(body, shape);
        content.raw = (content.front != raw).then(|| raw.into());
        let content = Arc::new(content);
        self.known.put(hash, Arc::clone(&content));
        Some(content)
    }

    fn clean(&self, body: Whole, shape: Shape) -> Content {
        let Whole { front, back, size, missing, digest: so_far } = body;
        let whole = size == front.len() as u64;
        let digest =
            so_far.or_else(|| whole.then(|| digest(&SHA256, &front).as_ref().try_into().ok()).flatten());
        let seen =
            if self.reveal { Seen::Clean } else { redact::body(shape.form, shape.encoding, &front, &back) };
        let mut state = State { torn: missing > 0, ..State::default() };
        let (front, back) = match seen {
            Seen::Clean => (front, back),
            Seen::Nothing => {
                state.unseen = true;
                (Vec::new(), Vec::new())
            }
            Seen::Instead { head, tail, decoded } => {
                (state.redacted, state.decoded) = (true, decoded);
                let back = match tail {
                    Tail::Kept => back,
                    Tail::Instead(back) => back,
                    Tail::Dropped => Vec::new(),
                };
                (head, back)
            }
        };
        let plain = shape.encoding == Encoding::None || state.decoded;
        state.text = plain && shape.form != Form::Opaque && !front.is_empty() || is_text(&front);
        Content { raw: None, front, back, size, digest, state, row: Default::default() }
    }
}

/// Whether bytes read as text, by their front.
fn is_text(bytes: &[u8]) -> bool {
    let front = &bytes[..bytes.len().min(512)];
    let valid = match std::str::from_utf8(front) {
        Ok(_) => true,
        // The front may end within a character.
        Err(error) => error.error_len().is_none(),
    };
    !front.is_empty() && valid && !front.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Whole {
        Whole { front: bytes.to_vec(), size: bytes.len() as u64, ..Whole::default() }
    }

    #[test]
    fn what_was_seen_before_is_the_same_content() {
        let mut bodies = Bodies::new(false);
        let json = Shape { form: Form::Json, ..Shape::default() };
        let body = br#"{"password":"hunter2"}"#;
        let first = bodies.content(whole(body), json).unwrap();
        let second = bodies.content(whole(body), json).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(first.front, br#"{"password":"[redacted]"}"#);
        let opaque = Shape { form: Form::Opaque, ..Shape::default() };
        let other = bodies.content(whole(body), opaque).unwrap();
        assert_eq!(other.front, body, "the same bytes of another type are another content");
        assert!(bodies.content(whole(b""), json).is_none());
    }

    #[test]
    fn with_reveal_nothing_is_hidden() {
        let json = Shape { form: Form::Json, ..Shape::default() };
        let body = br#"{"password":"hunter2"}"#;
        let content = Bodies::new(true).content(whole(body), json).unwrap();
        assert_eq!((content.front.as_slice(), content.state.redacted), (body.as_slice(), false));
    }
}
