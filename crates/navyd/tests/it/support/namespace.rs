//! A network namespace that vanishes with its test: its own loopback, its own ports, its own firewall.

use std::{
    ffi::OsStr,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use super::{is_root, program, run::run, skip};

/// A network namespace named `navyd-test-PID-N`, with its loopback up. Removed when dropped; processes started
/// in it are their owner's to end first.
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one; or says why the test is skipped, and is `None`: without root or `ip`, or where the kernel
    /// forbids it, as some containers do.
    pub(crate) fn new(test: &str) -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let reason = if !is_root() {
            "a network namespace needs root".into()
        } else if program("ip").is_none() {
            "`ip` is not installed".into()
        } else {
            let name = format!("navyd-test-{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
            let added = run(ip().args(["netns", "add", &name]));
            // Held from here on, so that it is removed whatever fails.
            let made = Self { name };
            match added.status {
                Some(0) => {
                    let up = run(ip().args(["-n", made.name(), "link", "set", "lo", "up"]));
                    assert_eq!(up.status, Some(0), "loopback of {}: {}", made.name, up.stderr);
                    return Some(made);
                }
                _ => format!("no network namespace: {}", added.stderr.trim()),
            }
        };
        skip(test, &reason);
        None
    }

    /// Its name, as `ip netns` knows it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A command that will run inside. `ip netns exec` becomes the program, so the child's process id is the
    /// program's own. It has a `/sys` of its own, and everything else of the machine.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = ip();
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = ip().args(["netns", "del", &self.name]).output();
    }
}

fn ip() -> Command {
    Command::new(program("ip").unwrap_or_else(|| "ip".into()))
}

#[test]
fn a_namespace_has_a_loopback_of_its_own() {
    let Some(namespace) = Namespace::new("a_namespace_has_a_loopback_of_its_own") else { return };
    let shown = run(namespace.command("ip").args(["-o", "addr", "show", "up"]));
    assert_eq!(shown.status, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.lines().all(|line| line.contains(" lo ")), "{}", shown.stdout);
    assert!(shown.stdout.contains("127.0.0.1/8"), "{}", shown.stdout);
    let name = namespace.name().to_owned();
    drop(namespace);
    assert!(!run(ip().args(["netns", "list"])).stdout.contains(&name));
}
