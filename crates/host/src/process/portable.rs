//! Where no implementation is: a process id and a name. Everything else stays unknown, and nothing is stopped.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::Timestamp;
use navyd_model::{Ancestor, Holder};

use super::{
    census::Member,
    launch::Launch,
    protection,
    stop::{Signal, StopError},
    supervisor::Kin,
};

/// What a pass over the processes found: nothing, since a socket has no inode here to know it by. Its processes
/// come with it instead.
#[derive(Debug, Default)]
pub struct Owners {
    unreadable: HashSet<u32>,
}

/// One descriptor of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hold {
    /// The process.
    pub pid: u32,
    /// The descriptor's number.
    pub fd: u32,
}

impl Owners {
    /// Looks for nothing.
    pub fn of(_wanted: &HashSet<u64>, _meanwhile: impl FnOnce(&Self)) -> Self {
        Self::default()
    }

    /// The holders of a socket: not known.
    pub fn holders(&self, _inode: u64) -> &[Hold] {
        &[]
    }

    /// Every process that holds one of the sockets: not known.
    pub fn processes(&self) -> HashSet<u32> {
        HashSet::new()
    }

    /// The users some of whose processes could not be read: not known.
    pub fn unreadable(&self) -> &HashSet<u32> {
        &self.unreadable
    }

    /// Whether some unix socket has a descriptor waiting in it: not looked for.
    pub fn in_flight(&self) -> Option<bool> {
        None
    }
}

/// Every process: not listed.
pub fn pids() -> Vec<u32> {
    Vec::new()
}

/// Every process by its family: not told.
pub fn census() -> Vec<Member> {
    Vec::new()
}

/// Who gets to a file: permissions are not told.
pub fn access(_path: &std::path::Path) -> Option<super::Access> {
    None
}

/// The condition of a process: not told.
pub fn condition(_pid: u32) -> super::Condition {
    super::Condition::default()
}

/// Whether its memory has a file mapped: not told.
pub fn has_mapped(_pid: u32, _file: &str) -> Option<bool> {
    None
}

/// The sockets of processes: known here with the socket instead.
pub fn inodes(_pids: &[u32]) -> Vec<(u32, u64)> {
    Vec::new()
}

/// The value of a variable of another process: not told.
pub fn environment(_pid: u32, _name: &str) -> Option<Vec<u8>> {
    None
}

/// Variables of another process: not told.
pub fn variables(_pid: u32, _names: &[&str]) -> Option<Vec<(String, Vec<u8>)>> {
    None
}

/// The open files of a process, and their limit: not told.
pub fn descriptors(_pid: u32) -> Option<(u64, u64)> {
    None
}

/// Whether the process still has the socket: it cannot be told, so nothing is stopped for it.
pub fn holds(_pid: u32, _fds: &[u32], _inode: u64) -> bool {
    false
}

/// The reader's own user: not on every system do users have numbers.
pub fn own_user() -> Option<u32> {
    None
}

/// Describes processes by what a portable library tells of those that listen.
#[derive(Debug, Default)]
pub struct Describer {
    known: HashMap<u32, listeners::Process>,
}

impl Describer {
    /// Takes the library's one look at the machine.
    pub fn new() -> Self {
        let found = listeners::get_all().unwrap_or_default();
        Self { known: found.into_iter().map(|listener| (listener.process.pid, listener.process)).collect() }
    }

    /// The process, as far as it is known; `None` when it does not listen.
    pub fn holder(&mut self, pid: u32, fds: &[u32]) -> Option<Holder> {
        let process = self.known.get(&pid)?;
        let exe = Some(process.path.clone()).filter(|path| !path.is_empty());
        Some(Holder { pid, name: process.name.clone(), exe, fds: fds.to_vec(), ..Holder::default() })
    }
}

/// Whether a descriptor is on its way between processes: never told here.
pub fn descriptor_in_flight() -> bool {
    false
}

/// The parent, and the leader that is gone, of an orphan: never told here.
pub fn lost_leader(_: u32) -> Option<(u32, u32)> {
    None
}

/// A process that would be stopped: here, none can be opened.
#[derive(Debug)]
pub struct Process(std::convert::Infallible);

impl Process {
    /// Always [`StopError::Unsupported`].
    pub fn open(pid: u32) -> Result<Self, StopError> {
        Err(StopError::Unsupported(pid))
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        match self.0 {}
    }

    /// When it started, in clock ticks since boot.
    pub fn started_at_ticks(&self) -> u64 {
        match self.0 {}
    }

    /// When it started.
    pub fn started_at(&self) -> Option<Timestamp> {
        match self.0 {}
    }

    /// Whether it still runs, and started then.
    pub fn is(&self, _started_at_ticks: u64) -> bool {
        match self.0 {}
    }

    /// Sends a signal.
    pub fn signal(&self, _signal: Signal) -> Result<(), StopError> {
        match self.0 {}
    }

    /// Waits for its end.
    pub fn wait(&self, _timeout: Duration) -> bool {
        match self.0 {}
    }
}

/// The parents of a process: not known.
pub fn ancestors(_pid: u32) -> Vec<Ancestor> {
    Vec::new()
}

/// The children of a process: not known.
pub fn children(_pid: u32) -> Vec<Ancestor> {
    Vec::new()
}

/// The container that a process lives in: not known.
pub fn container(_pid: u32) -> Option<String> {
    None
}

/// Why the process is never stopped.
pub fn protected(pid: u32) -> Option<String> {
    let known = Describer::new().known.remove(&pid);
    let launch =
        known.map(|process| Launch { name: process.name, exe: Some(process.path), argv: Vec::new() });
    protection::reason(&Kin { pid, launch: launch.unwrap_or_default() }, std::process::id(), &[])
}

/// A file that everybody may change: who may is not known here.
#[derive(Debug)]
pub struct Writable(std::convert::Infallible);

impl Writable {
    /// Refuses, since permissions are not read here.
    ///
    /// # Errors
    /// Always.
    pub fn open(_path: &std::path::Path) -> std::io::Result<Self> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    /// Never called.
    ///
    /// # Errors
    /// Never.
    pub fn close(self) -> std::io::Result<()> {
        match self.0 {}
    }
}
