//! One thing that is done to a store: said before it is done, and done as it was said.

use std::{fs, io, path::PathBuf};

use super::{machine::Machine, run::Call};
use crate::os::files;

/// One thing that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A file is written, readable by everyone.
    Write(PathBuf, String),
    /// A file or a symbolic link is removed; that it is gone already is no failure.
    Remove(PathBuf),
    /// A program is run.
    Run(Call),
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A file could not be written or removed.
    #[error("`{0}`: {1}")]
    File(PathBuf, io::Error),
    /// A program could not be run, or did not end in time.
    #[error("`{0}`: {1}")]
    NotRun(String, io::Error),
    /// A program said that it failed; its last words.
    #[error("`{0}` failed: {1}")]
    Failed(String, String),
}

impl Step {
    /// As a person reads it: a verb and what it is about.
    pub fn shown(&self) -> String {
        match self {
            Self::Write(path, text) => format!("write {} ({} bytes)", path.display(), text.len()),
            Self::Remove(path) => format!("remove {}", path.display()),
            Self::Run(call) if call.input.is_empty() => format!("run {}", call.shown()),
            Self::Run(call) => {
                let input = String::from_utf8_lossy(&call.input);
                let input = match input.trim_end() {
                    line if line.len() <= LONGEST_WORDS && !line.contains('\n') => format!("`{line}`"),
                    text if text.contains("BEGIN CERTIFICATE") => "the certificate".into(),
                    text => format!("{} bytes", text.len()),
                };
                format!("run {} (reading {input})", call.shown())
            }
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// When it did not work. What earlier steps did stays.
    pub fn carry_out(&self, machine: &dyn Machine) -> Result<(), StepError> {
        match self {
            Self::Write(path, text) => files::write(path, text.as_bytes(), files::PUBLIC)
                .map_err(|error| StepError::File(path.clone(), error)),
            Self::Remove(path) => match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(StepError::File(path.clone(), error))
                }
                _ => Ok(()),
            },
            Self::Run(call) => {
                let ran = machine.run(call).map_err(|error| StepError::NotRun(call.shown(), error))?;
                if ran.success {
                    return Ok(());
                }
                let said = if ran.stderr.trim().is_empty() { &ran.stdout } else { &ran.stderr };
                Err(StepError::Failed(call.shown(), last_words(said)))
            }
        }
    }
}

/// The last line that says something, where tools put what went wrong.
pub(super) fn last_words(said: &str) -> String {
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    last.unwrap_or("it said nothing").chars().take(LONGEST_WORDS).collect()
}

/// The characters that are kept of a tool's last line.
const LONGEST_WORDS: usize = 300;
