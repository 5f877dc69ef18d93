//! Firefox without a window, told where to go over Marionette: JSON on a TCP connection, each message led by its length
//! and a colon.
//!
//! Deliberately absent: `--screenshot`, which waits forever at the page of a warning.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use super::*;
use crate::support::child::Held;

/// How long it may take to answer. Generous, because it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// A port that no other test has, said aloud; and no start that asks other hosts, or the store of the system.
const SETTINGS: &str = r#"user_pref("marionette.port", 0);
user_pref("remote.log.level", "Info");
user_pref("browser.dom.window.dump.enabled", true);
user_pref("app.normandy.enabled", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("security.enterprise_roots.enabled", false);
"#;

/// A running one, with a session.
pub(super) struct Firefox {
    child: Held,
    connection: BufReader<TcpStream>,
    asked: u64,
}

impl Firefox {
    /// Its command for a user, without the settings of whoever runs the tests.
    pub(super) fn command(user: &User) -> Command {
        let mut command = user.command(Command::new("firefox-esr"));
        for name in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY"] {
            command.env_remove(name);
        }
        command.args(["--headless", "--no-remote"]);
        command
    }

    /// Starts it with a profile, and waits until it can be told something.
    pub(super) fn start(user: &User, profile: &Path) -> Self {
        fs::write(profile.join("user.js"), SETTINGS).unwrap();
        let mut child = Held::start(Self::command(user).args(["--marionette", "--profile"]).arg(profile));
        let port = loop {
            if let Some((_, port)) = child.line().split_once("Listening on port ") {
                break port.trim().parse::<u16>().unwrap();
            }
        };
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut firefox = Self { child, connection: BufReader::new(stream), asked: 0 };
        assert_eq!(firefox.heard()["marionetteProtocol"], 3);
        firefox.ask("WebDriver:NewSession", &json!({})).unwrap();
        firefox
    }

    /// Goes to an address: the source of the page, or the name of the error that it shows instead.
    pub(super) fn page(&mut self, address: &str) -> Result<String, String> {
        self.ask("WebDriver:Navigate", &json!({ "url": address }))?;
        let source = self.ask("WebDriver:GetPageSource", &json!({}))?;
        Ok(source["value"].as_str().unwrap().to_owned())
    }

    /// Ends it as a person would, so that its profile can be used again.
    pub(super) fn quit(mut self) {
        self.ask("Marionette:Quit", &json!({ "flags": ["eAttemptQuit"] })).unwrap();
        assert_eq!(self.child.wait(), Some(0));
    }

    /// A request is `[0, ID, NAME, PARAMETERS]`, its answer `[1, ID, ERROR, RESULT]`.
    fn ask(&mut self, name: &str, parameters: &Value) -> Result<Value, String> {
        self.asked += 1;
        let message = json!([0, self.asked, name, parameters]).to_string();
        let led = format!("{}:{message}", message.len());
        self.connection.get_mut().write_all(led.as_bytes()).unwrap();
        let mut answer = self.heard();
        assert_eq!((&answer[0], &answer[1]), (&json!(1), &json!(self.asked)), "{answer}");
        match answer[2]["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer[3].take()),
        }
    }

    fn heard(&mut self) -> Value {
        let mut length = Vec::new();
        self.connection.read_until(b':', &mut length).unwrap();
        let length = std::str::from_utf8(&length).unwrap().trim_end_matches(':').parse().unwrap();
        let mut message = vec![0; length];
        self.connection.read_exact(&mut message).unwrap();
        serde_json::from_slice(&message).unwrap()
    }
}
