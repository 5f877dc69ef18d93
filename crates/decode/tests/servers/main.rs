//! Real servers and real clients, with a recorder between them: what the decoders count is what was sent.
//!
//! A server is ready when its log says so. Missing programs skip their test with a printed reason.
// A test fails by panicking, and says on stderr why it was skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod recorder;
mod server;

use std::process::{Command, Stdio};

use navyd_decode::Spoken;
use navyd_model::exchange::Protocol;

use recorder::Recorder;
use server::{Folder, Server, free_port, program, without_rights};

/// Runs a client to its end, which must be good.
fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How many exchanges were answered whole and without an error.
fn count(spoken: &[Spoken], method: &str, target: &str) -> usize {
    let meant = |one: &&Spoken| one.method == method && one.target.starts_with(target);
    spoken.iter().filter(meant).filter(|one| one.ended.is_some() && one.error.is_none()).count()
}

fn complaints(spoken: &[Spoken]) -> Vec<&Spoken> {
    let odd = |one: &&Spoken| {
        one.ended.is_none() || one.error.is_some() || matches!(one.method.as_str(), "gap" | "opaque" | "tls")
    };
    spoken.iter().filter(odd).collect()
}

#[test]
fn pgbench_is_counted_in_each_of_its_modes() {
    let name = "pgbench_is_counted_in_each_of_its_modes";
    let programs = (program(name, "initdb"), program(name, "postgres"), program(name, "pgbench"));
    let (Some(initdb), Some(postgres), Some(pgbench)) = programs else { return };
    let folder = Folder::new();
    let data = folder.path().join("data");
    let mut init = Command::new(initdb);
    init.args(["--no-sync", "-A", "trust", "-U", "navyd", "-D"]).arg(&data);
    without_rights(&mut init, &folder);
    run(&mut init);
    let port = free_port();
    let mut command = Command::new(postgres);
    command.arg("-D").arg(&data).arg("-k").arg(folder.path());
    command.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
    without_rights(&mut command, &folder);
    let _server = Server::start(&mut command, "ready to accept connections");
    let bench = |port: u16, arguments: &[&str]| {
        let mut command = Command::new(&pgbench);
        command
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "navyd"])
            .args(arguments)
            .arg("postgres");
        run(&mut command)
    };
    bench(port, &["-i", "-q"]);
    for (mode, method) in [("simple", "query"), ("extended", "execute"), ("prepared", "execute")] {
        let recorder = Recorder::start(port);
        bench(recorder.port(), &["-M", mode, "-n", "-c", "3", "-t", "20"]);
        let spoken = recorder.decoded(Protocol::Postgres);
        assert!(complaints(&spoken).is_empty(), "{mode}: {:#?}", complaints(&spoken));
        for (statement, expected) in
            [("BEGIN", 60), ("UPDATE", 180), ("SELECT abalance", 60), ("INSERT", 60), ("END", 60)]
        {
            assert_eq!(count(&spoken, method, statement), expected, "{mode}: {statement}");
        }
    }
}

#[test]
fn redis_benchmark_is_counted() {
    let name = "redis_benchmark_is_counted";
    let (Some(redis), Some(benchmark)) = (program(name, "redis-server"), program(name, "redis-benchmark"))
    else {
        return;
    };
    let port = free_port();
    let mut command = Command::new(redis);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    let _server = Server::start(&mut command, "Ready to accept connections");
    let recorder = Recorder::start(port);
    let mut client = Command::new(benchmark);
    client.args(["-h", "127.0.0.1", "-p", &recorder.port().to_string(), "-n", "1600", "-P", "16", "-c", "4"]);
    run(client.args(["-t", "set,get,lpush", "-q"]));
    let spoken = recorder.decoded(Protocol::Redis);
    for command in ["SET", "GET", "LPUSH"] {
        assert_eq!(count(&spoken, command, ""), 1600, "{command}");
    }
    // What the benchmark asks for when it has enough replies is never read.
    let lost = complaints(&spoken);
    assert!(lost.iter().all(|one| one.ended.is_none() && one.method != "gap"), "{lost:#?}");
}

#[test]
fn what_a_client_of_mariadb_asks_is_counted() {
    let name = "what_a_client_of_mariadb_asks_is_counted";
    let (Some(mariadbd), Some(client)) = (program(name, "mariadbd"), program(name, "mariadb")) else {
        return;
    };
    let folder = Folder::new();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    folder.give_away(&data);
    let port = free_port();
    let mut command = Command::new(mariadbd);
    command.args(["--no-defaults", "--skip-grant-tables", "--bind-address=127.0.0.1"]);
    command.arg(format!("--port={port}")).arg(format!("--datadir={}", data.display()));
    command.arg(format!("--socket={}", folder.path().join("socket").display()));
    without_rights(&mut command, &folder);
    let _server = Server::start(&mut command, "ready for connections");
    let recorder = Recorder::start(port);
    let mut statements =
        "create database shop; use shop; create table t(id int primary key, name text);".to_owned();
    for id in 0..50 {
        statements.push_str(&format!("insert into t values ({id}, 'n{id}');"));
    }
    statements.push_str("select * from t;");
    for id in 0..20 {
        statements.push_str(&format!(
            "prepare s from 'select name from t where id = ?'; set @id = {id}; execute s using @id;"
        ));
    }
    let mut command = Command::new(client);
    command.args([
        "--no-defaults",
        "--protocol=tcp",
        "-h",
        "127.0.0.1",
        "-P",
        &recorder.port().to_string(),
        "-e",
    ]);
    let said = run(command.arg(&statements));
    assert!(said.contains("n49"), "{said}");
    let spoken = recorder.decoded(Protocol::Mysql);
    assert!(complaints(&spoken).is_empty(), "{:#?}", complaints(&spoken));
    for (statement, expected) in
        [("insert", 50), ("prepare", 20), ("set @id", 20), ("execute", 20), ("select * from t", 1)]
    {
        assert_eq!(count(&spoken, "query", statement), expected, "{statement}");
    }
    let rows = spoken.iter().find(|one| one.target == "select * from t").unwrap();
    assert_eq!(rows.details["results"][0]["row_count"], 50);
}
