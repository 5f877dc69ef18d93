//! The local authority for a server that stands beside the hub, such as a stand-in: the same certificates, no hub.

use std::{net::IpAddr, sync::Arc};

use jiff::Timestamp;
use navyd_gateway::tls::{self, Certificates};
use rustls::ServerConfig;

use super::{KeepError, Kept};
use crate::places::Places;

/// Why a server beside the hub cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    /// There is no authority.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The system gives no randomness.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// How it speaks TLS as localhost, as these names and at these addresses, and whether the authority has just been made,
/// so that no store can know it yet. Names and addresses that are not of this machine get no certificate.
///
/// # Errors
/// When the authority cannot be read or made.
pub fn beside(
    places: &Places,
    names: &[String],
    addresses: &[IpAddr],
) -> Result<(Arc<ServerConfig>, bool), BesideError> {
    let kept = Kept::open(places, Timestamp::now())?;
    let certificates = Certificates::new(kept.authority, Timestamp::now);
    Ok((tls::beside(certificates, names, addresses)?, kept.new))
}
