//! `navyd fault` against a hub: laid on a route that people use, seen by them, and gone again.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::Value;

use super::{ANSWER, DEADLINE, serving};
use crate::hub::{Foreground, Home};

/// The first line of the answer to a request for `shop.localhost`; `None` when the connection fails before.
fn answer(hub: &Foreground, method: &str) -> Option<String> {
    let mut stream = TcpStream::connect(hub.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(
        stream,
        "{method} /pay HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.lines().next().map(str::to_owned)
}

fn names(faults: &Value) -> Vec<&str> {
    faults["faults"].as_array().unwrap().iter().map(|fault| fault["name"].as_str().unwrap()).collect()
}

#[test]
fn a_fault_is_laid_listed_and_taken_away_while_the_route_is_used() {
    let home = Home::new();
    let hub = home.hub();
    let (upstream, _) = serving(ANSWER);
    home.json(&["route", "add", "shop", &format!("http://{upstream}")]);
    assert_eq!(answer(&hub, "POST").as_deref(), Some("HTTP/1.1 200 OK"));

    let laid = home.json(&["fault", "add", "shop", "--status", "503", "--filter", "method:POST path:/pay"]);
    assert_eq!((laid["schema"].as_str(), names(&laid)), (Some("navyd.faults/1"), vec!["status_down"]));
    assert!(answer(&hub, "POST").unwrap().starts_with("HTTP/1.1 503"));
    assert_eq!(answer(&hub, "GET").as_deref(), Some("HTTP/1.1 200 OK"));
    // The exchange that it hit says so.
    super::until(|| {
        let page = home.json(&["traffic", "ls", "fault:status_down"]);
        (page["exchanges"].as_array().unwrap().len() == 1).then_some(())
    });

    // A second one, by a profile of the real world; and what is no fault.
    home.json(&["fault", "add", "shop", "--reset", "0", "--name", "cut"]);
    assert_eq!(answer(&hub, "GET"), None);
    assert_eq!(names(&home.json(&["fault", "ls"])), ["status_down", "cut"]);
    let ran = home.run(&["fault", "add", "shop", "--latency", "soon"]);
    assert!(ran.status == Some(2) && ran.stderr.contains("hint: "), "{}", ran.stderr);
    let ran = home.run(&["fault", "add", "other", "--latency", "1ms"]);
    assert!(ran.stderr.contains("no route begins at `other.localhost`"), "{}", ran.stderr);

    assert_eq!(names(&home.json(&["fault", "rm", "shop", "cut"])), ["status_down"]);
    assert!(answer(&hub, "POST").unwrap().starts_with("HTTP/1.1 503"));
    assert_eq!(names(&home.json(&["fault", "clear"])), Vec::<&str>::new());
    assert_eq!(answer(&hub, "POST").as_deref(), Some("HTTP/1.1 200 OK"));
    let ran = home.run(&["fault", "rm", "shop", "cut"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
}
