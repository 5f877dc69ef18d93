//! What a person may type to name a listener.
//!
//! Every form that people paste from logs, browsers, `ss`, `lsof` and configuration is read here, once, so
//! that every command takes the same. Reading is pure and total: any text gives a target or an error that
//! says what to type. Deliberately absent: resolving names, and the names of services in a project, which
//! the caller tries before it asks here.

mod error;
mod host;
mod parse;
mod paste;
mod scheme;
#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr, str::FromStr};

use crate::listener::Protocol;

pub use error::TargetError;
pub(crate) use error::shown;

/// A listener as a person names it. Parsed once, then infallible: it has a host, a port or both. Its
/// [`Display`](fmt::Display) is its canonical form, which parses back to the same target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The address or name, when one was given. `*:3000` and `:3000` give none: any address.
    pub host: Option<Host>,
    /// The port: given, or that of the URL's scheme. `None` for a bare name. Never 0.
    pub port: Option<u16>,
    /// The protocol, when one was given (`5432/udp`, `udp://…`), or when the port was named and is UDP's alone.
    pub proto: Option<Protocol>,
    /// The URL's scheme, in lower case, when one was given.
    pub scheme: Option<String>,
}

/// The part before the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A literal address. An IPv4 address inside IPv6 (`::ffff:127.0.0.1`) is the IPv4 address, and a zone
    /// (`%eth0`) is read and not kept: listeners are found by address, whatever the zone.
    Address(IpAddr),
    /// A name, in lower case and without a final dot. Never one that programs might read as an address.
    Name(String),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(f, "{scheme}://")?;
        }
        match &self.host {
            Some(Host::Address(IpAddr::V6(address))) => write!(f, "[{address}]")?,
            Some(host) => host.fmt(f)?,
            None => {}
        }
        match self.port {
            // A port alone is a target; in a URL it needs its colon.
            Some(port) if self.host.is_none() && self.scheme.is_none() => port.fmt(f)?,
            Some(port) => write!(f, ":{port}")?,
            None => {}
        }
        match self.proto {
            // A URL says its protocol in its scheme, if at all.
            Some(proto) if self.scheme.is_none() => write!(f, "/{}", proto.as_str()),
            _ => Ok(()),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        parse::target(text)
    }
}
