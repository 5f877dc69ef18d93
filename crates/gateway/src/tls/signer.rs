//! Who signs leaves: a key, and what a client is shown between a leaf and the root that it trusts.
//!
//! A local authority signs with its intermediate. One that lives no longer than its process has no use for that: a
//! chain of one certificate takes a client a fifth less of its time for a handshake. Deliberately absent: which leaf a
//! client gets, and keeping them.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use navyd_model::target::Host;
use rcgen::{Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, SanType, string::Ia5String};
use rustls::{
    crypto::ring::sign::any_ecdsa_type,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};

use super::{AuthorityError, parts, scope};

/// A key that signs leaves for this machine.
pub struct Signer {
    pub(super) issuer: Issuer<'static, KeyPair>,
    /// Sent behind each leaf: nothing where the root itself signs.
    above: Option<CertificateDer<'static>>,
    expires: Timestamp,
}

/// A certificate for some hosts, with its key.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The chain as it is sent, the leaf first, and the key.
    pub key: Arc<CertifiedKey>,
    made: Timestamp,
    until: Timestamp,
}

impl Signer {
    /// One whose root, given in PEM, signs by itself, valid for two years from `now`. The key of that root is nowhere
    /// but in here, so that nobody can sign with it once this is dropped; until then it is constrained to this machine
    /// as far as a program heeds the constraints of a root.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn throwaway(now: Timestamp) -> Result<(Self, String), AuthorityError> {
        let key = new_key()?;
        let params = parts::throwaway(now, &mark(&key));
        let root = params.self_signed(&key).map_err(AuthorityError::making)?.pem();
        let expires = parts::expires(now);
        Ok((Self { issuer: Issuer::new(params, key), above: None, expires }, root))
    }

    /// One that signs with an intermediate, which is sent behind each leaf.
    pub(super) fn below(
        issuer: Issuer<'static, KeyPair>,
        intermediate: CertificateDer<'static>,
        expires: Timestamp,
    ) -> Self {
        Self { issuer, above: Some(intermediate), expires }
    }

    /// Until when it is valid.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// A leaf for these hosts, valid for 30 days from `now`, or as long as this is.
    ///
    /// # Errors
    /// When a host is not of this machine, the authority has expired, or the system gives no randomness.
    pub fn leaf(&self, hosts: &[Host], now: Timestamp) -> Result<Leaf, AuthorityError> {
        if let Some(host) = hosts.iter().find(|host| !scope::covers(host)) {
            return Err(AuthorityError::OutOfScope { host: host.to_string() });
        }
        if now >= self.expires {
            return Err(AuthorityError::Expired);
        }
        let names = hosts.iter().map(|host| match host {
            Host::Address(address) => Ok(SanType::IpAddress(*address)),
            Host::Name(name) => Ia5String::try_from(name.as_str()).map(SanType::DnsName),
        });
        let names = names.collect::<Result<_, _>>().map_err(AuthorityError::making)?;
        let key = new_key()?;
        let params = parts::leaf(now, self.expires, names, &parts::common_name(hosts));
        let certificate = params.signed_by(&key, &self.issuer).map_err(AuthorityError::making)?;
        let signing = any_ecdsa_type(&PrivateKeyDer::from(key)).map_err(AuthorityError::making)?;
        let chain = std::iter::once(certificate.into()).chain(self.above.clone()).collect();
        let life = Duration::from_secs(parts::LEAF.unsigned_abs());
        let until = now.checked_add(life).map_or(self.expires, |until| until.min(self.expires));
        Ok(Leaf { key: Arc::new(CertifiedKey::new(chain, signing)), made: now, until })
    }
}

impl Leaf {
    /// Whether it is time for another one: after two thirds of its life.
    pub fn is_due(&self, now: Timestamp) -> bool {
        parts::is_due(self.made, self.until, now)
    }
}

/// A new key on P-256.
pub(super) fn new_key() -> Result<KeyPair, AuthorityError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(AuthorityError::making)
}

/// What tells the root with this key from those of other installations.
pub(super) fn mark(key: &KeyPair) -> String {
    key.public_key_raw().iter().skip(1).take(4).map(|byte| format!("{byte:02x}")).collect()
}
