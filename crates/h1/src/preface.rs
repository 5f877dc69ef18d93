//! HTTP/2 by prior knowledge, told before anything is parsed as HTTP/1.1.

/// Whether a connection starts with HTTP/2 (RFC 9113 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preface {
    /// It does not.
    No,
    /// It may: read more.
    Maybe,
    /// It does. The preface itself is not to be skipped.
    Yes,
}

/// Looks for the preface of HTTP/2 at the start of a connection's bytes.
#[must_use]
pub fn h2_preface(bytes: &[u8]) -> Preface {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    match () {
        () if bytes.starts_with(PREFACE) => Preface::Yes,
        () if PREFACE.starts_with(bytes) => Preface::Maybe,
        () => Preface::No,
    }
}

#[cfg(test)]
mod tests {
    use super::{Preface, h2_preface};

    #[test]
    fn the_preface_is_told_from_requests() {
        let check = |bytes: &str, expected| assert_eq!(h2_preface(bytes.as_bytes()), expected, "{bytes:?}");
        check("", Preface::Maybe);
        check("P", Preface::Maybe);
        check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r", Preface::Maybe);
        check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Preface::Yes);
        check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0", Preface::Yes);
        check("POST", Preface::No);
        check("PRI * HTTP/1.1", Preface::No);
    }
}
