//! What a person may type to name a listener.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::listener::Protocol;

/// A listener as a person names it. Parsed once, then infallible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The address or name, when one was given.
    pub host: Option<Host>,
    /// The port: given, or that of the URL's scheme. `None` for a bare name.
    pub port: Option<u16>,
    /// The protocol, when one was given (`5432/udp`).
    pub proto: Option<Protocol>,
    /// The URL's scheme, in lower case, when one was given.
    pub scheme: Option<String>,
}

/// The part before the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A literal address.
    Address(IpAddr),
    /// A name, in lower case and without a final dot.
    Name(String),
}

/// Why a text names no listener. Each message names what was typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TargetError {
    /// What is wrong, with the text in backticks.
    pub message: String,
    /// What could be typed instead.
    pub hint: String,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let port = text.parse().map_err(|_| TargetError {
            message: format!("`{text}` is not a port"),
            hint: "a port is a number from 1 to 65535".into(),
        })?;
        Ok(Self { host: None, port: Some(port), proto: None, scheme: None })
    }
}
