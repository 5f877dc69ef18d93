//! Whether services are there, by the phases that they are in: pure.

use std::collections::BTreeMap;

use navyd_model::{Ended, Phase, Service};

/// How services stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Together {
    /// Something is still to come.
    Coming,
    /// All are ready or have ended well.
    Well,
    /// One failed, and nothing more is to come.
    Badly,
}

/// How often a service ends and starts again until nobody waits for it any more. The pauses before are 6 s together, which
/// is enough for a server that another one needs.
const ENDS: u32 = 6;

/// Whether services that are started are there. One that ends again and again is not to come, whatever is tried.
pub(super) fn ready<'s>(services: impl Iterator<Item = &'s Service>) -> Together {
    let lasting = |service: &Service| match service.phase {
        Phase::Restarting if service.restarts >= ENDS => Phase::Failed,
        phase => phase,
    };
    together(&services.map(lasting).collect::<Vec<_>>())
}

/// How phases stand together. One that waits for another that failed is not to come.
fn together(phases: &[Phase]) -> Together {
    let failed = phases.contains(&Phase::Failed);
    let comes = |phase: &Phase| match phase {
        Phase::Ready | Phase::Stopped | Phase::Failed => false,
        Phase::Waiting => !failed,
        Phase::Starting | Phase::Restarting | Phase::Stopping => true,
    };
    match (phases.iter().any(comes), failed) {
        (true, _) => Together::Coming,
        (false, true) => Together::Badly,
        (false, false) => Together::Well,
    }
}

/// Whether nothing runs any more.
pub(super) fn ended(standing: &BTreeMap<String, Service>) -> Together {
    if standing.values().any(|service| service.phase == Phase::Ready) {
        return Together::Coming;
    }
    together(&standing.values().map(|service| service.phase).collect::<Vec<_>>())
}

/// Who is not ready, and the way for those that never listen.
pub(super) fn awaited<'s>(services: impl Iterator<Item = &'s Service>) -> String {
    let coming: Vec<String> = services
        .filter(|service| !matches!(service.phase, Phase::Ready | Phase::Stopped | Phase::Failed))
        .map(|service| match service.ended {
            Some(Ended::Status(status)) => format!("`{}` (ended with status {status})", service.name),
            Some(Ended::Signal(signal)) => format!("`{}` (ended by signal {signal})", service.name),
            None => format!("`{}` ({})", service.name, service.phase.as_str()),
        })
        .collect();
    format!("waiting for {}; one that listens nowhere has `port = false`", coming.join(", "))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn services(phases: &[Phase]) -> Vec<Service> {
        let service = |phase: &Phase| Service::new("web.shop", "web", *phase, Timestamp::UNIX_EPOCH);
        phases.iter().map(service).collect()
    }

    #[test]
    fn services_stand_together() {
        use Phase::{Failed, Ready, Restarting, Starting, Stopped, Waiting};
        for (phases, are_ready, have_ended) in [
            (&[Ready, Ready][..], Together::Well, Together::Coming),
            (&[Ready, Starting], Together::Coming, Together::Coming),
            (&[Ready, Failed], Together::Badly, Together::Coming),
            (&[Waiting, Failed], Together::Badly, Together::Badly),
            (&[Waiting, Stopped], Together::Coming, Together::Coming),
            (&[Restarting, Failed], Together::Coming, Together::Coming),
            (&[Stopped, Stopped], Together::Well, Together::Well),
            (&[Stopped, Failed], Together::Badly, Together::Badly),
        ] {
            let services = services(phases);
            let named = services.iter().cloned().enumerate().map(|(at, service)| (at.to_string(), service));
            let standing = named.collect();
            assert_eq!((ready(services.iter()), ended(&standing)), (are_ready, have_ended), "{phases:?}");
        }
        let mut looping = services(&[Phase::Ready, Phase::Restarting]);
        assert_eq!(ready(looping.iter()), Together::Coming);
        looping[1].restarts = ENDS;
        assert_eq!(ready(looping.iter()), Together::Badly);
    }
}
