//! What the hub and its clients say to each other: the documents of `/api/v1`.
//!
//! Deliberately absent: listeners and services themselves, which have their own files, and how documents travel.

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Change, Listener, Route, Service, capture::Capture};

/// The port of the hub, its API and all names: NAVYD on a phone's keypad.
pub const PORT: u16 = 62893;

/// Whether a host, as it stands in a URL without its port, is the hub itself: by its names, or by an address at which it
/// listens. An unspecified address is none that anybody may mean.
pub fn is_own_host(host: &str, listen: &[SocketAddr]) -> bool {
    const OWN: [&str; 4] = ["127.0.0.1", "[::1]", "localhost", "navyd.localhost"];
    let literal = |address: &SocketAddr| match address.ip() {
        ip if ip.is_unspecified() => None,
        IpAddr::V4(ip) => Some(ip.to_string()),
        IpAddr::V6(ip) => Some(format!("[{ip}]")),
    };
    OWN.iter().any(|own| own.eq_ignore_ascii_case(host))
        || listen.iter().filter_map(literal).any(|own| own.eq_ignore_ascii_case(host))
}

/// A hub as it stands: `navyd.hub-status/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hub {
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// When it started.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started: Timestamp,
    /// Where names, the status page and the API are served; the first is the one to tell people.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub listen: Vec<SocketAddr>,
    /// The socket by which commands reach it.
    pub socket: String,
    /// How many cores it uses.
    pub workers: usize,
    /// How many routes it has.
    pub routes: usize,
    /// How many services it runs.
    pub services: usize,
    /// What it records; `null` when it records nothing.
    #[serde(default)]
    pub capture: Option<Capture>,
    /// What a person should know, such as who has the usual port.
    pub notes: Vec<String>,
    /// Whether it has been told to end, and only finishes what is in flight.
    pub ending: bool,
}

/// Where a hub is, for whoever looks for it without its socket: `navyd.discovery/1`, the file `hub.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// When it started.
    pub started: Timestamp,
    /// Where names, the status page and the API are served.
    pub listen: Vec<SocketAddr>,
    /// The socket by which commands reach it.
    pub socket: String,
}

/// A route that the hub has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteEntry {
    /// Where it begins, which no two routes share: `shop.localhost/api`, `127.0.0.1:8000`.
    pub from: String,
    /// Where it leads: `http://127.0.0.1:3000`.
    pub to: String,
    /// What a person opens, when it can be opened: not for a wildcard, TCP or UDP.
    pub url: Option<String>,
    /// Who keeps it.
    pub kept_by: Keeper,
    /// The service that it leads to, when it leads to one.
    pub service: Option<String>,
    /// Whether it carries anything: one whose address was taken when the hub started waits for the next start.
    pub open: bool,
    /// Whether what passes is recorded, where anything is.
    #[serde(default)]
    pub capture: bool,
}

/// Who keeps a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    /// A person: it stays until it is removed.
    Person,
    /// A service or a run: it goes when that goes.
    Service,
}

/// Every route: `navyd.routes/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Routes {
    /// In the order in which they were added.
    pub routes: Vec<RouteEntry>,
}

/// A route that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRoute {
    /// A name with or without a path, or an address: `shop.localhost/api`, `127.0.0.1:8000`.
    pub from: String,
    /// The upstream: `http://127.0.0.1:3000`, `tcp://127.0.0.1:5432`.
    pub to: String,
    /// Whether what passes is recorded. Only HTTP is.
    #[serde(default = "yes")]
    pub capture: bool,
}

/// Every listener of this machine: `navyd.listeners/1`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Listeners {
    /// As `navyd ls --json` lists them.
    pub listeners: Vec<Listener>,
    /// What could not be seen, and what would be needed.
    pub notes: Vec<String>,
}

/// Every service: `navyd.services/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Services {
    /// In the order of their projects and files.
    pub services: Vec<Service>,
    /// What a person should know of them, such as a mistake in their file, or a name that another has.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A one-time link to the hub's pages: `navyd.link/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// The address with its token behind `#t=`, where neither servers nor logs see it.
    pub url: String,
    /// The token alone.
    pub token: String,
    /// How long it can be used, in milliseconds.
    pub expires_in: u64,
}

/// What is given for a session: the token of a [`Link`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// It can be used once.
    pub token: String,
}

/// A session: `navyd.session/1`. Its token goes into the field `Authorization`, behind `Bearer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The token.
    pub token: String,
    /// How long it can be used, in milliseconds.
    pub expires_in: u64,
}

/// The hub has been told to end: `navyd.stopping/1`. What is in flight finishes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stopping {
    /// The process that ends.
    pub pid: u32,
}

/// The authority that signs certificates from now on: `navyd.signing/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Signing {
    /// When it ends.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires: Timestamp,
}

