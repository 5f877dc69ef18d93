//! `navyd traffic` and `navyd tap` against a hub.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    gateway::answering,
    hub::{Foreground, Home},
    support::child::Held,
};

/// How long a socket may be silent. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(30);

const ANSWER: &str =
    "HTTP/1.1 200 OK|Content-Type: application/json|Content-Length: 22||{\"id\":7,\"name\":\"lamp\"}";

/// Asks for a path of `shop.localhost`, and reads the answer to its end.
pub(super) fn get(hub: SocketAddr, path: &str, fields: &str) {
    let mut stream = TcpStream::connect(hub).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhOst: shop.localhost\r\n{fields}Connection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// A hub with a route, through which three requests went.
pub(super) fn shop() -> (Home, Foreground) {
    let home = Home::new();
    let (upstream, _heard) = answering(ANSWER);
    let hub = home.hub();
    home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
    get(hub.address(), "/cart?page=1", "");
    get(hub.address(), "/lamps", "");
    get(hub.address(), "/health", "Authorization: Bearer hunter2\r\n");
    // What has passed is told soon, and not at once.
    super::until(|| {
        let page = home.json(&["traffic", "ls"]);
        let all = page["exchanges"].as_array().unwrap();
        (all.iter().filter(|one| one["outcome"] == "complete").count() == 3).then_some(())
    });
    (home, hub)
}

pub(super) fn ids(page: &Value) -> Vec<u64> {
    let exchanges = page["exchanges"].as_array().unwrap();
    exchanges.iter().map(|one| one["id"].as_u64().unwrap()).collect()
}

/// The exchange of a path. Numbers grow with time, though not among connections of the same moment.
pub(super) fn id_of(page: &Value, path: &str) -> u64 {
    let exchanges = page["exchanges"].as_array().unwrap();
    let found =
        exchanges.iter().find(|one| one["target"].as_str().is_some_and(|target| target.ends_with(path)));
    found.unwrap_or_else(|| panic!("{path} is not in {page}"))["id"].as_u64().unwrap()
}

#[test]
fn what_passed_is_listed_found_shown_and_counted() {
    let (home, _hub) = shop();
    let page = home.json(&["traffic", "ls"]);
    assert_eq!((page["schema"].as_str(), ids(&page).len()), (Some("navyd.exchanges/1"), 3));
    let [health, lamps, cart] = ["/health", "/lamps", "/cart?page=1"].map(|path| id_of(&page, path));
    assert_eq!(ids(&home.json(&["traffic", "ls", "path:/lamps"])), [lamps]);
    let mut newest = ids(&page);
    newest.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(ids(&home.json(&["traffic", "ls", "--limit", "1"])), newest[..1]);
    assert_eq!(ids(&home.json(&["traffic", "ls", "--before", &newest[1].to_string()])), newest[2..]);
    assert_eq!(ids(&home.json(&["traffic", "search", "page"])), [cart]);

    // Into a pipe: a line each, nine columns, no header.
    let ran = home.run(&["traffic", "ls", "path:/lamps"]);
    let columns: Vec<&str> = ran.stdout.trim_end_matches('\n').split('\t').collect();
    assert_eq!(
        (columns.len(), columns[1], columns[2], columns[3]),
        (9, lamps.to_string().as_str(), "GET", "200")
    );
    assert!(columns[6].ends_with("/lamps"), "{columns:?}");

    let ran = home.run(&["traffic", "show", &cart.to_string()]);
    for part in
        ["GET /cart?page=1 HTTP/1.1\nhOst: shop.localhost\n", "{\n  \"id\": 7,\n  \"name\": \"lamp\"\n}\n"]
    {
        assert!(ran.stdout.contains(part), "{part} is not in {ran:?}");
    }
    let ran = home.run(&["traffic", "show", &health.to_string()]);
    assert!(
        ran.stdout.contains("Authorization: Bearer [redacted]") && !ran.stdout.contains("hunter2"),
        "{ran:?}"
    );

    let figures = home.json(&["traffic", "stats"]);
    assert_eq!((figures["exchanges"].as_u64(), figures["statuses"]["200"].as_u64()), (Some(3), Some(3)));
    let ran = home.run(&["traffic", "stats"]);
    assert!(ran.stdout.starts_with("shop.localhost") && ran.stdout.contains("\t3\t0\t"), "{ran:?}");

    let ran = home.run(&["traffic", "ls", "status:500"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), "no exchange matches\nhint: navyd traffic ls\n"));
    let ran = home.run(&["traffic", "show", "4000000"]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
}

#[test]
fn a_wrong_filter_is_pointed_at_without_asking_anybody() {
    let ran = Home::new().run(&["traffic", "ls", "method:GET", "status:>=abc"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines[1], "  cause: method:GET status:>=abc", "{ran:?}");
    let at = lines[2].find('^').unwrap();
    assert_eq!(&lines[1][at..at + lines[2].matches('^').count()].trim_start_matches(">="), &"abc", "{ran:?}");
}

#[test]
fn what_passed_is_compared_sent_again_exported_and_forgotten() {
    let (home, _hub) = shop();
    let page = home.json(&["traffic", "ls"]);
    let [health, lamps, cart] = ["/health", "/lamps", "/cart?page=1"].map(|path| id_of(&page, path));
    let (lamps, cart) = (lamps.to_string(), cart.to_string());

    let ran = home.run(&["traffic", "diff", &cart, &lamps]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("- GET /cart?page=1 HTTP/1.1\n+ GET /lamps HTTP/1.1\n"), "{ran:?}");
    assert_eq!(home.run(&["traffic", "diff", &cart, &cart]).status, Some(0));

    let ran = home.run(&["traffic", "export", "--curl", &lamps]);
    assert!(ran.stdout.contains("curl") && ran.stdout.contains("/lamps"), "{ran:?}");
    let file = home.path("shop.har");
    let name = file.to_str().unwrap();
    assert_eq!(home.run(&["traffic", "export", "--har", "-o", name]).status, Some(0));
    let har: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(har["log"]["entries"].as_array().map(Vec::len), Some(3));
    let ran = home.run(&["traffic", "export", "--har", "-o", name, "path:/lamps"]);
    assert!(ran.status == Some(2) && ran.stderr.contains("is there already"), "{ran:?}");

    let again = home.json(&["traffic", "replay", &lamps, "--times", "2"]);
    let again = again["exchanges"].as_array().unwrap();
    assert_eq!(again.len(), 2, "{again:?}");
    let shown = home.json(&["traffic", "show", &again[1].to_string()]);
    assert_eq!(shown["request"]["line"], "GET /lamps HTTP/1.1");
    let mut edited = home.navyd(&["traffic", "replay", &lamps, "--edit", "--json"]);
    let edited = crate::support::run::run(edited.env("EDITOR", "sed -i s,/lamps,/chairs,"));
    let edited: Value = serde_json::from_str(&edited.stdout).unwrap_or_else(|_| panic!("{edited:?}"));
    let shown = home.json(&["traffic", "show", &edited["exchanges"][0].to_string()]);
    assert_eq!(shown["request"]["line"], "GET /chairs HTTP/1.1");

    let ran = home.run(&["traffic", "rm", "path:/lamps"]);
    assert!(ran.status == Some(2) && ran.stderr.contains("navyd traffic rm path:/lamps --yes"), "{ran:?}");
    let dry = home.json(&["traffic", "rm", "path:/lamps", "--dry-run"]);
    assert_eq!((dry["removed"].as_u64(), dry["dry_run"].as_bool()), (Some(3), Some(true)));
    assert_eq!(home.json(&["traffic", "rm", "path:/lamps", "--yes"])["removed"].as_u64(), Some(3));
    assert_eq!(home.run(&["traffic", "show", &lamps]).status, Some(1));
    assert_eq!(home.json(&["traffic", "rm", &health.to_string(), "--yes"])["removed"].as_u64(), Some(1));
    assert_eq!(ids(&home.json(&["traffic", "ls"])).len(), 2);
}

#[test]
fn without_a_hub_there_is_nothing_and_it_is_said_why() {
    let ran = Home::new().run(&["traffic", "ls"]);
    let expected = "error: no hub runs\n  cause: only the hub records what passes\n\nhint: navyd hub start\n";
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), expected));
}

