//! Starting a command, with pipes of its own.
//!
//! Its standard input is a pipe that stays open: some development servers end when theirs does, and `attach` writes
//! into it. Deliberately absent: shells, which a command names itself, and everything after the start.

use std::{
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use tokio::process::{Child, Command};

use super::{
    looker::{Looker, MARK},
    plan::Definition,
    tree::Key,
};
use crate::os::{self, Cgroup};

/// A command that runs.
#[derive(Debug)]
pub(super) struct Spawned {
    pub(super) child: Child,
    pub(super) pid: u32,
    pub(super) cgroup: Option<Cgroup>,
}

/// The hidden command of navyd that takes a socket over, and then becomes what stands behind `--`.
pub const HAND_OVER: &str = "listen-exec";

/// Starts what a definition says; with a socket, hands that over. It may block shortly.
///
/// # Errors
/// When the program or its directory is not there, or may not be run.
pub(super) async fn spawn(
    definition: &Definition,
    key: Key,
    looker: &Arc<Looker>,
    navyd: &Path,
    socket: Option<TcpListener>,
) -> io::Result<Spawned> {
    let mut command = match &socket {
        None => named(&definition.command)?,
        Some(_) => {
            let mut command = Command::new(navyd);
            command.args([HAND_OVER, "--"]).args(&definition.command);
            command
        }
    };
    let stdin = socket.map_or_else(|| Ok(Stdio::piped()), os::as_input)?;
    // The mark comes first: it is found even in an environment too large to be read as a whole.
    command.env_clear().env(MARK, looker.mark(key));
    command.envs(definition.environment.iter().map(|(name, value)| (name, value)));
    command.current_dir(&definition.directory);
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
    os::lead_group(&mut command);
    let looker = Arc::clone(looker);
    let started = tokio::task::spawn_blocking(move || {
        looker.enrol(key, || {
            let child = command.spawn()?;
            // A child that nobody has waited for has its number.
            let pid = child.id().ok_or(io::ErrorKind::NotFound)?;
            Ok::<_, io::Error>((pid, (child, pid)))
        })
    });
    let (child, pid) = started.await??;
    let cgroup = Cgroup::make(&definition.id).filter(|group| group.add(pid).is_ok());
    Ok(Spawned { child, pid, cgroup })
}

/// The command of a program, which the service's own `PATH` finds.
fn named(words: &[String]) -> io::Result<Command> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(PathBuf::from(program));
    command.args(arguments);
    Ok(command)
}
