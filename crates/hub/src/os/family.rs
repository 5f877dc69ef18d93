//! Processes that the hub started, and whatever they started.
//!
//! Each command leads a process group of its own. A session of its own would need code between fork and exec, which
//! is unsafe; the hub has no terminal that a session could take away. Where orphans are adopted, nothing that a
//! service leaves behind gets lost.

use std::{io, process::ExitStatus};

use navyd_model::{Ended, config::StopSignal};

/// Makes this process the parent of every orphan below it, instead of pid 1; whether the system can do that.
#[cfg(target_os = "linux")]
pub(crate) fn adopt_orphans() -> bool {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok()
}

/// Orphans go to pid 1.
#[cfg(not(target_os = "linux"))]
pub(crate) fn adopt_orphans() -> bool {
    false
}

/// Makes what is run the leader of a process group of its own.
#[cfg(unix)]
pub(crate) fn lead_group(command: &mut tokio::process::Command) {
    command.process_group(0);
}

/// There are no process groups here.
#[cfg(not(unix))]
pub(crate) fn lead_group(_: &mut tokio::process::Command) {}

/// Sends a signal to the group that a process leads. The process must not have been waited for: then its number is
/// still its own, and that of its group as well.
#[cfg(unix)]
pub(crate) fn signal_group(leader: u32, signal: StopSignal) -> io::Result<()> {
    let leader = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw);
    let leader = leader.ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::kill_process_group(leader, number(signal))?)
}

/// There are no process groups here.
#[cfg(not(unix))]
pub(crate) fn signal_group(_: u32, _: StopSignal) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Waits for an adopted process that has ended, so that nothing is left of it.
#[cfg(unix)]
pub(crate) fn bury(pid: u32) {
    use rustix::process::{Pid, WaitOptions, waitpid};
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    // Whoever else has waited for it has done the same.
    let _ = waitpid(Some(pid), WaitOptions::NOHANG);
}

/// Nobody is adopted here.
#[cfg(not(unix))]
pub(crate) fn bury(_: u32) {}

/// How a process ended.
#[cfg(unix)]
pub(crate) fn ended(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt as _;
    // One that was not ended by a signal has a status.
    status.signal().map_or(Ended::Status(status.code().unwrap_or(-1)), Ended::Signal)
}

/// How a process ended.
#[cfg(not(unix))]
pub(crate) fn ended(status: ExitStatus) -> Ended {
    Ended::Status(status.code().unwrap_or(-1))
}

#[cfg(unix)]
fn number(signal: StopSignal) -> rustix::process::Signal {
    use rustix::process::Signal;
    match signal {
        StopSignal::Hangup => Signal::HUP,
        StopSignal::Interrupt => Signal::INT,
        StopSignal::Quit => Signal::QUIT,
        StopSignal::Kill => Signal::KILL,
        StopSignal::User1 => Signal::USR1,
        StopSignal::User2 => Signal::USR2,
        StopSignal::Terminate => Signal::TERM,
    }
}
