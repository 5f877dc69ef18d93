//! Names, resolvers, proxies and limits that are wrong: each scene is a mount namespace of its own, in which another
//! file lies over the machine's, gone with its test.

use std::{fs, path::Path, process::Command};

use super::{
    super::support::{
        child::Held,
        is_root, program,
        run::{Run, navyd, run},
        skip,
        temp::TempDir,
    },
    Report, path,
};

/// The variables of proxies, which the machine that tests run on may have.
const PROXIES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// A home without a hub, and without proxies.
fn bare(command: &mut Command, home: &Path) {
    PROXIES.iter().for_each(|name| {
        command.env_remove(name);
    });
    command.env("HOME", home).env_remove("XDG_STATE_HOME").env_remove("XDG_RUNTIME_DIR");
}

/// A command with this text in the place of a file of the machine.
fn over(folder: &TempDir, file: &str, text: &[u8], args: &[&str]) -> Command {
    let mounted = folder.path().join("mounted");
    fs::write(&mounted, text).unwrap();
    let mut command = Command::new("unshare");
    let script = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";
    command.args(["-m", "sh", "-c", script, "sh"]).arg(&mounted).arg(file).arg(path()).args(args);
    bare(&mut command, folder.path());
    command
}

/// Whether files can be laid over those of the machine here.
fn can_mount(test: &str, folder: &TempDir, file: &str) -> bool {
    if !is_root() || program("unshare").is_none() || !Path::new(file).exists() {
        skip(test, &format!("a mount over `{file}` needs root, `unshare` and the file"));
        return false;
    }
    let tried = run(&mut over(folder, file, b"", &["--version"]));
    if tried.status != Some(0) {
        skip(test, tried.stderr.trim());
    }
    tried.status == Some(0)
}

#[test]
fn a_hosts_file_is_broken_in_six_ways() {
    const TEST: &str = "doctor::config::a_hosts_file_is_broken_in_six_ways";
    const FILE: &str = "/etc/hosts";
    const GOOD: &str = "127.0.0.1 localhost\n::1 localhost\n";
    let folder = TempDir::new();
    if !can_mount(TEST, &folder, FILE) {
        return;
    }
    for (text, state, said) in [
        (GOOD.to_owned(), "ok", "leads localhost to this machine"),
        ("10.0.0.1 db\n".to_owned(), "fail", "no line for localhost"),
        ("10.0.0.7 localhost\n".to_owned(), "fail", "leads localhost to 10.0.0.7"),
        ("localhost 127.0.0.1\n".to_owned(), "fail", "address has to stand first"),
        (format!("{GOOD}127.0.0.1:3000 shop.test\n"), "warn", "a hosts file has no ports"),
        (format!("{GOOD}127.0.0.1 localhost\n"), "warn", "twice"),
        (format!("{GOOD}10.0.0.1 db\n10.0.0.2 db\n"), "warn", "two addresses"),
    ] {
        let report = Report::of(&mut over(&folder, FILE, text.as_bytes(), &["doctor", "--json"]));
        report.is("hosts", state, said);
        assert!(state == "ok" || report.status == Some(1), "{text:?}");
    }
}

#[test]
fn a_resolver_that_is_dead_is_named() {
    const TEST: &str = "doctor::config::a_resolver_that_is_dead_is_named";
    const FILE: &str = "/etc/resolv.conf";
    let folder = TempDir::new();
    if !can_mount(TEST, &folder, FILE) {
        return;
    }
    let mut dead = over(&folder, FILE, b"nameserver 127.62.89.54\n", &["doctor", "--json"]);
    Report::of(&mut dead).is("dns", "fail", "127.62.89.54:53: nobody listens there");
    let mut wrong = over(&folder, FILE, b"nameserver 127.0.0.1:5353\n", &["doctor", "--json"]);
    Report::of(&mut wrong).is("dns", "warn", "127.0.0.1:5353");
}

