//! Causes that sockets of one machine make among themselves.

use super::Ground;
use crate::support::{is_root, run::run, skip};

#[test]
fn listener() {
    let Some(ground) = Ground::any("why::listener") else { return };
    let (actor, port) = ground.actor("s = listening('127.0.0.1'); say(port(s))");
    let answer = ground.why(&port.to_string());
    answer.is("listener", 0, "EADDRINUSE on 127.0.0.1, 0.0.0.0, ::");
    assert_eq!(answer.connected("127.0.0.1"), ("connected".into(), Some(actor.pid().into())));
    assert_eq!(answer.connected("[::1]").0, "refused");
    assert_eq!(answer.document["schema"], "navyd.why/1");
    assert_eq!(answer.document["target"]["port"], port);
    assert_eq!(answer.document["listeners"][0]["holders"][0]["pid"], actor.pid());
    assert_eq!(answer.document["causes"][0]["fix"], format!("navyd free {port}"));
    ground.why(&format!("[::1]:{port}")).is("free", 0, "127.0.0.1");
    ground.why(&format!("http://localhost:{port}/x?y")).is("listener", 0, "answers on 127.0.0.1");
}

#[test]
fn no_byte_is_sent() {
    let Some(ground) = Ground::any("why::no_byte_is_sent") else { return };
    let (mut actor, port) = ground.actor(
        "s = listening('127.0.0.1'); say(port(s)); c, _ = s.accept()
try: say(repr(c.recv(1)))
except ConnectionResetError: say('reset')",
    );
    ground.why(&port.to_string()).is("listener", 0, "answers on 127.0.0.1");
    assert_eq!(actor.line(), "reset");
}

#[test]
fn probes_are_shown_before_they_are_sent() {
    let Some(ground) = Ground::any("why::probes_are_shown_before_they_are_sent") else { return };
    let (mut actor, port) = ground.actor(
        "s = listening('127.0.0.1'); say(port(s))
while True:
    c, _ = s.accept()
    try: got = c.recv(100)
    except ConnectionResetError: got = b''
    if got.startswith(b'GET / '): break
    c.close()
c.sendall(b'HTTP/1.0 200 OK\\r\\nServer: actor\\r\\n\\r\\n'); c.close(); say('asked')",
    );
    let port = port.to_string();
    let shown = run(ground.command(&super::path()).args(["why", &port, "--show-probes"]));
    assert_eq!(shown.status, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains(r"GET / HTTP/1.0\r\n"), "{}", shown.stdout);
    let asked = run(ground.command(&super::path()).args(["why", &port, "--probe"]));
    assert_eq!(asked.status, Some(0), "{}", asked.stderr);
    assert!(asked.stdout.contains("speaks   HTTP/1.0"), "{}", asked.stdout);
    assert_eq!(actor.line(), "asked");
}

#[test]
fn free_with_and_without_ipv6() {
    let Some(ground) = Ground::own("why::free") else { return };
    ground.why("3000").is("free", 0, "127.0.0.1, 0.0.0.0, ::1, :: and :: (IPv6 only)");
    ground.must("sysctl -q -w net.ipv6.conf.all.disable_ipv6=1");
    ground.why("3000").is("free", 0, "lacks ::1");
    ground.why("3000/udp").is("free", 0, "127.0.0.1");
}

#[test]
fn bound_not_listening() {
    let Some(ground) = Ground::any("why::bound_not_listening") else { return };
    let (actor, port) = ground.actor("s = tcp('127.0.0.1', reuse=False); say(port(s))");
    let answer = ground.why(&port.to_string());
    answer.is("bound-not-listening", 1, "without listen(); bind: EADDRINUSE");
    assert_eq!(answer.document["listeners"][0]["holders"][0]["pid"], actor.pid());
}

#[test]
fn client_socket() {
    let Some(ground) = Ground::any("why::client_socket") else { return };
    let (actor, port) = ground.actor(
        "s = listening('127.0.0.1'); c = create_connection(s.getsockname()); a, _ = s.accept(); say(port(c))",
    );
    let answer = ground.why(&port.to_string());
    answer.is("client-socket", 1, &format!("127.0.0.1:{port} → 127.0.0.1:"));
    answer.has("client-socket", &format!("(pid {}): an outgoing connection", actor.pid()));
    answer.has("ephemeral-range", "outgoing connections draw");
    ground.why(&format!("[::1]:{port}")).is("free", 0, "::1");
}

#[test]
fn time_wait() {
    let Some(ground) = Ground::any("why::time_wait") else { return };
    let (_actor, port) = ground.actor(
        "s = listening('127.0.0.1'); c = create_connection(s.getsockname()); a, _ = s.accept(); p = port(s)
a.shutdown(SHUT_WR); c.recv(1); c.close(); a.recv(1); a.close(); s.close()
while not any(line.split()[3] == '06' for line in open('/proc/net/tcp').readlines()[1:]): pass
say(p)",
    );
    let answer = ground.why(&port.to_string());
    answer.is("time-wait", 1, "a program that sets SO_REUSEADDR can bind it now, one that does not can in ");
    assert!(answer.document["bind"].as_array().unwrap().iter().all(|attempt| attempt["ok"] == true));
}

#[test]
fn wildcard_overlap() {
    let Some(ground) = Ground::any("why::wildcard_overlap") else { return };
    let (_any, port) = ground.actor("s = listening('0.0.0.0'); say(port(s))");
    ground.why(&format!("127.0.0.1:{port}")).is("wildcard-overlap", 1, "0.0.0.0");
    ground
        .why(&port.to_string())
        .is("listener", 0, "answers on 127.0.0.1")
        .has("wildcard-overlap", "every IPv4 address");
    let (_one, port) = ground.actor("s = listening('127.0.0.1'); say(port(s))");
    ground.why(&format!("0.0.0.0:{port}")).is("wildcard-overlap", 1, "cannot be bound");
}

