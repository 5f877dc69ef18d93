//! `navyd hub install --low-ports`: ports 80 and 443 lead to the hub, in a network of the test's own.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::support::{
    child::Held,
    namespace::Namespace,
    program,
    run::{Run, run},
    skip,
    temp::TempDir,
};

const NAVYD: &str = env!("CARGO_BIN_EXE_navyd");

fn inside(namespace: &Namespace, home: &TempDir, args: &[&str]) -> Run {
    run(command(namespace, home, NAVYD).args(args))
}

fn command(namespace: &Namespace, home: &TempDir, program: &str) -> Command {
    let mut command = namespace.command(program);
    command.env("HOME", home.path()).env("NO_COLOR", "1").env_remove("XDG_RUNTIME_DIR");
    command
}

#[test]
fn the_kernel_leads_low_ports_to_the_hub_until_it_is_told_not_to() {
    const TEST: &str = "the_kernel_leads_low_ports_to_the_hub_until_it_is_told_not_to";
    let Some(namespace) = Namespace::new(TEST) else { return };
    if program("nft").is_none() || program("curl").is_none() {
        return skip(TEST, "`nft` or `curl` is not installed");
    }
    let home = TempDir::new();
    // As a user who may not bind them: else the hub would have them without any help.
    let bound = ["--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service"];
    let start = || {
        let mut hub =
            Held::start(command(&namespace, &home, "setpriv").args(bound).args([NAVYD, "--json", "hub"]));
        let started: Value = serde_json::from_str(&hub.line()).unwrap();
        assert_eq!(started["listen"], serde_json::json!(OWN));
        hub
    };
    let mut hub = start();
    let mut again = || {
        assert_eq!(inside(&namespace, &home, &["hub", "stop"]).status, Some(0));
        assert_eq!(hub.wait(), Some(0));
        hub = start();
    };
    // What a person opens, as they see it.
    let url = || {
        let ran = inside(&namespace, &home, &["--json", "route", "ls"]);
        let listed: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        listed["routes"][0]["url"].clone()
    };
    let added = inside(&namespace, &home, &["route", "add", "shop", "127.0.0.1:3000"]);
    assert_eq!(added.status, Some(0), "{added:?}");
    assert_eq!(url(), "http://shop.localhost:62893");
    let get = |url: &str| {
        run(command(&namespace, &home, "curl").args(["-sS", "-o", "/dev/null", "--noproxy", "*", url]))
    };
    assert_ne!(get("http://127.0.0.1/").status, Some(0));

    let install = ["hub", "install", "--low-ports", "--way", "nft"];
    let dry = inside(&namespace, &home, &[&install[..], &["--dry-run"]].concat());
    assert_eq!(dry.status, Some(0), "{}", dry.stderr);
    assert_ne!(get("http://127.0.0.1/").status, Some(0), "a dry run does nothing");
    let unasked = inside(&namespace, &home, &install);
    assert_eq!(unasked.status, Some(2), "{}", unasked.stdout);
    for _ in 0..2 {
        let done = inside(&namespace, &home, &[&install[..], &["--yes"]].concat());
        if done.stderr.contains("Operation not supported") {
            return skip(TEST, "the kernel has no nat for nf_tables");
        }
        assert_eq!(done.status, Some(0), "{}", done.stderr);
    }
    assert_eq!(get("http://127.0.0.1/").status, Some(0), "{}", get("http://127.0.0.1/").stderr);
    assert_eq!(get("http://[::1]/").status, Some(0), "{}", get("http://[::1]/").stderr);
    again();
    assert_eq!(url(), "http://shop.localhost", "the kernel leads it there");
    let undone = inside(&namespace, &home, &["hub", "uninstall", "--low-ports", "--yes"]);
    assert_eq!(undone.status, Some(0), "{}", undone.stderr);
    assert_ne!(get("http://127.0.0.1/").status, Some(0));
    again();
    assert_eq!(url(), "http://shop.localhost:62893");
    let rules = run(namespace.command("nft").args(["list", "ruleset"]));
    assert_eq!(rules.stdout.trim(), "", "nothing is left");
}

/// A user who is not root, with a home and a navyd of their own.
struct Other {
    namespace: Namespace,
    home: TempDir,
    program: PathBuf,
}

/// `nobody`, wherever there is one.
const USER: u32 = 65534;

impl Other {
    /// Makes one; or says why the test is skipped, and is `None`.
    fn new(test: &str, tools: &[&str]) -> Option<Self> {
        let namespace = Namespace::new(test)?;
        let tools = tools.iter().chain(&["setpriv", "curl"]);
        if let Some(tool) = tools.into_iter().find(|tool| program(tool).is_none()) {
            skip(test, &format!("`{tool}` is not installed"));
            return None;
        }
        let home = TempDir::new();
        chown(home.path(), Some(USER), Some(USER)).unwrap();
        let folder = home.path().join("bin");
        fs::create_dir(&folder).unwrap();
        let program = folder.join("navyd");
        fs::copy(NAVYD, &program).unwrap();
        Some(Self { namespace, home, program })
    }

