//! Java, the one that its user would start. Only with a compiler beside it: without one no program of ours runs on it.

use std::time::Duration;

use super::{Ask, Client, call, url};
use crate::trust::machine::Machine;

pub(super) struct Java;

/// For `jshell`, which compiles what it reads.
const SCRIPT: &str = "try { new java.net.URL(\"URL\").openConnection(java.net.Proxy.NO_PROXY).getInputStream().readAllBytes(); } \
    catch (Exception e) { System.err.println(e); }\n/exit\n";

/// For a virtual machine that lives for a second: whatever makes it fast later costs as much as all else that it does.
const BRIEF: [&str; 2] = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"];

impl Client for Java {
    fn name(&self) -> &'static str {
        "java"
    }

    fn ask(&self, machine: &dyn Machine, port: u16, path: &str) -> Ask {
        if machine.program("java").is_none() {
            return Ask::NotHere;
        }
        let args: Vec<&str> = BRIEF.into_iter().chain(["--execution", "local", "-s", "-"]).collect();
        match call(machine, "jshell", &args) {
            Ask::Call(call) => {
                Ask::Call(call.reading(SCRIPT.replace("URL\"", &format!("{}\"", url(port, path)))))
            }
            _ => Ask::Cannot("there is no `jshell` beside it to run the check with"),
        }
    }

    /// A compiler starts in it.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}
