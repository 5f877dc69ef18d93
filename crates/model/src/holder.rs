//! A holder: a process with a socket open, and where it came from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A process that has the socket open. Fields that could not be read are `None`.
///
/// Texts are UTF-8 with U+FFFD where a byte was not; then [`Holder::raw`] has the bytes themselves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holder {
    /// Process id, as the reader's `/proc` numbers it.
    pub pid: u32,
    /// The program's name as people know it: from executable and arguments, not the 15 bytes of `comm`.
    pub name: String,
    /// Path of the executable, without ` (deleted)`.
    pub exe: Option<String>,
    /// The arguments, the program's own name first.
    pub argv: Option<Vec<String>>,
    /// Numeric id of the effective user.
    pub uid: Option<u32>,
    /// Name of that user.
    pub user: Option<String>,
    /// When the process started.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub started_at: Option<Timestamp>,
    /// The working directory, without ` (deleted)`.
    pub cwd: Option<String>,
    /// Whether the working directory has been removed.
    pub cwd_deleted: Option<bool>,
    /// Whether the executable has been removed or replaced: the program runs on from memory.
    pub exe_deleted: Option<bool>,
    /// The project it works in.
    pub project: Option<Project>,
    /// The framework or program family, such as `Vite` or `Django`.
    pub framework: Option<String>,
    /// Parents up to, and without, pid 1; the nearest first.
    pub ancestors: Vec<Ancestor>,
    /// Who restarts it or keeps it.
    pub supervisor: Option<Supervisor>,
    /// The descriptors by which it holds the socket.
    pub fds: Vec<u32>,
    /// The bytes of the texts above that are not UTF-8; `None` when all are.
    pub raw: Option<RawText>,
}

/// Bytes that UTF-8 could not hold, in Base64 (RFC 4648 §4). Only what needed it is present.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RawText {
    /// The name.
    pub name: Option<String>,
    /// The path of the executable.
    pub exe: Option<String>,
    /// Every argument, when any needed it.
    pub argv: Option<Vec<String>>,
    /// The working directory.
    pub cwd: Option<String>,
}

/// The directory a holder works in, named by its git root or its nearest manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    /// The directory.
    pub root: String,
    /// Its name: that of the manifest, else of the directory.
    pub name: String,
    /// The branch checked out; twelve digits of the commit when none is; `None` outside git.
    pub branch: Option<String>,
    /// What named it.
    pub kind: ProjectKind,
}

/// What made a directory a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProjectKind {
    /// A git repository.
    Git,
    /// A linked worktree of one (`git worktree add`).
    Worktree,
    /// A submodule of one.
    Submodule,
    /// No git: the nearest manifest (package.json, Cargo.toml …).
    Manifest,
}

/// One parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ancestor {
    /// Its process id.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

/// Who keeps a process alive, or started it and owns its terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Supervisor {
    /// What kind.
    pub kind: SupervisorKind,
    /// Its name: the unit, the container, the program.
    pub name: String,
    /// Its process, when it is one of the ancestors.
    pub pid: Option<u32>,
    /// The command that stops the process for good; `None` when stopping the process itself does.
    pub stop_command: Option<String>,
}

/// Kinds of supervisors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SupervisorKind {
    /// A systemd unit.
    Systemd,
    /// A container engine.
    Container,
    /// A process manager or file watcher that starts it again: pm2, nodemon, cargo-watch, supervisord …
    Manager,
    /// A terminal multiplexer: it keeps the process, and does not start it again.
    Multiplexer,
    /// An editor's or a coding agent's session.
    Session,
}
