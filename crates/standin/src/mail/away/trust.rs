//! Whose certificates are believed: those that this system trusts, or the file and folder that `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name.
//!
//! They are read when they are first needed: most stand-ins never need any, and they take memory.

use std::{io, sync::Arc};

use rustls::{CertificateError, ClientConfig, Error, RootCertStore, crypto::ring};
use tokio::sync::OnceCell;

use super::NotReached;

/// What certificates are believed, once anyone has asked.
#[derive(Debug, Clone, Default)]
pub struct Trust(Arc<OnceCell<Arc<ClientConfig>>>);

impl Trust {
    /// How TLS is spoken with others.
    pub(super) async fn config(&self) -> Result<Arc<ClientConfig>, NotReached> {
        let read = || async {
            let read = tokio::task::spawn_blocking(read).await;
            read.unwrap_or_else(|_| Err(NotReached::NoTrust("they cannot be read".to_owned())))
        };
        self.0.get_or_try_init(read).await.cloned()
    }
}

fn read() -> Result<Arc<ClientConfig>, NotReached> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // One that cannot be read is one that is not believed.
    let (believed, _) = roots.add_parsable_certificates(found.certs);
    if believed == 0 {
        let why = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(NotReached::NoTrust(why));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| NotReached::NoTrust(error.to_string()))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// What a handshake has failed with.
pub(super) fn refusal(host: &str, error: &io::Error) -> NotReached {
    let host = host.to_owned();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(wrong)) => {
            let why = match wrong {
                // A signature is looked for below every root of the name that is said to have signed.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    "nobody that this system trusts has signed it".to_owned()
                }
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "it has expired".to_owned()
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "it is for another name".to_owned()
                }
                other => other.to_string(),
            };
            NotReached::Untrusted { host, why }
        }
        Some(Error::InvalidMessage(_)) => {
            NotReached::NoTls { host, why: "what it says is not TLS".to_owned() }
        }
        _ => NotReached::NoTls { host, why: error.to_string() },
    }
}
