//! The local authority: a root that is trusted, an intermediate that signs, and the leaves it signs.
//!
//! The key of the root exists only while the authority is made and is never written down, so nobody can ever sign
//! another intermediate. That one is constrained to this machine's names by critical constraints: stolen, its key is
//! of no use anywhere else. Deliberately absent: keeping the texts, which is for whoever has a disk.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use navyd_model::target::Host;
use rcgen::{Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SanType, string::Ia5String};
use rustls::{
    crypto::ring::sign::any_ecdsa_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use x509_cert::{Certificate, der::Decode as _};

use super::{parts, scope};

/// A local authority.
pub struct Authority {
    root: String,
    intermediate: String,
    key: String,
    issuer: Issuer<'static, KeyPair>,
    chain: CertificateDer<'static>,
    expires: Timestamp,
}

/// A certificate for some hosts, with its key.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The chain as it is sent, leaf and intermediate, and the key.
    pub key: Arc<CertifiedKey>,
    made: Timestamp,
    until: Timestamp,
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
        let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(making)?;
        let mark: String =
            root_key.public_key_raw().iter().skip(1).take(4).map(|byte| format!("{byte:02x}")).collect();
        let root_params = parts::root(now, &mark);
        let root = root_params.self_signed(&root_key).map_err(making)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(making)?;
        let signer = Issuer::from_params(&root_params, &root_key);
        let intermediate = parts::intermediate(now, &mark).signed_by(&key, &signer).map_err(making)?;
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
        Ok(Self { root, intermediate, key, issuer, chain, expires })
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

    /// Until when it is valid.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// A leaf for these hosts, valid for 30 days from `now`, or as long as the authority is.
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
        let names = names.collect::<Result<_, _>>().map_err(making)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(making)?;
        let params = parts::leaf(now, self.expires, names, &parts::common_name(hosts));
        let certificate = params.signed_by(&key, &self.issuer).map_err(making)?;
        let signing = any_ecdsa_type(&PrivateKeyDer::from(key)).map_err(making)?;
        let chain = vec![certificate.into(), self.chain.clone()];
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

fn making(error: impl std::error::Error + Send + Sync + 'static) -> AuthorityError {
    AuthorityError::Making(Box::new(error))
}
