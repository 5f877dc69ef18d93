//! Redis at a tap: pipelines, transactions, subscriptions and its third protocol.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use super::watched::Watched;
use crate::{
    probe::{Server, free_port, program},
    support::{child::Held, run::run},
};

/// A server on a port of its own, and a tap before it.
fn scene(test: &str) -> Option<(Server, Watched)> {
    for name in ["redis-benchmark", "redis-cli"] {
        program(test, name)?;
    }
    let (redis, port) = (program(test, "redis-server")?, free_port());
    let mut command = Command::new(redis);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    Some((Server::start(&mut command, "Ready to accept connections"), Watched::start(port, "redis")))
}

/// What redis-cli answers to these lines.
fn cli(watched: &Watched, flags: &[&str], lines: &[&str]) -> String {
    let mut command = Command::new("redis-cli");
    command.args(["-h", "127.0.0.1", "-p", &watched.port()]).args(flags);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn commands_of_a_pipeline_are_counted() {
    let Some((_server, watched)) = scene("traffic::redis::commands_of_a_pipeline_are_counted") else {
        return;
    };
    let mut bench = Command::new("redis-benchmark");
    bench.args(["-h", "127.0.0.1", "-p", &watched.port(), "-n", "1600", "-P", "16", "-c", "4", "-q"]);
    assert_eq!(run(bench.args(["-t", "set,get,lpush"])).status, Some(0));
    let capture = watched.settled(4800);
    assert_eq!((&capture["lost"]["bytes"], &capture["lost"]["flows"]), (&0.into(), &0.into()));
    for command in ["SET", "GET", "LPUSH"] {
        watched.check(&[(&format!("method:{command} outcome:complete not error:*"), 1600)]);
    }
    watched.check(&[("method:gap or method:opaque or error:*", 0)]);
}

#[test]
fn transactions_errors_and_the_third_protocol_are_read() {
    let test = "traffic::redis::transactions_errors_and_the_third_protocol_are_read";
    let Some((_server, watched)) = scene(test) else { return };
    let said = cli(
        &watched,
        &["-3"],
        &[
            "HSET h a 1 b 2",
            "HGETALL h",
            "MULTI",
            "SET x 1",
            "INCR x",
            "EXEC",
            "LPUSH l 1",
            "INCR h",
            "SISMEMBER s 1",
        ],
    );
    assert!(said.contains("QUEUED") && said.contains("WRONGTYPE"), "{said}");
    cli(&watched, &["-2"], &["HGETALL h", "AUTH pl4ntedS3cret"]);
    watched.settled(13);
    watched.check(&[
        ("method:HELLO not error:*", 1),
        ("method:HSET not error:*", 1),
        ("method:HGETALL target:h not error:*", 2),
        ("method:MULTI not error:*", 1),
        ("method:SET target:x not error:*", 1),
        ("method:INCR target:x not error:*", 1),
        ("method:EXEC not error:*", 1),
        ("method:INCR target:h error~WRONGTYPE", 1),
        ("method:AUTH error~ERR", 1),
        ("target~pl4ntedS3cret", 0),
        ("method:gap or method:opaque or outcome:server_left", 0),
    ]);
}

#[test]
fn what_is_published_is_told_to_be_a_message() {
    let Some((_server, watched)) = scene("traffic::redis::what_is_published_is_told_to_be_a_message") else {
        return;
    };
    let mut subscriber = Command::new("redis-cli");
    subscriber.args(["-h", "127.0.0.1", "-p", &watched.port(), "subscribe", "news"]);
    let mut subscriber = Held::start(&mut subscriber);
    assert_eq!([subscriber.line(), subscriber.line()], ["subscribe", "news"]);
    cli(&watched, &[], &["PUBLISH news one", "PUBLISH news two", "PUBLISH other three"]);
    while subscriber.line() != "two" {}
    drop(subscriber);
    watched.settled(6);
    watched.check(&[
        ("method:SUBSCRIBE target:news", 1),
        ("method:PUBLISH target:news", 2),
        ("method:PUBLISH target:other", 1),
        ("method:message target:news", 2),
    ]);
}
