//! Files that matter to a listener: the socket it is, the keys it was given, and authorities that are trusted here.

use jiff::Timestamp;

use crate::process::Access;

/// A file of TLS that a program was given by an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFile {
    /// Its path.
    pub path: String,
    /// Who gets to it.
    pub access: Access,
    /// Whether it holds a private key, as far as it could be read.
    pub has_key: bool,
    /// The first certificate in it, as far as it could be read.
    pub certificate: Option<Certificate>,
}

/// What a certificate says: of a file, or shown in a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// The names and addresses it is for.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: Issuer,
}

/// Who issued a certificate, as far as that decides whether anybody here should believe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuer {
    /// Its own key; the name that it gives itself.
    Itself(String),
    /// An authority that some program makes on its user's machine; its name.
    Here(String),
    /// Anybody else.
    Other,
}

/// An authority whose certificates this machine's programs believe, and that lives on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The subject of its certificate.
    pub name: String,
    /// Where the certificate lies.
    pub path: String,
    /// Whether it may only speak for some names (RFC 5280 §4.2.1.10).
    pub constrained: bool,
    /// Its key, where it lies beside.
    pub key: Option<(String, Access)>,
}
