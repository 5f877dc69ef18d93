//! The log of faults: the same for the same seed and the same traffic, another for another seed.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use serde_json::Value;

use super::{ANSWER, DEADLINE, serving, until};
use crate::hub::{Foreground, Home};

/// How many requests each run has: that two seeds choose alike for so many is as good as impossible.
const REQUESTS: usize = 40;

fn ask(hub: &Foreground) {
    let mut stream = TcpStream::connect(hub.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}

fn log(home: &Home) -> Value {
    home.json(&["fault", "log"])
}

/// A follower of the log. Dropped, it is killed.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_seed_repeats_the_log() {
    let home = Home::new();
    let hub = home.hub();
    let upstream = serving(ANSWER).0;
    home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
    home.json(&["fault", "add", "shop", "--status", "503", "--toxicity", "0.5"]);
    home.json(&[
        "fault",
        "add",
        "shop",
        "--latency",
        "1ms",
        "--jitter",
        "1ms",
        "--toxicity",
        "0.5",
        "--name",
        "late",
    ]);
    let run = |seed: &str| {
        let laid =
            home.json(&["fault", "add", "shop", "--limit-data", "1mb", "--name", "much", "--seed", seed]);
        assert_eq!(laid["seed"].to_string(), seed);
        assert_eq!(log(&home)["decisions"].as_array().unwrap().len(), 0, "a new run begins");
        (0..REQUESTS).for_each(|_| ask(&hub));
        let log = log(&home);
        assert_eq!(log["schema"], "navyd.fault-log/1");
        assert_eq!(log["seed"].to_string(), seed);
        log["decisions"].clone()
    };
    let (one, same, other) = (run("7"), run("7"), run("8"));
    assert_eq!(one, same);
    assert_ne!(one, other);
    let hit = one.as_array().unwrap().iter().filter(|decision| decision["fault"] == "status_down").count();
    assert!(0 < hit && hit < REQUESTS, "{hit} of {REQUESTS}");

    // Followed, each comes as it is made.
    let mut command = home.navyd(&["fault", "log", "--follow", "--jsonl"]);
    let mut following = Following(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(following.0.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };
    let before: Vec<Value> = (0..other.as_array().unwrap().len()).map(|_| line()).collect();
    assert_eq!(before, *other.as_array().unwrap());
    let count = log(&home)["decisions"].as_array().unwrap().len();
    until(|| {
        ask(&hub);
        (log(&home)["decisions"].as_array().unwrap().len() > count).then_some(())
    });
    assert_eq!(line(), log(&home)["decisions"][count]);
    let text = home.run(&["fault", "log"]);
    assert!(text.status == Some(0) && text.stdout.contains("status_down"), "{text:?}");
}

#[test]
fn a_hub_can_be_told_its_seed() {
    let home = Home::new();
    let _hub = home.hub_with(&["--seed", "41"]);
    assert_eq!(home.json(&["fault", "ls"])["seed"], 41);
    assert_eq!(home.run(&["hub", "start", "--seed", "41"]).status, Some(0));
    let other = home.run(&["hub", "start", "--seed", "42"]);
    assert!(other.status == Some(2) && other.stderr.contains("`41`, and not `42`"), "{other:?}");
    let empty = home.run(&["fault", "log"]);
    assert!(empty.status == Some(1) && empty.stderr.contains("hint: "), "{empty:?}");
}

#[test]
fn a_hub_in_the_background_can_be_told_its_seed() {
    let home = Home::new();
    let started = home.run(&["hub", "start", "--seed", "43"]);
    assert_eq!(started.status, Some(0), "{started:?}");
    let seed = home.json(&["fault", "ls"])["seed"].clone();
    assert_eq!(home.run(&["hub", "stop"]).status, Some(0));
    assert_eq!(seed, 43);
}
