//! Processes and sockets that come and go while they are looked at.

use super::{document, only, pids, python, through, told};
use crate::support::{child::Held, namespace::Namespace, run::navyd};

/// Two children that never stop starting processes which listen for a moment; this process only listens.
const CHURN: &str = r#"
import json, os, socket, sys
server = socket.create_server(("127.0.0.1", 41071))
alive, mine = os.pipe()
for _ in range(2):
    if os.fork() == 0:
        server.close()
        os.close(mine)
        os.set_blocking(alive, False)
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
print(json.dumps("ready"), flush=True)
sys.stdin.read()
"#;

#[test]
fn what_vanishes_mid_look_never_costs_what_stays() {
    let Some(namespace) = Namespace::new("what_vanishes_mid_look_never_costs_what_stays") else { return };
    let script = python(CHURN);
    let mut server = Held::start(namespace.command(script.get_program()).args(script.get_args()));
    told(&mut server);
    let mut busy = 0;
    for _ in 0..100 {
        let mut command = through(namespace.command("env"), navyd().get_program());
        let seen = document(command.arg("ls"));
        assert_eq!(pids(only(&seen, 41071)), [u64::from(server.pid())]);
        busy += usize::from(super::own(&seen).len() > 1);
    }
    assert!(busy > 0, "nothing came or went");
}
