//! Ports 80 and 443 from the systemd of a machine: `navyd hub install --low-ports --way systemd-socket`.

use serde_json::Value;

use crate::support::{
    machine::{ADA, BOB, Machine},
    run::Run,
};

fn ada(machine: &Machine, args: &[&str]) -> Run {
    machine.user(ADA, &[&["navyd"], args].concat())
}

/// Root's navyd, as `sudo` runs it for her.
fn sudo(machine: &Machine, args: &[&str]) -> Run {
    machine.root(&[&["env", "SUDO_UID=1000", "SUDO_USER=ada", "navyd"], args].concat())
}

/// The status of the hub's page, for whoever asks.
fn page(machine: &Machine, user: u32, url: &str) -> String {
    let curl = ["curl", "-ksS", "-m", "30", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", url];
    machine.user(user, &curl).stdout
}

/// The process of the hub that answers her commands.
fn hub(machine: &Machine) -> String {
    let ran = ada(machine, &["--json", "hub", "status"]);
    let found: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!(found["listen"].as_array().map(Vec::len), Some(6), "it has the low ports: {found}");
    found["pid"].to_string()
}

/// The process of systemd's hub, as it stands.
fn unit(machine: &Machine) -> String {
    machine.root(&["systemctl", "show", "-P", "MainPID", "navyd.service"]).stdout.trim().to_owned()
}

fn succeeds(ran: &Run) {
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

const INSTALL: [&str; 5] = ["hub", "install", "--low-ports", "--way", "systemd-socket"];

#[test]
fn systemd_has_the_low_ports_for_a_users_hub_until_it_is_taken_back() {
    const TEST: &str = "hub::units::systemd_has_the_low_ports_for_a_users_hub_until_it_is_taken_back";
    let Some(mut machine) = Machine::new(TEST) else { return };
    // She is logged in. A hub of hers that runs already has neither port: systemd's waits until it ends.
    succeeds(&machine.root(&["systemctl", "start", "user@1000.service"]));
    succeeds(&ada(&machine, &["hub", "start"]));
    let refused = ada(&machine, &[&INSTALL[..], &["--yes"]].concat());
    assert!(refused.status == Some(2) && refused.stderr.contains("hint: sudo "), "{refused:?}");
    succeeds(&sudo(&machine, &[&INSTALL[..], &["--yes"]].concat()));
    assert_eq!(page(&machine, BOB, "http://localhost:62893/"), "200");
    succeeds(&machine.root(&["systemctl", "start", "navyd.service"]));
    succeeds(&ada(&machine, &["hub", "stop"]));
    assert_eq!(page(&machine, BOB, "http://localhost/"), "200");
    assert_eq!(page(&machine, ADA, "https://localhost/"), "200");
    assert_eq!(hub(&machine), unit(&machine));

    // A command that needs a hub has systemd start it, whatever ended the one before.
    succeeds(&ada(&machine, &["hub", "stop"]));
    succeeds(&ada(&machine, &["route", "add", "shop", "127.0.0.1:3000"]));
    let first = hub(&machine);
    assert_eq!(first, unit(&machine));
    succeeds(&machine.root(&["kill", "-9", &first]));
    succeeds(&ada(&machine, &["hub", "start"]));
    let second = hub(&machine);
    assert!(second != first && second == unit(&machine), "{first} {second}");
    let listed = ada(&machine, &["route", "ls"]);
    assert!(listed.stdout.contains("http://shop.localhost\t"), "{listed:?}");

    // It outlives her sessions.
    succeeds(&machine.root(&["systemctl", "stop", "user@1000.service"]));
    assert_eq!(hub(&machine), second);

    machine.restart();
    assert_eq!(page(&machine, BOB, "http://localhost/"), "200");
    assert_eq!(hub(&machine), unit(&machine));

    succeeds(&sudo(&machine, &["hub", "uninstall", "--low-ports", "--yes"]));
    assert_eq!(page(&machine, ADA, "http://localhost/"), "000");
    assert_eq!(machine.root(&["find", "/etc", "/run", "-name", "*navyd*"]).stdout, "");
    assert_eq!(machine.root(&["systemctl", "list-units", "--all", "--no-legend", "navyd*"]).stdout, "");
    assert_eq!(ada(&machine, &["hub", "status"]).status, Some(1));
}
