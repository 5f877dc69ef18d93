//! A project's file that changes while it runs, and mistakes in it.

use std::{os::unix::fs::symlink, process::Command};

use super::{Shop, runs};
use crate::support::run::run;

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

#[test]
fn variables_come_from_files_and_from_nothing_else() {
    let shop = Shop::new(
        "[services.a]\ncommand = \"touch started\"\nport = false\nenv_file = \"odd.env\"\n\
         ready = { started = true }\nrestart = \"no\"\n",
    );
    let odd = shop.path("odd.env");
    for (what, why) in [("pipe", "it is a pipe, and no file"), ("device", "it is a device, and no file")] {
        match what {
            // Nobody ever writes into it: whoever opens it waits for that.
            "pipe" => assert_eq!(run(Command::new("mkfifo").arg(&odd)).status, Some(0)),
            _ => symlink("/dev/zero", &odd).unwrap(),
        }
        let ran = shop.run(&["up", "-d"]);
        assert_eq!(ran.status, Some(2), "{what}: {ran:?}");
        let expected = format!("error: `odd.env`, a file of `a`, cannot be read\n  cause: {why}\n");
        assert!(ran.stderr.starts_with(&expected), "{what}: {ran:?}");
        assert!(ran.stderr.contains("hint: ls -l "), "{what}: {ran:?}");
        std::fs::remove_file(&odd).unwrap();
    }
    std::fs::write(&odd, vec![b'#'; 2 << 20]).unwrap();
    let ran = shop.run(&["up", "-d"]);
    assert!(ran.stderr.contains("cause: it is larger than 1048576 bytes"), "{ran:?}");
    assert!(!shop.path("started").exists());
    std::fs::write(&odd, "A=1\n").unwrap();
    assert_eq!(shop.run(&["up", "-d"]).status, Some(0));
}
