//! Services that tests are made of.

use std::time::Duration;

use jiff::Timestamp;
use navyd_model::{Phase, Service};

use super::plan::{Check, Condition, Definition, Dependency, Late, Ready, Restart, Stop, StopSignal};

/// A service that never ran.
pub(crate) fn service(name: &str) -> Service {
    Service {
        project: Some("/srv/shop".into()),
        command: vec!["true".into()],
        ..Service::new(format!("{name}.shop"), name, Phase::Stopped, Timestamp::UNIX_EPOCH)
    }
}

/// A definition from a text such as `web:api,db`: its name, and what it needs.
pub(super) fn definition(text: &str) -> Definition {
    let (name, needs) = text.split_once(':').unwrap();
    let needs = needs.split(',').filter(|need| !need.is_empty());
    Definition {
        id: format!("{name}.shop"),
        name: name.into(),
        project: "/srv/shop".into(),
        branch: None,
        command: vec!["true".into()],
        directory: "/".into(),
        environment: Vec::new(),
        port: None,
        listen_fds: false,
        after: needs.map(|need| Dependency { service: need.into(), condition: Condition::Started }).collect(),
        ready: Ready { check: Check::Started, timeout: Duration::from_secs(60), late: Late::Failed },
        restart: Restart::OnFailure,
        stop: Stop { signal: StopSignal::default(), timeout: Duration::from_secs(10) },
    }
}