#[test]
fn a_proxy_without_exceptions_is_told_without_its_password() {
    let folder = TempDir::new();
    let doctor = |variables: &[(&str, &str)]| {
        let mut command = navyd();
        bare(&mut command, folder.path());
        Report::of(command.args(["doctor", "--json"]).envs(variables.iter().copied()))
    };
    let leading = ("http_proxy", "http://ann:s3cret@proxy.test:3128");
    let told = doctor(&[leading]);
    told.is("proxy-env", "warn", "proxy.test:3128");
    assert!(!told.document.to_string().contains("s3cret"));
    doctor(&[leading, ("no_proxy", "localhost,127.0.0.1"), ("NO_PROXY", ".corp")]).is(
        "proxy-env",
        "warn",
        "do not say the same",
    );
    let spared = doctor(&[leading, ("no_proxy", "localhost,127.0.0.1,::1")]);
    // Another program of the machine may have such a proxy: then it is named, and not this one.
    let said = spared.row("proxy-env")["summary"].as_str().unwrap().to_owned();
    assert!(!said.starts_with("requests to localhost"), "{said}");
}

#[test]
fn a_program_near_its_limit_of_files_is_named() {
    const TEST: &str = "doctor::config::a_program_near_its_limit_of_files_is_named";
    if program("python3").is_none() {
        return skip(TEST, "`python3` is not installed");
    }
    let script = "import os, resource, socket, sys\n\
                  resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n\
                  s = socket.create_server(('127.62.89.55', 0))\n\
                  kept = [os.dup(s.fileno()) for _ in range(58)]\n\
                  print('full', flush=True)\n\
                  sys.stdin.read()";
    let mut full = Held::start(Command::new("python3").args(["-c", script]));
    assert_eq!(full.line(), "full");
    let folder = TempDir::new();
    let mut command = navyd();
    bare(&mut command, folder.path());
    let report = Report::of(command.args(["doctor", "--json"]));
    report.is("open-files", "warn", &format!("(pid {})", full.pid())).is("open-files", "warn", "of 64");
}

#[test]
fn a_report_holds_nothing_of_people() {
    let folder = TempDir::new();
    let file = folder.path().join("report.json");
    let bundle = || -> Run {
        let mut command = navyd();
        bare(&mut command, folder.path());
        run(command.args(["doctor", "--bundle"]).arg(&file).env("USER", "annegret"))
    };
    let ran = bundle();
    assert!(matches!(ran.status, Some(0 | 1)), "{}", ran.stderr);
    let text = fs::read_to_string(&file).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], "navyd.bundle/1");
    assert!(document["doctor"]["checks"].as_array().is_some_and(|checks| checks.len() > 20), "{text}");
    assert!(!text.contains("annegret") && !text.contains(folder.path().to_str().unwrap()), "{text}");
    assert!(!text.contains("argv") && !text.contains("\"cwd\""), "{text}");
    // What is there already is not written over.
    let again = bundle();
    assert_eq!(again.status, Some(2), "{}", again.stdout);
    assert!(again.stderr.contains("hint:") && fs::read_to_string(&file).unwrap() == text);
}

#[test]
fn a_pipe_gets_every_row_and_a_dry_run_changes_nothing() {
    let folder = TempDir::new();
    let doctor = |args: &[&str]| {
        let mut command = navyd();
        bare(&mut command, folder.path());
        run(command.arg("doctor").args(args))
    };
    let piped = doctor(&[]);
    assert!(piped.stdout.lines().all(|line| line.split('\t').count() == 6), "{}", piped.stdout);
    for id in ["hosts", "localhost-names", "address-order", "clock", "namespace", "hub"] {
        assert!(
            piped.stdout.lines().any(|line| line.split('\t').nth(1) == Some(id)),
            "{id}: {}",
            piped.stdout
        );
    }
    let dry = doctor(&["--fix", "--dry-run"]);
    assert!(matches!(dry.status, Some(0 | 1)) && !dry.stdout.contains("done\t"), "{}", dry.stdout);
}
