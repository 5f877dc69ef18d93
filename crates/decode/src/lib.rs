//! What protocols say: bytes of connections become exchanges.
//!
//! It stands here as a crate of its own so that no decoder can do input or output, and each can be fuzzed. Bytes come
//! as they were sent, in any portions, with gaps, and from anybody: a decoder never panics, holds little, and gives up
//! by saying so. Deliberately absent: HTTP's heads and chunks, which are `navyd_h1`'s; redaction and keeping.
#![forbid(unsafe_code)]

mod spoken;

pub use spoken::{Decoder, Spoken};