#[test]
fn dual_stack_overlap() {
    let Some(ground) = Ground::any("why::dual_stack_overlap") else { return };
    let (_dual, port) = ground.actor("s = listening('::', only=0); say(port(s))");
    ground.why(&format!("127.0.0.1:{port}")).is("dual-stack-overlap", 1, "IPV6_V6ONLY off");
    let (_single, port) = ground.actor("s = listening('::', only=1); say(port(s))");
    ground.why(&format!("127.0.0.1:{port}")).is("free", 0, "127.0.0.1");
}

#[test]
fn split_localhost() {
    let Some(ground) = Ground::any("why::split_localhost") else { return };
    let (four, port) = ground.actor("s = listening('127.0.0.1'); say(port(s))");
    let (six, _) = ground.actor(&format!("s = listening('::1', {port}); say(port(s))"));
    let answer = ground.why(&port.to_string());
    answer
        .is("split-localhost", 1, &format!("(pid {})", four.pid()))
        .has("split-localhost", &format!("(pid {})", six.pid()));
    answer.has("split-localhost", "which reaches `python3");
    assert_eq!(answer.connected("127.0.0.1").1, Some(four.pid().into()));
    assert_eq!(answer.connected("[::1]").1, Some(six.pid().into()));
    // Asked for one, the other is named all the same.
    assert_eq!(ground.why(&format!("127.0.0.1:{port}")).connected("[::1]").1, Some(six.pid().into()));
    let (_both, port) =
        ground.actor("s = listening('127.0.0.1'); t = listening('::1', port(s)); say(port(s))");
    ground.why(&port.to_string()).is("listener", 0, "answers on 127.0.0.1 and ::1");
}

#[test]
fn reuseport_group() {
    let Some(ground) = Ground::any("why::reuseport_group") else { return };
    let (one, port) = ground.actor("s = listening('127.0.0.1', share=True); say(port(s))");
    let (two, _) = ground.actor(&format!("s = listening('127.0.0.1', {port}, share=True); say(port(s))"));
    let answer = ground.why(&port.to_string());
    answer.is("reuseport-group", 0, "2 sockets of 2 processes");
    let (result, pid) = answer.connected("127.0.0.1");
    assert_eq!(result, "connected");
    assert!(pid.is_none_or(|pid| [one.pid(), two.pid()].map(u64::from).contains(&pid)));
}

#[test]
fn reserved() {
    let Some(ground) = Ground::own("why::reserved") else { return };
    ground.must("sysctl -q -w net.ipv4.ip_local_reserved_ports=2990-3010");
    ground.why("3000").is("free", 0, "127.0.0.1").has("reserved", "2990 to 3010");
    let other = ground.why("3011");
    assert_eq!(other.document["causes"].as_array().unwrap().len(), 1, "{:#}", other.document);
}

#[test]
fn backlog_full() {
    let Some(ground) = Ground::any("why::backlog_full") else { return };
    let (_actor, port) = ground.actor(
        "s = listening('127.0.0.1', backlog=2)
clients = [create_connection(s.getsockname()) for _ in range(3)]
say(port(s))",
    );
    let answer = ground.why(&port.to_string());
    answer.is("backlog-full", 1, "and its backlog is 2");
    assert_eq!(answer.connected("127.0.0.1").0, "timed-out");
}

#[test]
fn udp() {
    let Some(ground) = Ground::any("why::udp") else { return };
    let (_actor, port) =
        ground.actor("s = socket(AF_INET, SOCK_DGRAM); s.bind(('127.0.0.1', 0)); say(port(s))");
    let answer = ground.why(&format!("{port}/udp"));
    answer.is("listener", 0, "EADDRINUSE on 127.0.0.1");
    assert_eq!(answer.document["connect"].as_array().unwrap().len(), 0);
    ground.why(&port.to_string()).is("free", 0, "is UDP");
}

#[test]
fn a_debugger_is_not_touched() {
    let Some(ground) = Ground::any("why::a_debugger_is_not_touched") else { return };
    let (mut actor, port) = ground.actor(
        "if len(sys.argv) == 1:
    os.execv(sys.executable, ['gdbserver', '-c', sys.orig_argv[-1], ':0'])
s = listening('127.0.0.1'); say(port(s)); sys.stdin.readline(); say(len(select.select([s], [], [], 0)[0]))",
    );
    let answer = ground.why(&port.to_string());
    answer.is("listener", 0, "not connected to: gdbserver");
    assert_eq!(answer.connected("127.0.0.1").0, "not-tried");
    actor.say("now");
    assert_eq!(actor.line(), "0");
}

#[test]
fn needs_privilege() {
    let test = "why::needs_privilege";
    if !is_root() || crate::support::program("setpriv").is_none() {
        skip(test, "becoming another user needs root and `setpriv`");
        return;
    }
    let Some(ground) = Ground::own(test) else { return };
    // Another user may not enter the folders that hold the program, so it gets a copy.
    let folder = crate::support::temp::TempDir::new();
    let copy = folder.path().join("navyd");
    std::fs::copy(super::path(), &copy).unwrap();
    let ran = run(std::process::Command::new("chmod").args(["0755"]).args([folder.path(), &copy]));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let mut command = ground.command("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&copy);
    let answer = crate::support::run::Told::by(command.args(["why", "80", "--json"]));
    answer.is("needs-privilege", 1, "ip_unprivileged_port_start is 1024");
    ground.why("80").is("free", 0, "127.0.0.1");
}
