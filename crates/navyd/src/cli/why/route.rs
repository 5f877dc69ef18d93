//! A name that the hub leads on: its route, whose upstream is then explained.
//!
//! The hub is asked when one runs, and for no longer than a person notices. Deliberately absent: starting one.

use std::{net::SocketAddr, slice, time::Duration};

use navyd_model::{
    CauseId, Entry, Phase, Route, Service, Target, Why,
    hub::{Hub, RouteEntry, Services},
    target::Host,
};
use serde::Serialize;

use super::super::services;
use crate::{
    hub::{self, Method},
    out::{Text, Tone},
};

/// How long each answer of the hub may take.
const PATIENCE: Duration = Duration::from_millis(250);

/// Ports that URLs leave out (RFC 9110 §4.2.1 and §4.2.2).
const UNSAID: [u16; 2] = [80, 443];

/// A route that was asked about, as `--json` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Led {
    /// Where it begins.
    from: String,
    /// Where it leads.
    to: String,
    /// What a person opens.
    url: Option<String>,
    /// The service that it leads to, by its id.
    service: Option<String>,
    /// What that does now.
    phase: Option<Phase>,
    /// Whether it belongs to a project that is up, rather than to a terminal.
    #[serde(skip)]
    is_of_project: bool,
}

/// What the hub has.
#[derive(Debug)]
struct House {
    routes: Vec<RouteEntry>,
    services: Vec<Service>,
    /// Where names are served.
    listen: Vec<SocketAddr>,
}

/// The route that a target means, and the upstream to look at instead; `None` where no hub has one.
pub(super) fn find(typed: &str) -> Option<(Led, Target)> {
    let (host, port) = name(typed)?;
    let hub = hub::glance(PATIENCE)?;
    let routes = hub.routes().ok()?.routes;
    let Hub { listen, .. } = hub.status().ok()?;
    // Without services the route is told all the same.
    let services =
        hub.ask::<Services>(Method::GET, "/api/v1/services", None::<&()>).unwrap_or_default().services;
    let house = House { routes, services, listen };
    let (mut led, upstream) = house.led(&host, port, path(typed))?;
    led.is_of_project =
        led.service.as_ref().is_some_and(|id| services::chosen(&hub, slice::from_ref(id)).is_ok());
    Some((led, upstream))
}

impl House {
    fn led(&self, host: &str, port: Option<u16>, path: &str) -> Option<(Led, Target)> {
        let is_ours = |port: u16| UNSAID.contains(&port) || self.listen.iter().any(|at| at.port() == port);
        if !port.is_none_or(is_ours) {
            return None;
        }
        let by_name = self.route(host, path);
        // A bare word may be what a service is called.
        let (entry, read) = match by_name {
            None if port.is_none() => self.of_service(host)?,
            found => found?,
        };
        let service = entry.service.as_ref().and_then(|id| self.services.iter().find(|one| one.id == *id));
        let led = Led {
            from: entry.from.clone(),
            to: entry.to.clone(),
            url: entry.url.clone(),
            service: entry.service.clone(),
            phase: service.map(|service| service.phase),
            is_of_project: false,
        };
        let (host, port) = (Some(read.upstream.host), Some(read.upstream.port));
        Some((led, Target { host, port, proto: None, scheme: None }))
    }

    /// As the gateway chooses: an exact name before a wildcard, a longer wildcard first, then the longest path.
    fn route(&self, host: &str, path: &str) -> Option<(&RouteEntry, Route)> {
        let fits = |entry| {
            let (entry, read): (&RouteEntry, Route) = entry;
            let Entry::Name(name) = &read.entry else { return None };
            let below = || host.strip_suffix(&name.host).is_some_and(|front| front.ends_with('.'));
            let is_host = if name.wildcard { below() } else { name.host == host };
            let rest = path.strip_prefix(name.path.trim_end_matches('/'))?;
            let is_path = rest.is_empty() || rest.starts_with(['/', '?']);
            let rank = (!name.wildcard, name.host.len(), name.path.len());
            (is_host && is_path).then_some((rank, (entry, read)))
        };
        self.read().filter_map(fits).max_by_key(|(rank, _)| *rank).map(|(_, found)| found)
    }

    /// The route to the one service that has this name or id: one that can be opened, where there is one.
    fn of_service(&self, name: &str) -> Option<(&RouteEntry, Route)> {
        let mut named = self.services.iter().filter(|service| service.id == name || service.name == name);
        let service = named.next().filter(|_| named.next().is_none())?;
        let leads = |entry: &RouteEntry| entry.service.as_ref() == Some(&service.id);
        self.read().filter(|(entry, _)| leads(entry)).min_by_key(|(entry, _)| entry.url.is_none())
    }

    fn read(&self) -> impl Iterator<Item = (&RouteEntry, Route)> {
        self.routes.iter().filter_map(|entry| {
            let read = format!("{}={}", entry.from, entry.to).parse().ok()?;
            Some((entry, read))
        })
    }
}

impl Led {
    /// Whether the route carries anything, as far as its service tells.
    pub(super) fn is_well(&self) -> bool {
        self.phase.is_none_or(|phase| phase == Phase::Ready)
    }

