//! Faults on routes: laid, listed and taken away, in the same steps as routes are.
//!
//! They are the hub's as long as it runs, and wait for their route where a service that has it starts again.
//! Deliberately absent: what they do, which the gateway decides when it is given them.

use navyd_model::{
    Entry,
    fault::{Direction, Fault, Faults},
};

use super::{Book, Refusal};

/// The most faults. Far above any use, so that a loop that lays them ends.
const MOST: usize = 1_000;

impl Book {
    /// Every fault, in the order in which they apply.
    pub(crate) fn faults(&self) -> Faults {
        let pages = self.pages();
        let faults = all(&pages.of_projects, &pages.faults);
        drop(pages);
        Faults { seed: self.doors.fault_seed(), faults }
    }

    /// Lays a fault on its route; one of the same name there gives way to it, in its place. Blocks.
    ///
    /// # Errors
    /// When there is no such route, or the gateway does not know such a fault.
    pub(crate) fn lay(&self, fault: Fault) -> Result<Faults, Refusal> {
        let entry: Entry = fault.route.parse().map_err(|_| Refusal::Unknown(fault.route.clone()))?;
        let mut pages = self.pages();
        if pages.find(&entry).is_none() {
            return Err(Refusal::Unknown(entry.to_string()));
        }
        let mut next = pages.clone();
        put(&mut next.faults, named(fault, &entry));
        if next.faults.len() > MOST {
            return Err(Refusal::TooManyFaults);
        }
        self.turn(&mut pages, next)?;
        drop(pages);
        Ok(self.faults())
    }

    /// Gives a project these faults instead of those that it has; they wait for their routes. Blocks.
    ///
    /// # Errors
    /// When the gateway does not know one of them, or there are too many; then nothing has changed.
    pub(crate) fn lay_all(&self, owner: &str, faults: Vec<Fault>) -> Result<(), Refusal> {
        let mut pages = self.pages();
        let mut next = pages.clone();
        next.of_projects.retain(|(other, _)| other != owner);
        next.of_projects.extend(faults.into_iter().map(|fault| (owner.to_owned(), fault)));
        if next.of_projects.len() > MOST {
            return Err(Refusal::TooManyFaults);
        }
        if next.of_projects != pages.of_projects {
            self.turn(&mut pages, next)?;
        }
        Ok(())
    }

    /// Takes faults away: those of a route, the one of this name there, or all of them. Blocks.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn lift(&self, route: Option<&str>, name: Option<&str>) -> Result<Faults, Refusal> {
        let route = route
            .map(|text| text.parse::<Entry>().map_or_else(|_| text.to_owned(), |entry| entry.to_string()));
        let mut pages = self.pages();
        let mut next = pages.clone();
        next.faults.retain(|fault| !is_meant(fault, route.as_deref(), name));
        // Of a project's they are gone until its file is read again.
        next.of_projects.retain(|(_, fault)| !is_meant(fault, route.as_deref(), name));
        let left = (next.faults.len(), next.of_projects.len());
        if left == (pages.faults.len(), pages.of_projects.len()) {
            return Err(Refusal::NoFault);
        }
        self.turn(&mut pages, next)?;
        drop(pages);
        Ok(self.faults())
    }
}

/// Those of projects, and then those that people laid, each name once on a route.
pub(super) fn all(of_projects: &[(String, Fault)], of_people: &[Fault]) -> Vec<Fault> {
    let mut all: Vec<Fault> = Vec::with_capacity(of_projects.len() + of_people.len());
    of_projects
        .iter()
        .map(|(_, fault)| fault)
        .chain(of_people)
        .for_each(|fault| put(&mut all, fault.clone()));
    all
}

/// Those that lie on the route that begins there.
pub(super) fn of(faults: &[Fault], entry: &Entry) -> Vec<Fault> {
    let entry = entry.to_string();
    faults.iter().filter(|fault| fault.route == entry).cloned().collect()
}

/// With the route as it is listed, and a name.
fn named(fault: Fault, entry: &Entry) -> Fault {
    let way = match fault.direction {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::Both => "both",
    };
    let name = if fault.name.is_empty() { format!("{}_{way}", fault.kind) } else { fault.name };
    Fault { name, route: entry.to_string(), ..fault }
}

/// In the place of the one that has its name, or behind all others.
fn put(faults: &mut Vec<Fault>, fault: Fault) {
    match faults.iter_mut().find(|other| other.route == fault.route && other.name == fault.name) {
        Some(same) => *same = fault,
        None => faults.push(fault),
    }
}

fn is_meant(fault: &Fault, route: Option<&str>, name: Option<&str>) -> bool {
    route.is_none_or(|route| fault.route == route) && name.is_none_or(|name| fault.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(route: &str, name: &str, kind: &str) -> Fault {
        let text = format!(r#"{{"route": "{route}", "name": "{name}", "kind": "{kind}"}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn one_of_the_same_name_gives_way_in_its_place() {
        let mut faults = Vec::new();
        for (name, kind) in [("a", "latency"), ("b", "reset"), ("a", "timeout")] {
            put(&mut faults, fault("shop.localhost", name, kind));
        }
        put(&mut faults, fault("127.0.0.1:1", "a", "loss"));
        let kinds: Vec<_> = faults.iter().map(|fault| fault.kind.as_str()).collect();
        assert_eq!(kinds, ["timeout", "reset", "loss"]);
        let entry = "Shop.localhost.".parse().unwrap();
        assert_eq!(of(&faults, &entry).len(), 2);
        let named = named(fault("Shop.localhost.", "", "latency"), &entry);
        assert_eq!((named.name.as_str(), named.route.as_str()), ("latency_down", "shop.localhost"));
        for (route, name, left) in [
            (None, None, 0),
            (Some("shop.localhost"), None, 1),
            (Some("shop.localhost"), Some("a"), 2),
            (None, Some("a"), 1),
            (Some("other.localhost"), None, 3),
        ] {
            let left_over = faults.iter().filter(|fault| !is_meant(fault, route, name)).count();
            assert_eq!(left_over, left, "{route:?} {name:?}");
        }
    }
}
