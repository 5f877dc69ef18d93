//! The system's own store, and what is made from it.

use std::fs;

use super::*;

const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Everything that the tool of this store writes, but for the keystore, whose bytes no tool gives back. The tool runs
/// first: what it makes of a machine as it was is none of ours.
fn settled(machine: &Apart) -> Vec<String> {
    machine.printed(&["update-ca-certificates"]);
    everything(machine)
}

fn everything(machine: &Apart) -> Vec<String> {
    let list = "sha256sum /etc/ssl/certs/ca-certificates.crt; ls -l --time-style=+ /etc/ssl/certs | grep -v -e ' java$' -e '^total'; \
                ls /usr/local/share/ca-certificates";
    machine.printed(&["sh", "-c", list]).lines().map(str::to_owned).collect()
}

/// Says only what differs, of a few hundred lines.
fn assert_same(machine: &Apart, before: &[String]) {
    let after = everything(machine);
    let gone: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    let left: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(gone.is_empty() && left.is_empty(), "gone: {gone:#?}, left: {left:#?}");
}

#[test]
fn clients_trust_what_debian_trusts_and_nothing_is_left() {
    const TEST: &str = "clients_trust_what_debian_trusts_and_nothing_is_left";
    let Some(machine) = Apart::new(TEST) else { return };
    if !needs(TEST, &["update-ca-certificates", "curl", "openssl", "python3"]) {
        return;
    }
    let before = settled(&machine);
    let installed = machine.navyd(&["trust", "install", "--store", "debian", "--yes"]);
    assert_eq!(installed.status, Some(0), "{}", installed.stderr);
    assert_eq!(installed.stdout, "debian\tinstalled\t/usr/local/share/ca-certificates\n");
    let found = status(&machine.navyd(&["--json", "trust", "status", "--store", "debian"]));
    assert_eq!(states(&found, "debian"), ["installed"]);
    for client in ["curl", "openssl", "python"] {
        assert_eq!(verdict(&found, client), ("trusted".into(), None), "{found}");
    }
    let name = name(&found);
    let keystore = ["keytool", "-list", "-cacerts", "-storepass", "changeit"];
    let has_java = program("keytool").is_some() && machine.printed(&keystore).contains(&name);

    let again = machine.navyd(&["trust", "install", "--store", "debian", "--yes"]);
    assert_eq!((again.status, again.stdout.contains("was installed")), (Some(0), true), "{}", again.stdout);

    let removed = machine.navyd(&["trust", "uninstall", "--store", "debian", "--yes"]);
    assert_eq!(removed.status, Some(0), "{}", removed.stderr);
    assert_same(&machine, &before);
    if has_java {
        assert!(!machine.printed(&keystore).contains(&name), "the copy in Java's keystore is left");
    }
    let found = status(&machine.navyd(&["--json", "trust", "status", "--store", "debian"]));
    assert_eq!(verdict(&found, "curl").0, "untrusted", "{found}");
    let nothing = machine.navyd(&["trust", "uninstall", "--store", "debian", "--yes"]);
    assert_eq!((nothing.status, nothing.stdout.contains("was not there")), (Some(0), true));
}

#[test]
fn a_renewed_authority_takes_the_place_of_the_old_one() {
    const TEST: &str = "a_renewed_authority_takes_the_place_of_the_old_one";
    let Some(machine) = Apart::new(TEST) else { return };
    if !needs(TEST, &["update-ca-certificates"]) {
        return;
    }
    let before = settled(&machine);
    let install = ["trust", "install", "--store", "debian", "--yes"];
    assert_eq!(machine.navyd(&install).status, Some(0));
    let look = ["--json", "trust", "status", "--no-check", "--store", "debian"];
    let old = name(&status(&machine.navyd(&look)));
    // Its owner threw it away: the next one is another.
    fs::remove_dir_all(machine.user.path(".local/share/navyd/ca")).unwrap();
    assert_eq!(machine.navyd(&install).status, Some(0));
    let new = name(&status(&machine.navyd(&look)));
    assert_ne!(old, new);
    let listed = machine.printed(&["ls", "/usr/local/share/ca-certificates", "/etc/ssl/certs"]);
    assert!(listed.contains(&new) && !listed.contains(&old), "{listed}");
    // And without any authority the journal alone knows what to remove.
    fs::remove_dir_all(machine.user.path(".local/share/navyd/ca")).unwrap();
    assert_eq!(machine.navyd(&["trust", "uninstall", "--store", "debian", "--yes"]).status, Some(0));
    assert_same(&machine, &before);
}

#[test]
fn a_dry_run_says_all_and_does_nothing() {
    const TEST: &str = "a_dry_run_says_all_and_does_nothing";
    let Some(machine) = Apart::new(TEST) else { return };
    if !needs(TEST, &["update-ca-certificates"]) {
        return;
    }
    let before = settled(&machine);
    let dry = machine.navyd(&["trust", "install", "--store", "debian", "--dry-run"]);
    assert_eq!(dry.status, Some(0), "{}", dry.stderr);
    let lines: Vec<&str> = dry.stdout.lines().collect();
    assert!(lines[0].starts_with("make a local authority in "), "{}", dry.stdout);
    assert_eq!(lines[1], "debian in /usr/local/share/ca-certificates");
    assert!(lines[2].starts_with("  write /usr/local/share/ca-certificates/navyd-"), "{}", dry.stdout);
    assert!(lines[3].ends_with("/update-ca-certificates"), "{}", dry.stdout);
    assert_same(&machine, &before);
    assert_eq!(fs::read_dir(machine.user.home.path()).unwrap().count(), 0, "nothing is left at home");
}

#[test]
fn what_needs_root_is_left_with_the_line_for_root() {
    const TEST: &str = "what_needs_root_is_left_with_the_line_for_root";
    let Some(machine) = Apart::new(TEST) else { return };
    if !needs(TEST, &["update-ca-certificates", "setpriv"]) {
        return;
    }
    let nobody = "65534";
    let given = run(Command::new("chown").args([nobody, text(machine.user.home.path())]));
    assert_eq!(given.status, Some(0), "{}", given.stderr);
    let user = ["setpriv", "--reuid", nobody, "--clear-groups", env!("CARGO_BIN_EXE_navyd")];
    let install = ["trust", "install", "--store", "debian", "--yes"];
    machine.printed(&["update-ca-certificates"]);
    let before = machine.printed(&["cat", BUNDLE]);
    let refused = machine.run(&[&user[..], &install[..]].concat());
    assert_eq!(refused.status, Some(2), "{}", refused.stderr);
    assert_eq!(refused.stdout, "debian\tneeds root\t/usr/local/share/ca-certificates\n");
    let line = refused.stderr.lines().find_map(|line| line.strip_prefix("hint: sudo ")).unwrap();
    assert_eq!(machine.printed(&["cat", BUNDLE]), before);
    // A user has made the authority and no store knows it; root does what the line says.
    let words: Vec<&str> = line.split(' ').chain(["--yes"]).collect();
    assert_eq!(machine.run(&words).status, Some(0), "{line}");
    let look = ["--json", "trust", "status", "--no-check", "--store", "debian"];
    let found = status(&machine.run(&[&user[..], &look[..]].concat()));
    assert_eq!(states(&found, "debian"), ["installed"]);
    // What root did, root undoes: by its own journal, whatever the user's home is.
    let undo: Vec<&str> =
        words.iter().map(|word| if *word == "install" { "uninstall" } else { word }).collect();
    assert_eq!(machine.run(&undo).status, Some(0), "{line}");
    assert_eq!(machine.printed(&["cat", BUNDLE]), before);
}
