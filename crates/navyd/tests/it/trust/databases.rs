//! What each user has: databases of browsers, keystores of Java, the environment of services.

use std::fs;

use super::*;

fn certutil(database: &Path, args: &[&str]) -> Run {
    let database = format!("sql:{}", text(database));
    run(Command::new("certutil").arg(args[0]).args(["-d", &database]).args(&args[1..]))
}

/// An NSS database with somebody else's root in it.
fn database(path: &Path, other: &Path) {
    fs::create_dir_all(path).unwrap();
    assert_eq!(certutil(path, &["-N", "--empty-password"]).status, Some(0));
    let added = certutil(path, &["-A", "-t", "C,,", "-n", "other", "-i", text(other)]);
    assert_eq!(added.status, Some(0), "{}", added.stderr);
}

/// A root that is not navyd's.
fn other(user: &User) -> PathBuf {
    let (key, root) = (user.path("other-key.pem"), user.path("other.pem"));
    let subject = ["-subj", "/CN=other", "-keyout", text(&key), "-out", text(&root)];
    let made = run(Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(subject));
    assert_eq!(made.status, Some(0), "{}", made.stderr);
    root
}

#[test]
fn every_browser_database_is_changed_and_nothing_else_in_it() {
    const TEST: &str = "every_browser_database_is_changed_and_nothing_else_in_it";
    if !needs(TEST, &["certutil", "openssl"]) {
        return;
    }
    let user = User::new();
    let other = other(&user);
    let databases = [
        ".pki/nssdb",
        ".local/share/pki/nssdb",
        "snap/chromium/current/.pki/nssdb",
        ".mozilla/firefox/abc.default",
        ".var/app/org.mozilla.firefox/.mozilla/firefox/def.default",
    ]
    .map(|below| user.path(below));
    databases.iter().for_each(|path| database(path, &other));
    let listed = || databases.each_ref().map(|path| certutil(path, &["-L"]).stdout);
    let before = listed();
    let stores = ["--store", "chromium", "--store", "firefox", "--yes"];
    let installed = user.navyd(&[&["trust", "install"], &stores[..]].concat());
    assert_eq!(installed.status, Some(0), "{}", installed.stderr);
    let found = status(&user.navyd(&["--json", "trust", "status", "--no-check"]));
    assert_eq!(states(&found, "chromium"), ["installed"; 3]);
    assert_eq!(states(&found, "firefox"), ["installed"; 2]);
    for list in listed() {
        let ours = list.lines().find(|line| line.starts_with(&name(&found))).unwrap();
        assert!(ours.trim_end().ends_with("C,,"), "{list}");
    }
    // NSS itself verifies with it: a server's certificate for this machine, and no other use.
    let root = user.path(".local/share/navyd/ca/root.pem");
    let verified = certutil(&databases[0], &["-V", "-u", "L", "-n", &name(&found)]);
    assert_eq!(verified.status, Some(0), "{}: {}", text(&root), verified.stdout);
    let removed = user.navyd(&[&["trust", "uninstall"], &stores[..]].concat());
    assert_eq!(removed.status, Some(0), "{}", removed.stderr);
    assert_eq!(listed(), before);
}

#[test]
fn a_database_with_a_password_is_not_said_to_trust() {
    const TEST: &str = "a_database_with_a_password_is_not_said_to_trust";
    if !needs(TEST, &["certutil", "openssl", "setsid"]) {
        return;
    }
    let user = User::new();
    let locked = user.path(".mozilla/firefox/abc.default");
    database(&locked, &other(&user));
    let (old, new) = (user.home.write("old", "\n"), user.home.write("new", "secret\n"));
    let set = certutil(&locked, &["-W", "-f", text(&old), "-@", text(&new)]);
    assert_eq!(set.status, Some(0), "{}", set.stderr);
    let before = certutil(&locked, &["-L"]).stdout;
    // Without a terminal of the session, nobody can be asked for the password.
    let navyd = |args: &[&str]| {
        let mut command = Command::new("setsid");
        command.args(["-w", env!("CARGO_BIN_EXE_navyd")]).args(args);
        run(user.command(command).env("NO_COLOR", "1"))
    };
    let install = ["trust", "install", "--store", "firefox", "--yes"];
    for _ in 0..2 {
        let installed = navyd(&install);
        assert_ne!(installed.status, Some(0), "{}", installed.stdout);
        assert!(installed.stdout.contains("firefox\tfailed"), "{}", installed.stdout);
    }
    let found = status(&navyd(&["--json", "trust", "status", "--no-check"]));
    assert_eq!(states(&found, "firefox"), ["partly"]);
    let removed = navyd(&["trust", "uninstall", "--store", "firefox", "--yes"]);
    assert_eq!(removed.status, Some(0), "{}", removed.stderr);
    assert_eq!(certutil(&locked, &["-L"]).stdout, before);
}