    /// Puts what helps a service in the place of what frees its port, which may be held for it by the hub.
    pub(super) fn advise(&self, answer: &mut Why) {
        let Some(id) = self.service.as_ref().filter(|_| self.is_of_project) else { return };
        let is_well = self.is_well() && answer.verdict.is_clean() && answer.verdict != CauseId::Free;
        if let Some(first) = answer.causes.first_mut() {
            first.fix = Some(if is_well { format!("navyd stop {id}") } else { format!("navyd logs {id}") });
        }
    }

    /// The lines before what is said of the upstream.
    pub(super) fn lines(&self) -> Vec<Text> {
        let from = self.url.as_ref().unwrap_or(&self.from);
        let mut lines = vec![Text::of(Tone::Bold, from).then(Tone::Plain, format!(" → {}", self.to))];
        if let Some(id) = &self.service {
            let text = Text::of(Tone::Dim, "  service  ").then(Tone::Bold, id);
            lines.push(match self.phase {
                Some(phase) => {
                    let tone = match phase {
                        Phase::Ready => Tone::Green,
                        Phase::Failed => Tone::Red,
                        _ => Tone::Yellow,
                    };
                    text.then(Tone::Plain, "  ").then(tone, phase.as_str())
                }
                None => text,
            });
        }
        lines
    }
}

/// The name in what was typed, and the port where one was said. A word is first of all what a service may be called.
fn name(typed: &str) -> Option<(String, Option<u16>)> {
    let is_word = typed.starts_with(char::is_alphabetic)
        && typed.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if is_word {
        return Some((typed.to_owned(), None));
    }
    match typed.parse::<Target>().ok()? {
        Target { host: Some(Host::Name(host)), port, .. } => Some((host, port)),
        _ => None,
    }
}

/// The path in what was typed; `/` where there is none.
fn path(typed: &str) -> &str {
    let rest = typed.split_once("://").map_or(typed, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or(rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_on() {
        let route = |text: &str, service: Option<&str>| {
            RouteEntry::new(&text.parse().unwrap(), 62893, service.map(str::to_owned))
        };
        let service = Service {
            port: Some(3),
            ..Service::new("web.shop", "web", Phase::Failed, jiff::Timestamp::UNIX_EPOCH)
        };
        let house = House {
            routes: vec![
                route("shop.localhost=http://localhost:1", None),
                route("shop.localhost/api=http://localhost:2", None),
                route("*.web.shop.localhost=http://127.0.0.1:3", Some("web.shop")),
                route("web.shop.localhost=http://127.0.0.1:3", Some("web.shop")),
                route("127.0.0.1:9=tcp://127.0.0.1:4", None),
            ],
            services: vec![service],
            listen: vec!["127.0.0.1:62893".parse().unwrap()],
        };
        for (host, port, path, expected) in [
            ("shop.localhost", None, "/", Some("shop.localhost localhost:1 -")),
            ("shop.localhost", Some(62893), "/api/x", Some("shop.localhost/api localhost:2 -")),
            ("shop.localhost", Some(80), "/apix", Some("shop.localhost localhost:1 -")),
            ("shop.localhost", Some(3000), "/", None),
            ("web.shop.localhost", None, "/", Some("web.shop.localhost 127.0.0.1:3 failed")),
            ("a.b.web.shop.localhost", None, "/", Some("*.web.shop.localhost 127.0.0.1:3 failed")),
            ("web", None, "/", Some("web.shop.localhost 127.0.0.1:3 failed")),
            ("web.shop", None, "/", Some("web.shop.localhost 127.0.0.1:3 failed")),
            ("web", Some(80), "/", None),
            ("x.shop.localhost", None, "/", None),
        ] {
            let found = house.led(host, port, path).map(|(led, target)| {
                format!("{} {target} {}", led.from, led.phase.map_or("-", Phase::as_str))
            });
            assert_eq!(found.as_deref(), expected, "{host} {port:?} {path}");
        }
    }

    #[test]
    fn a_name_is_a_word_or_a_host() {
        for (typed, expected) in [
            ("web", Some(("web", None))),
            ("my_web", Some(("my_web", None))),
            ("shop.localhost", Some(("shop.localhost", None))),
            ("https://shop.localhost/x", Some(("shop.localhost", Some(443)))),
            ("shop.localhost:62893", Some(("shop.localhost", Some(62893)))),
            ("3000", None),
            ("127.0.0.1:3000", None),
            ("a b", None),
        ] {
            let found = name(typed);
            assert_eq!(found.as_ref().map(|(host, port)| (host.as_str(), *port)), expected, "{typed}");
        }
    }

    #[test]
    fn the_path_is_what_follows_the_host() {
        for (typed, expected) in [
            ("shop.localhost", "/"),
            ("http://shop.localhost:62893", "/"),
            ("http://shop.localhost:62893/api/x?y#z", "/api/x?y"),
            ("shop.localhost/api", "/api"),
        ] {
            assert_eq!(path(typed), expected);
        }
    }
}
