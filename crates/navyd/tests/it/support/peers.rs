//! Programs that no distribution packages: `scripts/peers` installs them below the target directory.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{program, skip};

/// A file of an npm package, and its interpreter; says why the test is skipped without either.
pub(crate) fn npm(test: &str, file: &str) -> Option<Command> {
    let Some(node) = program("node") else {
        skip(test, "`node` is not installed");
        return None;
    };
    let path = modules().join(file);
    if !path.is_file() {
        skip(test, &format!("`{file}` is not installed: scripts/peers does it"));
        return None;
    }
    let mut command = Command::new(node);
    // Nothing of the user's is read or changed, and nobody is told.
    command.arg(path).env("NEXT_TELEMETRY_DISABLED", "1");
    Some(command)
}

/// Where packages of npm are, and their programs below `.bin`.
pub(crate) fn modules() -> PathBuf {
    place("npm").join("node_modules")
}

/// A file of a package of PyPI, to be run as it is; says why the test is skipped without it.
pub(crate) fn pypi(test: &str, file: &str) -> Option<PathBuf> {
    let path = place("python").join(file);
    if path.is_file() {
        return Some(path);
    }
    skip(test, &format!("`{file}` is not installed: scripts/peers does it"));
    None
}

/// A script of a package of PyPI, run by the interpreter that it was installed for.
pub(crate) fn pypi_script(test: &str, file: &str) -> Option<Command> {
    let path = pypi(test, file)?;
    let mut command = Command::new(program("python3")?);
    command.env("PYTHONPATH", place("python")).arg("-u").arg(path);
    Some(command)
}

/// Where the packages of the suites of httpbin are, and their sources below `suites`.
pub(crate) fn suites(test: &str) -> Option<PathBuf> {
    let place = place("httpbin");
    // The stamp is the last thing that is written.
    if place.join(".stamp").is_file() {
        return Some(place);
    }
    skip(test, "the suites of httpbin are not installed: scripts/peers does it");
    None
}

fn place(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers").join(kind)
}
