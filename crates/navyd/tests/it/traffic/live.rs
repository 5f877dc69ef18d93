//! `navyd traffic` while something passes, into a pipe and on a terminal; and what came from elsewhere or goes elsewhere.

use std::{
    fs,
    process::{Command, Stdio},
    sync::mpsc::{self, TryRecvError},
    thread,
};

use serde_json::Value;

use super::cli::{get, id_of, ids, shop};
use crate::{
    gateway::{answering, heard},
    hub::{Foreground, Home},
    support::{child::Held, program, skip},
};

/// Asks for two paths again and again as long as `work` takes: who follows does not say when it has begun to.
fn while_asked<T>(hub: &Foreground, work: impl FnOnce() -> T) -> T {
    let hub = hub.address();
    thread::scope(|scope| {
        let (_alive, ended) = mpsc::channel::<()>();
        scope.spawn(move || {
            while ended.try_recv() == Err(TryRecvError::Empty) {
                get(hub, "/silent", "");
                get(hub, "/live", "");
            }
        });
        work()
    })
}

#[test]
fn what_passes_is_followed_into_a_pipe_until_a_person_ends_it() {
    let (home, hub) = shop();
    let follow = |arguments: &[&str]| Held::start(home.navyd(arguments).stderr(Stdio::null()));
    let interrupt = |mut held: Held| {
        let pid = held.pid().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert_eq!(held.wait(), Some(130));
    };

    let mut lines = follow(&["traffic", "--jsonl", "path:/live"]);
    let told: Vec<String> = while_asked(&hub, || (0..3).map(|_| lines.line()).collect());
    for line in &told {
        let one: Value = serde_json::from_str(line).unwrap();
        assert_eq!((one["method"].as_str(), one["status"].as_u64()), (Some("GET"), Some(200)), "{line}");
        assert!(one["target"].as_str().is_some_and(|target| target.ends_with("/live")), "{line}");
    }
    interrupt(lines);

    let mut rows = follow(&["traffic", "path:/live"]);
    let row = while_asked(&hub, || rows.line());
    let columns: Vec<&str> = row.trim_end_matches('\n').split('\t').collect();
    assert_eq!((columns.len(), columns[2], columns[3]), (9, "GET", "200"), "{row}");
    interrupt(rows);
}

#[test]
fn on_a_terminal_what_passes_is_shown_as_it_passes() {
    const TEST: &str = "on_a_terminal_what_passes_is_shown_as_it_passes";
    let Some(python) = program("python3") else { return skip(TEST, "`python3` is not installed") };
    let (home, hub) = shop();
    let navyd = home.navyd(&["traffic", "path:/live"]);
    let mut terminal = Command::new(python);
    // It types control-C once `/live` has come twice.
    terminal.args(["-c", include_str!("../see/terminal.py"), "120", "24", "/live"]);
    for (name, value) in navyd.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    terminal.env("TERM", "xterm").env("NO_COLOR", "1").arg(navyd.get_program()).args(navyd.get_args());
    let ran = while_asked(&hub, || terminal.stdin(Stdio::null()).output().unwrap());
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(130), "{shown}");
    assert!(shown.contains("GET") && shown.contains("/live") && !shown.contains("/silent"), "{shown}");
    assert!(!shown.contains('\t'), "a person reads columns: {shown}");
}

#[test]
fn what_another_tool_wrote_is_read_in_and_found() {
    let (home, _hub) = shop();
    let file = home.path("shop.har");
    let name = file.to_str().unwrap();
    assert_eq!(home.run(&["traffic", "export", "--har", "-o", name]).status, Some(0));
    assert_eq!(home.json(&["traffic", "rm", "path:/*", "--yes"])["removed"].as_u64(), Some(3));
    assert_eq!(home.run(&["traffic", "ls"]).status, Some(1));

    let ran = home.run(&["traffic", "import", name]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), "3 exchanges imported\n"), "{ran:?}");
    let page = home.json(&["traffic", "ls"]);
    assert_eq!(ids(&page).len(), 3);
    let lamps = home.json(&["traffic", "show", &id_of(&page, "/lamps").to_string()]);
    assert_eq!(lamps["response"]["body"]["text"].as_str(), Some("{\"id\":7,\"name\":\"lamp\"}"));

    for (text, what) in [("{\"log\":", "is no HAR file"), ("{}", "")] {
        fs::write(&file, text).unwrap();
        let ran = home.run(&["traffic", "import", name]);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(what) && ran.stderr.contains("hint: "), "{ran:?}");
    }
    let ran = home.run(&["traffic", "import", home.path("none.har").to_str().unwrap()]);
    assert!(ran.status == Some(2) && ran.stderr.contains("cannot be read"), "{ran:?}");
}

#[test]
fn a_request_is_sent_to_another_server_as_often_as_is_wanted() {
    let (home, _hub): (Home, Foreground) = shop();
    let lamps = id_of(&home.json(&["traffic", "ls"]), "/lamps").to_string();
    let (other, told) = answering("HTTP/1.1 201 Created|Content-Length: 0||");
    let url = format!("http://{other}");
    let again = home.json(&["traffic", "replay", &lamps, "--to", &url, "--times", "3"]);
    let again = ids_of(&again);
    assert_eq!(again.len(), 3, "{again:?}");
    for id in again {
        assert!(heard(&told).1.starts_with("GET /lamps HTTP/1.1|"));
        assert_eq!(home.json(&["traffic", "show", &id])["status"].as_u64(), Some(201));
    }
    let ran = home.run(&["traffic", "replay", &lamps, "--to", "http://192.0.2.1:80"]);
    assert!(ran.status == Some(2) && ran.stderr.contains("hint: "), "{ran:?}");
    let ran = home.run(&["traffic", "replay", &lamps, "--times", "0"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
}

fn ids_of(replayed: &Value) -> Vec<String> {
    replayed["exchanges"].as_array().unwrap().iter().map(Value::to_string).collect()
}
