//! The package that a program of Node.js would load: `node_modules` from its script, its executable and its working
//! directory upward.
//!
//! The script's real path comes first, as Node.js has it: so the store of pnpm, hoisting and workspaces are found by the
//! same walk (Node.js documentation, "Loading from node_modules folders").

use std::{
    fs,
    path::{Path, PathBuf},
};

use navyd_model::Holder;
use serde::Deserialize;

use super::{Installed, Seen, Version, installed::Moment, launch, lock};
use crate::process::bounded;

/// The largest manifest that is read, in bytes.
const MANIFEST: u64 = 512 * 1024;
/// The largest lock file that is read, in bytes. Those of big workspaces have some megabytes.
const LOCK: u64 = 8 * 1024 * 1024;
/// How many folders upward are asked. Paths that people work in have a dozen.
const DEPTH: usize = 64;

#[derive(Deserialize)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
}

/// What is installed for this holder, else what its lock file names.
pub(super) fn find(holder: &Holder, package: &str) -> Vec<Installed> {
    let starts = starts(holder);
    let installed =
        starts.iter().flat_map(|start| start.ancestors().take(DEPTH)).find_map(|folder| at(folder, package));
    if let Some((path, version)) = installed {
        let install =
            starts.iter().find_map(|start| locked(start)).map_or("npm i", |(_, reader)| reader.install);
        let seen =
            if Moment::of(&path).is_after(holder.started_at) { Seen::Changed } else { Seen::Installed };
        return vec![Installed::npm(package, version, &path, seen, install)];
    }
    let Some((path, reader)) = starts.iter().find_map(|start| locked(start)) else { return Vec::new() };
    let Some(text) = bounded::read(&path, LOCK) else { return Vec::new() };
    let versions = (reader.versions)(&String::from_utf8_lossy(&text), package);
    let versions = versions.iter().filter_map(|version| Version::parse(version));
    versions.map(|version| Installed::npm(package, version, &path, Seen::Locked, reader.install)).collect()
}

/// Where the walk begins: the script, really and as it was named, the executable, and the working directory.
fn starts(holder: &Holder) -> Vec<PathBuf> {
    let launch = launch(holder);
    let cwd = holder.cwd.as_deref().map(Path::new);
    let script = launch.script().and_then(|script| match Path::new(script) {
        path if path.is_absolute() => Some(path.to_owned()),
        path => Some(cwd?.join(path)),
    });
    let real = script.as_deref().and_then(|script| fs::canonicalize(script).ok());
    let exe = holder
        .exe
        .as_deref()
        .map(PathBuf::from)
        .filter(|exe| exe.components().any(|part| part.as_os_str() == MODULES));
    let files =
        [real, script, exe].into_iter().flatten().filter_map(|file| file.parent().map(Path::to_owned));
    let mut starts: Vec<PathBuf> =
        files.chain(cwd.map(Path::to_owned)).filter(|start| start.is_absolute()).collect();
    starts.dedup();
    starts
}

const MODULES: &str = "node_modules";

/// The package in the `node_modules` of this folder, as its own manifest names it.
fn at(folder: &Path, package: &str) -> Option<(PathBuf, Version)> {
    let modules = if folder.file_name()? == MODULES { folder.to_owned() } else { folder.join(MODULES) };
    let path = modules.join(package);
    let manifest: Manifest =
        serde_json::from_slice(&bounded::read(&path.join("package.json"), MANIFEST)?).ok()?;
    let version = Version::parse(&manifest.version?)?;
    (manifest.name.as_deref() == Some(package)).then_some((path, version))
}

/// The nearest lock file.
fn locked(start: &Path) -> Option<(PathBuf, &'static lock::Reader)> {
    let lock = |folder: &Path| {
        lock::READERS.iter().map(|reader| (folder.join(reader.file), reader)).find(|(path, _)| path.is_file())
    };
    start.ancestors().take(DEPTH).filter(|folder| !folder.iter().any(|part| part == MODULES)).find_map(lock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::scratch::Scratch;

    fn manifest(name: &str, version: &str) -> String {
        format!(r#"{{"name":"{name}","version":"{version}"}}"#)
    }

    fn found(scratch: &Scratch, cwd: &str, script: &str) -> Vec<(String, Seen, &'static str)> {
        let text = |path: &str| scratch.path(path).to_str().unwrap().to_owned();
        let argv = Some(vec!["node".to_owned(), text(script)]);
        let holder = Holder { name: "node".into(), cwd: Some(text(cwd)), argv, ..Holder::default() };
        find(&holder, "vite")
            .into_iter()
            .map(|one| (one.version.to_string(), one.seen, one.install))
            .collect()
    }

    #[test]
    fn the_walk_is_that_of_node() {
        let scratch = Scratch::new();
        scratch.write("ws/package-lock.json", "{}");
        scratch.write("ws/node_modules/vite/package.json", &manifest("vite", "5.4.10"));
        scratch.write("ws/node_modules/vite/bin/vite.js", "");
        scratch.write("ws/apps/a/index.js", "");
        scratch.write("ws/apps/b/node_modules/vite/package.json", &manifest("vite", "6.0.1"));
        scratch.write("ws/apps/b/index.js", "");
        let hoisted = vec![("5.4.10".to_owned(), Seen::Installed, "npm i")];
        assert_eq!(found(&scratch, "ws/apps/a", "ws/node_modules/vite/bin/vite.js"), hoisted);
        assert_eq!(found(&scratch, "ws/apps/a", "ws/apps/a/index.js"), hoisted, "upward from a workspace");
        assert_eq!(found(&scratch, "ws/apps/b", "ws/apps/b/index.js")[0].0, "6.0.1", "its own");
        assert_eq!(
            found(&scratch, "ws/apps/b", "ws/node_modules/vite/bin/vite.js")[0].0,
            "5.4.10",
            "the one that runs"
        );
    }

    #[test]
    fn another_name_in_the_folder_is_no_version() {
        let scratch = Scratch::new();
        scratch.write("p/node_modules/vite/package.json", &manifest("rolldown-vite", "5.0.0"));
        assert_eq!(found(&scratch, "p", "p/x.js"), []);
    }

    #[test]
    fn a_lock_file_stands_in() {
        let scratch = Scratch::new();
        scratch.write("p/pnpm-lock.yaml", "packages:\n  vite@5.4.10:\n");
        assert_eq!(found(&scratch, "p/src", "p/src/x.js"), [("5.4.10".to_owned(), Seen::Locked, "pnpm add")]);
    }

    #[cfg(unix)]
    #[test]
    fn the_store_of_pnpm_is_followed() {
        let scratch = Scratch::new();
        let store = "p/node_modules/.pnpm/vite@5.4.10/node_modules/vite";
        scratch.write(&format!("{store}/package.json"), &manifest("vite", "5.4.10"));
        scratch.write(&format!("{store}/bin/vite.js"), "");
        scratch.write("p/pnpm-lock.yaml", "");
        std::os::unix::fs::symlink(
            ".pnpm/vite@5.4.10/node_modules/vite",
            scratch.path("p/node_modules/vite"),
        )
        .unwrap();
        let expected = [("5.4.10".to_owned(), Seen::Installed, "pnpm add")];
        assert_eq!(found(&scratch, "p", "p/node_modules/vite/bin/vite.js"), expected);
        assert_eq!(found(&scratch, "/", &format!("{store}/bin/vite.js")), expected);
    }
}
