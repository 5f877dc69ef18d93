//! A directory for one test, removed with it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A fresh directory below the system's temporary one.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let base = fs::canonicalize(std::env::temp_dir()).unwrap();
        let root = base.join(format!("navyd-process-{}-{number}", std::process::id()));
        fs::create_dir(&root).unwrap();
        Self(root)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    /// Writes a file, and makes the directories above it.
    pub(crate) fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Copies a program that will be run, by `cp`: were the copy written by this process, a child forked at
    /// that moment by another test would still have it open for writing, and `execve` would refuse (ETXTBSY).
    #[cfg(target_os = "linux")]
    pub(super) fn copy(&self, program: &Path, below: impl AsRef<std::ffi::OsStr>) -> PathBuf {
        let path = self.path("").join(below.as_ref());
        assert!(Command::new("cp").arg(program).arg(&path).status().unwrap().success());
        path
    }

    /// Runs a program in the directory, and tells whether it succeeded.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> bool {
        Command::new(program)
            .args(arguments)
            .current_dir(&self.0)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Runs git with an author and a branch that depend on nobody's settings.
    pub(super) fn git(&self, arguments: &[&str]) {
        const SETTINGS: [&str; 8] = [
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@localhost",
            "-c",
            "init.defaultBranch=main",
            "-c",
            "protocol.file.allow=always",
        ];
        assert!(self.run("git", &[&SETTINGS, arguments].concat()), "git {arguments:?}");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
