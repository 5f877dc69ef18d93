//! From `[faults.NAME]` to faults on routes: every mistake with its place, before anything changes.
//!
//! Deliberately absent: the text, which the model has read, and what a fault does, which the gateway knows.

use axum::http::StatusCode;
use navyd_gateway::fault::{self as gateway, Reason, profile::Profile, typed};
use navyd_model::{
    Entry, Route, Scheme,
    config::{Config, FaultSpec, Mistake, mistake_at},
    fault::{Direction, Fault as Laid},
};

use super::resolve::{Entries, Leading};
use crate::api::Fault;

/// What is wanted on routes of a project.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// The faults, on no route yet.
    faults: Vec<Laid>,
    /// The services and routes that are named; all of the project when there is none.
    routes: Vec<String>,
    /// Where that is written: `navyd.toml:12:9`.
    place: String,
}

/// Where a service can be reached, or another route begins, and what it carries.
struct Place {
    entry: Entry,
    service: Option<String>,
    scheme: Scheme,
}

/// Understands the faults of a configuration.
///
/// # Errors
/// Every mistake, in the order of the text.
pub(super) fn understand(file: &str, text: &str, config: &Config) -> Result<Vec<Wanted>, Vec<Mistake>> {
    let (mut wanted, mut mistakes) = (Vec::new(), Vec::new());
    for spec in &config.faults {
        match faults(spec) {
            Ok(faults) => {
                let at = mistake_at((file, text), &spec.place("route"), "", "", "");
                let place = at
                    .first()
                    .map_or_else(|| file.to_owned(), |at| format!("{file}:{}:{}", at.line, at.column));
                wanted.push(Wanted { faults, routes: spec.routes.clone(), place });
            }
            Err(Unfit { key, what, expected }) => {
                let what = format!("`faults.{}` {what}", spec.name);
                mistakes.extend(mistake_at(
                    (file, text),
                    &spec.place(&key),
                    what,
                    expected,
                    "navyd fault add --help",
                ));
            }
        }
    }
    if mistakes.is_empty() { Ok(wanted) } else { Err(mistakes) }
}

/// Lays what is wanted on the routes of a project.
///
/// # Errors
/// When a route that is named is none of the project, or carries nothing that the fault hits.
pub(super) fn lay(
    wanted: &[Wanted],
    entries: &[Entries],
    others: &[(Route, bool)],
) -> Result<Vec<Laid>, Fault> {
    let places = places(entries, others);
    let mut laid = Vec::new();
    for Wanted { faults, routes, place } in wanted {
        let refused = |what: String, cause: String| {
            Fault::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{place}: {what}"))
                .cause(cause)
                .hint("navyd route ls")
        };
        for fault in faults {
            // Of all routes those are meant that carry what it hits.
            for place in places.iter().filter(|_| routes.is_empty()) {
                if gateway::check(fault, place.scheme).is_ok() {
                    laid.push(Laid { route: place.entry.to_string(), ..fault.clone() });
                }
            }
            for route in routes {
                let mut found = places.iter().filter(|place| place.is(route)).peekable();
                if found.peek().is_none() {
                    let known: Vec<String> =
                        places.iter().map(|place| format!("`{}`", place.entry)).collect();
                    let cause = format!("expected a service, or one of {}", known.join(", "));
                    return Err(refused(format!("`{route}` is no route of this project"), cause));
                }
                for place in found {
                    gateway::check(fault, place.scheme).map_err(|reason| {
                        refused(
                            format!("the fault `{}` cannot be laid on `{route}`", fault.name),
                            reason.to_string(),
                        )
                    })?;
                    laid.push(Laid { route: place.entry.to_string(), ..fault.clone() });
                }
            }
        }
    }
    Ok(laid)
}

impl Place {
    /// Whether that means it: by its service, or by where it begins.
    fn is(&self, named: &str) -> bool {
        self.service.as_deref() == Some(named) || named.parse().is_ok_and(|entry: Entry| entry == self.entry)
    }
}

