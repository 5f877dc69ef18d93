//! A systemd that manages the services of one user, in a network and a control group of its own.
//!
//! It is that user's alone and has no capability, so it changes nothing that is not the user's. Deliberately absent: a
//! systemd that manages a system, whose first deeds would be to the machine that the tests run on.

use std::{
    fs,
    os::unix::{fs::chown, net::UnixDatagram},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use super::{
    child::Held,
    group::Group,
    namespace::Namespace,
    program,
    run::{Run, run},
    skip,
    temp::TempDir,
};

/// Nobody's number, so that nothing on the machine belongs to it.
const USER: u32 = 62_893;
/// Where it stands in the tree of control groups, as in that of a machine.
const PLACE: &str = "user.slice/user-62893.slice/user@62893.service";
/// How long it may take to start. Generous, because it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often it is looked at whether it has ended instead.
const LOOK: Duration = Duration::from_millis(100);

/// Prepares what only root may, and becomes the manager, which may nothing.
///
/// Of the machine it changes nothing: every mount is in a mount namespace of its own, and private.
const ENTER: &str = r#"set -e; home=$1; place=$2; user=$3; navyd=$4; manager=$5
mount --make-rprivate /
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# By this folder programs know that systemd runs.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system
mount --bind "$navyd" "$home/navyd"
echo $$ >"/sys/fs/cgroup/$place/cgroup.procs"
exec setpriv --reuid "$user" --regid "$user" --clear-groups --bounding-set=-all --inh-caps=-all env -i \
    PATH="$PATH" HOME="$home" XDG_RUNTIME_DIR="$home/run" NOTIFY_SOCKET="$home/ready" \
    "$manager" --user --unit=basic.target"#;

/// A running one. Dropping it ends it with all that it started.
pub(crate) struct UserManager {
    manager: Held,
    group: Group,
    home: TempDir,
    // Dropped last: what is in it has ended by then.
    _namespace: Namespace,
}

impl UserManager {
    /// Starts one; or says why the test is skipped, and is `None`.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let namespace = Namespace::new(test)?;
        let none = |reason: &str| {
            skip(test, reason);
            None
        };
        let places = ["/lib/systemd/systemd", "/usr/lib/systemd/systemd"].map(Path::new);
        let Some(systemd) = places.into_iter().find(|path| path.exists()) else {
            return none("`systemd` is not installed");
        };
        let tools = ["systemctl", "unshare", "nsenter", "setpriv"];
        if let Some(tool) = tools.into_iter().find(|tool| program(tool).is_none()) {
            return none(&format!("`{tool}` is not installed"));
        }
        let group = match Group::new(namespace.name()).and_then(|group| group.below(PLACE, USER)) {
            Ok(group) => group,
            Err(error) => return none(&format!("no control group: {error}")),
        };
        let home = TempDir::new();
        fs::create_dir(home.path().join("run")).unwrap();
        home.write("navyd", "");
        let ready = UnixDatagram::bind(home.path().join("ready")).unwrap();
        for below in ["", "run", "ready"] {
            chown(home.path().join(below), Some(USER), Some(USER)).unwrap();
        }
        ready.set_read_timeout(Some(LOOK)).unwrap();
        // It enters the group before the namespace of groups is made, whose root the group is then; and before that
        // of the network, where the groups of the machine are not to be seen.
        let mut inside = namespace.command("unshare");
        inside.args(["-m", "-C", "sh", "-c", ENTER, "sh"]).arg(home.path()).args([PLACE, &USER.to_string()]);
        inside.arg(env!("CARGO_BIN_EXE_navyd")).arg(systemd);
        let manager = Held::start(group.command(inside.get_program()).args(inside.get_args()));
        let mut made = Self { manager, group, home, _namespace: namespace };
        let (begun, mut told) = (Instant::now(), [0; 4096]);
        loop {
            match ready.recv(&mut told) {
                Ok(length) if told[..length].starts_with(b"READY=1") => return Some(made),
                Ok(_) => {}
                Err(_) if made.manager.has_ended() => return none("no systemd of a user starts here"),
                Err(error) => assert!(begun.elapsed() < DEADLINE, "systemd is not ready: {error}"),
            }
        }
    }

    /// A path below the home of its user.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    /// Runs a program as its user, to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let (pid, user) = (self.manager.pid().to_string(), USER.to_string());
        let mut command = Command::new("nsenter");
        command.args(["-t", &pid, "-m", "-C", "-n", "setpriv", "--reuid", &user, "--regid", &user]);
        command.args(["--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]).args(args);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("HOME", self.home.path());
        command.env("XDG_RUNTIME_DIR", self.path("run"));
        run(command.env("NO_COLOR", "1").env("TERM", "dumb").env("TZ", "UTC"))
    }

    /// Runs the navyd under test as its user, as if it were installed for them.
    pub(crate) fn navyd(&self, args: &[&str]) -> Run {
        self.run(&[&[self.path("navyd").to_str().unwrap()], args].concat())
    }

    /// What it says of its units.
    pub(crate) fn systemctl(&self, args: &[&str]) -> String {
        self.run(&[&["systemctl", "--user"], args].concat()).stdout.trim().to_owned()
    }

    /// Gives it a unit.
    pub(crate) fn unit(&self, name: &str, text: &str) {
        self.home.write(&format!(".config/systemd/user/{name}"), text);
        for folder in [".config", ".config/systemd", ".config/systemd/user"] {
            chown(self.path(folder), Some(USER), Some(USER)).unwrap();
        }
        self.systemctl(&["daemon-reload"]);
    }
}

impl Drop for UserManager {
    fn drop(&mut self) {
        self.group.kill();
    }
}
