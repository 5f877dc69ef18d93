//! `navyd free`: what holds the port goes, and nobody else.

mod supervised;
mod systemd;

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
};

use crate::support::{
    child::Held,
    namespace::Namespace,
    program,
    run::{Run, navyd, run},
    skip,
    temp::TempDir,
};

/// Listens on a port of its own choice, says it, and obeys its standard input's end.
const SERVER: &str = "import socket, sys
server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
";

fn python(script: &str) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", script]);
    command
}

/// A server that runs on after its line, and its port.
fn server(after: &str) -> (Held, u16) {
    let mut held = Held::start(&mut python(&format!("{SERVER}{after}")));
    let port = held.line().parse().unwrap();
    (held, port)
}

fn free(port: u16, flags: &[&str]) -> Run {
    run(navyd().arg("free").arg(port.to_string()).args(flags))
}

fn alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

fn can_bind(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[test]
fn the_holder_goes_and_the_client_stays() {
    let (server, port) = server("sys.stdin.read()");
    let mut client = Held::start(&mut python(&format!(
        "import socket, sys
client = socket.create_connection(('127.0.0.1', {port}))
print('met', flush=True)
sys.stdin.read()"
    )));
    assert_eq!(client.line(), "met");
    let freed = free(port, &["--yes"]);
    assert_eq!((freed.status, freed.stdout.trim()), (Some(0), &*format!("port {port} is free")));
    assert!(freed.stderr.contains(&format!("pid {}", server.pid())), "{}", freed.stderr);
    assert!(!freed.stderr.contains(&format!("pid {}", client.pid())), "{}", freed.stderr);
    assert!(!alive(server.pid()) && alive(client.pid()) && can_bind(port));
}

#[test]
fn nothing_is_stopped_without_consent() {
    let (server, port) = server("sys.stdin.read()");
    let dry = free(port, &["--dry-run"]);
    assert_eq!(dry.status, Some(0), "{}", dry.stderr);
    assert!(dry.stdout.contains(&format!("pid {}", server.pid())), "{}", dry.stdout);
    let unasked = free(port, &[]);
    assert_eq!((unasked.status, unasked.stdout.as_str()), (Some(2), ""));
    assert!(unasked.stderr.contains(&format!("hint: navyd free {port} --yes")), "{}", unasked.stderr);
    assert!(alive(server.pid()));
}

#[test]
fn a_person_is_asked() {
    let ask = |port: u16, answer: &str| {
        let script = format!(
            "import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv({:?}, ['navyd', 'free', '{port}'])
seen = b''
while b'[y/N]' not in seen:
    seen += os.read(terminal, 1024)
os.write(terminal, b'{answer}\\n')
try:
    while chunk := os.read(terminal, 1024): seen += chunk
except OSError: pass
print(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))",
            env!("CARGO_BIN_EXE_navyd")
        );
        run(python(&script).env("NO_COLOR", "1"))
    };
    let (server, port) = server("sys.stdin.read()");
    let no = ask(port, "n");
    assert_eq!(no.status, Some(1), "{}", no.stdout);
    assert!(alive(server.pid()));
    let yes = ask(port, "y");
    assert_eq!(yes.status, Some(0), "{}", yes.stdout);
    assert!(!alive(server.pid()) && yes.stdout.contains(&format!("port {port} is free")));
}

#[test]
fn a_server_goes_with_its_workers() {
    let (server, port) = server(
        "import os
workers = []
for _ in range(3):
    worker = os.fork()
    if worker == 0:
        import signal; signal.pause()
    workers.append(worker)
print(*workers, flush=True)
sys.stdin.read()",
    );
    let mut server = server;
    let workers: Vec<u32> = server.line().split(' ').map(|pid| pid.parse().unwrap()).collect();
    let freed = free(port, &["--yes"]);
    assert_eq!(freed.status, Some(0), "{}{}", freed.stdout, freed.stderr);
    assert!(!alive(server.pid()) && !workers.into_iter().any(alive) && can_bind(port));
}

#[test]
fn only_force_kills() {
    let (server, port) = server(
        "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\nsys.stdin.read()",
    );
    let mut server = server;
    assert_eq!(server.line(), "deaf");
    let held = free(port, &["--yes", "--timeout", "300ms"]);
    assert_eq!(held.status, Some(1), "{}", held.stdout);
    assert!(held.stderr.contains(&format!("hint: navyd free {port} --force")), "{}", held.stderr);
    assert!(alive(server.pid()));
    let killed = free(port, &["--yes", "--force", "--timeout", "300ms"]);
    assert_eq!(killed.status, Some(0), "{}", killed.stdout);
    assert!(!alive(server.pid()) && can_bind(port));
}