fn places(entries: &[Entries], others: &[(Route, bool)]) -> Vec<Place> {
    let of_service = |service: &Entries| {
        let name = service.name.clone();
        let place = move |leading: &Leading| {
            let (entry, scheme) = leading.text.split_once('=')?;
            let scheme = if scheme.starts_with("tcp") { Scheme::Tcp } else { Scheme::Http };
            Some(Place { entry: entry.parse().ok()?, service: Some(name.clone()), scheme })
        };
        service.entries.iter().filter_map(place).collect::<Vec<_>>()
    };
    let other = |(route, _): &(Route, bool)| Place {
        entry: route.entry.clone(),
        service: None,
        scheme: route.upstream.scheme,
    };
    entries.iter().flat_map(of_service).chain(others.iter().map(other)).collect()
}

/// Why something is no fault.
struct Unfit {
    /// The key that is wrong.
    key: String,
    what: String,
    expected: String,
}

fn faults(spec: &FaultSpec) -> Result<Vec<Laid>, Unfit> {
    let unfit = |key: &str, what: String, expected: &str| Unfit {
        key: key.to_owned(),
        what,
        expected: expected.to_owned(),
    };
    let mut faults = match &spec.profile {
        Some(name) => {
            let profile = Profile::of(name).ok_or_else(|| {
                let known: Vec<&str> =
                    gateway::profile::PROFILES.iter().map(|profile| profile.name).collect();
                unfit(
                    "profile",
                    format!("has no profile `{name}`"),
                    &format!("one of `{}`", known.join("`, `")),
                )
            })?;
            profile.faults("")
        }
        None => {
            let (leaf, attributes) = typed::read(&spec.kind).map_err(|unclear| match &unclear {
                typed::Unclear::NoKind => {
                    unfit("", "says not what it does".to_owned(), "a kind such as `latency`")
                }
                typed::Unclear::Field { name, kind, known } => {
                    unfit(name, format!("has `{name}`, which does not go with `{kind}`"), known)
                }
                typed::Unclear::Value { name, given, example } => {
                    unfit(name, format!("has `{given}` for `{name}`"), example)
                }
            })?;
            vec![Laid {
                name: spec.name.clone(),
                route: String::new(),
                kind: leaf.name.to_owned(),
                attributes,
                direction: spec.direction,
                toxicity: 1.0,
                filter: None,
                schedule: None,
            }]
        }
    };
    for fault in &mut faults {
        if spec.profile.is_some() {
            let way = if fault.direction == Direction::Up { "up" } else { "down" };
            fault.name = format!("{}_{}_{way}", spec.name, fault.kind);
        }
        fault.toxicity = spec.toxicity.unwrap_or(1.0);
        fault.filter.clone_from(&spec.when);
        fault.schedule.clone_from(&spec.schedule);
        carried(fault).map_err(|reason| {
            let key = match &reason {
                Reason::Schedule(_) => "schedule",
                Reason::Unclear(_) | Reason::Later | Reason::Filter(_) => "when",
                _ => spec.kind.first().map_or("profile", |(name, _)| name),
            };
            unfit(key, reason.to_string(), "what `navyd fault add` takes")
        })?;
    }
    Ok(faults)
}

