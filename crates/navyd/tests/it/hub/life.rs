//! Starting, joining and ending.

use std::{
    fs,
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{DEADLINE, Home};
use crate::{
    gateway::{Peer, upstream},
    support::{child::Held, run::run},
};

#[test]
fn a_hub_that_hangs_is_told_within_seconds() {
    let home = Home::new();
    let hub = home.hub();
    let pid = hub.status["pid"].as_u64().unwrap();
    let signal = |name: &str| run(Command::new("kill").args([name, &pid.to_string()]));
    assert_eq!(signal("-STOP").status, Some(0));
    let begun = Instant::now();
    for words in [["hub", "status"], ["hub", "stop"]] {
        let ran = home.run(&words);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        let expected = format!(
            "error: the hub does not answer\n  cause: it holds its lock and listens, but it did not answer within 5 s\n\n\
             hint: kill -KILL {pid} && navyd hub start\n"
        );
        assert_eq!(ran.stderr, expected, "{words:?}");
    }
    // Far from the two minutes that an act of the hub may take.
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    assert_eq!(signal("-CONT").status, Some(0));
    assert_eq!(home.run(&["hub", "status"]).status, Some(0));

    // One that has its lock and does not listen yet, or no more.
    fs::remove_file(home.path("run/navyd/hub.sock")).unwrap();
    let ran = home.run(&["hub", "status"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.stderr.contains("it is starting, ending or stuck") && ran.stderr.contains("hint: "),
        "{ran:?}"
    );
}

#[test]
fn commands_start_a_hub_that_stays_until_it_is_stopped() {
    let home = Home::new();
    let ran = home.run(&["hub", "status"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(1), "no hub runs\n", "hint: navyd hub start\n")
    );
    assert_eq!(home.json(&["hub", "status"])["running"], false);

    let ran = home.run(&["route", "add", "shop", "3000"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let pid = home.pid();
    let status = home.json(&["hub", "start"]);
    assert_eq!((status["pid"].as_u64(), status["routes"].as_u64()), (Some(pid), Some(1)));

    // It has left the terminal of whoever started it, and keeps no directory busy.
    let proc = format!("/proc/{pid}");
    let stat = fs::read_to_string(format!("{proc}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    assert_eq!(fields[3], pid.to_string(), "it leads a session of its own");
    assert_eq!(fs::read_link(format!("{proc}/cwd")).unwrap().to_str(), Some("/"));

    let found: serde_json::Value =
        serde_json::from_slice(&fs::read(home.path("run/navyd/hub.json")).unwrap()).unwrap();
    assert_eq!(found["schema"], "navyd.discovery/1");
    assert_eq!((&found["pid"], &found["listen"]), (&status["pid"], &status["listen"]));

    let ran = home.run(&["hub", "stop"]);
    assert_eq!((ran.status, ran.stdout), (Some(0), format!("the hub has ended: pid {pid}\n")));
    assert!(!home.socket().exists() && !home.path("run/navyd/hub.json").exists());
    assert_eq!(home.run(&["hub", "stop"]).status, Some(1));
}

#[test]
fn a_second_start_joins_the_first() {
    let home = Home::new();
    let hub = home.hub();
    let second = home.run(&["hub", "--json"]);
    assert_eq!(second.status, Some(0), "{second:?}");
    let status: serde_json::Value = serde_json::from_str(&second.stdout).unwrap();
    assert_eq!(status["pid"], hub.status["pid"]);
    assert!(
        second.stderr.contains(&format!("note: a hub runs already: pid {}", hub.held.pid())),
        "{second:?}"
    );
    assert_eq!(home.json(&["hub", "start"])["pid"], hub.status["pid"]);
}

#[test]
fn of_many_that_start_at_once_one_is_the_hub() {
    let home = Home::new();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let mut command = home.navyd(&["--json", "hub", "start"]);
            thread::spawn(move || crate::support::run::run(&mut command))
        })
        .collect();
    let mut pids: Vec<u64> = Vec::new();
    for start in starts {
        let ran = start.join().unwrap();
        assert_eq!(ran.status, Some(0), "{ran:?}");
        pids.push(serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()["pid"].as_u64().unwrap());
    }
    pids.dedup();
    assert_eq!(pids, [home.pid()]);
}

/// A hub with a request in flight, which `answer` lets its upstream answer.
fn in_flight(home: &Home) -> (super::Foreground, Peer, mpsc::Sender<()>) {
    let (answer, told) = mpsc::channel::<()>();
    let told = std::sync::Arc::new(std::sync::Mutex::new(told));
    let (arrived, has_arrived) = mpsc::channel();
    let address = upstream(move |_, mut peer| {
        if peer.head().is_empty() {
            return;
        }
        arrived.send(()).unwrap();
        // Dropped without a word, it never answers.
        if told.lock().unwrap().recv_timeout(DEADLINE).is_ok() {
            peer.say("HTTP/1.1 200 OK|Content-Length: 4||done");
        }
    });
    let hub = home.hub();
    let added = home.run(&["route", "add", "slow", &format!("http://{address}")]);
    assert_eq!(added.status, Some(0), "{added:?}");
    let mut client = Peer::connect(hub.address());
    client.say(&format!("GET / HTTP/1.1|Host: slow.localhost:{}||", hub.address().port()));
    has_arrived.recv_timeout(DEADLINE).unwrap();
    (hub, client, answer)
}

#[test]
fn what_is_in_flight_finishes_when_it_is_terminated() {
    let home = Home::new();
    let (mut hub, mut client, answer) = in_flight(&home);
    // It says that it ends, as the last event; then the request is answered.
    let mut events = Held::start(&mut follow(&home));
    assert!(events.line().starts_with("event: hub"));
    hub.signal("TERM");
    while !events.line().starts_with("event: stopping") {}
    answer.send(()).unwrap();
    assert!(client.head().starts_with("HTTP/1.1 200 OK"));
    assert_eq!(client.take(4), "done");
    assert_eq!(hub.held.wait(), Some(0));
    assert!(!home.socket().exists());
}

#[test]
fn a_start_while_the_one_before_ends_waits_for_it() {
    let home = Home::new();
    let (mut hub, _client, answer) = in_flight(&home);
    assert_eq!(home.ask("POST", "/api/v1/stop", "").status, 202);
    // It is told in the order of its own time, so it is asked until it says so.
    while home.json(&["hub", "status"])["ending"] != true {}
    let mut command = home.navyd(&["--json", "hub", "start"]);
    let starting = thread::spawn(move || crate::support::run::run(&mut command));
    answer.send(()).unwrap();
    assert_eq!(hub.held.wait(), Some(0));
    let started = starting.join().unwrap();
    assert_eq!(started.status, Some(0), "{started:?}");
    let started: serde_json::Value = serde_json::from_str(&started.stdout).unwrap();
    assert_ne!(started["pid"], hub.status["pid"]);
    assert_eq!((&started["ending"], &started["routes"]), (&false.into(), &1.into()));
}

#[test]
fn told_twice_it_waits_for_nothing() {
    let home = Home::new();
    let (mut hub, mut client, _answer) = in_flight(&home);
    let start = Instant::now();
    let stopping = home.ask("POST", "/api/v1/stop", "");
    assert_eq!((stopping.status, &stopping.json()["pid"]), (202, &hub.status["pid"]));
    assert_eq!(home.ask("POST", "/api/v1/stop", "").status, 202);
    assert_eq!(hub.held.wait(), Some(0));
    // Far less than the ten seconds that the request in flight would have had.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(!client.head().starts_with("HTTP/1.1 200"));
}

/// curl on the events over the socket; `Held` ends it.
fn follow(home: &Home) -> std::process::Command {
    let mut curl = std::process::Command::new("curl");
    curl.args(["-sN", "--unix-socket"]).arg(home.socket()).arg("http://navyd/api/v1/events");
    curl
}