#[test]
fn whoever_starts_it_again_is_named() {
    // A parent that starts its child again on the same port, and tells the port.
    let mut parent = Held::start(&mut python(
        "import subprocess, sys, socket
port = 0
for _ in range(2):
    child = subprocess.Popen([sys.executable, '-c', '''
import socket, sys
server = socket.create_server((\"127.0.0.1\", int(sys.argv[1])))
print(server.getsockname()[1], flush=True)
sys.stdin.read()''', str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    port = int(child.stdout.readline())
    print(port, child.pid, flush=True)
    if _ == 0: child.wait()
sys.stdin.read()
child.kill()",
    ));
    let line = parent.line();
    let (port, _) = line.split_once(' ').unwrap();
    let freed = free(port.parse().unwrap(), &["--yes", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&freed.stdout).unwrap();
    let line = parent.line();
    let again = line.split_once(' ').unwrap().1;
    assert_eq!(freed.status, Some(1), "{}", freed.stdout);
    assert_eq!(report["ports"][0]["outcome"], "respawned", "{}", freed.stdout);
    let summary = report["ports"][0]["summary"].as_str().unwrap();
    assert!(summary.contains(&format!("(pid {again})")), "{summary}");
    assert!(summary.contains("started by `python3"), "{summary}");
    assert_eq!(report["ports"][0]["hint"], format!("kill {}", parent.pid()));
}

#[test]
fn what_carries_logins_is_spared() {
    let Some(perl) = program("perl") else { return skip("what_carries_logins_is_spared", "no perl") };
    let folder = TempDir::new();
    let disguised = folder.path().join("sshd");
    assert_eq!(run(Command::new("cp").arg(perl).arg(&disguised)).status, Some(0));
    let mut sshd = Held::start(Command::new(&disguised).args([
        "-MIO::Socket::INET",
        "-e",
        "$|=1; $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1'); print $s->sockport, \"\\n\"; <STDIN>",
    ]));
    let port = sshd.line().parse().unwrap();
    let refused = free(port, &["--yes", "--force"]);
    assert_eq!(refused.status, Some(1), "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stdout.contains("never stopped"), "{}", refused.stdout);
    assert!(alive(sshd.pid()));
}

#[test]
fn navyd_does_not_stop_its_own_parent() {
    let (mut parent, _) = server(&format!(
        "import subprocess
port = str(server.getsockname()[1])
done = subprocess.run([{:?}, 'free', port, '--yes', '--force'], capture_output=True, text=True)
print(done.returncode, done.stdout.strip(), flush=True)",
        env!("CARGO_BIN_EXE_navyd")
    ));
    let said = parent.line();
    assert!(said.starts_with("1 ") && said.contains("navyd runs inside it"), "{said}");
}

#[test]
fn a_client_on_the_port_is_never_stopped() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let port = client.local_addr().unwrap().port();
    let refused = free(port, &["--yes", "--force"]);
    assert_eq!(refused.status, Some(1), "{}", refused.stdout);
    assert!(refused.stdout.contains("clients are never stopped"), "{}", refused.stdout);
}

#[test]
fn udp_is_freed_when_asked_for() {
    let mut server = Held::start(&mut python(
        "import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()",
    ));
    let port = server.line();
    let freed = run(navyd().args(["free", &format!("{port}/udp"), "--yes"]));
    assert_eq!((freed.status, freed.stdout.trim()), (Some(0), &*format!("port {port}/udp is free")));
    assert!(!alive(server.pid()));
}

#[test]
fn a_free_port_stays_free_and_bad_input_is_explained() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let free_already = free(port, &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&free_already.stdout).unwrap();
    assert_eq!((free_already.status, &report["schema"]), (Some(0), &"navyd.free/1".into()));
    assert_eq!(report["ports"][0]["outcome"], "already-free");
    for bad in ["0", "65536", "abc", "", "example.com:80"] {
        let refused = run(navyd().args(["free", bad]));
        assert_eq!((refused.status, refused.stdout.as_str()), (Some(2), ""), "{bad}");
        assert!(
            refused.stderr.starts_with("error: ") && refused.stderr.contains("hint: "),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn a_connection_that_rests_is_destroyed() {
    let test = "a_connection_that_rests_is_destroyed";
    let Some(namespace) = Namespace::new(test) else { return };
    // The server closes first, so that the port rests on its side.
    let script = "import socket
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
accepted, _ = server.accept()
accepted.shutdown(socket.SHUT_WR); client.recv(1); client.close(); accepted.recv(1); accepted.close()
print(server.getsockname()[1])";
    let made = run(namespace.command("python3").args(["-c", script]));
    let port = made.stdout.trim();
    let plain_bind = |port: &str| {
        let script = format!("import socket; socket.socket().bind(('127.0.0.1', {port}))");
        run(namespace.command("python3").args(["-c", &script])).status
    };
    assert_eq!(plain_bind(port), Some(1), "TIME_WAIT blocks a plain bind");
    let freed = run(namespace.command(Path::new(env!("CARGO_BIN_EXE_navyd"))).args(["free", port, "--yes"]));
    assert_eq!(freed.status, Some(0), "{}{}", freed.stdout, freed.stderr);
    assert!(freed.stderr.contains("TIME_WAIT"), "{}", freed.stderr);
    assert_eq!(plain_bind(port), Some(0));
}
