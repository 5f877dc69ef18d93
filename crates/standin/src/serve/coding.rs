//! How the bytes of an answer are compressed, by what the client says it reads (RFC 9110 §12.5.3). Pure.

use super::weighed::items;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
}

/// All of them, what makes most texts smallest first.
pub const CODINGS: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

impl Coding {
    /// Its name in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What stands behind the name of a file that was compressed ahead.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }

    fn is_called(self, name: &str) -> bool {
        // RFC 9110 §8.4.1.3: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"."
        name.eq_ignore_ascii_case(self.name()) || (self == Self::Gzip && name.eq_ignore_ascii_case("x-gzip"))
    }
}

/// The codings that a client reads, the best first: those that it wants at least as much as none at all. Where it says
/// nothing, none.
pub fn wanted(value: Option<&[u8]>) -> impl Iterator<Item = Coding> {
    let mut weighed = [(0, Coding::Brotli); CODINGS.len()];
    if let Some(value) = value {
        let weight = |fits: &dyn Fn(&str) -> bool| {
            items(value).find_map(|(name, weight)| fits(name).then_some(weight))
        };
        let any = weight(&|name| name == "*");
        // Without a word of its own, none is what is left when nothing better can be had.
        let plain = weight(&|name| name.eq_ignore_ascii_case("identity")).unwrap_or(0);
        for (slot, coding) in weighed.iter_mut().zip(CODINGS) {
            let weight = weight(&|name| coding.is_called(name)).or(any).unwrap_or(0);
            *slot = (if weight >= plain { weight } else { 0 }, coding);
        }
        // Stable: of two that are wanted as much, the smaller one.
        weighed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    }
    weighed.into_iter().filter(|(weight, _)| *weight > 0).map(|(_, coding)| coding)
}

#[cfg(test)]
mod tests {
    use super::{Coding::*, *};

    #[test]
    fn what_clients_read() {
        for (value, expected) in [
            (None, &[][..]),
            (Some(""), &[]),
            (Some("gzip, deflate, br, zstd"), &[Brotli, Zstd, Gzip]),
            (Some("gzip"), &[Gzip]),
            (Some("X-GZIP"), &[Gzip]),
            (Some("gzip;q=1.0, br;q=0.5"), &[Gzip, Brotli]),
            (Some("*"), &[Brotli, Zstd, Gzip]),
            (Some("*;q=0"), &[]),
            (Some("gzip;q=0, *"), &[Brotli, Zstd]),
            (Some("identity"), &[]),
            (Some("identity;q=0.5, gzip;q=0.4, br;q=0.6"), &[Brotli]),
            (Some("identity;q=0, gzip"), &[Gzip]),
            (Some("gzip;q=0"), &[]),
            (Some("gzip;q=nonsense"), &[]),
            (Some("deflate"), &[]),
            (Some("gzip;q=0.001"), &[Gzip]),
        ] {
            assert_eq!(wanted(value.map(str::as_bytes)).collect::<Vec<_>>(), expected, "{value:?}");
        }
    }
}
