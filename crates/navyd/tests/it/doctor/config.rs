//! Names, resolvers, proxies and limits that are wrong: each scene is a mount namespace of its own, in which another
//! file lies over the machine's, gone with its test.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use navyd_host::doctor::PROXY_VARIABLES;

use super::{
    super::support::{
        child::Held,
        is_root, program,
        run::{navyd, run},
        skip,
        temp::TempDir,
    },
    Report, path,
};

/// A home without a hub, and without proxies.
pub(super) fn bare(command: &mut Command, home: &Path) {
    PROXY_VARIABLES.iter().for_each(|name| {
        command.env_remove(name);
    });
    command.env("HOME", home).env_remove("XDG_STATE_HOME").env_remove("XDG_RUNTIME_DIR");
}

/// A file of the machine with another text in its place: in a mount namespace of each command's own.
pub(super) struct Planted {
    folder: TempDir,
    file: &'static str,
}

impl Planted {
    /// Where files can be laid over those of the machine; or says why the test is skipped, and is `None`.
    pub(super) fn new(test: &str, file: &'static str) -> Option<Self> {
        if !is_root() || program("unshare").is_none() || !Path::new(file).exists() {
            skip(test, &format!("a mount over `{file}` needs root, `unshare` and the file"));
            return None;
        }
        let made = Self { folder: TempDir::new(), file };
        let tried = run(&mut made.navyd(b"", &["--version"]));
        if tried.status != Some(0) {
            skip(test, tried.stderr.trim());
            return None;
        }
        Some(made)
    }

    /// The folder of its home, which has no hub.
    pub(super) fn home(&self) -> &Path {
        self.folder.path()
    }

    /// What stands in the place of the machine's file.
    pub(super) fn text(&self) -> String {
        fs::read_to_string(self.mounted()).unwrap()
    }

    /// A navyd that sees this text there.
    pub(super) fn navyd(&self, text: &[u8], args: &[&str]) -> Command {
        fs::write(self.mounted(), text).unwrap();
        self.again(args)
    }

    /// A navyd that sees what stands there.
    pub(super) fn again(&self, args: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        let script = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";
        command.args(["-m", "sh", "-c", script, "sh"]).arg(self.mounted());
        command.arg(self.file).arg(path()).args(args);
        bare(&mut command, self.home());
        command
    }

    fn mounted(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }
}

#[test]
fn a_hosts_file_is_broken_in_six_ways() {
    const TEST: &str = "doctor::config::a_hosts_file_is_broken_in_six_ways";
    const GOOD: &str = "127.0.0.1 localhost\n::1 localhost\n";
    let Some(planted) = Planted::new(TEST, "/etc/hosts") else { return };
    for (text, state, said) in [
        (GOOD.to_owned(), "ok", "leads localhost to this machine"),
        ("10.0.0.1 db\n".to_owned(), "fail", "no line for localhost"),
        ("10.0.0.7 localhost\n".to_owned(), "fail", "leads localhost to 10.0.0.7"),
        ("localhost 127.0.0.1\n".to_owned(), "fail", "address has to stand first"),
        (format!("{GOOD}127.0.0.1:3000 shop.test\n"), "warn", "a hosts file has no ports"),
        (format!("{GOOD}127.0.0.1 localhost\n"), "warn", "twice"),
        (format!("{GOOD}10.0.0.1 db\n10.0.0.2 db\n"), "warn", "two addresses"),
    ] {
        let report = Report::of(&mut planted.navyd(text.as_bytes(), &["doctor", "--json"]));
        report.is("hosts", state, said);
        assert!(state == "ok" || report.0.status == Some(1), "{text:?}");
    }
}

#[test]
fn a_resolver_that_is_dead_is_named() {
    const TEST: &str = "doctor::config::a_resolver_that_is_dead_is_named";
    let Some(planted) = Planted::new(TEST, "/etc/resolv.conf") else { return };
    let mut dead = planted.navyd(b"nameserver 127.62.89.54\n", &["doctor", "--json"]);
    Report::of(&mut dead).is("dns", "fail", "127.62.89.54:53: nobody listens there");
    let mut wrong = planted.navyd(b"nameserver 127.0.0.1:5353\n", &["doctor", "--json"]);
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
    assert!(!told.0.document.to_string().contains("s3cret"));
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
fn the_authority_of_navyd_is_looked_at() {
    let folder = TempDir::new();
    let at_home = |args: &[&str]| {
        let mut command = navyd();
        bare(&mut command, folder.path());
        command.args(args);
        command
    };
    let doctor = || Report::of(&mut at_home(&["doctor", "--json"]));
    doctor().is("authority", "ok", "no certificates yet");
    let mut hub = Held::start(&mut at_home(&["--json", "hub", "--listen", "127.0.0.1:0"]));
    hub.line();
    // The stores of the machine may be any: they do not hold an authority that has just been made.
    let made = doctor().row("authority").clone();
    assert!(["ok", "unknown"].contains(&made["state"].as_str().unwrap()), "{made:#}");
    assert!(made["fix"].as_str().is_some_and(|fix| fix.starts_with("navyd trust ")), "{made:#}");
    // A key that others may read is no authority any more, and nothing is known of its stores.
    let key = folder.path().join(".local/share/navyd/ca/intermediate-key.pem");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    doctor().is("authority", "unknown", "navyd trust status");
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
