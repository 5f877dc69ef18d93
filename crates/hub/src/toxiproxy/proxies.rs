//! Every proxy with its toxics, and the gateway that carries them.
//!
//! A proxy that is enabled is a route of bytes from each of its addresses; its toxics are the faults that lie there. A
//! change is made in the gateway first, and in the table once the gateway has followed. Deliberately absent: what a
//! request looks like.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use navyd_gateway::{Gateway, Leaving, Limits, Plan, Routed, StartError};
use navyd_model::{Entry, Route};
use serde::Serialize;

use super::{address, mapping, reply::Fault, toxic::Toxic};

/// The most proxies. Far above any use, so that a loop that makes them ends.
const MOST_PROXIES: usize = 4_096;

/// The most toxics of one proxy.
const MOST_TOXICS: usize = 256;

/// How long an upstream may take to answer, while its client waits: as long as Linux itself asks.
const CONNECT: Duration = Duration::from_secs(127);

/// Every proxy.
pub(super) struct Proxies {
    gateway: Gateway,
    all: BTreeMap<String, Proxy>,
}

/// A proxy.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxy {
    pub(super) name: String,
    /// As it was written; where it has been started, the address that it had.
    pub(super) listen: String,
    pub(super) upstream: String,
    pub(super) enabled: bool,
    /// In the order in which they were added.
    toxics: Vec<Toxic>,
    /// Where it listens; nowhere while it is not enabled.
    open: Vec<SocketAddr>,
    past: Passed,
}

/// How many bytes have passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// From clients.
    pub(super) up: u64,
    /// To clients.
    pub(super) down: u64,
}

/// A proxy as clients see it.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    name: &'a str,
    listen: &'a str,
    upstream: &'a str,
    enabled: bool,
    toxics: Vec<&'a Toxic>,
}

impl Proxy {
    /// One that does not run yet.
    pub(super) fn new(name: String, listen: String, upstream: String) -> Self {
        Self { name, listen, upstream, ..Self::default() }
    }

    pub(super) fn view(&self) -> View<'_> {
        let Self { name, listen, upstream, enabled, .. } = self;
        View { name, listen, upstream, enabled: *enabled, toxics: self.toxics() }
    }

    /// Its toxics, those towards the upstream first.
    pub(super) fn toxics(&self) -> Vec<&Toxic> {
        let mut toxics: Vec<_> = self.toxics.iter().collect();
        toxics.sort_by_key(|toxic| toxic.stream);
        toxics
    }

    pub(super) fn toxic(&self, name: &str) -> Result<&Toxic, Fault> {
        self.toxics.iter().find(|toxic| toxic.name == name).ok_or_else(Fault::no_toxic)
    }

    /// Whether it would run otherwise than one that listens and leads there.
    fn differs(&self, listen: &str, upstream: &str) -> Result<bool, Fault> {
        if self.upstream != upstream {
            return Ok(true);
        }
        Ok(self.listen != listen && resolved(&self.listen)? != resolved(listen)?)
    }

    fn routes(&self) -> impl Iterator<Item = Routed> {
        let open: &[SocketAddr] = if self.enabled { &self.open } else { &[] };
        open.iter().map(|address| {
            let route =
                Route { entry: Entry::Address(*address), upstream: address::upstream(&self.upstream) };
            let faults = self.toxics.iter().filter_map(|toxic| mapping::fault(&self.name, toxic)).collect();
            Routed { faults, leaving: Leaving::Close, ..Routed::from(route) }
        })
    }
}

impl Proxies {
    /// None yet. The same seed repeats what toxics choose.
    pub(super) fn start(seed: Option<u64>, workers: usize) -> Result<Self, StartError> {
        let limits = Limits { connect: CONNECT, ..Limits::default() };
        let (listen, handed, routes) = (Vec::new(), Vec::new(), Vec::new());
        let gateway = Gateway::start(Plan {
            listen,
            handed,
            routes,
            workers,
            limits,
            home: None,
            tls: None,
            tap: None,
        })?;
        if let Some(seed) = seed {
            gateway.seed_faults(seed);
        }
        Ok(Self { gateway, all: BTreeMap::new() })
    }

