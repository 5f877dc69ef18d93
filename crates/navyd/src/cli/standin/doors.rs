//! Where a stand-in listens: the port that was asked for or is stable, at the addresses that were asked for.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use navyd_hub::trust::{self, BesideError};
use navyd_standin::{Door, NoDoor, Tls, raw::Packets};

use super::{
    super::Stage,
    flags::{Flags, Host},
};
use crate::{
    client::{
        self, Scope,
        port::{self, Rules},
    },
    hub,
    out::Failure,
};

impl Flags {
    /// Binds a port: `port`, else `--port`, else the stable one of a directory or file, or of the working directory,
    /// for the command with this word.
    pub(crate) fn door(&self, port: Option<u16>, word: &str, at: Option<&Path>) -> Result<Door, Failure> {
        let port = match port.or(self.port) {
            Some(port) => port,
            None => stable(word, at)?,
        };
        let (hosts, beside) = self.addresses()?;
        let door = if beside { Door::loopback_and(&hosts, port) } else { Door::open(&hosts, port) };
        door.map_err(|taken| refused(&taken, word, false))
    }

    /// The same for datagrams: who has the port for connections does not matter.
    pub(crate) fn packets(&self, word: &str) -> Result<Packets, Failure> {
        let port = self.port.map_or_else(|| stable(word, None), Ok)?;
        let (hosts, beside) = self.addresses()?;
        let packets = if beside { Packets::loopback_and(&hosts, port) } else { Packets::open(&hosts, port) };
        packets.map_err(|taken| refused(&taken, word, true))
    }

    /// A port for the hub alone, in clear and on the loopback device: with `--tls` a name leads there, since the hub has
    /// certificates of its own for whoever asks by that name.
    pub(crate) fn clear(&self, word: &str) -> Result<Option<Door>, Failure> {
        let door = (self.tls && self.name.is_some()).then(|| Door::open(&[Ipv4Addr::LOCALHOST.into()], 0));
        door.transpose().map_err(|taken| refused(&taken, word, false))
    }

    /// The addresses to listen at, and whether the loopback device's are to be had beside them.
    fn addresses(&self) -> Result<(Vec<IpAddr>, bool), Failure> {
        if self.lan {
            let lan = client::lan()?;
            if lan.is_empty() {
                return Err(Failure::new("`--lan` finds no local network")
                    .cause("no device has a private address")
                    .hint("navyd doctor"));
            }
            return Ok((lan, true));
        }
        let localhost = self.host.is_empty() || self.host.contains(&Host::Localhost);
        let address = |host: &Host| match host {
            Host::Address(address) => Some(*address),
            Host::Localhost => None,
        };
        Ok((self.host.iter().filter_map(address).collect(), localhost))
    }

    /// How TLS is spoken at these doors; `None` without `--tls`. What clients may not trust is said.
    pub(crate) fn tls(&self, doors: &[&Door], stage: &mut Stage) -> anyhow::Result<Option<Tls>> {
        if !self.tls {
            return Ok(None);
        }
        let addresses: Vec<IpAddr> =
            doors.iter().flat_map(|door| door.addresses()).map(|address| address.ip()).collect();
        let names: Vec<String> = self.name.iter().map(|name| host_of(name)).collect();
        let (tls, new) = trust::beside(&hub::places()?, &names, &addresses).map_err(|error| {
            let hint = match &error {
                BesideError::Keep(_) => "navyd trust status",
                BesideError::Tls(_) => "navyd serve",
            };
            Failure::new("`--tls` has no certificate").cause(error.to_string()).hint(hint)
        })?;
        if new {
            stage
                .screen
                .note("nothing trusts the new local authority yet: `navyd trust install` changes that")?;
        }
        if self.is_wide() {
            stage
                .screen
                .note("the local authority signs for this machine alone: other machines are warned")?;
        }
        Ok(Some(Tls(tls)))
    }
}

/// The host that a name is meant as.
pub(super) fn host_of(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name.contains('.') { name } else { format!("{name}.localhost") }
}

