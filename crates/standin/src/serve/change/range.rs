//! Which piece of a file comes: pure.

/// A `Content-Range` of a request (RFC 9110 §14.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it begins; `None` where nothing comes, and the client asks where to go on.
    pub(super) from: Option<u64>,
    /// Where it ends: the offset behind its last byte.
    pub(super) end: u64,
    /// How long the whole file is.
    pub(super) total: u64,
}

/// Where bytes are added to a file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// At its end, wherever that is.
    End,
    /// At this offset, if that is its end.
    At(u64),
}

impl Piece {
    /// From `bytes 0-99/1000`, or `bytes */1000`.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let (piece, total) = value.trim().strip_prefix("bytes ")?.trim().split_once('/')?;
        let total = number(total)?;
        if piece == "*" {
            return Some(Self { from: None, end: 0, total });
        }
        let (from, last) = piece.split_once('-')?;
        let (from, last) = (number(from)?, number(last)?);
        (from <= last && last < total).then_some(Self { from: Some(from), end: last + 1, total })
    }
}

impl Added {
    /// From the value of `X-Update-Range`, as SabreDAV and dufs have it: `append`, or `bytes=1000-`.
    pub(super) fn parse(value: &str) -> Option<Self> {
        match value.trim() {
            "append" => Some(Self::End),
            value => number(value.strip_prefix("bytes=")?.strip_suffix('-')?).map(Self::At),
        }
    }
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Added, Piece};

    #[test]
    fn pieces_are_read() {
        let piece = |from, end, total| Some(Piece { from, end, total });
        for (value, expected) in [
            ("bytes 0-99/1000", piece(Some(0), 100, 1000)),
            ("bytes 999-999/1000", piece(Some(999), 1000, 1000)),
            ("bytes */1000", piece(None, 0, 1000)),
            ("bytes 0-1000/1000", None),
            ("bytes 5-4/1000", None),
            ("bytes 0-99/*", None),
            ("bytes 0-/1000", None),
            ("bytes +1-2/3", None),
            ("bytes 0-18446744073709551615/18446744073709551616", None),
            ("bytes 0-18446744073709551614/18446744073709551615", piece(Some(0), u64::MAX, u64::MAX)),
            ("items 0-1/2", None),
            ("", None),
        ] {
            assert_eq!(Piece::parse(value), expected, "{value}");
        }
    }

    #[test]
    fn ends_are_read() {
        for (value, expected) in [
            ("append", Some(Added::End)),
            ("bytes=10-", Some(Added::At(10))),
            ("bytes=10-20", None),
            ("bytes=-10", None),
            ("bytes=-", None),
            ("", None),
        ] {
            assert_eq!(Added::parse(value), expected, "{value}");
        }
    }
}