#[test]
fn a_tap_says_where_it_listens_and_shows_what_passes() {
    let home = Home::new();
    let _hub = home.hub();
    let target = echo();
    let mut tap = Held::start(
        home.navyd(&["tap", &target.to_string(), "--as", "tcp", "-n", "1", "--jsonl"]).stderr(Stdio::null()),
    );
    let opened: Value = serde_json::from_str(&tap.line()).unwrap();
    assert_eq!((opened["schema"].as_str(), opened["as"].as_str()), (Some("navyd.tap/1"), Some("tcp")));
    let listen: SocketAddr = opened["listen"].as_str().unwrap().parse().unwrap();
    talk(listen);
    let mut told = || serde_json::from_str::<Value>(&tap.line()).unwrap();
    let mut seen = told();
    // A stream is told when it begins as well.
    while seen["outcome"] == "open" {
        seen = told();
    }
    assert_eq!((seen["protocol"].as_str(), seen["route"].as_str()), (Some("tcp"), opened["route"].as_str()));
    assert_eq!((seen["sent"].as_u64(), seen["received"].as_u64()), (Some(5), Some(5)));
    assert_eq!(tap.wait(), Some(0));
}

#[test]
fn a_tap_ends_in_order_when_a_person_ends_it() {
    let home = Home::new();
    let _hub = home.hub();
    let mut tap = Held::start(home.navyd(&["tap", &echo().to_string(), "--jsonl"]).stderr(Stdio::null()));
    let opened: Value = serde_json::from_str(&tap.line()).unwrap();
    assert!(opened["listen"].is_string(), "{opened}");
    let pid = tap.pid().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(tap.wait(), Some(130));
}

/// A server that says what it hears, for one connection.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        stream.write_all(&text).unwrap();
    });
    address
}

/// Says five bytes and hears them back.
fn talk(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(b"hello").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "hello");
}
