//! A git checkout, read from its own files (gitrepository-layout(5)).
//!
//! Deliberately absent: running git, which would obey the settings of a repository that is not ours.

use std::path::{Path, PathBuf};

use navyd_model::ProjectKind;

use super::within;
use crate::process::bounded;

/// Digits of a commit that stand for a branch when none is checked out.
const SHORT: usize = 12;

/// What git says of a directory that is the root of a checkout.
pub(super) struct Checkout {
    /// The branch, else the commit's first digits; `None` where the files do not tell.
    pub(super) branch: Option<String>,
    pub(super) kind: ProjectKind,
}

/// The checkout whose root is `dir`. A `.git` without a `HEAD` is no repository, and is passed over.
pub(super) fn checkout(root: &Path, dir: &Path) -> Option<Checkout> {
    let dot_git = within(root, dir).join(".git");
    let metadata = std::fs::metadata(&dot_git).ok()?;
    let (git_dir, kind) = if metadata.is_dir() {
        (dot_git, ProjectKind::Git)
    } else {
        let git_dir = linked(root, dir, &dot_git)?;
        let kind = kind_of(&git_dir);
        (git_dir, kind)
    };
    let branch = head(&git_dir)?;
    Some(Checkout { branch, kind })
}

/// Where a `.git` file leads: one line, `gitdir: PATH`, relative to the directory that the file is in.
fn linked(root: &Path, dir: &Path, dot_git: &Path) -> Option<PathBuf> {
    let text = bounded::read_text(dot_git)?;
    let path = text.strip_prefix("gitdir:")?.trim_matches([' ', '\r', '\n']);
    Some(within(root, &dir.join(path)))
}

/// What a linked git directory belongs to.
fn kind_of(git_dir: &Path) -> ProjectKind {
    // "commondir: If this file exists, $GIT_COMMON_DIR will be set to the path specified in this file",
    // which `git worktree add` writes, and nothing else.
    if git_dir.join("commondir").is_file() {
        return ProjectKind::Worktree;
    }
    // "modules: Contains the git-repositories of the submodules", below the repository they belong to.
    let in_modules = git_dir
        .ancestors()
        .filter(|part| part.ends_with("modules"))
        .filter_map(Path::parent)
        .any(|repository| repository.join("HEAD").is_file());
    if in_modules { ProjectKind::Submodule } else { ProjectKind::Git }
}

/// The branch in `HEAD`: `None` without such a file, `Some(None)` where it names none.
fn head(git_dir: &Path) -> Option<Option<String>> {
    let path = git_dir.join("HEAD");
    // Old repositories have a symbolic link to the branch's file instead.
    if let Ok(target) = std::fs::read_link(&path) {
        return Some(branch_of(&format!("ref: {}", target.to_string_lossy())));
    }
    Some(branch_of(&bounded::read_text(&path)?))
}

