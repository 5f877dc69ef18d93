//! A process' directory in `/proc`, held open.
//!
//! Everything is read relative to the open directory, which stays with its process: once the process is
//! gone every read fails, and never tells of another process that got the same number.

use std::os::fd::OwnedFd;

use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, Stat as FileStat};

/// The longest arguments read, in bytes. Longer ones are cut; the longest single argument that the kernel
/// takes fits (MAX_ARG_STRLEN, execve(2)).
const ARGUMENTS: usize = 128 * 1024;
/// As much of an environment as is read: more than most systems let a process have.
const ENVIRONMENT: usize = 1024 * 1024;
/// As many mappings as are read: those of a JVM with a thousand threads.
const MAPS: usize = 4 * 1024 * 1024;
/// More than `stat` or `cgroup` ever hold.
const FACTS: usize = 64 * 1024;

/// An open `/proc/PID`.
pub(super) struct Entry(OwnedFd);

/// Where a magic link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// The path, without the kernel's mark ` (deleted)`; any bytes.
    pub(super) path: Vec<u8>,
    /// Whether what it led to has been removed.
    pub(super) deleted: bool,
}

impl Entry {
    /// `None` when there is no such process, or `hidepid` hides it.
    pub(super) fn open(pid: u32) -> Option<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        fs::openat(CWD, format!("/proc/{pid}"), flags, Mode::empty()).ok().map(Self)
    }

    /// The line that [`super::stat::parse`] takes apart.
    pub(super) fn stat(&self) -> Option<Vec<u8>> {
        self.read("stat", 1024)
    }

    /// The raw arguments.
    pub(super) fn arguments(&self) -> Option<Vec<u8>> {
        self.read("cmdline", ARGUMENTS)
    }

    /// The raw environment that it was started with.
    pub(super) fn environment(&self) -> Option<Vec<u8>> {
        self.read("environ", ENVIRONMENT)
    }

    /// The control groups; empty when they cannot be read.
    pub(super) fn cgroup(&self) -> String {
        String::from_utf8_lossy(&self.read("cgroup", FACTS).unwrap_or_default()).into_owned()
    }

    /// The effective user, who owns the directory: that the kernel keeps so, because reading `status` is slow
    /// (`task_dump_owner` in `fs/proc/base.c`). Of a process that is gone it says root, so something else is to
    /// be read afterwards.
    pub(super) fn effective_user(&self) -> Option<u32> {
        fs::statat(&self.0, "", AtFlags::EMPTY_PATH).ok().map(|found| found.st_uid)
    }

    /// Where `exe` or `cwd` leads; `None` where this may not be read, as with other users' processes.
    pub(super) fn link(&self, name: &str) -> Option<Link> {
        const MARK: &[u8] = b" (deleted)";
        let path = fs::readlinkat(&self.0, name, Vec::new()).ok()?.into_bytes();
        // A file may really bear that name: then it is what the link leads to.
        match path.strip_suffix(MARK) {
            Some(before) if !self.leads_to(name, &path) => {
                Some(Link { path: before.to_owned(), deleted: true })
            }
            _ => Some(Link { path, deleted: false }),
        }
    }

    /// Whether the link leads to what this path means to the reader.
    pub(super) fn leads_to(&self, name: &str, path: &[u8]) -> bool {
        let same = |a: &FileStat, b: &FileStat| (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino);
        let target = fs::statat(&self.0, name, AtFlags::empty());
        let named = fs::statat(CWD, path, AtFlags::empty());
        matches!((target, named), (Ok(target), Ok(named)) if same(&target, &named))
    }

    /// What is known of the file that the link `name` leads to.
    pub(super) fn behind(&self, name: &str) -> Option<FileStat> {
        fs::statat(&self.0, name, AtFlags::empty()).ok()
    }

    /// The lines of proc_pid_status(5).
    pub(super) fn status(&self) -> Option<String> {
        self.read("status", FACTS).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The lines of proc_pid_maps(5), which take the right to trace it.
    pub(super) fn maps(&self) -> Option<Vec<u8>> {
        self.read("maps", MAPS)
    }

    /// Whether capabilities there are worth what they are here. No, where it cannot be told.
    pub(super) fn is_in_our_user_namespace(&self) -> bool {
        let own = fs::statat(CWD, "/proc/self/ns/user", AtFlags::empty());
        let found = fs::statat(&self.0, "ns/user", AtFlags::empty());
        matches!((own, found), (Ok(own), Ok(found)) if (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino))
    }

    /// The lines of proc_pid_limits(5).
    pub(super) fn limits(&self) -> Option<String> {
        self.read("limits", FACTS).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn read(&self, name: &str, limit: usize) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = fs::openat(&self.0, name, flags, Mode::empty()).ok()?;
        let mut bytes = Vec::with_capacity(limit.min(4096));
        loop {
            match rustix::io::read(&file, rustix::buffer::spare_capacity(&mut bytes)) {
                Ok(0) => return Some(bytes),
                Ok(_) if bytes.len() >= limit => {
                    bytes.truncate(limit);
                    return Some(bytes);
                }
                Ok(_) => bytes.reserve(4096),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }
}
