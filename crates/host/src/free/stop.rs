//! Stopping what a plan names, and nothing that took its number since.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use navyd_model::{
    Listener, Supervisor,
    free::{Freed, Victim},
};

use super::{Manner, victim};
use crate::process::{Process, Signal, StopError, holds};

/// How long the workers of a server, or the children of a keeper, may take to follow it before they are asked
/// themselves.
const WORKERS: Duration = Duration::from_millis(500);

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Stopped {
    /// Those that still run, by process id.
    pub(super) remaining: Vec<u32>,
    /// Why something was not done, in the words for a person.
    pub(super) refusals: Vec<String>,
}

/// Stops every victim: supervised ones through their supervisor, the others by TERM, and by KILL when forced.
pub(super) fn all(freed: &Freed, manner: Manner) -> Stopped {
    let mut stopped = Stopped::default();
    let mut held: Vec<(&Victim, Process)> = Vec::new();
    for victim in &freed.victims {
        match pin(victim, &freed.listeners) {
            Ok(process) => held.extend(process.map(|process| (victim, process))),
            Err(error) => stopped.refusals.push(error.to_string()),
        }
    }
    let mut asked: Vec<&Supervisor> = Vec::new();
    for (victim, _) in &held {
        if let Some(supervisor) = victim.supervisor.as_ref().filter(|known| known.stop_command.is_some())
            && !asked.contains(&supervisor)
        {
            asked.push(supervisor);
            stopped.refusals.extend(ask_supervisor(supervisor, manner.patience).err());
        }
    }
    // Each has ended, or had its time, and its children are on their way: the rest is asked one by one. A
    // keeper may have ended a shell between, and nothing below it.
    if !asked.is_empty() {
        wait(&mut held, WORKERS.min(manner.patience));
    }
    let alive: Vec<&Victim> = held.iter().map(|(victim, _)| *victim).collect();
    let first: Vec<u32> = victim::first(&alive).iter().map(|victim| victim.holder.pid).collect();
    let (mut masters, mut workers): (Vec<_>, Vec<_>) =
        held.into_iter().partition(|(_, process)| first.contains(&process.pid()));
    signal(&masters, Signal::Terminate, &mut stopped);
    wait(&mut masters, manner.patience);
    // Workers usually follow their master by themselves; those that do not are asked too.
    wait(&mut workers, WORKERS.min(manner.patience));
    signal(&workers, Signal::Terminate, &mut stopped);
    wait(&mut workers, manner.patience);
    let mut held = masters;
    held.append(&mut workers);
    if manner.force {
        signal(&held, Signal::Kill, &mut stopped);
        // KILL is not handled by the program, only finished by the kernel.
        wait(&mut held, Duration::from_secs(2));
    }
    stopped.remaining = held.iter().map(|(_, process)| process.pid()).collect();
    stopped
}

/// Takes hold of a victim and recognises it: the same start, and one of the sockets still open. `None` when it
/// is gone or has let go of the port, which is all that was wanted.
fn pin(victim: &Victim, listeners: &[Listener]) -> Result<Option<Process>, StopError> {
    let process = match Process::open(victim.holder.pid) {
        Err(StopError::Gone(_)) => return Ok(None),
        other => other?,
    };
    let same = victim.holder.started_at.is_some() && process.started_at() == victim.holder.started_at;
    let holder_of = |listener: &Listener| {
        let held = listener.holders.iter().find(|holder| holder.pid == victim.holder.pid);
        held.zip(listener.inode).is_some_and(|(holder, inode)| holds(holder.pid, &holder.fds, inode))
    };
    Ok((same && listeners.iter().any(holder_of)).then_some(process))
}

/// Stops a supervised process for good. A keeper without a command for one child is itself asked to end.
fn ask_supervisor(supervisor: &Supervisor, patience: Duration) -> Result<(), String> {
    let Some(command) = &supervisor.stop_command else { return Ok(()) };
    if let Some(pid) = supervisor.pid.filter(|pid| *command == format!("kill {pid}")) {
        let keeper = match Process::open(pid) {
            Err(StopError::Gone(_)) => return Ok(()),
            other => other.map_err(|error| error.to_string())?,
        };
        keeper.signal(Signal::Terminate).map_err(|error| error.to_string())?;
        keeper.wait(patience);
        return Ok(());
    }
    let Some((program, arguments)) = words(command) else {
        return Err(format!("`{command}` is left to you"));
    };
    let ended = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    match ended {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let reason = said.lines().next().map_or_else(|| output.status.to_string(), str::to_owned);
            Err(format!("`{command}` failed: {reason}"))
        }
        Err(error) => Err(format!("`{command}` could not be run: {error}")),
    }
}

/// The words of a command that needs no shell; `None` when it has anything that a shell would act on.
pub(super) fn words(command: &str) -> Option<(&str, Vec<&str>)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " /.:_@+=-".contains(c);
    let mut words = command.chars().all(plain).then(|| command.split(' ').filter(|word| !word.is_empty()))?;
    Some((words.next()?, words.collect()))
}

fn signal(held: &[(&Victim, Process)], signal: Signal, stopped: &mut Stopped) {
    for (_, process) in held {
        match process.signal(signal) {
            Ok(()) | Err(StopError::Gone(_)) => {}
            Err(error) => stopped.refusals.push(error.to_string()),
        }
    }
}

/// Waits for all together at most that long, and keeps those that still run.
fn wait(held: &mut Vec<(&Victim, Process)>, patience: Duration) {
    let deadline = Instant::now() + patience;
    held.retain(|(_, process)| !process.wait(deadline.saturating_duration_since(Instant::now())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_commands_are_run() {
        for (command, expected) in [
            ("systemctl stop nginx.service", Some(("systemctl", vec!["stop", "nginx.service"]))),
            ("docker stop 3f2a9c1b7d44", Some(("docker", vec!["stop", "3f2a9c1b7d44"]))),
            ("pm2 stop 'my shop'", None),
            ("supervisorctl stop $(supervisorctl status)", None),
            ("a; b", None),
            ("a\nb", None),
            ("", None),
        ] {
            assert_eq!(words(command), expected, "{command}");
        }
    }
}
