//! Pieces of an exchange, as text where they are text.

use base64::{Engine, engine::general_purpose::STANDARD};
use navyd_model::exchange::{Piece, Side};

/// How much of one piece is kept.
pub(crate) const KEPT: usize = 64 << 10;

/// When an exchange began, and when something of it happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub started: i64,
    pub at: i64,
}

impl Moment {
    fn millis(self) -> f64 {
        // Fractions of a microsecond are not measured; nothing here lasts for the 285 years that would be rounded.
        self.at.saturating_sub(self.started) as f64 / 1000.0
    }

    /// A piece of these bytes, of `size` in all.
    pub(crate) fn piece(self, from: Side, kind: &str, bytes: &[u8], size: u64) -> Piece {
        let bytes = &bytes[..bytes.len().min(KEPT)];
        let cut = size > bytes.len() as u64;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            // A letter may have been cut in two.
            Err(error) if cut && error.error_len().is_none() => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
            }
            Err(_) => None,
        };
        let base64 = if text.is_some() { None } else { Some(STANDARD.encode(bytes)) };
        Piece {
            at_ms: self.millis(),
            from,
            kind: kind.to_owned(),
            size,
            text: text.map(str::to_owned),
            base64,
        }
    }

    /// A piece of bytes that are no text, even if they look like it.
    pub(crate) fn binary(self, from: Side, kind: &str, bytes: &[u8], size: u64) -> Piece {
        let bytes = &bytes[..bytes.len().min(KEPT)];
        Piece {
            at_ms: self.millis(),
            from,
            kind: kind.to_owned(),
            size,
            text: None,
            base64: Some(STANDARD.encode(bytes)),
        }
    }

    /// What has to be said once.
    pub(crate) fn note(self, from: Side, text: &str) -> Piece {
        Piece { size: 0, ..self.piece(from, "gap", text.as_bytes(), text.len() as u64) }
    }
}
