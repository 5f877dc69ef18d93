//! A root certificate: what stores are given.
//!
//! Only looked at, never verified: the store's own tool does that. Deliberately absent: its key, which nobody has.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The most that is read of a file with a root. One is below 2 KiB.
const LONGEST: u64 = 64 * 1024;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A root certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    der: Vec<u8>,
    name: String,
}

/// Why something is no root.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The file could not be read.
    #[error("`{0}` cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// It does not hold exactly one certificate in PEM (RFC 7468).
    #[error("`{0}` holds no single certificate in PEM")]
    NotOne(String),
}

impl Root {
    /// The one in a file.
    ///
    /// # Errors
    /// When the file cannot be read, or holds anything but one certificate.
    pub fn read(path: &Path) -> Result<Self, RootError> {
        use std::io::Read as _;
        let shown = || path.display().to_string();
        let mut text = String::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
            .map_err(|error| RootError::Unreadable(shown(), error))?;
        Self::of(&text).ok_or_else(|| RootError::NotOne(shown()))
    }

    /// The one in a text; `None` when there is none, or more than one.
    pub fn of(pem: &str) -> Option<Self> {
        let mut all = certificates(pem);
        let der = all.next()?;
        if all.next().is_some() {
            return None;
        }
        Some(Self { name: format!("navyd-{:016x}", fnv(&der)), der })
    }

    /// What stores call it: the same for the same bytes, and another for another authority.
    ///
    /// Made of letters that every store takes: no colon, no space. It names and does not prove: before something is
    /// removed, its bytes are compared.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its file in PEM.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let mut pem = format!("{BEGIN}\n");
        let mut rest = text.as_str();
        // RFC 7468 §2: "each line except the final line consists of exactly 64 characters".
        while !rest.is_empty() {
            let (line, behind) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = behind;
        }
        pem.push_str(END);
        pem.push('\n');
        pem
    }

    /// Whether a text in PEM, such as a bundle, holds it.
    pub fn is_in(&self, pem: &str) -> bool {
        certificates(pem).any(|der| der == self.der)
    }
}

/// The certificates in a text; what is around and between them may be anything (RFC 7468 §2).
fn certificates(text: &str) -> impl Iterator<Item = Vec<u8>> + '_ {
    text.split(BEGIN).skip(1).filter_map(|rest| {
        let body: String = rest.split_once(END)?.0.split_whitespace().collect();
        // A SEQUENCE (X.690 §8.9), as every certificate is.
        STANDARD.decode(body).ok().filter(|der| der.first() == Some(&0x30))
    })
}

/// FNV-1a of 64 bits: it tells apart the few authorities that one user ever has.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(der: &[u8]) -> String {
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(der))
    }

    #[test]
    fn one_certificate_is_a_root() {
        let der: Vec<u8> = (0x30..0xb0).collect();
        let root = Root::of(&pem(&der)).unwrap();
        assert_eq!(Root::of(&root.pem()), Some(root.clone()));
        assert_eq!(Root::of(&pem(&der).replace('\n', "\r\n")), Some(root.clone()));
        assert_ne!(Root::of(&pem(&der[..0x20])).unwrap().name(), root.name());
        for none in ["", "text", BEGIN, &pem(b"x"), &format!("{BEGIN}\n!\n{END}"), &pem(&der).repeat(2)] {
            assert_eq!(Root::of(none), None, "{none}");
        }
    }

    #[test]
    fn a_bundle_is_searched_by_bytes() {
        let (one, two) = (pem(b"0one"), pem(b"0two"));
        let root = Root::of(&two).unwrap();
        assert!(root.is_in(&format!("# a comment\n{one}text {two}")));
        assert!(!root.is_in(&one));
    }
}
