//! Chromium and its kin, without a window and with a profile of its own: what it trusts is kept beside the profiles.

use std::time::Duration;

use super::{Ask, Client, url};
use crate::{
    os,
    trust::{machine::Machine, run::Call},
};

pub(super) struct Chromium;

/// The names under which it is installed.
const NAMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];

/// Nothing but the one page: no update, no first tour, nothing that knows other hosts.
const FLAGS: [&str; 9] = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--incognito",
];

impl Client for Chromium {
    fn name(&self) -> &'static str {
        "chromium"
    }

    fn ask(&self, machine: &dyn Machine, port: u16, path: &str) -> Ask {
        let Some(program) = NAMES.iter().find_map(|name| machine.program(name)) else { return Ask::NotHere };
        let mut call = Call::new(program, FLAGS);
        if os::is_root() {
            // It refuses to start as root otherwise. It opens one page, and that is ours.
            call.args.push("--no-sandbox".into());
        }
        call.args.extend(["--dump-dom".into(), url(port, path).into()]);
        Ask::Call(call)
    }

    fn is_browser(&self) -> bool {
        true
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}
