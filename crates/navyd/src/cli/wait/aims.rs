//! From what was typed to what is waited for. Pure, but for the working directory.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
};

use navyd_model::{Protocol, Target, target::Host};

use crate::{
    client::{Transport, wait::Aim},
    out::Failure,
};

/// What counts as ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum For {
    /// The kernel lists a socket that listens
    Listen,
    /// A connection comes about
    Connect,
    /// GET is answered with a status from 200 to 399
    Http,
    /// A line of a file has the text: --log and --match
    Log,
}

/// What a target means. `own` tells whether an address is one of this machine.
pub(super) fn aim(
    text: &str,
    wanted: Option<For>,
    gone: bool,
    own: &dyn Fn(IpAddr) -> Result<bool, Failure>,
) -> Result<Aim, Failure> {
    if let Some(path) = unix_path(text) {
        return unix(path, wanted);
    }
    let (text, wanted) = familiar(text, wanted);
    let target: Target = text.parse().map_err(Failure::from)?;
    let port = target.port.ok_or_else(|| {
        Failure::new(format!("`{text}` names no port")).hint(format!("navyd wait {text}:3000"))
    })?;
    let udp = target.proto == Some(Protocol::Udp);
    let addresses = local(target.host.as_ref(), own)?;
    let wanted = match (wanted, target.scheme.as_deref()) {
        (Some(For::Http), Some("https")) => {
            return Err(Failure::new(format!("`{text}` cannot be asked"))
                .cause("waiting does not speak TLS")
                .hint(format!("navyd wait --for connect {text}")));
        }
        (Some(For::Connect | For::Http), _) if udp => {
            return Err(Failure::new(format!("`{text}` cannot be connected to"))
                .cause("UDP has no connections")
                .hint(format!("navyd wait --for listen {port}/udp")));
        }
        (Some(wanted), _) => wanted,
        (None, Some("http")) => For::Http,
        (None, Some("https")) => For::Connect,
        (None, _) if addresses.is_some() => For::Listen,
        (None, _) => For::Connect,
    };
    let host = target.host.as_ref().map_or_else(|| "localhost".to_owned(), Host::to_string);
    match wanted {
        For::Listen => {
            let transport = if udp { Transport::Udp } else { Transport::Tcp };
            let addresses = addresses.ok_or_else(|| {
                Failure::new(format!("`{host}` is not this machine"))
                    .cause("only this machine's kernel tells what listens")
                    .hint(format!("navyd wait --for connect {text}"))
            })?;
            Ok(Aim::Listen { transport, port, addresses })
        }
        // A server that answers with an error is not gone.
        For::Http if !gone => Ok(Aim::Http { host, port, path: path_of(text) }),
        For::Connect | For::Http => Ok(Aim::Connect { host, port }),
        For::Log => Err(Failure::new(format!("`{text}` is not a file to read"))
            .cause("--for log waits for a line in the file that --log names")
            .hint("navyd wait --log FILE --match TEXT")),
    }
}

/// What people type for other waiting programs: `tcp:3000`, `http-get://localhost:3000/health`.
fn familiar(text: &str, wanted: Option<For>) -> (&str, Option<For>) {
    if let Some(rest) = text.strip_prefix("tcp:").filter(|rest| !rest.starts_with("//")) {
        return (rest, wanted);
    }
    match text.strip_prefix("http-get://") {
        Some(rest) => (rest, Some(wanted.unwrap_or(For::Http))),
        None => (text, wanted),
    }
}

/// The addresses of this machine that a host stands for, any when there are none; `None` when the host is, or
/// may be, another machine. A name other than localhost is never asked for here: it may not resolve yet.
fn local(
    host: Option<&Host>,
    own: &dyn Fn(IpAddr) -> Result<bool, Failure>,
) -> Result<Option<Vec<IpAddr>>, Failure> {
    match host {
        None => Ok(Some(Vec::new())),
        Some(Host::Address(address)) if address.is_unspecified() => Ok(Some(Vec::new())),
        Some(Host::Address(address)) => Ok(own(*address)?.then(|| vec![*address])),
        Some(Host::Name(name)) if name == "localhost" || name.ends_with(".localhost") => {
            Ok(Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]))
        }
        Some(Host::Name(_)) => Ok(None),
    }
}

