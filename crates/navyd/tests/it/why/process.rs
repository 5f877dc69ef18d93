//! Causes that lie in who holds the socket.

use super::{Ground, PRELUDE};
use crate::support::{child::Held, program, skip};

#[test]
fn container_published() {
    let Some(ground) = Ground::any("why::container_published") else { return };
    // Python under the name and with the arguments of Docker's proxy; it would look for its library beside the
    // program of that name.
    let (_actor, port) = ground.actor(
        "if len(sys.argv) == 1:
    os.environ['PYTHONHOME'] = sys.base_prefix
    os.execv(sys.executable, ['docker-proxy', '-c', sys.orig_argv[-1], '-proto', 'tcp', '-container-ip', '172.17.0.2', '-container-port', '80'])
s = listening('127.0.0.1'); say(port(s))",
    );
    let answer = ground.why(&port.to_string());
    answer.is("container-published", 0, "leads to 172.17.0.2:80");
    assert_eq!(
        answer.document["causes"][0]["fix"],
        format!("docker stop $(docker ps -q --filter publish={port})")
    );
}

#[test]
fn socket_activation() {
    let test = "why::socket_activation";
    if program("systemd-socket-activate").is_none() {
        skip(test, "`systemd-socket-activate` is not installed");
        return;
    }
    let Some(ground) = Ground::own(test) else { return };
    let line = "exec systemd-socket-activate -l 127.0.0.1:3000 cat 2>&1";
    let mut held = Held::start(ground.command("sh").args(["-c", line]));
    assert!(held.line().contains("Listening on"));
    let answer = ground.why("3000");
    answer.is("socket-activation", 0, "a connection starts the service");
    assert_eq!(answer.document["listeners"][0]["holders"][0]["pid"], held.pid());
}

#[test]
fn in_flight() {
    let Some(ground) = Ground::any("why::in_flight") else { return };
    let (_actor, port) = ground.actor(
        "s = listening('127.0.0.1'); p = port(s); a, b = socketpair()
a.sendmsg([b'x'], [(SOL_SOCKET, SCM_RIGHTS, struct.pack('i', s.fileno()))]); s.close(); say(p)",
    );
    let answer = ground.why(&port.to_string());
    answer.is("in-flight", 1, "has a descriptor waiting in it");
}

#[test]
fn inherited_by() {
    let Some(ground) = Ground::any("why::inherited_by") else { return };
    // A leader of its own session makes the socket, starts `cat` with it, and ends; `cat` ends with our pipe.
    let scene = format!(
        "{PRELUDE}
if os.fork() == 0:
    os.setsid()
    s = listening('127.0.0.1'); os.set_inheritable(s.fileno(), True); say(port(s))
    cat = os.fork()
    if cat == 0:
        os.execvp('cat', ['cat'])
    say(cat); os._exit(0)
os.wait(); say('orphaned'); os.close(0); os.pause() if hasattr(os, 'pause') else __import__('signal').pause()"
    );
    let mut parent = Held::start(ground.command("python3").args(["-c", &scene]));
    let port = parent.line();
    let cat = parent.line();
    assert_eq!(parent.line(), "orphaned");
    let answer = ground.why(&port);
    answer.is("inherited-by", 1, &format!("pid {cat} was taken in by pid"));
}
