//! Certificates for names on this machine, and how TLS is spoken with them.
//!
//! They stand here because only the gateway knows which names there are. Deliberately absent: files, and the stores
//! in which programs keep whom they trust; an [`Authority`] is made of texts and given back as texts.
//!
//! - [`Authority`]: a root whose key is gone, and an intermediate that can sign for this machine alone
//! - [`Signer`]: what an authority signs with, or one that is thrown away, and its leaves
//! - [`Certificates`]: which leaf a client gets
//! - `scope`: for which names there can be a certificate at all; `names`: for which there is one
//! - `config`: versions, ciphers, resumption, and the protocols that are offered

mod authority;
mod certificates;
mod config;
mod names;
mod parts;
mod scope;
mod signer;
#[cfg(test)]
mod tests;

pub use authority::{Authority, AuthorityError};
pub use certificates::Certificates;
pub use config::beside;
pub(crate) use config::server;
pub(crate) use names::Names;
pub use signer::{Leaf, Signer};
