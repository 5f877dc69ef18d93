//! A port that `navyd tap` watches, and what the hub counted there.

use std::{net::SocketAddr, process::Stdio};

use serde_json::Value;

use super::until;
use crate::{
    hub::{Foreground, Home},
    support::child::Held,
};

/// A hub, and a tap before one port.
pub(super) struct Watched {
    pub(super) home: Home,
    _hub: Foreground,
    /// Where the tap listens.
    pub(super) listen: SocketAddr,
    tap: Held,
}

impl Watched {
    /// Watches a port of 127.0.0.1, read as this protocol.
    pub(super) fn start(port: u16, protocol: &str) -> Self {
        let home = Home::new();
        let hub = home.hub();
        let mut command = home.navyd(&["tap", &port.to_string(), "--as", protocol, "--jsonl"]);
        let mut tap = Held::start(command.stderr(Stdio::null()));
        let opened: Value = serde_json::from_str(&tap.line()).unwrap();
        assert_eq!(opened["as"], protocol);
        let listen = opened["listen"].as_str().unwrap().parse().unwrap();
        Self { home, _hub: hub, listen, tap }
    }

    pub(super) fn port(&self) -> String {
        self.listen.port().to_string()
    }

    /// Waits until this many exchanges are on the disk, and none is in progress; gives how the capture stands then.
    pub(super) fn settled(&self, least: u64) -> Value {
        settled(&self.home, least)
    }

    /// How many exchanges a filter means.
    pub(super) fn count(&self, filter: &str) -> u64 {
        count(&self.home, filter)
    }

    /// Holds what was counted against what was sent, as filters with the number of each.
    pub(super) fn check(&self, expected: &[(&str, u64)]) {
        for (filter, expected) in expected {
            let found = self.count(filter);
            assert_eq!(found, *expected, "{filter}: {:#?}", list(&self.home, ""));
        }
    }

    /// The exchanges of a filter, the newest first.
    pub(super) fn list(&self, filter: &str) -> Vec<Value> {
        list(&self.home, filter)
    }

    /// Ends the tap as a person does: its exit status, and the lines that it printed.
    pub(super) fn interrupted(mut self) -> Option<i32> {
        let pid = self.tap.pid().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.tap.wait()
    }
}

/// Waits until a hub has recorded this many exchanges, none is in progress, and none waits for its disk; gives how its
/// capture stands then.
pub(super) fn settled(home: &Home, least: u64) -> Value {
    until(|| {
        let capture = home.ask("GET", "/api/v1/status", "").json()["capture"].clone();
        let is_all = capture["recorded"].as_u64().unwrap() >= least;
        (is_all && capture["open"] == 0 && capture["waiting"] == 0).then_some(capture)
    })
}

/// How many exchanges a filter means.
pub(super) fn count(home: &Home, filter: &str) -> u64 {
    let answer = home.ask("GET", &format!("/api/v1/exchanges/stats?filter={}", encoded(filter)), "");
    answer.json()["exchanges"].as_u64().unwrap_or_else(|| panic!("{filter}: {answer:?}"))
}

/// The exchanges of a filter, the newest first.
pub(super) fn list(home: &Home, filter: &str) -> Vec<Value> {
    let answer = home.ask("GET", &format!("/api/v1/exchanges?filter={}", encoded(filter)), "");
    answer.json()["exchanges"].as_array().unwrap_or_else(|| panic!("{filter}: {answer:?}")).clone()
}

/// All that is kept of one.
pub(super) fn shown(home: &Home, summary: &Value) -> Value {
    home.ask("GET", &format!("/api/v1/exchanges/{}", summary["id"]), "").json()
}

/// Text in a query of a URL.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
