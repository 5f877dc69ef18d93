//! Processes and sockets that come and go while they are looked at.

use super::{document, only, pids, python, through, told};
use crate::support::{
    child::Held,
    namespace::Namespace,
    run::{navyd, run},
};

/// A child that never stops starting processes which listen for a moment, and gives way to everybody else; this
/// process only listens, and tells how many there were.
const CHURN: &str = r#"
import json, mmap, os, socket, sys
count = mmap.mmap(-1, 8)
server = socket.create_server(("127.0.0.1", 21071))
alive, mine = os.pipe()
if os.fork() == 0:
    server.close()
    os.close(mine)
    os.nice(19)
    os.set_blocking(alive, False)
    done = 0
    while True:
        try:
            if os.read(alive, 1) == b"":
                os._exit(0)
        except BlockingIOError:
            pass
        if os.fork() == 0:
            keep = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
            os._exit(0)
        os.wait()
        done += 1
        count[:] = done.to_bytes(8, "big")
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    print(int.from_bytes(count[:], "big"), flush=True)
"#;

#[test]
fn what_vanishes_mid_look_never_costs_what_stays() {
    let Some(namespace) = Namespace::new("what_vanishes_mid_look_never_costs_what_stays") else { return };
    // Ports that no other test is given: theirs come from the range that this one leaves alone.
    let range = "echo 22000 32000 > /proc/sys/net/ipv4/ip_local_port_range";
    assert_eq!(run(namespace.command("sh").args(["-c", range])).status, Some(0));
    let script = python(CHURN);
    let mut server = Held::start(namespace.command(script.get_program()).args(script.get_args()));
    told(&mut server);
    let came = |server: &mut Held| {
        server.say("how many");
        told(server).as_u64().expect("a number")
    };
    let before = came(&mut server);
    for _ in 0..40 {
        let mut command = through(namespace.command("env"), navyd().get_program());
        let seen = document(command.arg("ls"));
        assert_eq!(pids(only(&seen, 21071)), [u64::from(server.pid())]);
    }
    let processes = came(&mut server) - before;
    assert!(processes > 40, "only {processes} came and went");
}
