//! How TLS is spoken.

use std::{net::IpAddr, sync::Arc};

use rustls::{
    ServerConfig, SupportedCipherSuite,
    crypto::{
        CryptoProvider,
        ring::{self, Ticketer, cipher_suite as suite},
    },
    server::ServerSessionMemoryCache,
};

use super::{Certificates, Names};

/// What is offered to speak inside, the best first.
const PROTOCOLS: &[&[u8]] = &[b"h2", b"http/1.1"];

/// What records are encrypted with, the best first. Both ends are this machine, so the fastest that is safe wins
/// whatever the client would rather have; all leaves have keys on P-256.
const SUITES: &[SupportedCipherSuite] = &[
    suite::TLS13_AES_128_GCM_SHA256,
    suite::TLS13_AES_256_GCM_SHA384,
    suite::TLS13_CHACHA20_POLY1305_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// How many sessions of clients without tickets are kept, for all workers.
const SESSIONS: usize = 1024;

/// How many tickets a client gets: a browser takes one for each connection it opens, and gets another on it.
const TICKETS: usize = 2;

/// What all workers share, so that a client may come back to any of them.
///
/// # Errors
/// When the system gives no randomness.
pub(crate) fn server(certificates: Arc<Certificates>) -> Result<Arc<ServerConfig>, rustls::Error> {
    offering(certificates, PROTOCOLS)
}

/// For a server beside the gateway that speaks HTTP/1.1 alone: it has certificates for localhost, for those of these
/// addresses that are of the loopback device, and for those of these names that there can be one for.
///
/// # Errors
/// When the system gives no randomness.
pub fn beside(
    certificates: Certificates,
    names: &[String],
    addresses: &[IpAddr],
) -> Result<Arc<ServerConfig>, rustls::Error> {
    certificates.know(Names::beside(names, addresses));
    offering(Arc::new(certificates), &[b"http/1.1"])
}

fn offering(
    certificates: Arc<Certificates>,
    protocols: &[&[u8]],
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = CryptoProvider { cipher_suites: SUITES.to_vec(), ..ring::default_provider() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config.ignore_client_order = true;
    config.ticketer = Ticketer::new()?;
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.send_tls13_tickets = TICKETS;
    Ok(Arc::new(config))
}