    /// Root's navyd in the network: `/etc/sysctl.d` is a folder of the test's own.
    fn root(&self, sysctl: &Path, args: &[&str]) -> Run {
        let enter = "mount --bind \"$1\" /etc/sysctl.d; shift; exec \"$@\"";
        let mut command = command(&self.namespace, &self.home, "sh");
        run(command.args(["-ec", enter, "sh"]).arg(sysctl).arg(&self.program).args(args))
    }

    /// What a program says of the network, or of the navyd.
    fn said(&self, program: &str, args: &[&str]) -> String {
        let ran = run(command(&self.namespace, &self.home, program).args(args));
        assert_eq!(ran.status, Some(0), "{program}: {}", ran.stderr);
        ran.stdout.trim().to_owned()
    }

    fn user(&self) -> Command {
        let mut command = command(&self.namespace, &self.home, "setpriv");
        let user = USER.to_string();
        command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).arg(&self.program);
        command
    }

    /// The ports of the user's hub, which has ended when this returns.
    fn ports(&self) -> Vec<String> {
        let mut hub = Held::start(self.user().args(["--json", "hub"]));
        let started: Value = serde_json::from_str(&hub.line()).unwrap();
        let listen = started["listen"].as_array().unwrap().iter();
        let listen: Vec<_> = listen.map(|address| address.as_str().unwrap().to_owned()).collect();
        if listen.iter().any(|address| address.ends_with(":80")) {
            for url in ["http://localhost/", "https://localhost/"] {
                let ran = run(command(&self.namespace, &self.home, "curl").args([
                    "-ksS",
                    "-o",
                    "/dev/null",
                    "-w",
                    "%{http_code}",
                    "--noproxy",
                    "*",
                    url,
                ]));
                assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), "200"), "{url}: {}", ran.stderr);
            }
        }
        let listed = run(self.user().args(["--json", "ls", "--port", "62893"]));
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
        assert_eq!(listed["listeners"][0]["holders"][0]["pid"], hub.pid(), "{listed}");
        let stopped = run(self.user().args(["hub", "stop"]));
        assert_eq!(stopped.status, Some(0), "{}", stopped.stderr);
        assert_eq!(hub.wait(), Some(0));
        listen
    }
}

const OWN: [&str; 2] = ["127.0.0.1:62893", "[::1]:62893"];
const ALL: [&str; 6] =
    ["127.0.0.1:62893", "[::1]:62893", "127.0.0.1:80", "[::1]:80", "127.0.0.1:443", "[::1]:443"];

#[test]
fn a_program_with_the_capability_has_the_low_ports() {
    const TEST: &str = "a_program_with_the_capability_has_the_low_ports";
    let Some(other) = Other::new(TEST, &["setcap", "getcap"]) else { return };
    let file = other.program.to_str().unwrap();
    let sysctl = TempDir::new();
    assert_eq!(other.ports(), OWN);
    let install = ["hub", "install", "--low-ports", "--way", "setcap", "--yes"];
    for _ in 0..2 {
        let done = other.root(sysctl.path(), &install);
        if done.stderr.contains("not supported") {
            return skip(TEST, "the file system of the temporary directory keeps no capabilities");
        }
        assert_eq!(done.status, Some(0), "{}", done.stderr);
    }
    assert_eq!(other.said("getcap", &[file]), format!("{file} cap_net_bind_service=ep"));
    assert_eq!(other.ports(), ALL);
    for _ in 0..2 {
        let undone = other.root(sysctl.path(), &["hub", "uninstall", "--low-ports", "--yes"]);
        assert_eq!(undone.status, Some(0), "{}", undone.stderr);
    }
    assert_eq!(other.said("getcap", &[file]), "");
    assert_eq!(other.ports(), OWN);
}

#[test]
fn a_setting_of_the_kernel_gives_the_low_ports_and_goes_back_to_what_it_was() {
    const TEST: &str = "a_setting_of_the_kernel_gives_the_low_ports_and_goes_back_to_what_it_was";
    const SETTING: &str = "net.ipv4.ip_unprivileged_port_start";
    let Some(other) = Other::new(TEST, &["sysctl"]) else { return };
    let sysctl = TempDir::new();
    let setting = || other.said("sysctl", &["-n", SETTING]);
    for before in ["1024", "500"] {
        other.said("sysctl", &["-w", &format!("{SETTING}={before}")]);
        assert_eq!(other.ports(), OWN);
        for _ in 0..2 {
            let done =
                other.root(sysctl.path(), &["hub", "install", "--low-ports", "--way", "sysctl", "--yes"]);
            assert_eq!(done.status, Some(0), "{}", done.stderr);
            assert_eq!(setting(), "80");
        }
        assert_eq!(other.ports(), ALL);
        for _ in 0..2 {
            let undone = other.root(sysctl.path(), &["hub", "uninstall", "--low-ports", "--yes"]);
            assert_eq!(undone.status, Some(0), "{}", undone.stderr);
        }
        assert_eq!(setting(), before);
        assert_eq!(fs::read_dir(sysctl.path()).unwrap().count(), 0);
    }
}
