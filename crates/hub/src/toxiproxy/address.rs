//! Where a proxy listens and where it leads, as Go's standard library reads addresses and words what is wrong.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _},
};

use navyd_model::{Scheme, Upstream, target::Host};

/// The addresses of a listener: both unspecified ones for `[::]`, since Go listens on both, else one. Asks the system's
/// resolver for a name other than `localhost`.
///
/// Without a host it is loopback: only what names an address that others reach is reached by others.
pub(super) fn listen(text: &str) -> Result<Vec<SocketAddr>, String> {
    let (host, port) = split(text).map_err(|why| format!("listen tcp: address {text}: {why}"))?;
    let port = match port {
        "" => 0,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| format!("listen tcp: address {digits}: invalid port"))?
        }
        name => return Err(format!("listen tcp: lookup tcp/{name}: unknown port")),
    };
    let address = match host {
        "" | "localhost" => Ipv4Addr::LOCALHOST.into(),
        host => match host.parse() {
            Ok(address) => address,
            Err(_) => look_up(host)?,
        },
    };
    let first = SocketAddr::new(address, port);
    let both = address == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    Ok(if both { vec![first, SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))] } else { vec![first] })
}

/// Where a proxy leads. A text that names nothing becomes one that is never reached, since that is told to connections
/// and not to whoever makes the proxy.
pub(super) fn upstream(text: &str) -> Upstream {
    let (host, port) = split(text).unwrap_or((text, ""));
    let host = match host {
        "" => Host::Name("localhost".to_owned()),
        host => host.parse().map_or_else(|_| Host::Name(host.to_ascii_lowercase()), Host::Address),
    };
    Upstream { scheme: Scheme::Tcp, host, port: port.parse().unwrap_or(0) }
}

/// What Go says where an address cannot be listened on.
pub(super) fn refused(address: SocketAddr, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => "bind: address already in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "bind: cannot assign requested address".to_owned(),
        io::ErrorKind::PermissionDenied => "bind: permission denied".to_owned(),
        _ => format!("bind: {error}"),
    };
    format!("listen tcp {address}: {why}")
}

fn look_up(host: &str) -> Result<IpAddr, String> {
    let unknown = || format!("listen tcp: lookup {host}: no such host");
    let found: Vec<_> = (host, 0).to_socket_addrs().map_err(|_| unknown())?.map(|found| found.ip()).collect();
    let four = found.iter().find(|address| address.is_ipv4());
    four.or(found.first()).copied().ok_or_else(unknown)
}

/// Host and port; nothing at all is both empty.
fn split(text: &str) -> Result<(&str, &str), &'static str> {
    if text.is_empty() {
        return Ok(("", ""));
    }
    let (host, port) = text.rsplit_once(':').ok_or("missing port in address")?;
    match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
        Some(Some(host)) => Ok((host, port)),
        Some(None) => Err("missing port in address"),
        None if host.contains(':') => Err("too many colons in address"),
        None => Ok((host, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_where_go_would_listen() {
        for (text, expected) in [
            ("127.0.0.1:80", Ok("127.0.0.1:80")),
            ("localhost:0", Ok("127.0.0.1:0")),
            (":80", Ok("127.0.0.1:80")),
            ("", Ok("127.0.0.1:0")),
            ("[::1]:80", Ok("[::1]:80")),
            ("[::]:80", Ok("[::]:80 0.0.0.0:80")),
            ("0.0.0.0:80", Ok("0.0.0.0:80")),
            ("80", Err("listen tcp: address 80: missing port in address")),
            ("::1:80", Err("listen tcp: address ::1:80: too many colons in address")),
            ("localhost:99999", Err("listen tcp: address 99999: invalid port")),
            ("localhost:x", Err("listen tcp: lookup tcp/x: unknown port")),
        ] {
            let found =
                listen(text).map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn upstreams_may_be_anywhere() {
        for (text, expected) in [
            ("127.0.0.1:80", "tcp://127.0.0.1:80"),
            ("LocalHost:80", "tcp://localhost:80"),
            (":80", "tcp://localhost:80"),
            ("[::1]:80", "tcp://[::1]:80"),
            ("db.example.com:5432", "tcp://db.example.com:5432"),
            ("nothing", "tcp://nothing:0"),
            ("", "tcp://localhost:0"),
        ] {
            assert_eq!(upstream(text).to_string(), expected);
        }
        assert_eq!(upstream("db.example.com:1").elsewhere(), Some("db.example.com"));
    }
}
