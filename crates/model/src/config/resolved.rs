//! A project as it is to be run.

use std::time::Duration;

use super::{fault::FaultSpec, reference::Template};
use crate::route::{Entry, Upstream};

/// Everything that a `navyd.toml` or a `Procfile` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The project's name, where it is written; else the project's own decides.
    pub name: Option<String>,
    /// The services, in the order in which they are written.
    pub services: Vec<ServiceSpec>,
    /// Further routes, in the order in which they are written.
    pub routes: Vec<RoutedTo>,
    /// What is laid on its routes, in the order in which it is written; without what is not enabled.
    pub faults: Vec<FaultSpec>,
}

/// A service as it is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Unique in its project, also as a part of a host name.
    pub name: String,
    /// What is run.
    pub command: Command,
    /// Where it is run, relative to the directory of the file.
    pub dir: Option<String>,
    /// Variables of its own, in the order of their names. They win over [`Self::env_files`].
    pub env: Vec<(String, Template)>,
    /// Files with variables, relative to the directory of the file; a later one wins.
    pub env_files: Vec<EnvFile>,
    /// Where it listens.
    pub port: Port,
    /// What is spoken to it.
    pub protocol: ServiceProtocol,
    /// What has to be so before it is started.
    pub depends_on: Vec<Dependency>,
    /// When it is ready.
    pub ready: Ready,
    /// When it is started again.
    pub restart: Restart,
    /// How it is ended.
    pub stop: Stop,
    /// Whether it takes its listening socket from navyd (`LISTEN_FDS`, sd_listen_fds(3)).
    pub listen_fds: bool,
    /// Whether what passes through its routes is recorded.
    pub capture: bool,
    /// Hosts that lead to it besides its own: names in lower case.
    pub hosts: Vec<String>,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A line for `sh -c`.
    Shell(String),
    /// A program and its arguments; never empty.
    Program(Vec<String>),
}

/// A file with variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// As written.
    pub path: String,
    /// Whether it is a mistake that the file is not there.
    pub required: bool,
}

/// Where a service listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// On the port that belongs to its name ([`crate::ports::stable_candidates`]).
    Stable,
    /// On this one.
    Fixed(u16),
    /// Nowhere: it has no route.
    None,
}

/// What is spoken to a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ServiceProtocol {
    /// HTTP: its names are routes.
    #[default]
    Http,
    /// Anything else on TCP: no route by name.
    Tcp,
}

/// What has to be so of another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The other service.
    pub service: String,
    /// What has to be so.
    pub condition: Condition,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It runs.
    Started,
    /// It is ready.
    Healthy,
    /// It has written the line that makes it ready: its check is [`Check::Log`].
    Log,
    /// It has ended with status 0.
    Exit0,
}

/// When a service is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// What shows it.
    pub check: Check,
    /// How long that may take.
    pub timeout: Duration,
    /// What it means that it took longer.
    pub late: Late,
}

/// What shows that a service is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// A process of its tree listens, as the socket table says: nothing is sent to it.
    Listens,
    /// A connection to its port is accepted.
    Tcp,
    /// A `GET` of this path is answered with a status from 200 to 399.
    Http(String),
    /// A line of its output contains this text.
    Log(String),
    /// Its process runs, and has not ended in its first moments.
    Started,
}

/// What it means that a service was not ready in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// It failed: the check was asked for.
    Failed,
    /// It is one that never listens, since nobody said that it would: it counts as ready.
    Ready,
}

/// When a service that ended is started again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restart {
    /// Never.
    No,
    /// When its status is not 0, or a signal ended it.
    #[default]
    OnFailure,
    /// Always.
    Always,
}

/// The pause before a service is started again for the first time.
pub const FIRST_DELAY: Duration = Duration::from_millis(100);

/// The longest pause: each is twice the one before it, up to this.
pub const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// How long a service has to be ready before its restarts are forgotten.
pub const HEALTHY_AFTER: Duration = Duration::from_secs(10);

/// How a service is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// What its processes are sent.
    pub signal: StopSignal,
    /// How long they have before they are killed.
    pub timeout: Duration,
}

/// A signal that asks a process to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGHUP.
    Hangup,
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGKILL.
    Kill,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
    /// SIGTERM.
    #[default]
    Terminate,
}

/// A route as it is written: its upstream may be a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutedTo {
    /// Where it begins.
    pub entry: Entry,
    /// Where it leads.
    pub leads: Leads,
    /// Whether what passes is recorded, where it says so; else its service decides, and without one it is.
    pub capture: Option<bool>,
}

/// Where a written route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    /// To a service of this configuration that listens.
    Service(String),
    /// To something else on this machine.
    Upstream(Upstream),
}

impl Config {
    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&ServiceSpec> {
        self.services.iter().find(|service| service.name == name)
    }
}

impl ServiceSpec {
    /// A service of which nothing but its command is said.
    pub fn new(name: impl Into<String>, command: Command) -> Self {
        Self {
            name: name.into(),
            command,
            dir: None,
            env: Vec::new(),
            env_files: Vec::new(),
            port: Port::Stable,
            protocol: ServiceProtocol::default(),
            depends_on: Vec::new(),
            ready: Ready::default(),
            restart: Restart::default(),
            stop: Stop::default(),
            listen_fds: false,
            capture: true,
            hosts: Vec::new(),
        }
    }
}

impl Command {
    /// The program and its arguments.
    pub fn argv(&self) -> Vec<String> {
        match self {
            Self::Shell(line) => vec!["sh".into(), "-c".into(), line.clone()],
            Self::Program(argv) => argv.clone(),
        }
    }
}

impl Default for Ready {
    fn default() -> Self {
        Self { check: Check::Listens, timeout: Self::TIMEOUT, late: Late::Ready }
    }
}

impl Ready {
    /// How long it may take where nobody says: a cold start of a large web project takes half of it.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
}

impl Default for Stop {
    fn default() -> Self {
        Self { signal: StopSignal::default(), timeout: Self::TIMEOUT }
    }
}

impl Stop {
    /// How long processes have to end where nobody says: as Compose has it.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
}

impl Restart {
    /// The pause before the next start, after this many in a row: 0.1 s, doubled each time, up to 30 s.
    pub fn delay(restarts: u32) -> Duration {
        // Beyond 2¹⁰ the longest is reached in any case.
        FIRST_DELAY.saturating_mul(1 << restarts.min(10)).min(LONGEST_DELAY)
    }

    /// Whether a service that ended so is started again.
    pub fn applies(self, succeeded: bool) -> bool {
        match self {
            Self::No => false,
            Self::OnFailure => !succeeded,
            Self::Always => true,
        }
    }
}

impl StopSignal {
    /// Its name without `SIG`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hangup => "HUP",
            Self::Interrupt => "INT",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
            Self::User1 => "USR1",
            Self::User2 => "USR2",
            Self::Terminate => "TERM",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        for (restarts, expected) in
            [(0, 100), (1, 200), (3, 800), (8, 25_600), (9, 30_000), (u32::MAX, 30_000)]
        {
            assert_eq!(Restart::delay(restarts), Duration::from_millis(expected), "{restarts}");
        }
    }

    #[test]
    fn a_restart_follows_its_policy() {
        for (policy, after_success, after_failure) in
            [(Restart::No, false, false), (Restart::OnFailure, false, true), (Restart::Always, true, true)]
        {
            assert_eq!(
                (policy.applies(true), policy.applies(false)),
                (after_success, after_failure),
                "{policy:?}"
            );
        }
    }
}
