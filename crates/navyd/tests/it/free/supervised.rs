//! What a supervisor keeps is stopped by the supervisor's own command, each with the real program.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use super::{alive, can_bind, free};
use crate::support::{
    child::Held,
    peers, program,
    run::{navyd, run},
    skip,
    temp::TempDir,
};

/// A server on a port that it is given. The alarm ends it if its keeper is killed.
const SERVER: &str = "import socket, sys, signal
signal.alarm(120)
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
print('listening', flush=True)
signal.pause()
";

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A directory with the server in it, and a port for it.
fn ground() -> (TempDir, String, u16) {
    let folder = TempDir::new();
    let script = folder.write("server.py", SERVER).display().to_string();
    (folder, script, free_port())
}

/// Waits until somebody listens there, by navyd's own command.
fn listening(port: u16) {
    let waited = run(navyd().args(["wait", &port.to_string(), "--timeout", "30s"]));
    assert_eq!(waited.status, Some(0), "{}", waited.stderr);
}

/// What `free` says; the port must be free afterwards.
fn freed(port: u16) -> String {
    let freed = free(port, &["--yes"]);
    assert_eq!(freed.status, Some(0), "{}{}", freed.stdout, freed.stderr);
    assert!(can_bind(port));
    freed.stderr
}

fn missing(test: &str, name: &str) -> bool {
    let missing = program(name).is_none();
    if missing {
        skip(test, &format!("`{name}` is not installed"));
    }
    missing
}

#[test]
fn what_supervisord_keeps_is_stopped_by_the_command_it_names() {
    let test = "what_supervisord_keeps_is_stopped_by_the_command_it_names";
    if missing(test, "supervisord") {
        return;
    }
    let (folder, script, port) = ground();
    // supervisorctl, too, reads the configuration of the directory it is run in.
    folder.write(
        "supervisord.conf",
        format!(
            "[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={place}/pid\n\
             [unix_http_server]\nfile={place}/socket\n\
             [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
             [supervisorctl]\nserverurl=unix://{place}/socket\n\
             [program:shop]\ncommand=python3 {script} {port}\nautorestart=true\nstartsecs=0\n",
            place = folder.path().display()
        ),
    );
    let _daemon = Ended(Held::start(Command::new("supervisord").arg("-n").current_dir(folder.path())));
    listening(port);
    let report = free(port, &["--yes", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["ports"][0]["outcome"], "supervised", "{report:#}");
    let command = report["ports"][0]["hint"].as_str().unwrap();
    let typed = run(Command::new("sh").args(["-c", command]).current_dir(folder.path()));
    assert_eq!(
        (typed.status, typed.stdout.trim()),
        (Some(0), "shop: stopped"),
        "{command}: {}",
        typed.stderr
    );
    assert!(can_bind(port));
}

#[test]
fn what_runit_keeps_is_stopped_by_sv() {
    let test = "what_runit_keeps_is_stopped_by_sv";
    if missing(test, "runsv") || missing(test, "sv") {
        return;
    }
    let (folder, script, port) = ground();
    let start = folder.write("shop/run", format!("#!/bin/sh\nexec python3 {script} {port} >/dev/null\n"));
    fs::set_permissions(start, fs::Permissions::from_mode(0o755)).unwrap();
    let service = folder.path().join("shop");
    let keeper = Ended(Held::start(Command::new("runsv").arg(&service)));
    listening(port);
    let said = freed(port);
    assert!(said.contains(&format!("sv stop {}", service.display())), "{said}");
    assert!(alive(keeper.0.pid()));
}

/// Keepers without a command for one child are ended themselves, and end their children.
fn goes_with(name: &str, mut command: Command) {
    let (folder, script, port) = ground();
    folder.write("Procfile", format!("web: exec python3 {script} {port}\n"));
    let mut keeper = Held::start(command.arg("start").current_dir(folder.path()));
    listening(port);
    let said = freed(port);
    assert!(said.contains(&format!("kept by  {name}")), "{said}");
    assert!(said.contains(&format!("kill {}", keeper.pid())), "{said}");
    keeper.wait();
}

#[test]
fn what_foreman_keeps_goes_with_it() {
    if !missing("what_foreman_keeps_goes_with_it", "foreman") {
        goes_with("foreman", Command::new("foreman"));
    }
}

#[test]
fn what_honcho_keeps_goes_with_it() {
    if let Some(honcho) = peers::pypi_script("what_honcho_keeps_goes_with_it", "bin/honcho") {
        goes_with("honcho", honcho);
    }
}

#[test]
fn what_nodemon_keeps_goes_with_it() {
    let Some(mut command) = peers::npm("what_nodemon_keeps_goes_with_it", "nodemon/bin/nodemon.js") else {
        return;
    };
    let (folder, script, port) = ground();
    command.args(["--exec", "python3", &script, &port.to_string()]).current_dir(folder.path());
    let mut keeper = Held::start(&mut command);
    listening(port);
    let said = freed(port);
    assert!(said.contains("kept by  nodemon"), "{said}");
    keeper.wait();
}

#[test]
fn what_pm2_keeps_is_stopped_by_pm2() {
    let file = "pm2/bin/pm2";
    let Some(_) = peers::npm("what_pm2_keeps_is_stopped_by_pm2", file) else { return };
    let (folder, script, port) = ground();
    let home = folder.path();
    let path = std::env::join_paths(
        std::iter::once(peers::modules().join(".bin"))
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    let pm2 = |arguments: &[&str]| {
        let mut command = Command::new(peers::modules().join(file));
        run(command.args(arguments).env("PATH", &path).env("HOME", home).env("PM2_HOME", home.join(".pm2")))
    };
    let started =
        pm2(&["start", &script, "--interpreter", "python3", "--name", "shop", "--", &port.to_string()]);
    assert_eq!(started.status, Some(0), "{}{}", started.stdout, started.stderr);
    listening(port);
    let freed = run(navyd()
        .args(["free", &port.to_string(), "--yes"])
        .env("PATH", &path)
        .env("HOME", home)
        .env("PM2_HOME", home.join(".pm2")));
    let listed = pm2(&["jlist"]).stdout;
    pm2(&["kill"]);
    assert_eq!(freed.status, Some(0), "{}{}", freed.stdout, freed.stderr);
    assert!(freed.stderr.contains(&format!("pm2 stop {script}")), "{}", freed.stderr);
    assert!(listed.contains("\"status\":\"stopped\""), "{listed}");
}

/// A keeper that is asked to end, so that its children end with it.
struct Ended(Held);

impl Drop for Ended {
    fn drop(&mut self) {
        let pid = self.0.pid();
        if alive(pid) && run(Command::new("kill").args(["-TERM", &pid.to_string()])).status == Some(0) {
            self.0.wait();
        }
    }
}
