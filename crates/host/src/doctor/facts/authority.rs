//! What is told of navyd's own authority: how long its certificates are good for, and which stores hold it.

use jiff::Timestamp;
use x509_cert::der::Decode as _;

use crate::audit;

/// What came of looking for the authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthoritySeen {
    /// Nobody looked.
    Unasked,
    /// There is none: none was needed yet.
    Absent,
    /// There is one, and it cannot be used or read: why.
    Unreadable(String),
    /// There is one.
    Made(Authority),
}

/// An authority of this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// When it was looked at, by this machine's clock.
    pub now: Timestamp,
    /// How long it is good for.
    pub validity: Validity,
    /// The stores of this machine, by name; or why they could not be looked into.
    pub stores: super::Told<Vec<(String, Trusted)>>,
}

/// How long a certificate is good for (RFC 5280 §4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From then on: `notBefore`.
    pub from: Timestamp,
    /// Until then: `notAfter`.
    pub until: Timestamp,
}

/// Whether a store holds an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusted {
    /// It does.
    Yes,
    /// It does not, or only part of it is there.
    No,
    /// The store does not tell.
    Unknown,
}

impl Validity {
    /// What the first certificate of a text in PEM says of itself; `None` where there is none.
    pub fn of(pem: &str) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(&audit::der(pem.as_bytes())?).ok()?;
        let validity = certificate.tbs_certificate().validity();
        let time = |time: &x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            Timestamp::from_second(seconds).ok()
        };
        Some(Self { from: time(&validity.not_before)?, until: time(&validity.not_after)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_says_nothing() {
        for pem in ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(Validity::of(pem), None, "{pem:?}");
        }
    }
}