/// The port that `navyd port --stable WORD` gives in the directory. Below the root of a project, the path stands behind
/// the word, so that two folders of one project differ.
fn stable(word: &str, at: Option<&Path>) -> Result<u16, Failure> {
    let here = at.unwrap_or(Path::new("."));
    let path = here.canonicalize().map_err(|error| {
        let hint = format!("ls -ld {}", here.display());
        Failure::new(format!("cannot read `{}`", here.display())).cause(error.to_string()).hint(hint)
    })?;
    let directory = if path.is_dir() { &path } else { path.parent().unwrap_or(&path) };
    let (root, branch) = match client::project_of(directory) {
        Some(project) => (project.root, project.branch),
        None => (directory.to_string_lossy().into_owned(), None),
    };
    let name = match path.strip_prefix(&root) {
        Ok(below) if !below.as_os_str().is_empty() => format!("{word} {}", below.to_string_lossy()),
        _ => word.to_owned(),
    };
    port::stable(&root, &name, branch.as_deref(), &Rules::here()).ok_or_else(|| {
        Failure::new(format!("`navyd {word}` has no port"))
            .cause("this system reserves every port from 20000 to 29999")
            .hint(format!("navyd {word} --port 0"))
    })
}

fn refused(taken: &NoDoor, word: &str, udp: bool) -> Failure {
    let port = taken.address.port();
    let failure = Failure::new(taken.to_string());
    let why = format!("navyd why {port}{}", if udp { "/udp" } else { "" });
    match taken.source.kind() {
        io::ErrorKind::AddrInUse => failure.cause(held(taken.address, udp)).hint(why),
        io::ErrorKind::PermissionDenied => failure
            .cause("ports below 1024 need a permission")
            .hint(format!("navyd {word} --port {}", 8000 + port % 1000)),
        io::ErrorKind::AddrNotAvailable => {
            failure.cause("the address is not one of this machine").hint("navyd doctor")
        }
        _ => failure.cause(taken.source.to_string()).hint(why),
    }
}

/// Who holds an address, or its port everywhere, as `navyd why` names them.
fn held(address: SocketAddr, udp: bool) -> String {
    let (ip, port) = (address.ip(), address.port());
    let meets = |held: IpAddr| held == ip || held.is_unspecified() || ip.is_unspecified();
    let scope = Scope { tcp: !udp, udp, namespaces: false, port: Some(port), ..Scope::default() };
    let seen = client::listeners(&scope).map(|seen| seen.listeners).unwrap_or_default();
    let mut there = seen.iter().filter(|listener| listener.address.is_some_and(meets));
    let Some((listener, holder)) = there.find_map(|listener| Some((listener, listener.holders.first()?)))
    else {
        return format!("another program has port `{port}`");
    };
    let project = listener.project().map(|project| format!(" of project `{}`", project.name));
    let what = holder.framework.as_ref().filter(|framework| **framework != holder.name);
    let what = what.map(|framework| format!(", {framework}")).unwrap_or_default();
    format!("`{}` (pid {}{what}){} listens there", holder.name, holder.pid, project.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hosts() {
        for (name, expected) in [("shop", "shop.localhost"), ("Shop.test", "shop.test")] {
            assert_eq!(host_of(name), expected);
        }
    }

    #[test]
    fn a_directory_has_a_port_of_its_own() {
        let folder = std::env::temp_dir();
        let ports: Vec<_> = [("serve", &folder), ("serve", &folder), ("echo", &folder)]
            .map(|(word, at)| stable(word, Some(at)).unwrap())
            .into();
        assert!(ports[0] == ports[1] && ports[0] != ports[2], "{ports:?}");
        assert!(stable("serve", Some(Path::new("/nosuch"))).is_err());
    }

    #[test]
    fn the_holder_of_a_port_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Door::loopback(port).unwrap_err();
        let said = format!("{:?}", refused(&taken, "serve", false));
        assert!(said.contains(&format!("navyd why {port}")), "{said}");
    }
}
