//! Events, as they happen.

use std::{net::TcpListener, process::Command};

use serde_json::Value;

use super::Home;
use crate::support::{child::Held, program, skip};

/// The stream of events, read by curl.
struct Events(Held);

impl Events {
    /// `None`, with the reason said, where there is no curl.
    fn of(home: &Home, test: &str) -> Option<Self> {
        let Some(curl) = program("curl") else {
            skip(test, "`curl` is not installed");
            return None;
        };
        let mut command = Command::new(curl);
        command.args(["-sN", "--unix-socket"]).arg(home.socket()).arg("http://navyd/api/v1/events");
        Some(Self(Held::start(&mut command)))
    }

    /// The next event that is `name`.
    fn next(&mut self, name: &str) -> Value {
        loop {
            let line = self.0.line();
            let Some(data) = line.strip_prefix("data: ") else { continue };
            let event: Value = serde_json::from_str(data).unwrap();
            assert_eq!(event["schema"], "navyd.event/1");
            if event["event"] == name {
                return event;
            }
        }
    }

    /// The next event of a listener at this port.
    fn listener(&mut self, port: u16) -> Value {
        loop {
            let event = self.next("listener");
            if event["listener"]["port"] == port {
                return event;
            }
        }
    }
}

#[test]
fn routes_and_listeners_are_told_as_they_come_and_go() {
    let home = Home::new();
    let _hub = home.hub();
    let Some(mut events) =
        Events::of(&home, "hub::events::routes_and_listeners_are_told_as_they_come_and_go")
    else {
        return;
    };
    assert_eq!(events.next("hub")["hub"]["pid"].as_u64(), Some(home.pid()));

    assert_eq!(home.run(&["route", "add", "shop", "3000"]).status, Some(0));
    let event = events.next("route");
    assert_eq!((&event["change"], &event["route"]["from"]), (&"added".into(), &"shop.localhost".into()));
    assert_eq!(home.run(&["route", "rm", "shop"]).status, Some(0));
    assert_eq!(events.next("route")["change"], "gone");

    // The first look is what the following ones are compared with: a listener is told once there was one.
    let mut seen = None;
    let mut listeners = Vec::new();
    while seen.is_none() {
        listeners.push(TcpListener::bind("127.62.89.31:0").unwrap());
        let event = events.next("listener");
        let port = event["listener"]["port"].as_u64().unwrap_or_default();
        seen = listeners
            .iter()
            .position(|listener| u64::from(listener.local_addr().unwrap().port()) == port)
            .filter(|_| event["change"] == "added");
    }
    let gone = listeners.remove(seen.unwrap());
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    assert_eq!(events.listener(port)["change"], "gone");
}

#[test]
fn the_last_event_says_that_it_ends() {
    let home = Home::new();
    let mut hub = home.hub();
    let Some(mut events) = Events::of(&home, "hub::events::the_last_event_says_that_it_ends") else { return };
    events.next("hub");
    hub.signal("TERM");
    events.next("stopping");
    assert_eq!(events.0.wait(), Some(0), "the stream ends in order");
    assert_eq!(hub.held.wait(), Some(0));
}
