//! What was read of the programs that listen, and of what surrounds them.

use super::{Denial, Told};
use crate::kernel::Clock;

/// The variables that lead requests to a proxy, and those that name what goes past it.
pub const PROXY_VARIABLES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// A program that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Its open files.
    pub files: Option<OpenFiles>,
    /// Its proxy variables.
    pub proxy: Told<Proxy>,
    /// The ports that it alone holds, sorted.
    pub alone: Vec<u16>,
}

/// How many files are open, and may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFiles {
    /// Now.
    pub open: u64,
    /// At most.
    pub limit: u64,
}

/// The variables of `PROXY_VARIABLES` that are set, without any that is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy(pub Vec<(String, String)>);

impl Proxy {
    /// The value of a variable of exactly this name.
    pub(in crate::doctor) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// What surrounds this process.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// All open files of this machine, and the most it lets be.
    pub files: Told<OpenFiles>,
    /// Whether somebody keeps the clock in time, and by how many microseconds it may be off at most.
    pub clock: Told<Clock>,
    /// Whether SELinux enforces its policy; `None` where it is not there.
    pub selinux: Told<Option<bool>>,
    /// The profile of AppArmor that this process runs under, and its mode; `None` where it is not there, or for no
    /// profile.
    pub apparmor: Told<Option<String>>,
    /// What policies refused to programs, as far as the logs of the kernel and of its auditor still hold it; looked for
    /// only where there is a policy.
    pub denials: Told<Vec<Denial>>,
    /// The container that this process lives in, such as `docker`.
    pub container: Option<String>,
    /// Whether it is Windows' subsystem for Linux.
    pub wsl: bool,
    /// Whether pid 1 has the same network as this process.
    pub same_network: Told<bool>,
}

#[cfg(any(test, not(target_os = "linux")))]
impl Surroundings {
    /// Where nothing could be read, and why.
    pub(in crate::doctor) fn unread(why: &str) -> Self {
        let why = || why.to_owned();
        Self {
            files: Err(why()),
            clock: Err(why()),
            selinux: Err(why()),
            apparmor: Err(why()),
            denials: Err(why()),
            container: None,
            wsl: false,
            same_network: Err(why()),
        }
    }
}
