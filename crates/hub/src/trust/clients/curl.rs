//! curl.

use super::{Ask, Client, call, url};
use crate::trust::machine::Machine;

pub(super) struct Curl;

impl Client for Curl {
    fn name(&self) -> &'static str {
        "curl"
    }

    fn ask(&self, machine: &dyn Machine, port: u16, path: &str) -> Ask {
        let url = url(port, path);
        call(machine, "curl", &["-q", "--silent", "--show-error", "--max-time", "5", "--noproxy", "*", &url])
    }
}
