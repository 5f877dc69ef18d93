//! Reads where names of this machine lead, and asks those who are to know.
//!
//! Programs ask the system's resolver, so it is asked, too: each name on a thread of its own, and for two seconds at
//! most. A name server is asked only where it is one of this machine itself: nothing leaves it by this room.

use std::{
    fs,
    io::{self, Read as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use super::{
    Told,
    facts::{
        Fault, HostsFile, LONGEST_HOSTS, LONGEST_SETTINGS, Lookup, Names, Resolver, Served, prefers_v4,
        sources,
    },
    os,
};
use crate::{kernel::HOSTS, why};

/// A name below `localhost` that nobody has a route for.
const BELOW: &str = "navyd-doctor.localhost";

/// Where name servers listen (RFC 1035 §4.2.1).
const DOMAIN: u16 = 53;

/// How long a name server of this machine may take to answer for `localhost`.
const PATIENCE: Duration = Duration::from_secs(1);

/// A question for the addresses of `localhost` (RFC 1035 §4): a header with one question that desires recursion, the
/// name, type A, class IN. RFC 6761 §6.3: caching name servers "SHOULD recognize localhost names as special".
const QUESTION: &[u8] = b"\x62\x89\x01\x00\0\x01\0\0\0\0\0\0\x09localhost\0\0\x01\0\x01";

/// Looks at names.
pub(super) fn gather() -> Names {
    let resolver =
        read(os::RESOLVER, LONGEST_SETTINGS).map(|bytes| bytes.map(|bytes| Resolver::parse(&bytes)));
    let asked = of_this_machine(resolver.as_ref().ok().and_then(Option::as_ref));
    let (localhost, below, own, servers) = thread::scope(|scope| {
        let spawn = |name: String| {
            let asked = name.clone();
            let thread = thread::Builder::new().spawn_scoped(scope, move || lookup(&asked));
            (name, thread)
        };
        // A thread that the system refuses is work for this one.
        let finish = |(name, thread): (String, io::Result<thread::ScopedJoinHandle<'_, Lookup>>)| {
            thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| lookup(&name))
        };
        let (localhost, below) = (spawn("localhost".into()), spawn(BELOW.into()));
        let own = os::host_name().map(|name| (name.clone(), spawn(name)));
        let servers = asked.into_iter().map(|server| (server, serve(server))).collect();
        let own = own.map(|(name, spawned)| (name, finish(spawned)));
        (finish(localhost), finish(below), own, servers)
    });
    Names {
        hosts_path: HOSTS.to_owned(),
        hosts: read(HOSTS, LONGEST_HOSTS).map(|bytes| bytes.map(|bytes| HostsFile::parse(&bytes))),
        resolver,
        sources: read(os::SOURCES, LONGEST_SETTINGS).map(|bytes| bytes.and_then(|bytes| sources(&bytes))),
        prefers_v4: matches!(read(os::ORDER, LONGEST_SETTINGS), Ok(Some(bytes)) if prefers_v4(&bytes)),
        localhost,
        below,
        own,
        servers,
    }
}

/// Every word of the hosts file that a row may quote: names, and what stands where an address should.
pub(super) fn hosts_names() -> Vec<String> {
    let Ok(Some(bytes)) = read(HOSTS, LONGEST_HOSTS) else { return Vec::new() };
    let HostsFile { entries, faults } = HostsFile::parse(&bytes);
    let odd = faults.into_iter().filter_map(|(_, fault)| match fault {
        Fault::NoAddress(word) | Fault::Wildcard(word) => Some(word),
        _ => None,
    });
    entries.into_iter().flat_map(|entry| entry.names).chain(odd).collect()
}

/// The name servers on this machine itself. resolv.conf(5): "If no nameserver entries are present, the default is to
/// use the name server on the local machine."
fn of_this_machine(resolver: Option<&Resolver>) -> Vec<SocketAddr> {
    let Some(resolver) = resolver else { return Vec::new() };
    let default = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
    let servers = if resolver.servers.is_empty() { &default[..] } else { &resolver.servers };
    servers.iter().filter(|server| server.is_loopback()).map(|server| (*server, DOMAIN).into()).collect()
}

fn lookup(name: &str) -> Lookup {
    let begun = Instant::now();
    let answer = why::ask(name).map_err(|error| error.to_string());
    Lookup { answer, took: begun.elapsed() }
}

/// Asks a name server of this machine.
fn serve(server: SocketAddr) -> Served {
    let ask = || {
        let unspecified: IpAddr = if server.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            std::net::Ipv6Addr::UNSPECIFIED.into()
        };
        let socket = UdpSocket::bind((unspecified, 0))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.connect(server)?;
        socket.send(QUESTION)?;
        // What it says does not matter: that it speaks does.
        socket.recv(&mut [0; 512])
    };
    match ask() {
        Ok(_) => Served::Answered,
        Err(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Served::Refused,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Served::Silent,
            _ => Served::Unsent(error.to_string()),
        },
    }
}

/// The first bytes of a file; `None` where there is none.
fn read(path: &str, most: u64) -> Told<Option<Vec<u8>>> {
    let all = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match all() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("`{path}`: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_of_this_machine_are_asked() {
        for (text, expected) in [
            ("", &["127.0.0.1:53"][..]),
            ("nameserver 10.0.0.1", &[]),
            ("nameserver 127.0.0.53\nnameserver 10.0.0.1\nnameserver ::1", &["127.0.0.53:53", "[::1]:53"]),
        ] {
            let found = of_this_machine(Some(&Resolver::parse(text.as_bytes())));
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{text:?}");
        }
        assert!(of_this_machine(None).is_empty());
    }

    #[test]
    fn a_server_answers_or_nobody_is_there() {
        let socket = UdpSocket::bind("127.62.89.53:0").unwrap();
        let place = socket.local_addr().unwrap();
        let server = thread::spawn(move || {
            let mut bytes = [0; 512];
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            assert_eq!(&bytes[..length], QUESTION);
            socket.send_to(&bytes[..length], from).unwrap();
        });
        assert_eq!(serve(place), Served::Answered);
        server.join().unwrap();
        assert_eq!(serve(place), Served::Refused);
    }

    #[test]
    fn a_file_that_is_not_there_is_no_mistake() {
        assert_eq!(read("/nonexistent/navyd", 1), Ok(None));
        assert!(read("/", 1).is_err());
    }
}
