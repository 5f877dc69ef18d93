//! `navyd doctor --fix`: what is safe is said, asked about, and done; a dry run does nothing of it.

use std::{fs, process::Command};

use serde_json::Value;

use super::{
    Ill,
    config::{Planted, bare},
    path,
};
use crate::support::{
    child::Held,
    run::{Told, navyd, run},
};

const OWN: &str = "127.0.0.1 localhost\n10.0.0.7 db # mine\n";

fn mended(told: &Told) -> Vec<(&str, bool)> {
    let all = told.document["mended"].as_array().unwrap().iter();
    all.map(|one: &Value| (one["id"].as_str().unwrap(), one["done"].as_bool().unwrap())).collect()
}

#[test]
fn names_of_routes_are_written_into_the_hosts_file() {
    const TEST: &str = "doctor::mend::names_of_routes_are_written_into_the_hosts_file";
    let Some(planted) = Planted::new(TEST, "/etc/hosts") else { return };
    let at_home = |args: &[&str]| {
        let mut command = navyd();
        bare(&mut command, planted.home());
        command.args(args);
        command
    };
    let mut hub = Held::start(&mut at_home(&["--json", "hub", "--listen", "127.0.0.1:0"]));
    hub.line();
    let added = run(&mut at_home(&["route", "add", "shop.test", "3000"]));
    assert_eq!(added.status, Some(0), "{}", added.stderr);
    let doctor = |more: &[&str]| -> Command { planted.again(&[&["doctor", "--json"], more].concat()) };
    drop(planted.navyd(OWN.as_bytes(), &[]));
    let dry = Told::by(&mut doctor(&["--fix", "--dry-run"]));
    assert!(mended(&dry).contains(&("hosts", false)), "{:#}", dry.document);
    assert!(dry.document["mended"].to_string().contains("shop.test") && planted.text() == OWN);
    // Nobody is there to be asked.
    let unasked = run(&mut doctor(&["--fix"]));
    assert_eq!((unasked.status, planted.text().as_str()), (Some(2), OWN));
    assert!(unasked.stderr.contains("hint: navyd doctor --fix --yes"), "{}", unasked.stderr);
    assert!(unasked.stderr.contains("write /etc/hosts: shop.test"), "what it would do: {}", unasked.stderr);
    let done = Told::by(&mut doctor(&["--fix", "--yes"]));
    assert!(mended(&done).contains(&("hosts", true)), "{:#}", done.document);
    let block = "# navyd begin\n127.0.0.1\tshop.test\n::1\tshop.test\n# navyd end\n";
    assert_eq!(planted.text(), OWN.to_owned() + block);
    // Another look finds it mended.
    let rows = done.document["checks"].as_array().unwrap();
    assert_eq!(rows.iter().find(|row| row["id"] == "hosts").unwrap()["state"], "ok");
    let again = Told::by(&mut doctor(&["--fix", "--yes"]));
    assert!(mended(&again).iter().all(|(id, _)| *id != "hosts") && planted.text() == OWN.to_owned() + block);
    assert!(
        fs::read_to_string("/etc/hosts").is_ok_and(|text| !text.contains("shop.test")),
        "the machine's own"
    );
}

#[test]
fn the_loopback_device_is_set_up() {
    let Some(ill) = Ill::new("doctor::mend::the_loopback_device_is_set_up", &["ip"]) else { return };
    ill.must("ip link set lo down");
    let doctor =
        |args: &[&str]| Told::by(ill.0.command(path()).args(["doctor", "--json", "--fix"]).args(args));
    let dry = doctor(&["--dry-run"]);
    assert_eq!((mended(&dry).first(), dry.status), (Some(&("lo-up", false)), Some(1)));
    ill.doctor().is("lo-up", "fail", "ip link set lo up");
    let done = doctor(&["--yes"]);
    assert_eq!(mended(&done).first(), Some(&("lo-up", true)), "{:#}", done.document);
    ill.doctor().finds(&[]).is("lo-up", "ok", "");
}
