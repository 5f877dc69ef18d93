//! How much of a message is read before it is refused. RFC 9112 §2.2, §3 and §5 leave the numbers to us.

/// The most fields that [`Limits::headers`] can ask for: they are first parsed on the stack, 32 bytes each.
pub const MOST_HEADERS: usize = 256;

/// How long a line with the size of a chunk may be: 16 digits and extensions (RFC 9112 §7.1.1). Without a limit, a
/// sender could keep a reader busy for ever in a body that never has a byte.
pub const CHUNK_LINE_BYTES: u16 = 1024;

/// How long the trailer section may be, all lines together (RFC 9112 §7.1.2).
pub const TRAILER_BYTES: u16 = 16 * 1024;

/// The limits of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the head, from its first to the empty line at its end. Beyond it a request is answered 431.
    pub head_bytes: u32,
    /// Fields in the head, never more than [`MOST_HEADERS`]. Beyond it a request is answered 431.
    pub headers: usize,
    /// Bytes of the request target. Beyond it: 414. RFC 9112 §3 recommends 8,000 at least.
    pub target_bytes: u32,
    /// Bytes of the method. Beyond it: 501. The longest registered one is `UPDATEREDIRECTREF`, with 17.
    pub method_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head_bytes: 64 * 1024, headers: 100, target_bytes: 32 * 1024, method_bytes: 32 }
    }
}