    /// Closes everything.
    pub(super) fn end(self) -> std::io::Result<()> {
        self.gateway.hurry().now();
        self.gateway.drain()
    }

    /// All of them, by their names.
    pub(super) fn all(&self) -> impl Iterator<Item = &Proxy> {
        self.all.values()
    }

    pub(super) fn one(&self, name: &str) -> Result<&Proxy, Fault> {
        self.all.get(name).ok_or_else(Fault::no_proxy)
    }

    /// Adds one, and starts it where it is to run.
    pub(super) fn add(&mut self, proxy: Proxy, enabled: bool) -> Result<&Proxy, Fault> {
        if self.all.contains_key(&proxy.name) {
            return Err(Fault::new(409, "proxy already exists"));
        }
        self.insert(proxy, enabled)
    }

    /// The same; one of this name that runs otherwise gives way, with its toxics.
    pub(super) fn add_or_replace(&mut self, proxy: Proxy, enabled: bool) -> Result<(), Fault> {
        if let Some(known) = self.all.get(&proxy.name) {
            if !known.differs(&proxy.listen, &proxy.upstream)? {
                return Ok(());
            }
            self.stop(&proxy.name)?;
        }
        self.insert(proxy, enabled).map(drop)
    }

    /// Has it listen and lead there from now on, enabled or not. A changed one starts anew: its connections close.
    pub(super) fn update(
        &mut self,
        name: &str,
        listen: String,
        upstream: String,
        enabled: bool,
    ) -> Result<(), Fault> {
        if self.one(name)?.differs(&listen, &upstream)? {
            self.stop(name)?;
            if let Some(proxy) = self.all.get_mut(name) {
                (proxy.listen, proxy.upstream, proxy.past) = (listen, upstream, Passed::default());
            }
        }
        match (self.one(name)?.enabled, enabled) {
            (false, true) => self.resume(name),
            (true, false) => self.stop(name),
            _ => Ok(()),
        }
    }

