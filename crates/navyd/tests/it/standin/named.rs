//! `--name`: the hub leads requests by that name to the stand-in, over TLS or not, for as long as both stand.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::support::{Standing, terminate};
use crate::support::{
    child::Held,
    run::{Run, at_home, navyd, run},
    temp::TempDir,
};

/// How long anything may take. Generous, because it only ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home with a hub of its own, at a port that the system chose; the hub ends with it.
struct Home(TempDir);

impl Home {
    /// A home in which no hub runs yet.
    fn new() -> Self {
        let home = Self(TempDir::new());
        home.0.write("site/a.txt", "tea");
        home
    }

    fn navyd(&self, arguments: &[&str]) -> Command {
        let (mut command, path) = (navyd(), self.0.path());
        command.env("NAVYD_HUB_LISTEN", "127.0.0.1:0").env("NAVYD_HUB_WORKERS", "1");
        at_home(&mut command, path);
        command.current_dir(path.join("site")).args(arguments);
        command
    }

    fn answer(&self, arguments: &[&str]) -> Run {
        run(&mut self.navyd(arguments))
    }

    fn hub(&self) {
        let started = self.answer(&["hub", "start"]);
        assert_eq!(started.status, Some(0), "{}", started.stderr);
    }

    fn stand(&self, arguments: &[&str]) -> Standing {
        let words = [arguments, &["--json", "--port", "0"]].concat();
        Standing::with(&mut self.navyd(&words))
    }

    fn root(&self) -> std::path::PathBuf {
        self.0.path().join("data/navyd/ca/root.pem")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.navyd(&["hub", "stop"]).output();
    }
}

/// What `GET` of that URL of a host on this machine is answered with.
fn taken(url: &str, path: &str) -> String {
    let authority = url.split("://").nth(1).unwrap().trim_end_matches('/');
    let port: u16 = authority.rsplit(':').next().unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
}

fn named(standing: &Standing) -> String {
    standing.report["named"].as_str().unwrap_or_else(|| panic!("{}", standing.report)).to_owned()
}

#[test]
fn a_name_leads_here_and_goes_with_the_process() {
    let home = Home::new();
    home.hub();
    let mut standing = home.stand(&["serve", "--name", "shop"]);
    let url = named(&standing);
    assert!(url.starts_with("http://shop.localhost:"), "{url}");
    assert!(taken(&url, "/a.txt").ends_with("tea"), "{}", taken(&url, "/a.txt"));
    // Another one has it, and who that is is said.
    let mut second = home.navyd(&["echo", "--name", "shop", "--port", "0", "--ttl", "1ms"]);
    let second = run(&mut second);
    let leads = format!("http://127.0.0.1:{}", standing.address().port());
    assert!(second.stderr.contains("`shop.localhost` leads elsewhere already"), "{}", second.stderr);
    assert!(second.stderr.contains(&leads), "{leads}: {}", second.stderr);
    terminate(standing.held.pid());
    assert_eq!(standing.held.wait(), Some(0));
    until("the name is gone", || !home.answer(&["route", "ls"]).stdout.contains("shop"));
    assert!(taken(&url, "/a.txt").starts_with("HTTP/1.1 404 "));
}

#[test]
fn with_tls_the_hub_comes_in_by_a_door_of_its_own() {
    let home = Home::new();
    home.hub();
    for words in [&["serve", "--tls", "--name", "shop"][..], &["sink", "--http", "--tls", "--name", "drain"]]
    {
        let standing = home.stand(words);
        let url = named(&standing);
        let answer = taken(&url, "/a.txt");
        let expected = if words[0] == "serve" { "HTTP/1.1 200 " } else { "HTTP/1.1 204 " };
        assert!(answer.starts_with(expected), "{words:?}: {answer}");
        // Whoever comes by its own port speaks TLS, and nothing else.
        let port = standing.address().port();
        assert!(standing.report["urls"][0].as_str().unwrap().starts_with("https://"), "{}", standing.report);
        let mut clear = TcpStream::connect(("127.0.0.1", port)).unwrap();
        clear.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        let _ = clear.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"), "{words:?}");
        assert!(curl(&home.root(), &format!("https://localhost:{port}/a.txt")).status != Some(60));
    }
    let mail = Standing::with(
        &mut home.navyd(&["mail", "--memory", "--json", "--port", "0", "--tls", "--name", "post"]),
    );
    let page = taken(&named(&mail), "/");
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("<title>Mail"), "{page}");
}

fn curl(root: &Path, url: &str) -> Run {
    run(Command::new("curl").args(["-sS", "--noproxy", "*", "--cacert", root.to_str().unwrap(), url]))
}

#[test]
fn a_hub_that_starts_later_leads_here_as_well() {
    let home = Home::new();
    let mut held = Held::start(&mut home.navyd(&["serve", "--name", "shop", "--json", "--port", "0"]));
    let report: Value = serde_json::from_str(&held.line()).unwrap();
    assert_eq!(report["named"], Value::Null, "{report}");
    // It comes, goes, and comes again.
    for _ in 0..2 {
        home.hub();
        until("the name leads here", || home.answer(&["route", "ls"]).stdout.contains("shop.localhost"));
        assert_eq!(home.answer(&["hub", "stop"]).status, Some(0));
    }
    terminate(held.pid());
    assert_eq!(held.wait(), Some(0));
}

#[test]
fn what_takes_no_requests_has_no_name() {
    let home = Home::new();
    for words in [
        &["echo", "--tcp"][..],
        &["echo", "--udp"],
        &["sink"],
        &["sink", "--udp"],
        &["stub", "tcp", "--expect", "a", "--reply", "b"],
        &["ftp"],
    ] {
        let ran = home.answer(&[words, &["--port", "0", "--name", "shop", "--ttl", "1ms"]].concat());
        assert_eq!(ran.status, Some(2), "{words:?}");
        assert!(ran.stderr.contains("names lead requests of HTTP"), "{words:?}: {}", ran.stderr);
    }
    let ran = home.answer(&["serve", "--port", "0", "--name", "shop", "--ttl", "1ms"]);
    assert!(ran.stderr.contains("`shop`: it leads here once a hub runs"), "{}", ran.stderr);
}