/// The branch that `origin/HEAD` names in the checkout whose root is `dir`: the default branch of where it was
/// cloned from. `None` where nobody said.
pub(super) fn default_branch(dir: &Path) -> Option<String> {
    let dot_git = dir.join(".git");
    let git_dir = if dot_git.is_dir() { dot_git } else { linked(Path::new(""), dir, &dot_git)? };
    // A worktree has its own HEAD, and shares its remotes: "commondir" is a path, relative to the file's directory.
    let common = bounded::read_text(&git_dir.join("commondir"));
    let common =
        common.map_or_else(|| git_dir.clone(), |path| git_dir.join(path.trim_matches(['\n', '\r', ' '])));
    let head = bounded::read_text(&common.join("refs/remotes/origin/HEAD"))?;
    let name = head.trim().strip_prefix("ref:")?.trim().strip_prefix("refs/remotes/origin/")?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// What the text of `HEAD` names.
fn branch_of(head: &str) -> Option<String> {
    let head = head.trim();
    let Some(reference) = head.strip_prefix("ref:") else {
        let is_commit = head.len() >= 40 && head.bytes().all(|byte| byte.is_ascii_hexdigit());
        return is_commit.then(|| head[..SHORT].to_owned());
    };
    let reference = reference.trim();
    let name = reference.strip_prefix("refs/heads/").or_else(|| reference.strip_prefix("refs/"))?;
    // A repository with the reftable format keeps its branches elsewhere, and this name as a stub.
    (!name.is_empty() && name != ".invalid").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{project, scratch::Scratch};

    #[test]
    fn head_names_a_branch_or_a_commit() {
        let sha1 = "0123456789abcdef0123456789abcdef01234567";
        for (head, expected) in [
            ("ref: refs/heads/main\n", Some("main")),
            ("ref: refs/heads/feature/a b\n", Some("feature/a b")),
            ("ref: refs/remotes/origin/x\n", Some("remotes/origin/x")),
            ("ref: refs/heads/.invalid\n", None),
            (sha1, Some("0123456789ab")),
            (&format!("{sha1}{}\n", &sha1[..24]), Some("0123456789ab")),
            ("0123", None),
            ("", None),
            ("ééééééééééééééééééééééééééééééééé", None),
        ] {
            assert_eq!(branch_of(head).as_deref(), expected, "{head:?}");
        }
    }

    #[test]
    fn repository_worktree_and_submodule_are_told_apart() {
        let scratch = Scratch::new();
        if !scratch.run("git", &["--version"]) {
            eprintln!("skipped: repository_worktree_and_submodule_are_told_apart: git is not installed");
            return;
        }
        scratch.git(&["init", "-q", "shop"]);
        scratch.git(&["init", "-q", "lib"]);
        for repository in ["shop", "lib"] {
            scratch.git(&["-C", repository, "commit", "-q", "--allow-empty", "-m", "first"]);
        }
        scratch.git(&["-C", "shop", "worktree", "add", "-q", "-b", "fix/cart", "../cart"]);
        scratch.git(&["-C", "shop", "submodule", "add", "-q", "../lib", "vendored/lib"]);
        scratch.git(&["clone", "-q", "--separate-git-dir", "apart.git", "shop", "apart"]);
        scratch.git(&["-C", "lib", "checkout", "-q", "--detach"]);
        scratch.write("shop/src/package.json", r#"{"name": "inner"}"#);

        let project = |below: &str| {
            let project = project::at(&scratch.path(below)).unwrap();
            let root = Path::new(&project.root).strip_prefix(scratch.root()).unwrap().to_owned();
            (root.to_string_lossy().into_owned(), project.name, project.branch, project.kind)
        };
        let main = Some("main".to_owned());
        assert_eq!(project("shop/src"), ("shop".into(), "shop".into(), main.clone(), ProjectKind::Git));
        assert_eq!(
            project("cart"),
            ("cart".into(), "cart".into(), Some("fix/cart".into()), ProjectKind::Worktree)
        );
        assert_eq!(
            project("shop/vendored/lib"),
            ("shop/vendored/lib".into(), "lib".into(), main.clone(), ProjectKind::Submodule)
        );
        assert_eq!(project("apart"), ("apart".into(), "apart".into(), main, ProjectKind::Git));
        // Only a clone has been told; a worktree of it knows what it knows.
        scratch.git(&["-C", "apart", "worktree", "add", "-q", "-b", "fix/a", "../beside"]);
        for (below, expected) in [("shop", None), ("apart", Some("main")), ("beside", Some("main"))] {
            assert_eq!(default_branch(&scratch.path(below)).as_deref(), expected, "{below}");
        }
        let (_, _, detached, kind) = project("lib");
        assert_eq!((detached.map(|commit| commit.len()), kind), (Some(12), ProjectKind::Git));
    }

    #[test]
    fn a_broken_git_entry_is_passed_over() {
        let scratch = Scratch::new();
        scratch.write("a/.git", "gitdir: /nowhere/at/all\n");
        scratch.write("b/.git", "\u{0}\u{ff}");
        scratch.write("c/.git/description", "no HEAD");
        scratch.write("d/.git/HEAD", "");
        for (below, expected) in [("a", false), ("b", false), ("c", false), ("d", true)] {
            assert_eq!(checkout(Path::new(""), &scratch.path(below)).is_some(), expected, "{below}");
        }
    }
}
