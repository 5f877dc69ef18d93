//! Listeners and machines for the tables of the checks.

use navyd_model::{Exposure, Holder, Listener, Protocol};

use super::super::{Ask, Facts, Firewall, Heard, Program, Subject, firewall};
use crate::kernel::{Arrival, Hit, Interface};

/// A TCP listener on 127.0.0.1 held by a program of this name, whose framework it may be.
pub(in crate::audit) fn held(port: u16, name: &str, framework: Option<&str>) -> Subject {
    let holder = Holder {
        pid: 812,
        name: name.to_owned(),
        framework: framework.map(str::to_owned),
        uid: Some(1000),
        user: Some("dev".to_owned()),
        ..Holder::default()
    };
    let listener = Listener { holders: vec![holder], ..Listener::on(Protocol::Tcp, port) };
    Subject { programs: vec![Program { pid: 812, ..Program::default() }], ..Subject::bare(listener) }
}

/// The same with these arguments.
pub(in crate::audit) fn with_argv(mut subject: Subject, argv: &str) -> Subject {
    subject.listener.holders[0].argv = Some(argv.split(' ').map(str::to_owned).collect());
    subject
}

/// The same on another address.
pub(in crate::audit) fn bound(address: &str, subject: Subject) -> Subject {
    let address: std::net::IpAddr = address.parse().unwrap();
    let exposure = match () {
        () if address.is_unspecified() => Exposure::All,
        () if address.is_loopback() => Exposure::Loopback,
        () => Exposure::Lan,
    };
    let v6only = address.is_ipv6().then_some(false);
    Subject { listener: Listener { address: Some(address), exposure, v6only, ..subject.listener }, ..subject }
}

/// The same after it was asked: what it said from the near side, as bytes of the wire.
pub(in crate::audit) fn heard(subject: Subject, said: &[(Ask, &str)]) -> Subject {
    let to = ([127, 0, 0, 1], subject.listener.port.unwrap()).into();
    let heard = said.iter().map(|(ask, said)| {
        let said = Some(said.as_bytes().to_vec()).filter(|said| !said.is_empty());
        Heard { ask: *ask, to, far: false, said }
    });
    Subject { heard: subject.heard.into_iter().chain(heard).collect(), ..subject }
}

/// An answer of HTTP with this status, these headings and this body.
pub(in crate::audit) fn http(status: u16, headings: &str, body: &str) -> String {
    let headings: String =
        headings.split('|').filter(|line| !line.is_empty()).map(|line| format!("{line}\r\n")).collect();
    format!("HTTP/1.1 {status} x\r\n{headings}\r\n{body}")
}

/// A machine with `lo` and one network device of these addresses, where this listener stands.
pub(in crate::audit) fn machine(subject: Subject, addresses: &[&str]) -> Facts {
    let device = |index, name: &str, loopback, addresses: &[&str]| Interface {
        index,
        name: name.to_owned(),
        up: true,
        loopback,
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
    };
    let interfaces = vec![device(1, "lo", true, &["127.0.0.1", "::1"]), device(2, "eth0", false, addresses)];
    Facts { subjects: vec![subject], interfaces: Some(interfaces), me: Some(1000), ..Facts::default() }
}

/// A packet filter in which these rules take each arrival.
pub(in crate::audit) fn filtered(facts: &Facts, stops: impl Fn(&Arrival) -> Vec<Hit>) -> Firewall {
    let devices = facts.interfaces.as_deref();
    let all = facts.subjects.iter().flat_map(|subject| firewall::arrivals(subject, devices));
    let stops = all.map(|arrival| (arrival.clone(), stops(&arrival))).collect();
    Firewall::Read { stops, led: Vec::new(), second: false }
}
