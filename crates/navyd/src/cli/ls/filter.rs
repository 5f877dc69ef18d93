//! Which rows are wanted. Pure.

use std::{ops::RangeInclusive, str::FromStr};

use navyd_model::{Connection, Exposure, Holder, Listener, Target, target::Host};

use super::super::named::{contains, is_called, is_localhost, names};

/// What a row must be to be shown; the default wants every row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Belongs to this user.
    pub(super) user: Option<u32>,
    /// Belongs to this project.
    pub(super) project: Option<Belongs>,
    /// Can be reached from other machines.
    pub(super) exposed: bool,
    /// Has one of these ports.
    pub(super) ports: Vec<Ports>,
    /// Is held by one of these processes.
    pub(super) pids: Vec<u32>,
    /// Is held by something whose name contains this.
    pub(super) name: Option<String>,
    /// Is what was named.
    pub(super) target: Option<Target>,
}

/// How a project is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Belongs {
    /// By its directory.
    Root(String),
    /// By its name.
    Named(String),
}

/// One port, or a range with both ends: `3000`, `3000-3999`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ports(RangeInclusive<u16>);

impl Filter {
    /// The only port that can pass, so that the kernel need not be asked for more.
    pub(super) fn only_port(&self) -> Option<u16> {
        let [Ports(range)] = self.ports.as_slice() else {
            return self.target.as_ref().and_then(|target| target.port);
        };
        (range.start() == range.end()).then_some(*range.start())
    }

    /// Whether a listener is wanted.
    pub(super) fn keeps(&self, listener: &Listener) -> bool {
        self.keeps_holders(&listener.holders, listener.uid)
            && (!self.exposed || listener.exposure != Exposure::Loopback)
            && (self.ports.is_empty() || listener.port.is_some_and(|port| self.has_port(port)))
            && self.target.as_ref().is_none_or(|target| names(target, listener))
    }

    /// Whether a connection is wanted: a port may be that of either end.
    pub(super) fn keeps_connection(&self, connection: &Connection) -> bool {
        let ends = [connection.local, connection.remote];
        self.keeps_holders(&connection.holders, connection.uid)
            && (!self.exposed || !connection.remote.ip().to_canonical().is_loopback())
            && (self.ports.is_empty() || ends.iter().any(|end| self.has_port(end.port())))
            && self.target.as_ref().is_none_or(|target| {
                target.proto.is_none_or(|proto| proto == connection.proto)
                    && match (&target.host, target.port) {
                        (Some(Host::Name(name)), None) if !is_localhost(name) => {
                            connection.holders.iter().any(|holder| is_called(holder, name))
                        }
                        (host, port) => ends.iter().any(|end| {
                            port.is_none_or(|port| port == end.port())
                                && match host {
                                    Some(Host::Address(address)) => *address == end.ip().to_canonical(),
                                    Some(Host::Name(name)) => {
                                        is_localhost(name) && end.ip().to_canonical().is_loopback()
                                    }
                                    None => true,
                                }
                        }),
                    }
            })
    }

    fn keeps_holders(&self, holders: &[Holder], uid: Option<u32>) -> bool {
        let any = |wanted: &dyn Fn(&Holder) -> bool| holders.iter().any(wanted);
        self.user.is_none_or(|user| uid == Some(user) || any(&|holder| holder.uid == Some(user)))
            && (self.pids.is_empty() || any(&|holder| self.pids.contains(&holder.pid)))
            && self.name.as_ref().is_none_or(|name| any(&|holder| is_called(holder, name)))
            && self.project.as_ref().is_none_or(|wanted| {
                any(&|holder| {
                    holder.project.as_ref().is_some_and(|project| match wanted {
                        Belongs::Root(root) => project.root == *root,
                        Belongs::Named(name) => contains(&project.name, name),
                    })
                })
            })
    }

    fn has_port(&self, port: u16) -> bool {
        self.ports.iter().any(|Ports(range)| range.contains(&port))
    }
}

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = |text: &str| match text.parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(format!("`{text}` is not a port from 1 to 65535")),
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (port(first)?, port(last)?);
        if first > last {
            return Err(format!("`{first}` comes after `{last}`"));
        }
        Ok(Self(first..=last))
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::{Holder, Project, ProjectKind};

    use super::{super::fixture::*, *};

    #[test]
    fn ports_and_ranges() {
        for (text, expected) in [
            ("3000", Ok(Ports(3000..=3000))),
            ("3000-3999", Ok(Ports(3000..=3999))),
            ("0", Err("`0` is not a port from 1 to 65535".to_owned())),
            ("65536", Err("`65536` is not a port from 1 to 65535".to_owned())),
            ("3000-", Err("`` is not a port from 1 to 65535".to_owned())),
            ("2-1", Err("`2` comes after `1`".to_owned())),
            ("abc", Err("`abc` is not a port from 1 to 65535".to_owned())),
        ] {
            assert_eq!(text.parse::<Ports>(), expected, "{text}");
        }
    }

    #[test]
    fn each_condition_by_itself() {
        let mut shop = tcp("127.0.0.1", 3000);
        shop.uid = Some(1000);
        shop.holders = vec![Holder {
            framework: Some("Vite".into()),
            project: Some(Project {
                root: "/src/shop".into(),
                name: "Shop".into(),
                branch: None,
                kind: ProjectKind::Git,
            }),
            ..held_by(812, "node")
        }];
        let open = tcp("0.0.0.0", 5432);
        let every = Filter::default();
        let rows = [
            (every.clone(), true, true),
            (Filter { user: Some(1000), ..every.clone() }, true, false),
            (Filter { project: Some(Belongs::Root("/src/shop".into())), ..every.clone() }, true, false),
            (Filter { project: Some(Belongs::Root("/src".into())), ..every.clone() }, false, false),
            (Filter { project: Some(Belongs::Named("shop".into())), ..every.clone() }, true, false),
            (Filter { exposed: true, ..every.clone() }, false, true),
            (Filter { ports: vec![Ports(3000..=3999)], ..every.clone() }, true, false),
            (Filter { ports: vec![Ports(80..=80), Ports(5432..=5432)], ..every.clone() }, false, true),
            (Filter { pids: vec![812], ..every.clone() }, true, false),
            (Filter { pids: vec![813], ..every.clone() }, false, false),
            (Filter { name: Some("NOD".into()), ..every.clone() }, true, false),
            (Filter { name: Some("vite".into()), ..every }, true, false),
        ];
        for (filter, of_shop, of_open) in rows {
            assert_eq!((filter.keeps(&shop), filter.keeps(&open)), (of_shop, of_open), "{filter:?}");
        }
    }

    #[test]
    fn the_kernel_is_asked_for_one_port_only_when_one_can_pass() {
        let ports = |ports: &[&str]| Filter {
            ports: ports.iter().map(|text| text.parse().unwrap()).collect(),
            ..Filter::default()
        };
        assert_eq!(ports(&["3000"]).only_port(), Some(3000));
        assert_eq!(ports(&["3000-3001"]).only_port(), None);
        assert_eq!(ports(&["1", "2"]).only_port(), None);
        assert_eq!(ports(&[]).only_port(), None);
    }
}
