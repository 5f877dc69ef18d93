//! `navyd doctor --trace`, as people type it: the rule that drops is proven, and nothing is left behind.

use serde_json::Value;

use super::{Copied, Ill, path, trace::ill};
use crate::support::{
    child::Held,
    run::{Told, run},
};

impl Ill {
    fn proven(&self, args: &[&str]) -> Vec<Value> {
        let mut command = self.0.command(path());
        let told = Told::by(command.args(["doctor", "--trace", "--json"]).args(args));
        told.document["trace"].as_array().unwrap_or_else(|| panic!("{:#}", told.document)).clone()
    }
}

#[test]
fn the_rule_that_drops_is_proven() {
    let Some(ill) = ill("doctor::traced::the_rule_that_drops_is_proven") else { return };
    let (_actor, port) = ill.actor("s = socket.create_server(('127.0.0.1', 0))");
    // By reading alone, a mark is no certain condition: the connection proves it.
    ill.chain("c", "input", &format!("meta mark 0 tcp dport {port} drop"));
    let trace = ill.proven(&[&port.to_string()]);
    let at = |address: &str| trace.iter().find(|one| one["address"] == address).unwrap();
    let four = at(&format!("127.0.0.1:{port}"));
    assert_eq!(four["result"], "timed-out");
    let rule = format!("mark 0 tcp dport {port} drop (table inet t, chain c)");
    assert!(four["dropped_by"].as_str().unwrap().contains(&rule), "{four:#}");
    assert!(four["rules"].as_array().unwrap().iter().any(|met| met == &four["dropped_by"]), "{four:#}");
    // Without a target, the listener is navyd's own, and no rule ends that.
    let own = ill.proven(&[]);
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(|one| one["result"] == "connected" && one["dropped_by"].is_null()), "{own:#?}");
    // An address that this machine has not ends nothing.
    ill.must("sysctl -q -w net.ipv6.conf.lo.disable_ipv6=1");
    let trace = ill.proven(&[&port.to_string()]);
    assert!(trace.iter().any(|one| one["dropped_by"] == four["dropped_by"]), "{trace:#?}");
    // Into a pipe it is a line of its own.
    let ran = run(ill.0.command(path()).args(["doctor", "--trace", &port.to_string()]));
    let line =
        ran.stdout.lines().find(|line| line.starts_with(&format!("trace\t127.0.0.1:{port}\tno answer\t")));
    assert!(line.is_some_and(|line| line.contains(&rule)), "{}", ran.stdout);
    assert_eq!(ill.tables().trim(), "table inet t");
}

#[test]
fn what_takes_a_connection_as_an_order_is_left_alone() {
    let test = "doctor::traced::what_takes_a_connection_as_an_order_is_left_alone";
    let Some(ill) = ill(test) else { return };
    let (mut debugger, port) = ill.actor(
        "import os, select
if len(sys.argv) == 1:
    os.execv(sys.executable, ['gdbserver', '-c', sys.orig_argv[-1], ':0'])
s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); sys.stdin.readline()
print(len(select.select([s], [], [], 0)[0]), flush=True)",
    );
    let trace = ill.proven(&[&format!("127.0.0.1:{port}")]);
    assert!(trace.iter().all(|one| one["address"] != format!("127.0.0.1:{port}")), "{trace:#?}");
    debugger.say("now");
    assert_eq!(debugger.line(), "0", "nobody connected to it");
}

#[test]
fn a_navyd_that_is_killed_leaves_no_rule() {
    let Some(ill) = ill("doctor::traced::a_navyd_that_is_killed_leaves_no_rule") else { return };
    ill.chain("c", "input", "tcp dport 3000 drop");
    let mut command = ill.0.command(path());
    let navyd = Held::start(command.args(["doctor", "127.0.0.1:3000", "--trace"]));
    ill.until(true);
    // SIGKILL: nothing of it runs any more.
    drop(navyd);
    ill.until(false);
    assert_eq!(ill.tables().trim(), "table inet t");
}

#[test]
fn without_root_it_says_what_to_type() {
    let test = "doctor::traced::without_root_it_says_what_to_type";
    let Some(ill) = Ill::new(test, &["nft", "setpriv"]) else { return };
    let ran = run(Copied::new().stranger(&ill).args(["doctor", "--trace"]));
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("hint: sudo navyd doctor --trace"), "{}", ran.stderr);
}
