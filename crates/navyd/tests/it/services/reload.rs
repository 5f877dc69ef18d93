//! A project's file that changes while it runs, and mistakes in it.

use super::{Shop, runs};

const TWO: &str = "[services.a]\ncommand = [\"sleep\", \"600\"]\nport = false\nready = { started = true }\n\n\
    [services.b]\ncommand = [\"sleep\", \"600\"]\nport = false\nready = { started = true }\n";

#[test]
fn a_mistake_is_told_with_its_line_and_nothing_starts() {
    let shop = Shop::new("[services.a]\ncommand = \"touch started\"\nprot = 3\n");
    let ran = shop.run(&["up", "-d"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.starts_with("error: navyd.toml:6:1: `prot` is no key"), "{ran:?}");
    assert!(ran.stderr.contains("  cause: expected") && ran.stderr.contains("hint: port"), "{ran:?}");
    assert!(!shop.path("started").exists());
    let ran = shop.run(&["up", "-d", "nobody"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
}

#[test]
fn only_what_is_written_otherwise_runs_anew() {
    let shop = Shop::new(TWO);
    shop.up();
    let (a, b) = (shop.pid("a"), shop.pid("b"));
    let added = "\n[services.c]\ncommand = [\"sleep\", \"600\"]\nport = false\nready = { started = true }\n";
    shop.write(&(TWO.replace("[services.b]\n", "[services.b]\nenv = { X = \"1\" }\n") + added));
    let other = shop.until("the changed service", |shop| {
        let service = shop.service("b");
        service["pid"].as_u64().filter(|pid| *pid != u64::from(b))
    });
    assert!(!runs(b) && other > 0);
    shop.until("the added service", |shop| {
        let ps = shop.json(&["ps", "--json"]);
        (ps["services"]
            .as_array()?
            .iter()
            .any(|service| service["name"] == "c" && service["phase"] == "ready"))
        .then_some(())
    });
    assert_eq!(shop.pid("a"), a);

    // A mistake changes nothing, and is told.
    shop.write("[services.a]\ncommand = [\"sleep\"\n");
    shop.until("the mistake", |shop| {
        shop.run(&["hub", "logs"]).stdout.contains("navyd.toml:5:").then_some(())
    });
    assert_eq!((shop.pid("a"), u64::from(shop.pid("b"))), (a, other));

    // Gone from the file, gone from the machine.
    shop.write(TWO);
    shop.until("the removed service", |shop| {
        let ps = shop.json(&["ps", "--json"]);
        (ps["services"].as_array()?.len() == 2).then_some(())
    });
    assert_eq!(shop.pid("a"), a);
}
