//! A busy machine: 20,000 sockets, and little memory.

use std::{fs, path::Path};

use serde_json::Value;

use super::{interpreter, own, pids, through};
use crate::support::{
    child::Held,
    namespace::Namespace,
    run::{navyd, run},
    skip,
};

/// Runs a program, and tells its greatest resident size in KiB on its own stderr.
const MEASURE: &str = "import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))";

/// What it may take beyond a program that does nothing: the bar of a release build is 20 MiB in all, and this one carries
/// its symbols and looks at whatever else runs here. To keep every socket would take more.
const MOST_KIB: u64 = 16 * 1024;

/// The fixture ends its own children when its standard input ends, and only then.
struct Busy(Held);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[test]
fn twenty_thousand_sockets_hide_no_listener_and_take_little_memory() {
    let test = "twenty_thousand_sockets_hide_no_listener_and_take_little_memory";
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let hard: u64 = files.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(u64::MAX);
    if hard < 4096 {
        return skip(test, &format!("a process may open {hard} files, and ten of them need 2,010 each"));
    }
    let Some(namespace) = Namespace::new(test) else { return };
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/fixtures/sockets.py");
    let mut command = namespace.command(interpreter());
    let mut busy = Busy(Held::start(command.arg(fixture).args(["20000", "0", "50"])));
    assert_eq!(busy.0.line(), "ready");

    let mut wrapper = namespace.command(interpreter());
    wrapper.args(["-c", MEASURE]);
    let ran = run(through(wrapper, navyd().get_program()).args(["ls", "--json"]));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let listeners = own(&document);
    assert_eq!(listeners.len(), 50);
    assert!(listeners.iter().all(|listener| pids(listener).len() == 1));
    let mut idle = namespace.command(interpreter());
    idle.args(["-c", MEASURE]);
    let idle = run(through(idle, navyd().get_program()).arg("--version"));
    let peak = |said: &str| said.trim().parse::<u64>().unwrap_or_else(|_| panic!("{said}"));
    let most = peak(&ran.stderr).saturating_sub(peak(&idle.stderr));
    assert!(most <= MOST_KIB, "{most} KiB");
}
