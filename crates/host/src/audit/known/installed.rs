//! What is installed beside a running program, as the check sees it.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use navyd_model::{Holder, SupervisorKind};

use super::{Ecosystem, Version, debian, list, node, python};

/// A package that a holder runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its name.
    pub package: String,
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// Its version.
    pub version: Version,
    /// Where that was read.
    pub path: String,
    /// How sure it is that this is what runs.
    pub seen: Seen,
    /// The words before its name that install another version.
    pub install: &'static str,
    /// The environment it lies in, for Python.
    pub prefix: Option<String>,
}

/// How sure it is that what was read is what runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is installed where the program loads it from.
    Installed,
    /// It is, but it was changed after the program started.
    Changed,
    /// Only a lock file names it.
    Locked,
    /// It lies in an environment that the program may not use.
    Guessed,
    /// A distribution packed it, and may have mended it without another number.
    Packed,
}

/// What this holder runs of the list. Nothing is read for a program that is not on it, nor for one in a container, whose
/// paths mean other files there.
pub fn installed(holder: &Holder) -> Vec<Installed> {
    if holder.supervisor.as_ref().is_some_and(|kept| kept.kind == SupervisorKind::Container) {
        return Vec::new();
    }
    let find = |ecosystem, name: &str| match ecosystem {
        Ecosystem::Npm => node::find(holder, name),
        Ecosystem::Pypi => python::find(holder, name),
        Ecosystem::Debian => debian::find(holder, name),
    };
    list().run_by(holder).flat_map(|package| find(package.ecosystem, &package.name)).collect()
}

impl Installed {
    pub(super) fn npm(
        package: &str,
        version: Version,
        path: &Path,
        seen: Seen,
        install: &'static str,
    ) -> Self {
        Self::new(Ecosystem::Npm, package, version, path, seen, install)
    }

    pub(super) fn pypi(package: &str, version: Version, path: &Path, seen: Seen, prefix: &Path) -> Self {
        let prefix = Some(prefix.to_string_lossy().into_owned());
        Self { prefix, ..Self::new(Ecosystem::Pypi, package, version, path, seen, "pip install") }
    }

    pub(super) fn debian(package: &str, version: Version, path: &str, seen: Seen) -> Self {
        Self::new(
            Ecosystem::Debian,
            package,
            version,
            Path::new(path),
            seen,
            "apt-get install --only-upgrade",
        )
    }

    fn new(
        ecosystem: Ecosystem,
        package: &str,
        version: Version,
        path: &Path,
        seen: Seen,
        install: &'static str,
    ) -> Self {
        let path = path.to_string_lossy().into_owned();
        Self { package: package.to_owned(), ecosystem, version, path, seen, install, prefix: None }
    }
}

/// When an installation was last changed: its folder, or the link that stands for it, and its manifest.
pub(super) struct Moment(Option<SystemTime>);

impl Moment {
    pub(super) fn of(path: &Path) -> Self {
        let folder = fs::symlink_metadata(path).and_then(|metadata| metadata.modified()).ok();
        let manifest = fs::metadata(path.join("package.json")).and_then(|metadata| metadata.modified()).ok();
        Self(folder.max(manifest))
    }

    /// Whether that was later; no, where either is unknown.
    pub(super) fn is_after(&self, started: Option<Timestamp>) -> bool {
        let (Some(changed), Some(started)) = (self.0, started) else { return false };
        let changed =
            changed.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok());
        // A whole second apart: the kernel rounds the moment a process started.
        changed.is_some_and(|changed| changed > started.as_second().saturating_add(1))
    }
}
