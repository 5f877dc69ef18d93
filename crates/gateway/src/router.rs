//! Which route a host and path lead to: a pure look-up in an immutable table.
//!
//! An exact name wins over a wildcard, a longer wildcard over a shorter one, and for one host the longest path.
//! Paths are compared as they were sent, segment by segment: decoding them here and not at the upstream would be
//! two readings of one request.

use std::{collections::HashMap, sync::Arc};

use navyd_model::{Entry, Route};

use crate::{fault::Laid, plan::Routed, tally::Tallies};

/// A route, with what stays the same while others change.
#[derive(Debug, Clone)]
pub(crate) struct Numbered {
    /// Unique in this gateway; the route keeps it for as long as it begins where it did.
    pub(crate) number: u32,
    /// The route and its service.
    pub(crate) routed: Routed,
    /// What passed by it.
    pub(crate) tallies: Tallies,
    /// The faults that lie on it.
    pub(crate) laid: Arc<Laid>,
}

/// The routes, and a way to find them.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    all: Vec<Numbered>,
    exact: HashMap<String, Vec<Below>>,
    wildcard: HashMap<String, Vec<Below>>,
}

/// A path and the place of the route that has it.
type Below = (String, usize);

impl Routes {
    /// The table of these routes.
    pub(crate) fn new(all: Vec<Numbered>) -> Self {
        let mut table = Self { all, ..Self::default() };
        for (place, numbered) in table.all.iter().enumerate() {
            let Entry::Name(name) = &numbered.routed.route.entry else { continue };
            let hosts = if name.wildcard { &mut table.wildcard } else { &mut table.exact };
            hosts.entry(name.host.clone()).or_default().push((name.path.clone(), place));
        }
        for paths in table.exact.values_mut().chain(table.wildcard.values_mut()) {
            // Longest first, so the first that matches is the answer.
            paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        }
        table
    }

    /// Every route.
    pub(crate) fn all(&self) -> &[Numbered] {
        &self.all
    }

    /// Every route, as it was asked for.
    pub(crate) fn routes(&self) -> impl Iterator<Item = &Route> {
        self.all.iter().map(|numbered| &numbered.routed.route)
    }

    /// The place of the route for a host, in lower case without port or final dot, and a path.
    pub(crate) fn find(&self, host: &str, path: &str) -> Option<usize> {
        let within =
            |paths: &Vec<Below>| paths.iter().find(|(prefix, _)| covers(prefix, path)).map(|found| found.1);
        if let Some(found) = self.exact.get(host).and_then(within) {
            return Some(found);
        }
        let parents = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        parents.filter_map(|parent| self.wildcard.get(parent)).find_map(within)
    }
}

/// Whether a path is the prefix or lies below it.
fn covers(prefix: &str, path: &str) -> bool {
    prefix == "/"
        || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// A table of these routes alone.
#[cfg(test)]
pub(crate) fn of(routes: Vec<Route>) -> Routes {
    let number = |(number, route)| Numbered {
        number,
        routed: Routed::from(route),
        tallies: crate::tally::tallies(1),
        laid: Arc::default(),
    };
    Routes::new((0..).zip(routes).map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_route_wins() {
        let names = [
            "shop.localhost",
            "shop.localhost/api",
            "shop.localhost/api/v2",
            "*.shop.localhost",
            "*.localhost",
            "*.deep.shop.localhost",
            "only.localhost/api",
        ];
        let routes = names.map(|name| format!("{name}=http://127.0.0.1:1").parse().unwrap());
        let table = of(routes.to_vec());
        for (host, path, expected) in [
            ("shop.localhost", "/", Some("shop.localhost")),
            ("shop.localhost", "/apix", Some("shop.localhost")),
            ("shop.localhost", "/api", Some("shop.localhost/api")),
            ("shop.localhost", "/api?x", Some("shop.localhost/api")),
            ("shop.localhost", "/api/", Some("shop.localhost/api")),
            ("shop.localhost", "/api/v2/x", Some("shop.localhost/api/v2")),
            ("shop.localhost", "/%61pi", Some("shop.localhost")),
            ("shop.localhost", "*", Some("shop.localhost")),
            ("a.shop.localhost", "/", Some("*.shop.localhost")),
            ("b.a.shop.localhost", "/", Some("*.shop.localhost")),
            ("x.deep.shop.localhost", "/", Some("*.deep.shop.localhost")),
            ("deep.shop.localhost", "/", Some("*.shop.localhost")),
            ("other.localhost", "/", Some("*.localhost")),
            ("only.localhost", "/api/x", Some("only.localhost/api")),
            ("only.localhost", "/", Some("*.localhost")),
            ("localhost", "/", None),
            ("shop.example", "/", None),
            ("", "/", None),
        ] {
            let found = table.find(host, path).map(|place| names[place]);
            assert_eq!(found, expected, "{host}{path}");
        }
    }
}