#[test]
fn one_store_that_fails_does_not_stop_the_others() {
    const TEST: &str = "one_store_that_fails_does_not_stop_the_others";
    if !needs(TEST, &["certutil", "openssl"]) {
        return;
    }
    let user = User::new();
    database(&user.path(".pki/nssdb"), &other(&user));
    let broken = user.path(".mozilla/firefox/abc.default");
    fs::create_dir_all(&broken).unwrap();
    fs::write(broken.join("cert9.db"), "no database").unwrap();
    let stores = ["trust", "install", "--store", "chromium", "--store", "firefox", "--yes"];
    let installed = user.navyd(&stores);
    assert_eq!(installed.status, Some(1), "{}", installed.stderr);
    assert!(installed.stdout.contains("chromium\tinstalled"), "{}", installed.stdout);
    assert!(installed.stdout.contains("firefox\tfailed"), "{}", installed.stdout);
    assert!(installed.stderr.contains("note: firefox: `"), "{}", installed.stderr);
}

#[test]
fn java_trusts_what_its_keystore_holds() {
    const TEST: &str = "java_trusts_what_its_keystore_holds";
    if !needs(TEST, &["java", "keytool", "jshell"]) {
        return;
    }
    let user = User::new();
    let home = user.path("jdk");
    fs::create_dir_all(home.join("lib/security")).unwrap();
    let java = fs::canonicalize(program("java").unwrap()).unwrap();
    let own = java.parent().unwrap().parent().unwrap().join("lib/security/cacerts");
    let copy = home.join("lib/security/cacerts");
    fs::copy(own, &copy).unwrap();
    let list = || {
        let listed =
            run(Command::new("keytool").args(["-list", "-storepass", "changeit", "-keystore"]).arg(&copy));
        let mut entries: Vec<_> = listed.stdout.lines().map(str::to_owned).collect();
        entries.sort();
        entries
    };
    let before = list();
    let trusts = || {
        let mut command = user.command(navyd());
        let options = format!("-Djavax.net.ssl.trustStore={}", text(&copy));
        command.env("JAVA_HOME", &home).env("JAVA_TOOL_OPTIONS", options);
        let found = status(&run(command.args(["--json", "trust", "status", "--store", "java"])));
        (states(&found, "java"), verdict(&found, "java").0)
    };
    let change = |verb: &str| {
        let mut command = user.command(navyd());
        let args = ["trust", verb, "--store", "java", "--yes"];
        let ran = run(command.env("JAVA_HOME", &home).args(args));
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    };
    change("install");
    assert_eq!(trusts(), (vec!["installed".into()], "trusted".into()));
    change("uninstall");
    assert_eq!(trusts(), (vec!["missing".into()], "untrusted".into()));
    assert_eq!(list(), before);
    // Its JAVA_HOME is forgotten, and the journal still knows the place.
    change("install");
    let removed = user.navyd(&["trust", "uninstall", "--store", "java", "--yes"]);
    assert_eq!(removed.status, Some(0), "{}", removed.stderr);
    assert_eq!(list(), before);
}

#[test]
fn services_trust_without_any_store() {
    const TEST: &str = "services_trust_without_any_store";
    let user = User::new();
    // An authority without a store: what a hub makes.
    let none = user.navyd(&["--json", "trust", "status"]);
    assert_eq!((none.status, none.stdout.contains("\"authority\":null")), (Some(1), true), "{}", none.stdout);
    assert!(user.navyd(&["trust", "install", "--store", "nixos", "--yes"]).status == Some(2));
    let found = status(&user.navyd(&["--json", "trust", "status"]));
    for client in ["curl", "openssl", "python", "node"].into_iter().filter(|client| {
        let program = if *client == "python" { "python3" } else { client };
        needs(TEST, &[program])
    }) {
        assert_eq!(verdict(&found, client), ("untrusted".into(), Some("trusted".into())), "{found}");
    }
}
