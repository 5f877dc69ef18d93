//! Databases and caches.

use std::process::Command;

use super::{Server, TempDir, check, check_as, free_port, number_after, program, without_rights};
use crate::support::peers;

#[test]
fn redis_sees_no_attack() {
    let Some(redis) = program("redis_sees_no_attack", "redis-server") else { return };
    let port = free_port();
    let mut command = Command::new(redis);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--loglevel", "verbose"]);
    let server = Server::start(&mut command, "Ready to accept connections");
    check("redis-server", port, "Redis", "");
    let log = server.stop();
    assert!(log.contains("Accepted 127.0.0.1"), "{log}");
    assert!(!log.contains("ATTACK"), "{log}");
}

#[test]
fn redis_with_a_password_says_so() {
    let Some(redis) = program("redis_with_a_password_says_so", "redis-server") else { return };
    let port = free_port();
    let mut command = Command::new(redis);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--requirepass", "x"]);
    let _server = Server::start(&mut command, "Ready to accept connections");
    check_as("redis-server", port, "Redis", "wants a password");
    check_as("unknown", port, "Redis", "");
}

#[test]
fn memcached_tells_its_version() {
    let Some(memcached) = program("memcached_tells_its_version", "memcached") else { return };
    let port = free_port();
    let mut command = Command::new(memcached);
    command.args(["-vv", "-u", "nobody", "-U", "0", "-l", "127.0.0.1", "-p", &port.to_string()]);
    let _server = Server::start(&mut command, "server listening");
    check("memcached", port, "Memcached", "1.");
}

#[test]
fn postgresql_logs_nothing() {
    let Some((mut server, port, _folder)) = postgresql("postgresql_logs_nothing") else { return };
    check_as("postgres", port, "PostgreSQL", "without TLS");
    // The shutdown is what it logs next, so that nothing was logged of the question.
    let ready = server.log.len();
    server.end();
    let said = server.log.get(ready).cloned().unwrap_or_default();
    assert!(said.contains("received smart shutdown request"), "{said}");
}

#[test]
fn postgresql_is_found_without_hints() {
    let Some((_server, port, _folder)) = postgresql("postgresql_is_found_without_hints") else { return };
    check_as("unknown", port, "PostgreSQL", "without TLS");
}

/// A server on a port of its own, and its data.
pub(crate) fn postgresql(test: &str) -> Option<(Server, u16, TempDir)> {
    let (initdb, postgres) = (program(test, "initdb")?, program(test, "postgres")?);
    let folder = TempDir::new();
    let data = folder.path().join("data");
    let mut init = Command::new(initdb);
    init.args(["--no-sync", "-A", "trust", "-U", "navyd", "-D"]).arg(&data);
    without_rights(&mut init, &folder);
    let made = init.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = free_port();
    let mut command = Command::new(postgres);
    command.arg("-D").arg(&data).arg("-k").arg(folder.path());
    command.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
    without_rights(&mut command, &folder);
    Some((Server::start(&mut command, "ready to accept connections"), port, folder))
}

#[test]
fn mariadb_greets() {
    let Some((_server, port, _folder)) = mariadb("mariadb_greets") else { return };
    check("mariadbd", port, "MariaDB", "MariaDB");
}

/// A server on a port of its own that asks nobody who they are, and its data.
pub(crate) fn mariadb(test: &str) -> Option<(Server, u16, TempDir)> {
    let mariadb = program(test, "mariadbd")?;
    let folder = TempDir::new();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let port = free_port();
    let mut command = Command::new(mariadb);
    command.args(["--no-defaults", "--skip-grant-tables", "--bind-address=127.0.0.1"]);
    command.arg(format!("--port={port}")).arg(format!("--datadir={}", data.display()));
    command.arg(format!("--socket={}", folder.path().join("socket").display()));
    if crate::support::is_root() {
        std::os::unix::fs::chown(&data, Some(super::NOBODY), Some(super::NOBODY)).unwrap();
    }
    without_rights(&mut command, &folder);
    Some((Server::start(&mut command, "ready for connections"), port, folder))
}

#[test]
fn mongodb_says_hello() {
    let Some(mut command) = peers::pypi_script("mongodb_says_hello", "bin/nx-27017") else { return };
    let (folder, port) = (TempDir::new(), free_port());
    command.args(["--db", "memory", "--host", "127.0.0.1", "-p", &port.to_string(), "--log-file"]);
    command.arg(folder.path().join("log")).arg("--pid-file").arg(folder.path().join("pid"));
    let _server = Server::start(&mut command, "Listening on");
    check_as("mongod", port, "MongoDB", "");
}

#[test]
fn opensearch_tells_its_version() {
    let Some(osmem) = peers::pypi("opensearch_tells_its_version", "osmem_server/bin/osmem-server") else {
        return;
    };
    let mut command = Command::new(osmem);
    let server = Server::start(command.args(["-no-stdin-watch", "-addr", "127.0.0.1:0"]), "\"url\"");
    let line = server.log.last().unwrap().split("\",").next().unwrap();
    check("opensearch", number_after(line, ":"), "OpenSearch", "3.");
}