    /// Takes one away.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), Fault> {
        self.stop(name)?;
        self.all.remove(name);
        Ok(())
    }

    /// Starts all of them, and takes their toxics away.
    pub(super) fn reset(&mut self) -> Result<(), Fault> {
        for name in self.all.keys().cloned().collect::<Vec<_>>() {
            if !self.one(&name)?.enabled {
                self.resume(&name)?;
            }
            self.change(&name, |proxy| {
                proxy.toxics.clear();
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Lays another toxic on one.
    pub(super) fn add_toxic(&mut self, name: &str, toxic: Toxic) -> Result<(), Fault> {
        self.change(name, |proxy| {
            if proxy.toxic(&toxic.name).is_ok() {
                return Err(Fault::new(409, "toxic already exists"));
            }
            if proxy.toxics.len() >= MOST_TOXICS {
                return Err(Fault::new(500, format!("a proxy has at most {MOST_TOXICS} toxics")));
            }
            proxy.toxics.push(toxic);
            Ok(())
        })
    }

    /// Puts a toxic in the place of the one of its name.
    pub(super) fn update_toxic(&mut self, name: &str, toxic: Toxic) -> Result<(), Fault> {
        self.change(name, |proxy| {
            let old = proxy.toxics.iter_mut().find(|old| old.name == toxic.name);
            *old.ok_or_else(Fault::no_toxic)? = toxic;
            Ok(())
        })
    }

    pub(super) fn remove_toxic(&mut self, name: &str, toxic: &str) -> Result<(), Fault> {
        self.change(name, |proxy| {
            proxy.toxic(toxic)?;
            proxy.toxics.retain(|other| other.name != toxic);
            Ok(())
        })
    }

    /// What has passed by each proxy, since it listens and leads where it does.
    pub(super) fn passed(&self) -> Vec<(&Proxy, Passed)> {
        let now = self.counted();
        self.all.values().map(|proxy| (proxy, sum(proxy, &now))).collect()
    }

    fn insert(&mut self, mut proxy: Proxy, enabled: bool) -> Result<&Proxy, Fault> {
        if self.all.len() >= MOST_PROXIES && !self.all.contains_key(&proxy.name) {
            return Err(Fault::new(500, format!("there are at most {MOST_PROXIES} proxies")));
        }
        if enabled {
            proxy = self.started(proxy)?;
        }
        let name = proxy.name.clone();
        self.all.insert(name.clone(), proxy);
        self.one(&name)
    }

    /// Starts one that is there and does not run.
    fn resume(&mut self, name: &str) -> Result<(), Fault> {
        let proxy = self.started(self.one(name)?.clone())?;
        self.all.insert(name.to_owned(), proxy);
        Ok(())
    }

    /// A proxy that runs, whether it is in the table already or not.
    fn started(&self, mut proxy: Proxy) -> Result<Proxy, Fault> {
        let asked = resolved(&proxy.listen)?;
        proxy.enabled = true;
        let mut port = 0;
        // One after the other, since only the first one may choose the port.
        for mut address in asked {
            if address.port() == 0 {
                address.set_port(port);
            }
            proxy.open.push(address);
            let routes = match self.turn(&proxy) {
                Ok(routes) => routes,
                Err(fault) => {
                    // What it has opened until then is closed.
                    proxy.enabled = false;
                    self.turn(&proxy)?;
                    return Err(fault);
                }
            };
            if let Some(Entry::Address(opened)) = routes.last().map(|route| &route.entry) {
                port = opened.port();
                if let Some(last) = proxy.open.last_mut() {
                    *last = *opened;
                }
            }
        }
        proxy.listen = proxy.open.first().map(ToString::to_string).unwrap_or(proxy.listen);
        Ok(proxy)
    }

    /// Stops one that runs: its connections close, its addresses are free. It keeps its toxics.
    fn stop(&mut self, name: &str) -> Result<(), Fault> {
        let mut proxy = self.one(name)?.clone();
        if !proxy.enabled {
            return Ok(());
        }
        proxy.past = sum(&proxy, &self.counted());
        (proxy.enabled, proxy.open) = (false, Vec::new());
        self.turn(&proxy)?;
        self.all.insert(name.to_owned(), proxy);
        Ok(())
    }

    /// Changes the toxics of one.
    fn change(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Proxy) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut proxy = self.one(name)?.clone();
        change(&mut proxy)?;
        self.turn(&proxy)?;
        self.all.insert(name.to_owned(), proxy);
        Ok(())
    }

    /// Has the gateway carry all proxies, with this one as it is to be; its routes are the last ones that are returned.
    fn turn(&self, proxy: &Proxy) -> Result<Vec<Route>, Fault> {
        let others = self.all.values().filter(|other| other.name != proxy.name);
        let routes = others.flat_map(Proxy::routes).chain(proxy.routes()).collect();
        self.gateway.change(routes).map_err(|error| match error {
            StartError::Listen { address, source } => Fault::new(500, address::refused(address, &source)),
            StartError::Fault { source, .. } => Fault::new(500, source.to_string()),
            error => Fault::new(500, error.to_string()),
        })
    }

    /// What each address has counted.
    fn counted(&self) -> BTreeMap<SocketAddr, Passed> {
        let counted = self.gateway.counters().routes.into_iter();
        let counted = counted.filter_map(|route| match route.entry {
            Entry::Address(address) => Some((address, Passed { up: route.received, down: route.sent })),
            Entry::Name(_) => None,
        });
        counted.collect()
    }
}

fn resolved(listen: &str) -> Result<Vec<SocketAddr>, Fault> {
    address::listen(listen).map_err(|why| Fault::new(500, why))
}

fn sum(proxy: &Proxy, counted: &BTreeMap<SocketAddr, Passed>) -> Passed {
    let now = proxy.open.iter().filter_map(|address| counted.get(address));
    now.fold(proxy.past, |sum, now| Passed { up: sum.up + now.up, down: sum.down + now.down })
}
