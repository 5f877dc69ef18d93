//! A machine of a test's own: a systemd that manages it, its users, its network.
//!
//! It has a file system of its own, in memory: of the real one it sees `/usr` alone, through an overlay, so that whatever
//! is written stays in memory. For all that starts it, the real one is read-only, since the first deeds of a systemd
//! are to empty `/tmp` and to set the kernel. Deliberately absent: images, and anything that is downloaded.

use std::{
    fs,
    os::unix::net::UnixDatagram,
    path::Path,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use super::{
    child::Held,
    group::Group,
    is_root, program,
    run::{Run, run},
    skip,
    temp::TempDir,
};

/// The users of the machine beside root: whose hub it is, and somebody else.
pub(crate) const ADA: u32 = 1000;
pub(crate) const BOB: u32 = 1001;

/// How long it may take to start. Generous, because it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often it is looked at whether it has ended instead.
const LOOK: Duration = Duration::from_millis(100);

/// Makes the file system, and becomes the machine; again, when that is started anew (133, for systemd-nspawn(1)).
const ENTER: &str = r#"set -e; base=$1; navyd=$2; tree=$base/tree
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$base"
mkdir -p "$base/over" "$base/work" "$tree/usr" "$tree/etc/systemd/system" "$tree/var" "$tree/run" "$tree/tmp" \
    "$tree/proc" "$tree/sys" "$tree/dev" "$tree/root" "$tree/home/ada" "$tree/home/bob"
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$base/over,workdir=$base/work" "$tree/usr"
for link in bin sbin lib lib64; do ln -s "usr/$link" "$tree/$link"; done
for file in pam.d security ld.so.cache alternatives; do
    if [ -e "/etc/$file" ]; then cp -a "/etc/$file" "$tree/etc/"; fi
done
# A machine with a number of its own has been started before: nothing is enabled by itself.
echo 6289362893628936289362893628936a >"$tree/etc/machine-id"
printf '%s\n' root:x:0:0::/root:/bin/sh messagebus:x:100:100::/:/bin/false nobody:x:65534:65534::/:/bin/false \
    ada:x:1000:1000::/home/ada:/bin/sh bob:x:1001:1001::/home/bob:/bin/sh >"$tree/etc/passwd"
printf '%s\n' root:x:0: messagebus:x:100: nogroup:x:65534: ada:x:1000: bob:x:1001: >"$tree/etc/group"
printf '%s:*:1:0:99999:7:::\n' root ada bob >"$tree/etc/shadow"
printf '%s: files\n' passwd group shadow hosts >"$tree/etc/nsswitch.conf"
printf '%s localhost\n' 127.0.0.1 ::1 >"$tree/etc/hosts"
chown 1000:1000 "$tree/home/ada"; chown 1001:1001 "$tree/home/bob"
cp "$navyd" "$tree/usr/local/bin/navyd"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mount -o remount,ro,bind /
code=133
while [ "$code" = 133 ]; do
    code=0
    systemd-nspawn --quiet --register=no --keep-unit --private-network --private-users=no --hostname=test \
        --notify-ready=yes --console=pipe -D "$tree" --boot systemd.unit=multi-user.target \
        </dev/null >/dev/null 2>&1 || code=$?
done
exit "$code""#;

/// A running one. Dropping it ends it with all that runs on it.
pub(crate) struct Machine {
    enter: Held,
    ready: UnixDatagram,
    /// Its first process.
    leader: u32,
    group: Group,
    // Dropped last: what is in it has ended by then.
    _base: TempDir,
}

impl Machine {
    /// Starts one with this navyd, whose manager of services has finished starting; or says why the test is skipped, and
    /// is `None`.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let none = |reason: &str| {
            skip(test, reason);
            None
        };
        if !is_root() {
            return none("a machine of its own needs root");
        }
        let tools = ["systemd-nspawn", "systemctl", "dbus-daemon", "unshare", "nsenter", "setpriv", "curl"];
        if let Some(tool) = tools.into_iter().find(|tool| program(tool).is_none()) {
            return none(&format!("`{tool}` is not installed"));
        }
        if !Path::new("/bin").is_symlink() {
            return none("`/bin` is not a part of `/usr`");
        }
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("navyd-test-machine-{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let group = match Group::new(&name) {
            Ok(group) => group,
            Err(error) => return none(&format!("no control group: {error}")),
        };
        let base = TempDir::new();
        fs::create_dir(base.path().join("root")).unwrap();
        let at = base.path().join("ready");
        let ready = UnixDatagram::bind(&at).unwrap();
        ready.set_read_timeout(Some(LOOK)).unwrap();
        let mut command = group.command("unshare");
        command.args(["-m", "sh", "-c", ENTER, "sh"]).arg(base.path().join("root"));
        command.arg(env!("CARGO_BIN_EXE_navyd")).env("NOTIFY_SOCKET", at);
        let mut made = Self { enter: Held::start(&mut command), ready, leader: 0, group, _base: base };
        if made.start() { Some(made) } else { none("no systemd of a machine starts here") }
    }

    /// Waits until it has started; false when it ends instead.
    fn start(&mut self) -> bool {
        let (begun, mut told) = (Instant::now(), [0; 4096]);
        loop {
            match self.ready.recv(&mut told) {
                Ok(length) => {
                    let said = String::from_utf8_lossy(&told[..length]);
                    let leader = said.lines().find_map(|line| line.strip_prefix("X_NSPAWN_LEADER_PID="));
                    self.leader = leader.map_or(self.leader, |pid| pid.parse().unwrap());
                    if said.lines().any(|line| line == "READY=1") {
                        return true;
                    }
                }
                Err(_) if self.enter.has_ended() => return false,
                Err(error) => assert!(begun.elapsed() < DEADLINE, "the machine is not ready: {error}"),
            }
        }
    }

    /// Starts it anew, as a person would; its disk stays.
    pub(crate) fn restart(&mut self) {
        let before = self.leader;
        // It may be gone before it answers.
        self.root(&["systemctl", "reboot"]);
        assert!(self.start() && self.leader != before, "it does not start again");
    }

    /// Runs a program as root, to its end.
    pub(crate) fn root(&self, args: &[&str]) -> Run {
        self.run(&["env", "-i", PATH, "HOME=/root", "TERM=dumb"], args)
    }

    /// Runs a program as one of its users, to its end, as if they had logged in.
    pub(crate) fn user(&self, user: u32, args: &[&str]) -> Run {
        let (home, id) = (if user == ADA { "HOME=/home/ada" } else { "HOME=/home/bob" }, user.to_string());
        let runtime = format!("XDG_RUNTIME_DIR=/run/user/{user}");
        let as_user = ["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", "--bounding-set=-all"];
        self.run(&[&as_user[..], &["env", "-i", PATH, home, "TERM=dumb", &runtime]].concat(), args)
    }

    fn run(&self, prefix: &[&str], args: &[&str]) -> Run {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.leader.to_string(), "-m", "-n", "-p", "-i", "-u", "-C"]);
        run(command.args(prefix).args(args))
    }
}

