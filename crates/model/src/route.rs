//! Routes: a name or port, and the upstream it leads to.
//!
//! Reading what a person types is pure and happens once; a [`Route`] is infallible from then on. Deliberately
//! absent: resolving names beyond `localhost`, since an upstream is on this machine, and choosing a route for
//! a request, which is the gateway's.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use crate::target::{Host, shown};

/// A way through the gateway, as in `127.0.0.1:8000=http://localhost:3000` or `shop.localhost/api=http://…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where it begins.
    pub entry: Entry,
    /// Where it leads.
    pub upstream: Upstream,
}

/// Where a route begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A listening address of its own. Port 0 lets the system choose.
    Address(SocketAddr),
    /// A name on the address that all names share.
    Name(Name),
}

/// The hosts and paths that a route by name answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// In lower case, without a final dot, port or `*.`.
    pub host: String,
    /// Whether it answers for every name below `host` instead of for `host` itself.
    pub wildcard: bool,
    /// The first segments of the path, `/` for all: no final `/` otherwise.
    pub path: String,
}

/// Where a route leads: a server on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// What is spoken to it.
    pub scheme: Scheme,
    /// A loopback address, or `localhost` or a name below it: that is all that can be typed. Whoever makes an upstream
    /// for bytes may name any host.
    pub host: Host,
    /// Never 0.
    pub port: u16,
}

/// What is spoken to an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP, understood request by request.
    Http,
    /// HTTP/2 without TLS, by prior knowledge (RFC 9113 §3.3).
    H2c,
    /// A stream of bytes, not understood.
    Tcp,
    /// Datagrams.
    Udp,
}

/// Why a text is no route. The message names what was typed, escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RouteError {
    /// What is wrong, with the text in backticks.
    pub message: String,
    /// What could be typed instead.
    pub hint: String,
}

const EXAMPLE: &str = "127.0.0.1:8000=http://127.0.0.1:3000";

impl Upstream {
    /// The name of a host that only the system's resolver knows: neither an address nor a `localhost`.
    pub fn elsewhere(&self) -> Option<&str> {
        match &self.host {
            Host::Name(name) if name != "localhost" && !name.ends_with(".localhost") => Some(name),
            Host::Name(_) | Host::Address(_) => None,
        }
    }

    /// The addresses to try, in this order: `localhost` is both loopback addresses, as is every other name.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + use<> {
        let (first, second) = match self.host {
            Host::Address(address) => (address, None),
            Host::Name(_) => (Ipv4Addr::LOCALHOST.into(), Some(Ipv6Addr::LOCALHOST.into())),
        };
        let port = self.port;
        [Some(first), second].into_iter().flatten().map(move |address: IpAddr| SocketAddr::new(address, port))
    }
}

impl Scheme {
    /// Whether requests are understood.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::H2c)
    }

    /// As it stands in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::H2c => "h2c",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Address(IpAddr::V6(address)) => {
                write!(f, "{}://[{address}]:{}", self.scheme.as_str(), self.port)
            }
            host => write!(f, "{}://{host}:{}", self.scheme.as_str(), self.port),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => {
                let (star, path) = (if name.wildcard { "*." } else { "" }, name.path.trim_end_matches('/'));
                write!(f, "{star}{}{path}", name.host)
            }
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.entry, self.upstream)
    }
}

impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let Some((entry, upstream)) = text.split_once('=') else {
            return Err(refused(text, "says not where it leads", EXAMPLE));
        };
        let route = Self { entry: entry.parse()?, upstream: upstream.parse()? };
        match (&route.entry, route.upstream.scheme) {
            (Entry::Name(_), Scheme::Tcp | Scheme::Udp) => {
                let hint = format!("127.0.0.1:0={}", route.upstream);
                Err(refused(text, "has a name, which only HTTP carries", &hint))
            }
            _ => Ok(route),
        }
    }
}

