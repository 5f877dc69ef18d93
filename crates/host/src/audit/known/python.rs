//! The distribution that a program of Python would import: `*.dist-info` beside its interpreter.
//!
//! The environment that its arguments lie in comes first (`/srv/.venv/bin/flask`), then that of the executable. Bias:
//! an interpreter that was found by `PATH` in a virtual environment hides it; then the environments that people keep in
//! the working directory are guessed, which makes it an inference.

use std::{
    fs,
    path::{Path, PathBuf},
};

use navyd_model::Holder;

use super::{Installed, Seen, Version, installed::Moment};

/// More entries of a folder than are looked at.
const ENTRIES: usize = 8192;
/// Environments that people keep beside their code.
const GUESSES: &[&str] = &[".venv", "venv", "env"];

/// What is installed for this holder.
pub(super) fn find(holder: &Holder, package: &str) -> Vec<Installed> {
    let known = environments(holder).into_iter().map(|prefix| (prefix, Seen::Installed));
    let cwd = holder.cwd.iter().flat_map(|cwd| GUESSES.iter().map(|guess| Path::new(cwd).join(guess)));
    let guessed =
        cwd.filter(|prefix| prefix.join("pyvenv.cfg").is_file()).map(|prefix| (prefix, Seen::Guessed));
    // A guess would come too late behind the system's own packages, which a guessed environment hides.
    let (own, shared): (Vec<_>, Vec<_>) = known.partition(|(prefix, _)| prefix.join("pyvenv.cfg").is_file());
    let found = own.into_iter().chain(guessed).chain(shared).find_map(|(prefix, seen)| {
        let (path, version) = sites(&prefix).iter().find_map(|site| at(site, package))?;
        let seen = if Moment::of(&path).is_after(holder.started_at) { Seen::Changed } else { seen };
        Some(Installed::pypi(package, version, &path, seen, &prefix))
    });
    found.into_iter().collect()
}

/// The prefixes that its first arguments and its executable lie in: `/srv/.venv` of `/srv/.venv/bin/flask`.
fn environments(holder: &Holder) -> Vec<PathBuf> {
    let cwd = Path::new(holder.cwd.as_deref().unwrap_or("/"));
    let words = holder.argv.iter().flatten().take(2).filter(|word| word.contains('/'));
    let paths = words.map(|word| cwd.join(word)).chain(holder.exe.as_deref().map(PathBuf::from));
    let prefix = |path: PathBuf| {
        let folder = path.parent()?;
        (folder.file_name()? == "bin").then(|| folder.parent().map(Path::to_owned))?
    };
    let mut prefixes: Vec<PathBuf> = paths.filter_map(prefix).filter(|prefix| prefix.is_absolute()).collect();
    prefixes.dedup();
    prefixes
}

/// Where a prefix keeps packages; Debian's own lie in `dist-packages`.
fn sites(prefix: &Path) -> Vec<PathBuf> {
    let lib = prefix.join("lib");
    let versions = folders(&lib, |name| name.starts_with("python3"));
    versions
        .iter()
        .flat_map(|version| [version.join("site-packages"), version.join("dist-packages")])
        .collect()
}

/// The distribution in this folder.
fn at(site: &Path, package: &str) -> Option<(PathBuf, Version)> {
    let is = |name: &str| split(name).is_some_and(|(found, _)| normalized(found) == package);
    let path = folders(site, is).into_iter().next()?;
    let (_, version) = split(path.file_name()?.to_str()?)?;
    let version = Version::parse(version)?;
    Some((path, version))
}

/// `Werkzeug-2.0.1.dist-info` (PyPA, "Recording installed projects").
fn split(name: &str) -> Option<(&str, &str)> {
    name.strip_suffix(".dist-info")?.rsplit_once('-')
}

/// The name as PyPI compares it (PEP 503).
fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn folders(folder: &Path, is: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(ENTRIES).flatten();
    let wanted = entries.filter(|entry| entry.file_name().to_str().is_some_and(&is));
    wanted.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::scratch::Scratch;

    #[test]
    fn the_environment_of_the_program_is_asked() {
        let scratch = Scratch::new();
        scratch.write("p/.venv/pyvenv.cfg", "");
        scratch.write("p/.venv/lib/python3.11/site-packages/Werkzeug-2.0.1.dist-info/METADATA", "");
        scratch.write("p/.venv/lib/python3.11/site-packages/werkzeug_extra-9.0.dist-info/METADATA", "");
        scratch.write("usr/lib/python3/dist-packages/jupyter_server-2.0.0.dist-info/METADATA", "");
        let text = |path: &str| scratch.path(path).to_str().unwrap().to_owned();
        for (package, argv, exe, expected) in [
            (
                "werkzeug",
                vec!["python3".into(), text("p/.venv/bin/flask"), "run".into()],
                "usr/bin/python3",
                Some(("2.0.1", Seen::Installed)),
            ),
            (
                "werkzeug",
                vec![".venv/bin/python".into(), "app.py".into()],
                "usr/bin/python3",
                Some(("2.0.1", Seen::Installed)),
            ),
            (
                "werkzeug",
                vec!["python3".into(), "app.py".into()],
                "usr/bin/python3",
                Some(("2.0.1", Seen::Guessed)),
            ),
            ("jupyter-server", vec!["python3".into()], "usr/bin/python3", Some(("2.0.0", Seen::Installed))),
            ("mcp", vec!["python3".into()], "usr/bin/python3", None),
        ] {
            let holder =
                Holder { argv: Some(argv), exe: Some(text(exe)), cwd: Some(text("p")), ..Holder::default() };
            let found = find(&holder, package).pop().map(|one| (one.version.to_string(), one.seen));
            assert_eq!(
                found,
                expected.map(|(version, seen)| (version.to_owned(), seen)),
                "{package} {:?}",
                holder.argv
            );
        }
    }
}
