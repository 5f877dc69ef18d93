//! In which order services start: what another depends on comes first.

use std::collections::HashMap;

use super::resolved::{Config, ServiceSpec};

/// A name that no service has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no service of this project")]
pub struct Unknown {
    /// The name, escaped.
    pub name: String,
    /// The service that may have been meant.
    pub near: Option<String>,
}

/// The services of these names and everything that they depend on, in the order in which they start; all services
/// when no name is given.
///
/// # Errors
/// When a name is not that of a service.
pub fn needed<'c>(config: &'c Config, names: &[String]) -> Result<Vec<&'c ServiceSpec>, Unknown> {
    let at = places(&config.services);
    let mut wanted = vec![names.is_empty(); config.services.len()];
    let mut open = Vec::new();
    for name in names {
        match at.get(name.as_str()) {
            Some(at) => open.push(*at),
            None => {
                let known = config.services.iter().map(|service| service.name.as_str());
                let near = super::near::nearest(name, known).map(str::to_owned);
                return Err(Unknown { name: crate::target::shown(name), near });
            }
        }
    }
    while let Some(service) = open.pop() {
        if !std::mem::replace(&mut wanted[service], true) {
            open.extend(before(&config.services[service], &at));
        }
    }
    // A configuration that was read has no circles; one that was made by hand keeps its own order instead.
    let order = sorted(&config.services).unwrap_or_else(|_| (0..config.services.len()).collect());
    Ok(order.into_iter().filter(|at| wanted[*at]).map(|at| &config.services[at]).collect())
}

/// The places of the services in the order in which they start, as near to the written order as dependencies
/// allow; or those of a circle, each depending on the next.
pub(super) fn sorted(services: &[ServiceSpec]) -> Result<Vec<usize>, Vec<usize>> {
    let at = places(services);
    let mut order: Vec<usize> = Vec::with_capacity(services.len());
    let mut placed = vec![false; services.len()];
    while order.len() < services.len() {
        let free =
            |at_: &usize| !placed[*at_] && before(&services[*at_], &at).all(|dependency| placed[dependency]);
        let next: Vec<usize> = (0..services.len()).filter(free).collect();
        if next.is_empty() {
            return Err(circle(services, &placed, &at));
        }
        for service in &next {
            placed[*service] = true;
        }
        order.extend(next);
    }
    Ok(order)
}

/// Walks from a service that cannot be placed to one of those it waits for, until one comes again.
fn circle(services: &[ServiceSpec], placed: &[bool], at: &HashMap<&str, usize>) -> Vec<usize> {
    let mut way: Vec<usize> = placed.iter().position(|placed| !placed).into_iter().collect();
    while let Some(last) = way.last() {
        let Some(next) = before(&services[*last], at).find(|next| !placed[*next]) else { break };
        if let Some(first) = way.iter().position(|service| *service == next) {
            way.drain(..first);
            // The circle is told from the service that is written first.
            let least = way.iter().enumerate().min_by_key(|(_, service)| **service).map_or(0, |(at, _)| at);
            way.rotate_left(least);
            break;
        }
        way.push(next);
    }
    way
}

fn places(services: &[ServiceSpec]) -> HashMap<&str, usize> {
    services.iter().enumerate().map(|(at, service)| (service.name.as_str(), at)).collect()
}

fn before(service: &ServiceSpec, at: &HashMap<&str, usize>) -> impl Iterator<Item = usize> {
    service.depends_on.iter().filter_map(|dependency| at.get(dependency.service.as_str()).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Command, Condition, Dependency};

    /// `web:api,db api:db db`.
    fn config(text: &str) -> Config {
        let service = |part: &str| {
            let (name, dependencies) = part.split_once(':').unwrap_or((part, ""));
            let dependency =
                |name: &str| Dependency { service: name.to_owned(), condition: Condition::Healthy };
            let mut service = ServiceSpec::new(name, Command::Shell("true".into()));
            service.depends_on =
                dependencies.split(',').filter(|name| !name.is_empty()).map(dependency).collect();
            service
        };
        Config { services: text.split(' ').map(service).collect(), ..Config::default() }
    }

    #[test]
    fn what_another_depends_on_comes_first() {
        for (text, names, expected) in [
            ("web:api,db api:db db", &[][..], "db api web"),
            ("web api db", &[], "web api db"),
            ("web:api,db api:db db mail", &["api"], "db api"),
            ("web:db db mail", &["mail", "web"], "db mail web"),
            ("web:db db mail", &["web", "web"], "db web"),
        ] {
            let config = config(text);
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let order: Vec<_> =
                needed(&config, &names).unwrap().iter().map(|one| one.name.as_str()).collect();
            assert_eq!(
                order.join(" "),
                expected.split(' ').collect::<Vec<_>>().join(" "),
                "{text} {names:?}"
            );
        }
        let unknown = needed(&config("web api"), &["wbe".into()]).unwrap_err();
        assert_eq!((unknown.name.as_str(), unknown.near.as_deref()), ("wbe", Some("web")));
    }

    #[test]
    fn circles_are_found() {
        for (text, expected) in
            [("a:a", "a"), ("x a:b b:a", "a b"), ("a:b b:c c:b", "b c"), ("a:b b:c c:a d:a", "a b c")]
        {
            let config = config(text);
            let circle = sorted(&config.services).unwrap_err();
            let names: Vec<_> = circle.iter().map(|at| config.services[*at].name.as_str()).collect();
            assert_eq!(names.join(" "), expected, "{text}");
        }
    }
}
