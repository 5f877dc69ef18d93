//! One connection watched on its way through real rules; and what is added to the packet filter for it is gone, whatever
//! becomes of the program that did it.

use std::{env, fs, net::SocketAddr};

use navyd_host::doctor;

use super::Ill;
use crate::support::{child::Held, run::run, skip, temp::TempDir};

/// Where the other process of these tests connects to: places, with a blank between them.
const PLACES: &str = "NAVYD_TEST_TRACE";
/// How often it does.
const TIMES: &str = "NAVYD_TEST_TRACE_TIMES";

/// The other process: this test binary again, in the namespace. Alone it has nothing to do.
#[test]
fn inside() {
    let Ok(places) = env::var(PLACES) else { return };
    let places: Vec<SocketAddr> = places.split_whitespace().map(|place| place.parse().unwrap()).collect();
    for _ in 0..env::var(TIMES).map_or(1, |times| times.parse().unwrap()) {
        match doctor::trace(&places) {
            Ok(all) => all.iter().for_each(|traced| {
                let rule = traced.dropped_by().map_or("nothing", |step| step.text.as_str());
                println!("traced: {:?} {rule}", traced.result);
            }),
            Err(error) => println!("traced: {error}"),
        }
    }
}

impl Ill {
    /// Starts it.
    fn tracing(&self, places: &str, times: u32) -> Held {
        let mut command = self.0.command(env::current_exe().unwrap());
        command.args(["--exact", "doctor::trace::inside", "--nocapture"]);
        Held::start(command.env(PLACES, places).env(TIMES, times.to_string()))
    }

    /// What it says of one place.
    fn traced(&self, places: &str) -> String {
        said(&mut self.tracing(places, 1))
    }

    /// The tables that there are.
    pub(super) fn tables(&self) -> String {
        run(self.0.command("nft").args(["list", "tables"])).stdout
    }

    /// Waits until a table of ours is there, or is not.
    pub(super) fn until(&self, there: bool) {
        while self.tables().contains("navyd_trace") != there {}
    }
}

fn said(actor: &mut Held) -> String {
    loop {
        // The harness says how many tests it runs, on the same stream and sometimes in the same line.
        if let Some((_, said)) = actor.line().split_once("traced: ") {
            return said.to_owned();
        }
    }
}

/// Where a namespace can be made and the kernel traces. It tells so of an owned table, which Linux has since 5.12.
pub(super) fn ill(test: &str) -> Option<Ill> {
    let ill = Ill::new(test, &["nft", "python3"])?;
    let first = ill.traced("127.0.0.1:1");
    if first.starts_with("trace ") {
        skip(test, &first);
        return None;
    }
    assert_eq!(first, "Refused nothing");
    Some(ill)
}

#[test]
fn the_rule_that_drops_is_named() {
    let Some(ill) = ill("doctor::trace::the_rule_that_drops_is_named") else { return };
    let (_actor, port) = ill.actor("s = socket.create_server(('127.0.0.1', 0))");
    let place = format!("127.0.0.1:{port}");
    assert_eq!(ill.traced(&place), "Connected nothing");
    for (hook, rule, expected) in [
        ("input", format!("tcp dport {port} drop"), format!("TimedOut tcp dport {port} drop")),
        (
            "output",
            format!("meta mark 0 tcp dport {port} drop"),
            format!("TimedOut mark 0 tcp dport {port} drop"),
        ),
        ("input", format!("tcp sport {port} drop"), format!("TimedOut tcp sport {port} drop")),
        (
            "input",
            format!("tcp dport {port} reject with tcp reset"),
            format!("Refused tcp dport {port} reject with tcp reset"),
        ),
    ] {
        ill.chain("c", hook, &rule);
        assert_eq!(ill.traced(&place), format!("{expected} (table inet t, chain c)"));
        ill.must("nft flush ruleset");
    }
    ill.must(
        "nft 'add table inet t; add chain inet t c { type filter hook input priority 0; policy drop; }'",
    );
    assert_eq!(ill.traced(&place), "TimedOut policy drop (table inet t, chain c)");
    assert_eq!(ill.tables().trim(), "table inet t");
}

#[test]
fn a_listener_of_its_own_is_traced_by_both_addresses() {
    let Some(ill) = ill("doctor::trace::a_listener_of_its_own_is_traced_by_both_addresses") else { return };
    ill.chain("c", "input", "meta nfproto ipv6 meta l4proto tcp drop");
    let mut actor = ill.tracing("", 1);
    assert_eq!(said(&mut actor), "Connected nothing");
    assert_eq!(said(&mut actor), "TimedOut nfproto ipv6 l4proto tcp drop (table inet t, chain c)");
}

#[test]
fn nothing_is_left_by_a_program_that_is_killed() {
    let Some(ill) = ill("doctor::trace::nothing_is_left_by_a_program_that_is_killed") else { return };
    ill.chain("c", "input", "tcp dport 3000 drop");
    let actor = ill.tracing("127.0.0.1:3000", 1000);
    ill.until(true);
    // SIGKILL: nothing of it runs any more.
    drop(actor);
    ill.until(false);
    assert_eq!(ill.tables().trim(), "table inet t");
}

#[test]
fn nothing_is_left_by_an_nft_that_is_killed() {
    let Some(ill) = ill("doctor::trace::nothing_is_left_by_an_nft_that_is_killed") else { return };
    ill.chain("c", "input", "tcp dport 3000 drop");
    let actor = ill.tracing("127.0.0.1:3000", 1000);
    let tasks = format!("/proc/{}/task", actor.pid());
    let children = || {
        let all = fs::read_dir(&tasks).unwrap().flatten();
        let texts = all.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        texts.collect::<Vec<_>>().join(" ")
    };
    loop {
        ill.until(true);
        let Some(nft) = children().split_whitespace().next().map(str::to_owned) else { continue };
        let first = ill.tables();
        let name =
            first.lines().find_map(|line| line.strip_prefix("table inet navyd_trace")).map(str::to_owned);
        let Some(name) = name.filter(|_| children().split_whitespace().any(|pid| pid == nft)) else {
            continue;
        };
        let killed = run(std::process::Command::new("kill").args(["-KILL", &nft]));
        while ill.tables().lines().any(|line| line.ends_with(&name)) {}
        if killed.status == Some(0) {
            break;
        }
    }
    // The next one is another table; the program has gone on.
    ill.until(true);
}

#[test]
fn no_history_is_written() {
    let Some(ill) = ill("doctor::trace::no_history_is_written") else { return };
    let home = TempDir::new();
    let mut command = ill.0.command(env::current_exe().unwrap());
    command.args(["--exact", "doctor::trace::inside", "--nocapture"]).env("HOME", home.path());
    let mut actor = Held::start(command.env(PLACES, "127.0.0.1:1"));
    assert_eq!(said(&mut actor), "Refused nothing");
    assert_eq!(actor.wait(), Some(0));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}
