//! What a service waits for, and in which order services end.
//!
//! Pure. Deliberately absent: circles, which whoever resolves a configuration refuses; here they end nothing and
//! hang nothing up but their own services.

use navyd_model::{Ended, Phase, Service};

use super::plan::{Condition, Definition};

/// What others may know of a service, beyond how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// How it stands.
    pub(super) service: Service,
    /// Whether the line that makes it ready came out of it since it was started.
    pub(super) said: bool,
}

/// Whether a service has done what another one waits for.
pub(super) fn holds(condition: Condition, standing: &Standing) -> bool {
    let phase = standing.service.phase;
    match condition {
        Condition::Started => {
            matches!(phase, Phase::Starting | Phase::Ready) && standing.service.pid.is_some()
        }
        Condition::Healthy => phase == Phase::Ready,
        Condition::Log => standing.said,
        Condition::Exit0 => phase == Phase::Stopped && standing.service.ended == Some(Ended::Status(0)),
    }
}

/// Groups of services that may end at the same time, by their indices: first those that no other one depends on.
pub(super) fn endings(services: &[&Definition]) -> Vec<Vec<usize>> {
    let mut left: Vec<usize> = (0..services.len()).collect();
    let mut groups = Vec::new();
    while !left.is_empty() {
        let is_needed = |at: &usize| {
            let name = &services[*at].name;
            let by = |other: &usize| services[*other].after.iter().any(|after| after.service == *name);
            left.iter().any(|other| other != at && by(other))
        };
        let (needed, free): (Vec<_>, Vec<_>) = left.iter().copied().partition(is_needed);
        // A circle: none of them can be first, so all are.
        let (group, rest) = if free.is_empty() { (needed, Vec::new()) } else { (free, needed) };
        groups.push(group);
        left = rest;
    }
    groups
}

/// The services that these names need, and they themselves, in the order of the project; all without any name.
///
/// # Errors
/// The first name that none of them has.
pub(super) fn needed(services: &[&Definition], names: &[String]) -> Result<Vec<usize>, String> {
    if names.is_empty() {
        return Ok((0..services.len()).collect());
    }
    let find = |name: &str| services.iter().position(|service| service.name == name);
    let mut open =
        names.iter().map(|name| find(name).ok_or_else(|| name.clone())).collect::<Result<Vec<_>, _>>()?;
    let mut wanted = vec![false; services.len()];
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut wanted[at], true) {
            open.extend(services[at].after.iter().filter_map(|after| find(&after.service)));
        }
    }
    Ok((0..services.len()).filter(|at| wanted[*at]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor::fixture::{definition, service};

    #[test]
    fn conditions() {
        let standing = |phase, pid, ended, said| Standing {
            service: Service { phase, pid, ended, ..service("a") },
            said,
        };
        let done = Some(Ended::Status(0));
        for (condition, standing, expected) in [
            (Condition::Started, standing(Phase::Starting, Some(7), None, false), true),
            (Condition::Started, standing(Phase::Starting, None, None, false), false),
            (Condition::Started, standing(Phase::Waiting, None, None, false), false),
            (Condition::Healthy, standing(Phase::Ready, Some(7), None, false), true),
            (Condition::Healthy, standing(Phase::Starting, Some(7), None, false), false),
            (Condition::Log, standing(Phase::Starting, Some(7), None, true), true),
            (Condition::Log, standing(Phase::Ready, Some(7), None, false), false),
            (Condition::Exit0, standing(Phase::Stopped, None, done, false), true),
            (Condition::Exit0, standing(Phase::Stopped, None, None, false), false),
            (Condition::Exit0, standing(Phase::Failed, None, Some(Ended::Status(1)), false), false),
            (Condition::Exit0, standing(Phase::Restarting, None, done, false), false),
        ] {
            assert_eq!(holds(condition, &standing), expected, "{condition:?} {standing:?}");
        }
    }

    /// Services from texts such as `web:api,db`.
    fn services(texts: &[&str]) -> Vec<Definition> {
        texts.iter().map(|text| definition(text)).collect()
    }

    #[test]
    fn whoever_needs_others_ends_before_them() {
        for (texts, expected) in [
            (&["db:", "api:db", "web:api"][..], &[&[2][..], &[1], &[0]][..]),
            (&["db:", "api:db", "web:db"], &[&[1, 2], &[0]]),
            (&["a:", "b:"], &[&[0, 1]]),
            (&["a:b", "b:a", "c:"], &[&[2], &[0, 1]]),
            (&["a:a"], &[&[0]]),
            (&["a:gone"], &[&[0]]),
            (&[], &[]),
        ] {
            assert_eq!(endings(&services(texts).iter().collect::<Vec<_>>()), expected, "{texts:?}");
        }
    }

    #[test]
    fn a_service_brings_what_it_needs() {
        let services = services(&["db:", "api:db", "web:api", "mail:", "x:y", "y:x"]);
        for (names, expected) in [
            (&[][..], Ok(vec![0, 1, 2, 3, 4, 5])),
            (&["db"], Ok(vec![0])),
            (&["web"], Ok(vec![0, 1, 2])),
            (&["mail", "api"], Ok(vec![0, 1, 3])),
            (&["x"], Ok(vec![4, 5])),
            (&["db", "gone"], Err("gone".to_owned())),
        ] {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(needed(&services.iter().collect::<Vec<_>>(), &names), expected, "{names:?}");
        }
    }
}
