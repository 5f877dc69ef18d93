//! The local authority: a root that is trusted, and an intermediate that signs leaves.
//!
//! The key of the root exists only while the authority is made and is never written down, so nobody can ever sign
//! another intermediate. That one is constrained to this machine's names by critical constraints: stolen, its key is
//! of no use anywhere else. Deliberately absent: keeping the texts, which is for whoever has a disk.

use jiff::Timestamp;
use rcgen::{Issuer, KeyPair, PublicKeyData as _};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use x509_cert::{Certificate, der::Decode as _};

use super::{
    parts,
    signer::{self, Signer},
};

/// A local authority.
pub struct Authority {
    root: String,
    intermediate: String,
    key: String,
    signer: Signer,
}

/// Why there is no authority or no leaf.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A text is not what it should be.
    #[error("the `{part}` of the local authority cannot be read")]
    Unreadable {
        /// Which one: `root`, `intermediate` or `key`.
        part: &'static str,
    },
    /// The key is not that of the intermediate.
    #[error("the key of the local authority is not that of its intermediate")]
    OtherKey,
    /// The intermediate is not valid at this time.
    #[error("the local authority has expired")]
    Expired,
    /// A certificate for this host would be refused by everybody.
    #[error("`{host}` is not a name of this machine")]
    OutOfScope {
        /// The host.
        host: String,
    },
    /// The system gives no randomness, or a name cannot be written.
    #[error("a certificate cannot be made")]
    Making(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Authority {
    /// A new one, valid for two years from `now`. The key of its root is gone when this returns.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn create(now: Timestamp) -> Result<Self, AuthorityError> {
        let root_key = signer::new_key()?;
        let mark = signer::mark(&root_key);
        let root_params = parts::root(now, &mark);
        let root = root_params.self_signed(&root_key).map_err(AuthorityError::making)?;
        let key = signer::new_key()?;
        let signer = Issuer::from_params(&root_params, &root_key);
        let intermediate =
            parts::intermediate(now, &mark).signed_by(&key, &signer).map_err(AuthorityError::making)?;
        Self::load(root.pem(), intermediate.pem(), key.serialize_pem())
    }

    /// One that was created before, from its three texts in PEM.
    ///
    /// # Errors
    /// When a text cannot be read, or the key belongs to another certificate.
    pub fn load(root: String, intermediate: String, key: String) -> Result<Self, AuthorityError> {
        let unreadable = |part| AuthorityError::Unreadable { part };
        CertificateDer::from_pem_slice(root.as_bytes()).map_err(|_| unreadable("root"))?;
        let chain = CertificateDer::from_pem_slice(intermediate.as_bytes())
            .map_err(|_| unreadable("intermediate"))?;
        let signing = KeyPair::from_pem(&key).map_err(|_| unreadable("key"))?;
        let certificate = Certificate::from_der(&chain).map_err(|_| unreadable("intermediate"))?;
        let certificate = certificate.tbs_certificate();
        if certificate.subject_public_key_info().subject_public_key.raw_bytes() != signing.der_bytes() {
            return Err(AuthorityError::OtherKey);
        }
        let expires = certificate.validity().not_after.to_unix_duration().as_secs();
        let expires = i64::try_from(expires).ok().and_then(|second| Timestamp::from_second(second).ok());
        let expires = expires.ok_or(unreadable("intermediate"))?;
        let issuer = Issuer::from_ca_cert_der(&chain, signing).map_err(|_| unreadable("intermediate"))?;
        Ok(Self { root, intermediate, key, signer: Signer::below(issuer, chain, expires) })
    }

    /// The certificate of the root, in PEM: what is to be trusted.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The certificate of the intermediate, in PEM.
    pub fn intermediate(&self) -> &str {
        &self.intermediate
    }

    /// The key of the intermediate, in PEM: a secret.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What signs its leaves.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Until when it is valid.
    pub fn expires(&self) -> Timestamp {
        self.signer.expires()
    }
}

impl From<Authority> for Signer {
    fn from(authority: Authority) -> Self {
        authority.signer
    }
}

impl AuthorityError {
    /// Wraps why a certificate could not be made.
    pub(super) fn making(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Making(Box::new(error))
    }
}