impl FromStr for Entry {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse() {
            return Ok(Self::Address(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        }
        let (host, path) = text.find('/').map_or((text, "/"), |at| text.split_at(at));
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let (wildcard, host) = match host.strip_prefix("*.") {
            Some(parent) => (true, parent.to_owned()),
            None => (false, host),
        };
        let path = match path.trim_end_matches('/') {
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if !host.split('.').all(label) || !path.bytes().all(|b| b.is_ascii_graphic() && b != b'?') {
            return Err(refused(text, "is neither an address nor a name", EXAMPLE));
        }
        Ok(Self::Name(Name { host, wildcard, path }))
    }
}

impl FromStr for Upstream {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        const HINT: &str = "http://127.0.0.1:3000";
        let (scheme, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Scheme::Http, rest),
            Some(("h2c", rest)) => (Scheme::H2c, rest),
            Some(("tcp", rest)) => (Scheme::Tcp, rest),
            Some(("udp", rest)) => (Scheme::Udp, rest),
            _ => return Err(refused(text, "is no URL of `http`, `h2c`, `tcp` or `udp`", HINT)),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(refused(text, "is more than a host and a port", HINT));
        }
        let (host, port) = match rest.parse::<SocketAddr>() {
            Ok(address) => (Host::Address(address.ip()), Some(address.port())),
            Err(_) => {
                let (name, port) = match rest.rsplit_once(':') {
                    Some((name, port)) if !name.contains(':') => (name, port.parse().ok()),
                    None if matches!(scheme, Scheme::Http | Scheme::H2c) => (rest, Some(80)),
                    _ => (rest, None),
                };
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                let host = name.parse().map_or(Host::Name(name), Host::Address);
                (host, port)
            }
        };
        let Some(port) = port.filter(|port| *port != 0) else {
            return Err(refused(text, "names no port from 1 to 65535", HINT));
        };
        let here = match &host {
            Host::Address(address) => address.to_canonical().is_loopback(),
            Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        };
        if !here {
            return Err(refused(text, "is not on this machine: an upstream is a loopback address", HINT));
        }
        Ok(Self { scheme, host, port })
    }
}

fn refused(text: &str, what: &str, hint: &str) -> RouteError {
    RouteError { message: format!("`{}` {what}", shown(text)), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_reads_as_it_is_typed() {
        for (typed, expected) in [
            ("127.0.0.1:18107=http://127.0.0.1:18080", "127.0.0.1:18107=http://127.0.0.1:18080"),
            ("[::1]:8000=tcp://[::1]:5432", "[::1]:8000=tcp://[::1]:5432"),
            ("5353=udp://127.0.0.1:53", "127.0.0.1:5353=udp://127.0.0.1:53"),
            ("grpc.localhost=h2c://127.0.0.1:50051", "grpc.localhost=h2c://127.0.0.1:50051"),
            (":0=http://localhost", "127.0.0.1:0=http://localhost:80"),
            ("Shop.localhost.=http://LOCALHOST:3000/", "shop.localhost=http://localhost:3000"),
            ("*.shop.localhost/api/=http://127.0.0.1:1", "*.shop.localhost/api=http://127.0.0.1:1"),
        ] {
            let route: Route = typed.parse().unwrap();
            assert_eq!(route.to_string(), expected);
            assert_eq!(route.to_string().parse(), Ok(route));
        }
    }

    #[test]
    fn what_is_no_route_is_told() {
        for (typed, what) in [
            ("", "`` says not where it leads"),
            ("8000", "`8000` says not where it leads"),
            ("8000=3000", "`3000` is no URL of `http`, `h2c`, `tcp` or `udp`"),
            ("8000=https://127.0.0.1:1", "`https://127.0.0.1:1` is no URL"),
            ("8000=http://127.0.0.1:0", "names no port"),
            ("8000=http://127.0.0.1:99999", "names no port"),
            ("8000=tcp://localhost", "names no port"),
            ("8000=http://127.0.0.1:1/base", "is more than a host and a port"),
            ("8000=http://u:p@127.0.0.1:1", "is more than a host and a port"),
            ("8000=http://192.0.2.1:80", "is not on this machine"),
            ("8000=http://example.com:80", "is not on this machine"),
            ("8000=http://169.254.169.254:80", "is not on this machine"),
            ("a b=http://127.0.0.1:1", "`a b` is neither an address nor a name"),
            ("*.*.x=http://127.0.0.1:1", "is neither"),
            ("\u{1b}=http://127.0.0.1:1", r"`\u{1b}` is neither"),
            ("shop.localhost=tcp://127.0.0.1:1", "has a name, which only HTTP carries"),
        ] {
            let error = typed.parse::<Route>().unwrap_err();
            assert!(error.message.contains(what), "{typed}: {error}");
            assert!(!error.hint.is_empty());
        }
    }

    #[test]
    fn localhost_is_both_loopback_addresses() {
        let addresses = |text: &str| -> Vec<String> {
            text.parse::<Upstream>().unwrap().addresses().map(|address| address.to_string()).collect()
        };
        assert_eq!(addresses("http://localhost:3000"), ["127.0.0.1:3000", "[::1]:3000"]);
        assert_eq!(addresses("http://a.localhost:3000"), ["127.0.0.1:3000", "[::1]:3000"]);
        assert_eq!(addresses("http://[::1]:3000"), ["[::1]:3000"]);
    }
}