/// One thing that changed: `navyd.event/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HubEvent {
    /// When it was seen.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// What an event tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happened {
    /// The hub itself: the first event of every stream.
    Hub {
        /// As it stands.
        hub: Hub,
    },
    /// The hub ends.
    Stopping,
    /// A route came or went.
    Route {
        /// Whether it came or went.
        change: Change,
        /// The route.
        route: RouteEntry,
    },
    /// A service changed.
    Service {
        /// As it is now.
        service: Service,
    },
    /// A listener came or went.
    Listener {
        /// Whether it came, went or was replaced.
        change: Change,
        /// The listener now; as it was last seen, when it is gone.
        listener: Listener,
    },
    /// The reader was too slow for what happened: this many events were left out.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// Why the hub refused something: `navyd.error/1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiError {
    /// What happened: lower case, no full stop, its subject in backticks.
    pub error: String,
    /// Why it happened.
    pub cause: Option<String>,
    /// A line that can be typed now.
    pub hint: Option<String>,
    /// Where the mistake is in a text that was sent, in bytes: its begin and its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<[usize; 2]>,
}

/// What is so when nothing is said.
pub(crate) fn yes() -> bool {
    true
}

/// The URL of a name that is served at a port, without a path. Browsers leave out port 80, and so does this.
pub fn origin(host: impl Display, port: u16) -> String {
    if port == 80 { format!("http://{host}") } else { format!("http://{host}:{port}") }
}

impl RouteEntry {
    /// An open route as the hub tells it, when names are served at `port`.
    pub fn new(route: &Route, port: u16, service: Option<String>) -> Self {
        use crate::{Entry, Scheme};
        let url = match (&route.entry, route.upstream.scheme) {
            (Entry::Name(name), _) if name.wildcard => None,
            // What ends with the port opens the same page, and reads as people say it.
            (Entry::Name(name), _) => {
                Some(format!("{}{}", origin(&name.host, port), name.path.trim_end_matches('/')))
            }
            (Entry::Address(address), Scheme::Http) => Some(format!("http://{address}")),
            _ => None,
        };
        let kept_by = if service.is_some() { Keeper::Service } else { Keeper::Person };
        let (from, to) = (route.entry.to_string(), route.upstream.to_string());
        let capture = route.upstream.scheme.is_http();
        Self { from, to, url, kept_by, service, open: true, capture }
    }
}

impl Happened {
    /// Its name in a stream of events.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hub { .. } => "hub",
            Self::Stopping => "stopping",
            Self::Route { .. } => "route",
            Self::Service { .. } => "service",
            Self::Listener { .. } => "listener",
            Self::Lagged { .. } => "lagged",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_told_with_what_a_person_opens() {
        for (typed, url) in [
            ("shop.localhost=http://127.0.0.1:3000", Some("http://shop.localhost:62893")),
            ("shop.localhost/api=http://127.0.0.1:3000", Some("http://shop.localhost:62893/api")),
            ("*.shop.localhost=http://127.0.0.1:3000", None),
            ("127.0.0.1:8000=http://127.0.0.1:3000", Some("http://127.0.0.1:8000")),
            ("127.0.0.1:8000=tcp://127.0.0.1:3000", None),
        ] {
            let entry = RouteEntry::new(&typed.parse().unwrap(), PORT, None);
            assert_eq!((entry.url.as_deref(), entry.kept_by), (url, Keeper::Person), "{typed}");
            assert_eq!(format!("{}={}", entry.from, entry.to), typed);
        }
    }

    #[test]
    fn an_event_reads_as_it_is_written() {
        let event = HubEvent { at: Timestamp::UNIX_EPOCH, what: Happened::Lagged { missed: 3 } };
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(json, r#"{"at":"1970-01-01T00:00:00Z","event":"lagged","missed":3}"#);
        assert_eq!(serde_json::from_str::<HubEvent>(&json).unwrap(), event);
        assert_eq!(event.what.name(), "lagged");
    }

    #[test]
    fn own_hosts_are_the_usual_ones_and_where_it_listens() {
        let listen = ["127.0.0.5:8000", "[fd00::7]:8000", "0.0.0.0:8001", "[::]:8001"];
        let listen = listen.map(|address| address.parse().unwrap());
        for (host, usual, there) in [
            ("127.0.0.1", true, true),
            ("[::1]", true, true),
            ("LocalHost", true, true),
            ("navyd.localhost", true, true),
            ("127.0.0.5", false, true),
            ("[fd00::7]", false, true),
            ("[FD00::7]", false, true),
            ("fd00::7", false, false),
            ("127.0.0.6", false, false),
            ("0.0.0.0", false, false),
            ("[::]", false, false),
            ("[::ffff:127.0.0.5]", false, false),
            ("shop.localhost", false, false),
            ("127.0.0.5.evil.example", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_own_host(host, &[]), usual, "{host}");
            assert_eq!(is_own_host(host, &listen), there, "{host}");
        }
    }
}
