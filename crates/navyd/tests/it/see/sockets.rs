//! Random sets of sockets: exactly what was made is shown, no more and no less.

use std::{env, fs, net::IpAddr, time::SystemTime};

use serde_json::{Value, json};

use super::{document, own, python, through, told};
use crate::support::{
    child::Held,
    namespace::Namespace,
    run::{navyd, run},
};

/// Makes random sockets from the seed in its argument, and tells of those that the kernel let it make. Its
/// answers come from the sockets themselves (`getsockname`, `getsockopt`).
const MAKER: &str = include_str!("sockets.py");

/// Addresses that are not the loopback's own, so that every exposure occurs.
const MORE: [&str; 2] = ["10.9.8.7/32", "fd00::7/128"];

#[test]
fn random_sets_of_sockets_are_shown_exactly() {
    let Some(namespace) = Namespace::new("random_sets_of_sockets_are_shown_exactly") else { return };
    for address in MORE {
        let added = run(namespace.command("ip").args(["addr", "add", address, "dev", "lo", "nodad"]));
        assert_eq!(added.status, Some(0), "{}", added.stderr);
    }
    for round in 0..6 {
        let seed = seed() + round;
        eprintln!("seed {seed}: run this one again with NAVYD_TEST_SEED={seed}");
        let maker = python(MAKER);
        let mut command = namespace.command(maker.get_program());
        let mut maker = Held::start(command.args(maker.get_args()).arg(seed.to_string()));
        let mut expected = rows(told(&mut maker).as_array().expect("a list of sockets").iter().map(made));
        if !tells_bound_only() {
            expected.retain(|row| !row.contains("bound-not-listening"));
        }
        let seen = document(through(namespace.command("env"), navyd().get_program()).arg("ls"));
        let shown = rows(own(&seen).into_iter().map(facts));
        assert_eq!(shown, expected, "seed {seed}");
        let cookies: std::collections::HashSet<_> =
            own(&seen).iter().map(|one| one["cookie"].as_u64()).collect();
        assert_eq!(cookies.len(), expected.len(), "a cookie for each socket, seed {seed}");
        let holder = |one: &&Value| super::pids(one) == [u64::from(maker.pid())];
        assert!(own(&seen).iter().all(holder), "seed {seed}");
    }
}

/// The facts that are compared, of a listener as shown.
fn facts(listener: &Value) -> Value {
    let names = ["proto", "address", "port", "state", "family", "v6only", "exposure"];
    let mut facts: Vec<Value> = names.iter().map(|name| listener[name].clone()).collect();
    facts.push(listener["queue"]["max"].clone());
    facts.into()
}

/// The same of a socket as made. What its address means is decided here a second time.
fn made(socket: &Value) -> Value {
    let address: IpAddr = socket["address"].as_str().expect("text").parse().expect("an address");
    let exposure = match address.to_canonical() {
        address if address.is_loopback() => "loopback",
        address if address.is_unspecified() => "all",
        _ => "lan",
    };
    json!([
        socket["proto"],
        address,
        socket["port"],
        socket["state"],
        socket["family"],
        socket["v6only"],
        exposure,
        socket["backlog"]
    ])
}

fn rows(facts: impl Iterator<Item = Value>) -> Vec<String> {
    let mut rows: Vec<_> = facts.map(|facts| facts.to_string()).collect();
    rows.sort();
    rows
}

/// Whether the kernel tells of sockets that are bound and do not listen: Linux 6.8 and newer.
fn tells_bound_only() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(6), Some(8))
}

fn seed() -> u64 {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    env::var("NAVYD_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(now)
}
