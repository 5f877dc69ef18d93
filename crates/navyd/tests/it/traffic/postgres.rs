//! PostgreSQL at a tap: what its own tools send is what is counted.

use std::{
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use super::{
    until,
    watched::{Watched, shown},
};
use crate::{
    probe::{Server, postgresql, program},
    support::{certificate::self_signed, run::run, temp::TempDir},
};

/// A server, its tools, and a tap before it.
struct Scene {
    watched: Watched,
    server: u16,
    _running: (Server, TempDir),
}

impl Scene {
    fn new(test: &str) -> Option<Self> {
        for name in ["pgbench", "psql"] {
            program(test, name)?;
        }
        let (running, server, folder) = postgresql(test)?;
        Some(Self { watched: Watched::start(server, "postgres"), server, _running: (running, folder) })
    }

    /// A client, at the server itself or at the tap.
    fn client(&self, name: &str, at_tap: bool) -> Command {
        let port = if at_tap { self.watched.port() } else { self.server.to_string() };
        let mut command = Command::new(program("", name).unwrap());
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "navyd"]);
        command.env("PGSSLMODE", "disable").env("PGGSSENCMODE", "disable").env("PGDATABASE", "postgres");
        command
    }

    /// Runs statements, each by itself, and gives what came.
    fn psql(&self, at_tap: bool, statements: &[&str]) -> String {
        let mut command = self.client("psql", at_tap);
        command.args(["-X", "-A", "-t"]);
        for statement in statements {
            command.args(["-c", statement]);
        }
        run(&mut command).stdout
    }
}

#[test]
fn transactions_of_pgbench_are_counted_in_each_of_its_modes() {
    let test = "traffic::postgres::transactions_of_pgbench_are_counted_in_each_of_its_modes";
    let Some(scene) = Scene::new(test) else { return };
    assert_eq!(run(scene.client("pgbench", false).args(["-i", "-q"])).status, Some(0));
    for mode in ["simple", "extended", "prepared"] {
        let ran = run(scene.client("pgbench", true).args(["-M", mode, "-n", "-c", "3", "-t", "20"]));
        assert!(ran.status == Some(0) && ran.stdout.contains("actually processed: 60/60"), "{ran:?}");
    }
    // Seven statements in each of 180 transactions; before them each run asks for the size of a table.
    let capture = scene.watched.settled(1260);
    assert_eq!(capture["lost"], serde_json::json!({"flows": 0, "bytes": 0, "exchanges": 0}));
    for (method, runs) in [("query", 1), ("execute", 2)] {
        for (statement, each) in
            [("BEGIN;", 1), ("UPDATE*", 3), ("SELECT abalance*", 1), ("INSERT*", 1), ("END;", 1)]
        {
            let filter = format!("method:{method} target:\"{statement}\" outcome:complete not error:*");
            scene.watched.check(&[(&filter, 60 * runs * each)]);
        }
    }
    // Nothing was misread.
    scene.watched.check(&[("method:gap or method:opaque or not outcome:complete", 0)]);
}

#[test]
fn errors_copies_and_cancelled_queries_are_told_as_what_they_are() {
    let test = "traffic::postgres::errors_copies_and_cancelled_queries_are_told_as_what_they_are";
    let Some(scene) = Scene::new(test) else { return };
    scene.psql(true, &["select * from nothere", "select 1/0"]);
    scene.psql(true, &["create table c(a int, b text)"]);
    let mut copy = scene.client("psql", true);
    copy.args(["-X", "-c", "copy c from program 'printf ''1\\t one\\n2\\t two\\n3\\tthree\\n'''"]);
    assert_eq!(run(&mut copy).status, Some(0));
    assert_eq!(scene.psql(true, &["copy c to stdout"]).lines().count(), 3);

    let mut waiting = scene.client("psql", true);
    waiting.args(["-X", "-c", "select pg_sleep(600)"]).stdin(Stdio::null()).stdout(Stdio::null());
    // A group of its own, as a shell gives it, so that the interrupt is its own.
    let mut waiting = waiting.stderr(Stdio::null()).process_group(0).spawn().unwrap();
    let running =
        "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)' and state = 'active'";
    until(|| (scene.psql(false, &[running]).trim() == "1").then_some(()));
    assert!(Command::new("kill").args(["-INT", &waiting.id().to_string()]).status().unwrap().success());
    assert_eq!(waiting.wait().unwrap().code(), Some(1));

    scene.watched.settled(11);
    scene.watched.check(&[
        ("method:connect outcome:complete", 5),
        ("method:query error~42P01 target:\"select * from nothere\"", 1),
        ("method:query error~22012 target:\"select 1/0\"", 1),
        ("method:query error~57014 target:\"select pg_sleep(600)\"", 1),
        ("method:cancel", 1),
        ("method:query target:copy* not error:*", 2),
    ]);
    let copied = &scene.watched.list("target:\"copy c to stdout\"")[0];
    assert_eq!(copied["outcome"], "complete");
    let details = shown(&scene.watched.home, copied)["details"].to_string();
    assert!(details.contains("COPY 3"), "{details}");
}

#[test]
fn encryption_that_is_refused_is_read_on_and_encryption_that_is_spoken_is_said() {
    let test =
        "traffic::postgres::encryption_that_is_refused_is_read_on_and_encryption_that_is_spoken_is_said";
    let Some(scene) = Scene::new(test) else { return };
    let ask = |mode: &str, statement: &str| {
        let mut command = scene.client("psql", true);
        run(command.env("PGSSLMODE", mode).args(["-X", "-A", "-t", "-c", statement]))
    };
    // Asked, and answered with `N`: in clear from there on, or not at all.
    assert_eq!(ask("prefer", "select 'in clear'").stdout, "in clear\n");
    let refused = ask("require", "select 'never'");
    assert!(refused.stderr.contains("server does not support SSL"), "{refused:?}");
    scene.watched.settled(3);
    scene.watched.check(&[
        ("target:\"select 'in clear'\" outcome:complete", 1),
        ("method:connect not error:*", 1),
        ("method:connect error~\"refused TLS\"", 1),
        ("", 3),
    ]);

    let Some(openssl) = program(test, "openssl") else { return };
    let data = scene._running.1.path().join("data");
    let (key, certificate) = (data.join("server.key"), data.join("server.crt"));
    let more = ["-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.crt"];
    self_signed(&openssl, &data, &more);
    for path in [&key, &certificate] {
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&data).unwrap());
        std::os::unix::fs::chown(path, Some(owner), None).unwrap();
    }
    scene.psql(false, &["alter system set ssl = on", "select pg_reload_conf()"]);
    until(|| (scene.psql(false, &["show ssl"]).trim() == "on").then_some(()));
    let ran = ask("require", "select 'in secret'");
    assert_eq!(ran.stdout, "in secret\n", "{ran:?}");
    scene.watched.settled(4);
    scene.watched.check(&[
        // What passed is told, though nothing of it can be read: more than the handshake alone.
        ("method:tls target~\"encrypted by TLS\" sent:>300 received:>600 not outcome:server_left", 1),
        ("target~\"in secret\"", 0),
        ("", 4),
    ]);
    assert_eq!(scene.watched.interrupted(), Some(130));
}
