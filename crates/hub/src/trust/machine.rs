//! What stores ask of a machine, so that a scene of a test can answer as well.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::run::{Call, PATIENCE, Ran};
use crate::os::files;

/// The kinds of systems whose stores differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux and the BSDs.
    Unix,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

/// The most that is read of a file: a bundle of all certificates is 250 KiB.
const MOST: u64 = 16 * 1024 * 1024;
/// Where programs are that only root has on its `PATH`.
const ADMIN: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// A machine to look at.
pub trait Machine {
    /// Which kind it is.
    fn system(&self) -> System;
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<OsString>;
    /// Whether something is there, a file or a folder.
    fn exists(&self, path: &Path) -> bool;
    /// What a file holds.
    fn read(&self, path: &Path) -> Option<Vec<u8>>;
    /// What is in a folder, sorted; nothing when it is none.
    fn list(&self, path: &Path) -> Vec<PathBuf>;
    /// Where a symbolic link leads, as it says.
    fn link(&self, path: &Path) -> Option<PathBuf>;
    /// A path without symbolic links.
    fn real(&self, path: &Path) -> Option<PathBuf>;
    /// Whether this process may write there.
    fn may_write(&self, path: &Path) -> bool;
    /// Runs a tool to its end.
    ///
    /// # Errors
    /// When it cannot be started, or did not end in time.
    fn run(&self, call: &Call) -> io::Result<Ran>;

    /// The user's own folder.
    fn home(&self) -> Option<PathBuf> {
        let absolute = |name| self.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        absolute("HOME").or_else(|| absolute("USERPROFILE"))
    }

    /// A program, from `PATH` and the places that only root has there.
    fn program(&self, name: &str) -> Option<PathBuf> {
        let file = match self.system() {
            System::Windows => format!("{name}.exe"),
            _ => name.to_owned(),
        };
        let path = self.variable("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let found = folders.into_iter().chain(ADMIN.map(PathBuf::from)).map(|folder| folder.join(&file));
        found.into_iter().find(|path| path.is_absolute() && self.exists(path))
    }

    /// What a file holds, as text; bytes that are none become U+FFFD.
    fn text(&self, path: &Path) -> Option<String> {
        Some(String::from_utf8_lossy(&self.read(path)?).into_owned())
    }
}

/// The machine that this process runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

impl Machine for ThisMachine {
    fn system(&self) -> System {
        match std::env::consts::OS {
            "macos" => System::MacOs,
            "windows" => System::Windows,
            _ => System::Unix,
        }
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        use io::Read as _;
        let mut bytes = Vec::new();
        fs::File::open(path).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn list(&self, path: &Path) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> =
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        found.sort_unstable();
        found
    }

    fn link(&self, path: &Path) -> Option<PathBuf> {
        fs::read_link(path).ok()
    }

    fn real(&self, path: &Path) -> Option<PathBuf> {
        path.canonicalize().ok()
    }

    fn may_write(&self, path: &Path) -> bool {
        files::may_write(path)
    }

    fn run(&self, call: &Call) -> io::Result<Ran> {
        call.run(PATIENCE)
    }
}
