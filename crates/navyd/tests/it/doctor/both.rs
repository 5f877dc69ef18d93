//! One scene, two commands: `navyd doctor` names what is ill with localhost, and `navyd why` names the same as the cause
//! at a port; what `navyd doctor PORT` says of it is what `navyd why PORT` says.

use std::process::Command;

use serde_json::Value;

use super::{Copied, Ill, Report, config::Planted, path};
use crate::support::run::Told;

/// What both commands say of a target.
pub(super) struct Both {
    why: Told,
    doctor: Report,
}

impl Both {
    /// Asks both, by commands that are made here.
    #[track_caller]
    fn of(target: &str, mut command: impl FnMut(&[&str]) -> Command) -> Self {
        let why = Told::by(command(&["why", target, "--json"]).env("NAVYD_PROBE", "0"));
        let doctor = Report::of(command(&["doctor", target, "--json"]).env("NAVYD_PROBE", "0"));
        let causes = |why: &Value| {
            let causes = why["causes"].as_array().unwrap().iter();
            causes.map(|cause| cause["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(causes(&doctor.0.document["why"]), causes(&why.document), "{target}");
        assert_eq!(doctor.0.document["why"]["verdict"], why.document["verdict"]);
        Self { why, doctor }
    }

    /// The verdict, and a word of its proof.
    #[track_caller]
    pub(super) fn is(&self, verdict: &str, said: &str) -> &Self {
        assert_eq!(self.why.document["verdict"], verdict, "{:#}", self.why.document);
        self.has(verdict, said)
    }

    /// A cause among the others, and a word of its proof.
    #[track_caller]
    fn has(&self, cause: &str, said: &str) -> &Self {
        let causes = self.why.document["causes"].as_array().unwrap();
        let found = causes.iter().find(|found| found["id"] == cause);
        assert!(found.is_some_and(|found| found.to_string().contains(said)), "{cause} `{said}`: {causes:#?}");
        self
    }

    /// No cause of this kind.
    #[track_caller]
    fn lacks(&self, cause: &str) -> &Self {
        let causes = self.why.document["causes"].as_array().unwrap();
        assert!(causes.iter().all(|found| found["id"] != cause), "{causes:#?}");
        self
    }

    /// The doctor's row.
    #[track_caller]
    fn row(&self, id: &str, state: &str, said: &str) -> &Self {
        self.doctor.is(id, state, said);
        self
    }
}

impl Ill {
    #[track_caller]
    pub(super) fn both(&self, target: &str) -> Both {
        Both::of(target, |args| {
            let mut command = self.0.command(path());
            command.args(args);
            command
        })
    }
}

#[test]
fn the_device_and_its_addresses() {
    let test = "doctor::both::the_device_and_its_addresses";
    let Some(ill) = Ill::new(test, &["ip", "sysctl"]) else { return };
    ill.must("ip link set lo down");
    let both = ill.both("3000");
    both.is("loopback-down", "sudo ip link set lo up").lacks("firewall-drop").row(
        "lo-up",
        "fail",
        "set lo up",
    );
    ill.must("ip link set lo up; ip addr del 127.0.0.1/8 dev lo");
    let both = ill.both("127.0.0.1:3000");
    both.is("address-missing", "navyd doctor").row("loopback-addresses", "fail", "127.0.0.1 is missing");
    ill.both("3000").is("free", "lacks 127.0.0.1");
    ill.must("ip addr add 127.0.0.1/8 dev lo; sysctl -q -w net.ipv6.conf.lo.disable_ipv6=1");
    let both = ill.both("[::1]:3000");
    both.is("address-missing", "EADDRNOTAVAIL on ::1").row("loopback-addresses", "warn", "disable_ipv6");
}

#[test]
fn rules_that_drop_and_refuse() {
    let test = "doctor::both::rules_that_drop_and_refuse";
    let Some(ill) = Ill::new(test, &["nft", "python3"]) else { return };
    let (_actor, port) = ill.actor("s = socket.create_server(('127.0.0.1', 0))");
    let target = port.to_string();
    ill.both(&target).is("listener", "answers on 127.0.0.1").row("firewall-drop", "ok", "");
    for (hook, rule, expected) in [
        ("input", "meta l4proto tcp drop", "firewall-drop"),
        ("output", "meta l4proto tcp drop", "firewall-drop"),
        ("input", "tcp flags & (fin|syn|rst|ack) == syn reject", "firewall-reject"),
        ("input", "tcp flags & (fin|syn|rst|ack) == syn reject with tcp reset", "firewall-reject"),
    ] {
        ill.chain("c", hook, rule);
        let words = rule.rsplit(' ').next().unwrap();
        ill.both(&target).is(expected, words).row(expected, "fail", "chain c");
        ill.must("nft flush ruleset");
    }
}

#[test]
fn a_rule_leads_to_where_nothing_listens() {
    let test = "doctor::both::a_rule_leads_to_where_nothing_listens";
    let Some(ill) = Ill::new(test, &["nft", "python3"]) else { return };
    ill.must("nft 'add table ip n; add chain ip n out { type nat hook output priority -100; }'");
    ill.must("nft 'add rule ip n out tcp dport 3000 redirect to :8000'");
    let both = ill.both("3000");
    both.is("nat-redirect", "redirect to :8000").has("nat-redirect", "sudo nft delete rule ip n out handle");
    both.has("free", "bind succeeds").row("redirect", "fail", "127.0.0.1:8000, where nothing listens");
    assert_eq!(both.why.status, Some(1));
    // Whoever listens there is not why.
    let (_actor, _) = ill.actor("s = socket.create_server(('127.0.0.1', 3000))");
    ill.both("3000").is("nat-redirect", "whatever listens on it").has("listener", "127.0.0.1:3000");
}

#[test]
fn a_queue_that_is_full() {
    let Some(ill) = Ill::new("doctor::both::a_queue_that_is_full", &["python3"]) else { return };
    let (_actor, port) = ill.actor(
        "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(1)\n\
         clients = [socket.create_connection(s.getsockname()) for _ in range(2)]",
    );
    let both = ill.both(&port.to_string());
    both.is("backlog-full", "its backlog is 1").row("backlog", "fail", &format!("127.0.0.1:{port}"));
}

#[test]
fn ports_for_connections_run_out() {
    let test = "doctor::both::ports_for_connections_run_out";
    let Some(ill) = Ill::new(test, &["sysctl", "python3"]) else { return };
    ill.must("sysctl -q -w net.ipv4.ip_local_port_range='40000 40007'");
    let both = ill.both("40003");
    both.is("free", "bind succeeds").has("ephemeral-range", "40000 to 40007");
    both.row("ephemeral-range", "fail", "only 8 ports");
    let (_actor, _) = ill.actor(
        "s = socket.create_server(('127.0.0.1', 3000)); clients = []\n\
         try:\n    while True: clients.append(socket.create_connection(('127.0.0.1', 3000)))\n\
         except OSError as error: assert error.errno == 99, error",
    );
    let both = ill.both("3000");
    both.is("ephemeral-range", "every port of outgoing connections").has("listener", "127.0.0.1:3000");
    both.row("ephemeral-range", "fail", "all 8 ports of outgoing connections are in use");
    // What needs a port of the kernel's choice is told so, and nothing else is blamed.
    let report = ill.doctor();
    report.finds(&["ephemeral-range"]).is("loopback-addresses", "ok", "are there");
    report.is("connect", "unknown", "every port that the kernel gives out is in use");
}

#[test]
fn a_hosts_file_is_broken_in_six_ways() {
    const TEST: &str = "doctor::both::a_hosts_file_is_broken_in_six_ways";
    const GOOD: &str = "127.0.0.1 localhost\n::1 localhost\n";
    let Some(planted) = Planted::new(TEST, "/etc/hosts") else { return };
    for (text, target, cause, said, state) in [
        ("10.0.0.1 db\n".to_owned(), "localhost:3000", "unresolved", "no address for `localhost`", "fail"),
        (
            "10.0.0.7 localhost\n".to_owned(),
            "localhost:3000",
            "address-missing",
            "hosts file leads `localhost`",
            "fail",
        ),
        ("localhost 127.0.0.1\n".to_owned(), "localhost:3000", "unresolved", "navyd doctor", "fail"),
        (
            format!("{GOOD}127.0.0.1:3000 shop.invalid\n"),
            "shop.invalid:3000",
            "unresolved",
            "127.0.0.1 shop.invalid",
            "warn",
        ),
        (format!("{GOOD}127.0.0.1 localhost\n"), "localhost:3000", "free", "127.0.0.1", "warn"),
        (
            format!("{GOOD}10.0.0.1 db\n10.0.0.2 db\n"),
            "db:3000",
            "address-missing",
            "10.0.0.1, 10.0.0.2",
            "warn",
        ),
    ] {
        let both = Both::of(target, |args| planted.navyd(text.as_bytes(), args));
        // A resolver of the machine may know `localhost` without the file: then nothing is in the way.
        let known = both.why.document["resolution"]["source"] == "resolver";
        if !(known && target.starts_with("localhost")) {
            both.has(cause, said);
        }
        both.row("hosts", state, "");
    }
}

#[test]
fn without_root_no_rule_is_named() {
    let test = "doctor::both::without_root_no_rule_is_named";
    let Some(ill) = Ill::new(test, &["nft", "setpriv"]) else { return };
    let copied = Copied::new();
    let ask = || {
        Both::of("3000", |args| {
            let mut command = copied.stranger(&ill);
            command.args(args);
            command
        })
    };
    let both = ask();
    both.is("free", "bind succeeds").row("redirect", "unknown", "Operation not permitted");
    both.row("firewall-drop", "unknown", "Operation not permitted").row("legacy-iptables", "unknown", "");
    ill.chain("c", "input", "meta l4proto tcp drop");
    let both = ask();
    both.is("firewall-drop", "could not be read").row("firewall-drop", "fail", "cannot be named");
}
