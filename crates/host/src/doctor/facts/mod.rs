//! What was read of this machine before anybody judges it: plain data, so that every row is tested without a machine
//! that is ill in that way.

mod authority;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod denials;
mod hosts;
mod names;
mod net;
mod outside;
mod programs;
mod resolver;

#[cfg(target_os = "linux")]
pub(super) use self::denials::denials;
pub use self::{
    authority::{Authority, AuthoritySeen, Trusted, Validity},
    denials::Denial,
    hosts::{Entry, Fault, HostsFile},
    names::{Lookup, Names, Served},
    net::{Ear, Held, Net},
    outside::{HubSeen, OurHub, Outside},
    programs::{OpenFiles, Owner, PROXY_VARIABLES, Proxy, Surroundings},
    resolver::{Resolver, prefers_v4, sources},
};
pub(super) use self::{hosts::LONGEST as LONGEST_HOSTS, net::no_port, resolver::LONGEST as LONGEST_SETTINGS};
use crate::kernel::{Interface, Limits};

/// What was read, or why it could not be: a whole clause without a full stop, such as "`nft` needs root".
pub type Told<T> = Result<T, String>;

/// All that rows may know.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The network devices, as rtnetlink tells them: `/sys/class/net` shows those of another namespace.
    pub interfaces: Told<Vec<Interface>>,
    /// What the settings say about ports.
    pub limits: Limits,
    /// What concerns connections of this machine to itself.
    pub net: Net,
    /// Names of this machine.
    pub names: Names,
    /// This process' own proxy variables.
    pub proxy: Proxy,
    /// The programs that listen.
    pub owners: Told<Vec<Owner>>,
    /// What surrounds this process.
    pub around: Surroundings,
    /// What only callers can know.
    pub outside: Outside,
}

impl Facts {
    /// The loopback device; `None` also where the devices could not be read.
    pub(super) fn lo(&self) -> Option<&Interface> {
        self.interfaces.iter().flatten().find(|device| device.loopback)
    }
}

#[cfg(test)]
impl Facts {
    /// A machine of which nothing could be read: a test says what it knows, and leaves the rest.
    pub(super) fn unread() -> Self {
        let limits = Limits {
            ephemeral: None,
            reserved: Vec::new(),
            unprivileged_from: None,
            may_bind_low: None,
            may_destroy: None,
        };
        Self {
            interfaces: Err("not read".into()),
            limits,
            net: Net::unread(),
            names: Names::unread(),
            proxy: Proxy::default(),
            owners: Err("not read".into()),
            around: Surroundings::unread("not read"),
            outside: Outside::default(),
        }
    }

    /// The same with a loopback device that has both addresses.
    pub(super) fn with_lo(up: bool) -> Self {
        let addresses = ["127.0.0.1", "::1"].iter().map(|text| text.parse().unwrap()).collect();
        let lo = Interface { index: 1, name: "lo".into(), up, loopback: true, addresses };
        Self { interfaces: Ok(vec![lo]), ..Self::unread() }
    }
}
