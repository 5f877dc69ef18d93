//! The project that a directory belongs to.
//!
//! The git root, else the nearest directory with a manifest. Nothing is run: git's own files are read.
//!
//! Common ground is never a project, whatever lies there: `/`, a home directory, and the directories for
//! temporary files. A stray `package.json` or a repository of dotfiles in a home says nothing about a
//! program that runs somewhere below it. Bias: who really develops in the home directory itself sees no
//! project.

mod dependency;
mod git;
mod manifest;
mod plain;
mod structured;

pub use dependency::{Ecosystem, Manifests};

use std::{
    env,
    path::{Path, PathBuf},
};

use navyd_model::{Project, ProjectKind};

/// How far up a project is looked for. Deeper trees than this are machines' work.
const DEPTH: usize = 64;

/// The project that `dir`, an absolute path, belongs to.
pub fn at(dir: &Path) -> Option<Project> {
    below(Path::new(""), dir)
}

/// The same for a directory as a process with another root directory sees it: `root` is where that root is
/// reached from here, such as `/proc/812/root`; empty for one's own.
pub fn below(root: &Path, dir: &Path) -> Option<Project> {
    let home = env::home_dir();
    let mut nearest_manifest = None;
    for candidate in outside_dependencies(dir).ancestors().take(DEPTH) {
        if is_common_ground(candidate, home.as_deref()) {
            break;
        }
        if let Some(checkout) = git::checkout(root, candidate) {
            let name = manifest::name(&within(root, candidate)).unwrap_or_else(|| directory_name(candidate));
            return Some(Project {
                root: candidate.to_string_lossy().into_owned(),
                name,
                branch: checkout.branch,
                kind: checkout.kind,
            });
        }
        if nearest_manifest.is_none() && manifest::is_in(&within(root, candidate)) {
            nearest_manifest = Some(candidate);
        }
    }
    let found = nearest_manifest?;
    Some(Project {
        root: found.to_string_lossy().into_owned(),
        name: manifest::name(&within(root, found)).unwrap_or_else(|| directory_name(found)),
        branch: None,
        kind: ProjectKind::Manifest,
    })
}

/// The default branch of the repository whose checkout has this root, where it is known: what `origin/HEAD` names.
pub fn default_branch(root: &Path) -> Option<String> {
    git::default_branch(root)
}

/// An absolute path as it is reached from here.
fn within(root: &Path, path: &Path) -> PathBuf {
    if root.as_os_str().is_empty() {
        return path.to_owned();
    }
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// The directory that a dependency was installed for: a package below `node_modules` is nobody's project.
fn outside_dependencies(dir: &Path) -> &Path {
    dir.ancestors().filter(|part| part.ends_with("node_modules")).last().and_then(Path::parent).unwrap_or(dir)
}

fn is_common_ground(dir: &Path, home: Option<&Path>) -> bool {
    const SHARED: [&str; 5] = ["/root", "/tmp", "/var/tmp", "/dev/shm", "/private/tmp"];
    const HOMES: [&str; 2] = ["/home", "/Users"];
    let above = dir.parent();
    above.is_none()
        || home == Some(dir)
        || SHARED.iter().any(|shared| dir == Path::new(shared))
        || HOMES.iter().any(|homes| dir == Path::new(homes) || above == Some(Path::new(homes)))
}

fn directory_name(dir: &Path) -> String {
    dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::scratch::Scratch;

    #[test]
    fn common_ground_is_never_a_project() {
        let home = Some(Path::new("/srv/home/ann"));
        for (dir, expected) in [
            ("/", true),
            ("/root", true),
            ("/tmp", true),
            ("/home", true),
            ("/home/bob", true),
            ("/Users/bob", true),
            ("/srv/home/ann", true),
            ("/srv/home/ann/shop", false),
            ("/home/bob/shop", false),
            ("/srv/shop", false),
            ("/tmp/shop", false),
        ] {
            assert_eq!(is_common_ground(Path::new(dir), home), expected, "{dir}");
        }
    }

    #[test]
    fn a_package_below_node_modules_is_nobodys_project() {
        for (dir, expected) in [
            ("/shop/node_modules/vite/bin", "/shop"),
            ("/shop/node_modules/a/node_modules/b", "/shop"),
            ("/shop/src", "/shop/src"),
        ] {
            assert_eq!(outside_dependencies(Path::new(dir)), Path::new(expected));
        }
    }

    #[test]
    fn the_nearest_manifest_names_a_project_outside_git() {
        let scratch = Scratch::new();
        scratch.write("shop/package.json", r#"{"name": "@acme/shop"}"#);
        scratch.write("shop/api/Procfile", "web: ./api");
        let shop = scratch.path("shop").to_string_lossy().into_owned();
        let project = |below: &str| {
            std::fs::create_dir_all(scratch.path(below)).unwrap();
            at(&scratch.path(below)).map(|project| (project.root, project.name, project.branch, project.kind))
        };
        let expected = Some((shop.clone(), "@acme/shop".into(), None, ProjectKind::Manifest));
        assert_eq!(project("shop"), expected);
        assert_eq!(project("shop/src/deep"), expected);
        assert_eq!(project("shop/node_modules/vite"), expected);
        assert_eq!(
            project("shop/api/src"),
            Some((format!("{shop}/api"), "api".into(), None, ProjectKind::Manifest))
        );
        assert_eq!(project("elsewhere"), None);
    }

    #[test]
    fn a_directory_seen_from_another_root_is_found_below_it() {
        let scratch = Scratch::new();
        scratch.write("app/go.mod", "module example.org/acme/shop/v2\n");
        let project = below(scratch.root(), Path::new("/app/cmd")).unwrap();
        assert_eq!((project.root.as_str(), project.name.as_str()), ("/app", "shop"));
    }
}
