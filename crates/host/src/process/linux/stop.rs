//! Stopping one process, and no other that may get its number: a pidfd (pidfd_open(2)).

use std::{
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal},
};

use super::{
    entry::Entry,
    stat::{self, Clock},
};
use crate::process::stop::{Signal, StopError};

/// A process held by a pidfd: signals reach it or nobody.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    handle: OwnedFd,
    started: u64,
}

impl Process {
    /// Takes hold of the process that has this id now.
    pub fn open(pid: u32) -> Result<Self, StopError> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(StopError::Gone(pid))?;
        let handle = pidfd_open(number, PidfdFlags::empty()).map_err(|errno| failure(pid, errno))?;
        let line = Entry::open(pid).and_then(|entry| entry.stat()).ok_or(StopError::Gone(pid))?;
        let started = stat::parse(&line).ok_or(StopError::Gone(pid))?.started;
        let process = Self { pid, handle, started };
        // Alive after the line was read means that the line was its own, and not that of a successor.
        if process.wait(Duration::ZERO) { Err(StopError::Gone(pid)) } else { Ok(process) }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// When it started, in clock ticks since boot: with the id, what tells it from every other process.
    pub fn started_at_ticks(&self) -> u64 {
        self.started
    }

    /// The same as a time of day, equal to a holder's `started_at`.
    pub fn started_at(&self) -> Option<Timestamp> {
        Clock::read().at(self.started)
    }

    /// Whether it still runs, and is the one that started then.
    pub fn is(&self, started_at_ticks: u64) -> bool {
        self.started == started_at_ticks && !self.wait(Duration::ZERO)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<(), StopError> {
        let signal = match signal {
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        pidfd_send_signal(&self.handle, signal).map_err(|errno| failure(self.pid, errno))
    }

    /// Waits until it has ended, at most `timeout`; whether it has.
    pub fn wait(&self, timeout: Duration) -> bool {
        let begun = Instant::now();
        loop {
            let left = timeout.saturating_sub(begun.elapsed());
            let left = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
            let mut handles = [PollFd::new(&self.handle, PollFlags::IN)];
            match poll(&mut handles, Some(&left)) {
                Ok(ready) => return ready > 0,
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }
}

fn failure(pid: u32, errno: Errno) -> StopError {
    match errno {
        Errno::SRCH => StopError::Gone(pid),
        // Outside a sandbox pidfd_open(2) needs no right at all: only sending does.
        Errno::PERM | Errno::ACCESS => StopError::NotPermitted(pid),
        Errno::NOSYS => StopError::Unsupported(pid),
        errno => StopError::Io { pid, source: errno.into() },
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::{Child, Command, Stdio},
    };

    use super::*;

    /// A shell that has run the script up to its `echo ready`.
    fn shell(script: &str) -> Child {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        assert_eq!(next_line(&mut child), "ready\n");
        child
    }

    /// The next line that the shell writes.
    fn next_line(child: &mut Child) -> String {
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn one_that_obeys_ends_by_term() {
        let mut child = shell("echo ready; read line");
        let process = Process::open(child.id()).unwrap();
        assert!(process.is(process.started_at_ticks()));
        assert!(!process.is(process.started_at_ticks() + 1));
        assert!(!process.wait(Duration::ZERO));
        process.signal(Signal::Terminate).unwrap();
        assert!(process.wait(LONG));
        assert!(!process.is(process.started_at_ticks()));
        child.wait().unwrap();
        assert!(matches!(process.signal(Signal::Kill), Err(StopError::Gone(_))));
        assert!(matches!(Process::open(child.id()), Err(StopError::Gone(_))));
    }

    #[test]
    fn one_that_refuses_ends_by_kill() {
        let mut child = shell("trap 'echo refused' TERM; echo ready; while :; do read line; done");
        let process = Process::open(child.id()).unwrap();
        process.signal(Signal::Terminate).unwrap();
        assert_eq!(next_line(&mut child), "refused\n");
        assert!(!process.wait(Duration::ZERO));
        process.signal(Signal::Kill).unwrap();
        assert!(process.wait(LONG));
        child.wait().unwrap();
    }

    #[test]
    fn one_that_ended_and_was_not_waited_for_is_gone() {
        let mut child = shell("echo ready; read line");
        let process = Process::open(child.id()).unwrap();
        drop(child.stdin.take());
        assert!(process.wait(LONG));
        assert!(matches!(Process::open(child.id()), Err(StopError::Gone(_))), "a zombie");
        child.wait().unwrap();
    }

    #[test]
    fn numbers_that_are_no_process() {
        for pid in [0, u32::MAX, u32::MAX >> 1] {
            assert!(matches!(Process::open(pid), Err(StopError::Gone(_))), "{pid}");
        }
    }
}