/// Whether it can be laid on anything.
fn carried(fault: &Laid) -> Result<(), Reason> {
    let found = [Scheme::Http, Scheme::Tcp, Scheme::Udp].map(|scheme| gateway::check(fault, scheme));
    if found.iter().any(Result::is_ok) {
        return Ok(());
    }
    // What is wrong with the fault itself says more than what it does not suit.
    let mut reasons: Vec<Reason> = found.into_iter().filter_map(Result::err).collect();
    reasons.sort_by_key(|reason| matches!(reason, Reason::Layer { .. } | Reason::Filter(_)));
    reasons.into_iter().next().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use navyd_model::config;

    use super::*;

    fn understood(text: &str) -> Result<Vec<Wanted>, Vec<String>> {
        let told =
            |mistakes: Vec<Mistake>| mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>();
        let config = config::read("navyd.toml", text).map_err(told)?;
        understand("navyd.toml", text, &config).map_err(told)
    }

    fn project() -> (Vec<Entries>, Vec<(Route, bool)>) {
        let entries = ["shop.localhost=http://", "*.shop.localhost=http://", "127.0.0.1:7=tcp://"];
        let web = Entries {
            id: "web.shop".to_owned(),
            name: "web".to_owned(),
            entries: entries.map(|text| Leading { text: text.to_owned(), capture: true }).into(),
            told: 1,
        };
        (vec![web], vec![("127.0.0.1:8=udp://127.0.0.1:9".parse().unwrap(), true)])
    }

    #[test]
    fn faults_are_laid_on_the_routes_that_carry_what_they_hit() {
        let (entries, others) = project();
        for (text, expected) in [
            (
                "latency = '200ms'\njitter = '50ms'",
                "f@shop.localhost f@*.shop.localhost f@127.0.0.1:7 f@127.0.0.1:8",
            ),
            ("status = 503\nwhen = 'path:/pay'", "f@shop.localhost f@*.shop.localhost"),
            ("latency = '1s'\nroute = 'shop.localhost'", "f@shop.localhost"),
            (
                "reset = '1s'\nroute = ['web']\nenabled = true",
                "f@shop.localhost f@*.shop.localhost f@127.0.0.1:7",
            ),
            ("loss = true\ntoxicity = 0.5", "f@127.0.0.1:8"),
            (
                "profile = '3g'\nroute = '127.0.0.1:7'",
                "f_latency_up@127.0.0.1:7 f_bandwidth_up@127.0.0.1:7 f_latency_down@127.0.0.1:7 f_bandwidth_down@127.0.0.1:7",
            ),
            ("latency = '1s'\nenabled = false", ""),
            ("loss = true\nroute = 'web'", "navyd.toml:3:9: the fault `f` cannot be laid on `web`"),
            ("loss = true\nroute = 'other'", "navyd.toml:3:9: `other` is no route of this project"),
        ] {
            let wanted = understood(&format!("[faults.f]\n{text}")).unwrap();
            let laid = lay(&wanted, &entries, &others).map(|laid| {
                let one = |fault: &Laid| format!("{}@{}", fault.name, fault.route);
                laid.iter().map(one).collect::<Vec<_>>().join(" ")
            });
            let found = laid.unwrap_or_else(|fault| fault.what().to_owned());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn every_mistake_has_its_place() {
        for (text, expected) in [
            ("latency = 'soon'", "2:11: `faults.f` has `soon` for `latency`"),
            ("latency = 200", "2:11: `faults.f` has `200` for `latency`"),
            (
                "latency = '1s'\nshared = true",
                "3:10: `faults.f` has `shared`, which does not go with `latency`",
            ),
            (
                "latency = '1s'\nschedule = 'every 1s'",
                "3:12: `faults.f` has a `schedule` that needs `for` where it has `every`",
            ),
            (
                "latency = '1s'\nwhen = 'metod:GET'",
                "3:8: `faults.f` has a `filter` in which `metod` is no field",
            ),
            (
                "status = 99",
                "2:10: `faults.f` takes for `status` a whole number from 200 to 599, and not `99`",
            ),
            ("profile = '5g'", "2:11: `faults.f` has no profile `5g`"),
            ("jitter = '1s'", "1:9: `faults.f` says not what it does"),
            ("toxicity = 0.5", "1:9: `faults.f` says not what it does"),
            ("toxicity = 2\nloss = true", "2:12: `faults.f.toxicity` is no share"),
            ("direction = 'left'\nloss = true", "2:13: `faults.f.direction` is none of them"),
            ("profile = '3g'\nloss = true", "1:9: `faults.f` has a `profile` and a kind of its own"),
            ("latenzy = '1s'\nloss = true", "2:1: `latenzy` is no key of `[faults.NAME]`"),
            ("latency = []", "2:11: `faults.f.latency` is a list"),
        ] {
            let mistakes = understood(&format!("[faults.f]\n{text}")).unwrap_err();
            assert_eq!(mistakes[0], format!("navyd.toml:{expected}"), "{text}");
        }
    }

    #[test]
    fn every_kind_and_every_field_is_a_key() {
        let known = config::TABLES.iter().find(|table| table.heading == "[faults.NAME]").unwrap();
        let is_known = |name: &str| known.keys.iter().any(|key| key.name == name);
        for leaf in gateway::FAULTS {
            assert!(is_known(leaf.name), "{}", leaf.name);
            for field in leaf.fields.iter().skip(1) {
                assert!(is_known(field.name), "{} of {}", field.name, leaf.name);
            }
        }
    }
}
