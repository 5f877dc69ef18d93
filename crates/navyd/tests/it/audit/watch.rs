//! Watching: a new exposure is told soon after its listener is born, and costs nearly nothing to wait for.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::planted::{inside, listening, python, server};
use crate::support::{child::Held, namespace::Namespace};

/// The next event at this port: other tests plant dangers as well.
fn next(watch: &mut Held, port: u16) -> Value {
    loop {
        let line = watch.line();
        let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        if event["finding"]["listener"]["port"] == port {
            break event;
        }
    }
}

#[test]
fn a_danger_is_told_when_it_is_born_and_when_it_is_gone() {
    let Some(namespace) = Namespace::new("a_danger_is_told_when_it_is_born_and_when_it_is_gone") else {
        return;
    };
    let planted = server(&python(), "127.0.0.1", 0, &["--token", "hunter2hunter2"]);
    let plant = || listening(namespace.command(planted.get_program()).args(planted.get_args()));
    let (_first, port) = plant();
    let mut watch = Held::start(inside(&namespace).args(["audit", "--watch", "--jsonl", "--only", "A54"]));
    let event = next(&mut watch, port);
    assert_eq!((&event["event"], &event["finding"]["id"]), (&"present".into(), &"A54".into()), "{event:#}");

    let (second, port) = plant();
    let born = Instant::now();
    let event = next(&mut watch, port);
    let told = born.elapsed();
    assert_eq!(
        (&event["event"], &event["finding"]["holders"][0]["pid"]),
        (&"added".into(), &second.pid().into())
    );
    drop(second);
    assert_eq!(next(&mut watch, port)["event"], "gone");
    // How soon depends on the machine as well, so it is told and not held.
    eprintln!("a danger was told after {told:?}; processor time {:?}", processor_time(watch.pid()));

    let sent = Command::new("kill").args(["-INT", &watch.pid().to_string()]).status().unwrap();
    assert!(sent.success());
    assert_eq!(watch.wait(), Some(130));
}

/// The processor time of a process, by proc_pid_stat(5); a tick is 10 ms.
fn processor_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<u64> = stat
        .rsplit_once(") ")
        .map(|(_, rest)| rest.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect())
        .unwrap_or_default();
    Duration::from_millis(fields.iter().sum::<u64>() * 10)
}