/// The path and query of a URL, or of `host:port/path`, with what must not stand in a request written as `%XX`.
fn path_of(text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let Some(at) = rest.find(['/', '?']) else { return "/".into() };
    let mut path = String::from(if rest[at..].starts_with('?') { "/" } else { "" });
    for byte in rest[at..].bytes() {
        match byte {
            0x21..=0x7e => path.push(char::from(byte)),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

fn unix_path(text: &str) -> Option<&str> {
    let named = ["unix://", "unix:", "socket:"].iter().find_map(|prefix| text.strip_prefix(prefix));
    named.or_else(|| ["/", "./", "../", "@"].iter().any(|start| text.starts_with(start)).then_some(text))
}

fn unix(path: &str, wanted: Option<For>) -> Result<Aim, Failure> {
    match wanted {
        None | Some(For::Listen) => {
            let mut names = vec![path.as_bytes().to_owned()];
            if !path.starts_with('@') {
                // A server is listed under the name that it bound, by whatever way it got there.
                let absolute = std::path::absolute(path).ok();
                let resolved = resolved(Path::new(path));
                let more = absolute.into_iter().chain(resolved);
                names.extend(more.map(|path| path.into_os_string().into_encoded_bytes()));
                names.dedup();
            }
            Ok(Aim::Unix { names })
        }
        Some(For::Connect) if !path.starts_with('@') => Ok(Aim::UnixConnect { path: path.into() }),
        Some(_) => Err(Failure::new(format!("`{path}` is a unix socket"))
            .cause("one with a path is waited for until it listens or takes a connection; another until it listens")
            .hint(format!("navyd wait --for listen {path}"))),
    }
}

/// The path without symbolic links; the socket itself need not exist yet.
fn resolved(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(address: IpAddr) -> Result<bool, Failure> {
        Ok(address.is_loopback())
    }

    fn listen(port: u16, addresses: &[&str]) -> Aim {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Aim::Listen { transport: Transport::Tcp, port, addresses }
    }

    fn connect(host: &str, port: u16) -> Aim {
        Aim::Connect { host: host.into(), port }
    }

    fn http(host: &str, port: u16, path: &str) -> Aim {
        Aim::Http { host: host.into(), port, path: path.into() }
    }

    #[test]
    fn targets() {
        let udp = Aim::Listen { transport: Transport::Udp, port: 5353, addresses: Vec::new() };
        for (text, wanted, expected) in [
            ("3000", None, listen(3000, &[])),
            (":3000", None, listen(3000, &[])),
            ("tcp:3000", None, listen(3000, &[])),
            ("0.0.0.0:3000", None, listen(3000, &[])),
            ("127.0.0.1:3000", None, listen(3000, &["127.0.0.1"])),
            ("tcp:127.0.0.1:3000", None, listen(3000, &["127.0.0.1"])),
            ("localhost:3000", None, listen(3000, &["127.0.0.1", "::1"])),
            ("5353/udp", None, udp),
            ("db:5432", None, connect("db", 5432)),
            ("tcp:db:5432", None, connect("db", 5432)),
            ("192.0.2.1:80", None, connect("192.0.2.1", 80)),
            ("3000", Some(For::Connect), connect("localhost", 3000)),
            ("https://localhost:8443/x", None, connect("localhost", 8443)),
            ("http://localhost:3000/health", None, http("localhost", 3000, "/health")),
            ("http://localhost", None, http("localhost", 80, "/")),
            ("http-get://localhost:3000/a b?c#d", None, http("localhost", 3000, "/a%20b?c")),
            ("http://[::1]:3000?x=1", None, http("::1", 3000, "/?x=1")),
            ("localhost:3000/ready", Some(For::Http), http("localhost", 3000, "/ready")),
            ("http://localhost:3000/", Some(For::Listen), listen(3000, &["127.0.0.1", "::1"])),
        ] {
            assert_eq!(aim(text, wanted, false, &here), Ok(expected), "{text}");
        }
        let gone = aim("http://localhost:3000/health", None, true, &here);
        assert_eq!(gone, Ok(connect("localhost", 3000)));
    }

    #[test]
    fn unix_sockets() {
        for text in ["/run/x.sock", "unix:/run/x.sock", "unix:///run/x.sock", "socket:/run/x.sock"] {
            let Ok(Aim::Unix { names }) = aim(text, None, false, &here) else { panic!("{text}") };
            assert_eq!(names[0], b"/run/x.sock", "{text}");
        }
        assert_eq!(aim("@bus", None, false, &here), Ok(Aim::Unix { names: vec![b"@bus".to_vec()] }));
        let connected = aim("/x", Some(For::Connect), false, &here);
        assert_eq!(connected, Ok(Aim::UnixConnect { path: "/x".into() }));
        let Ok(Aim::Unix { names }) = aim("./x.sock", None, false, &here) else { panic!() };
        assert!(names.iter().any(|name| name.starts_with(b"/") && name.ends_with(b"/x.sock")));
    }

    #[test]
    fn what_cannot_be_waited_for() {
        for (text, wanted, hint) in [
            ("db:5432", Some(For::Listen), "navyd wait --for connect db:5432"),
            ("shop.localhost", None, "navyd wait shop.localhost:3000"),
            ("https://localhost", Some(For::Http), "navyd wait --for connect https://localhost"),
            ("53/udp", Some(For::Connect), "navyd wait --for listen 53/udp"),
            ("/run/x", Some(For::Http), "navyd wait --for listen /run/x"),
            ("@bus", Some(For::Connect), "navyd wait --for listen @bus"),
            ("3000", Some(For::Log), "navyd wait --log FILE --match TEXT"),
            ("70000", None, "3000"),
        ] {
            let failure = aim(text, wanted, false, &here).unwrap_err();
            assert!(format!("{failure:?}").contains(hint), "{text}: {failure:?}");
        }
    }
}