const PATH: &str = "PATH=/usr/local/bin:/usr/bin:/usr/sbin";

impl Drop for Machine {
    fn drop(&mut self) {
        self.group.kill();
    }
}

#[test]
fn a_machine_shares_nothing_that_can_be_written() {
    let Some(machine) = Machine::new("a_machine_shares_nothing_that_can_be_written") else { return };
    let name = format!("navyd-test-sealed-{}", process::id());
    for folder in ["/tmp", "/var/tmp", "/etc", "/var", "/run", "/usr", "/usr/bin"] {
        let path = format!("{folder}/{name}");
        let touched = machine.root(&["touch", &path]);
        assert_eq!(touched.status, Some(0), "{touched:?}");
        assert!(!Path::new(&path).exists(), "{path}");
    }
    let set = machine.root(&["sh", "-c", "echo 1 >/proc/sys/kernel/panic"]);
    assert!(set.status != Some(0) && set.stderr.contains("Read-only"), "{set:?}");
    // What is above, what systemd makes there, and nothing of the real one.
    let seen = machine.root(&["find", "/tmp", "-mindepth", "1", "-maxdepth", "1"]).stdout;
    assert!(
        seen.lines().all(|path| path.contains(&name) || path.contains("systemd") || path.contains("unix")),
        "{seen}"
    );
}
