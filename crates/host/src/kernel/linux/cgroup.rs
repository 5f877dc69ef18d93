//! Control groups: from the number that a socket carries to a path.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::{DirEntryExt, MetadataExt},
    path::{Path, PathBuf},
};

/// The paths of the control groups seen so far, read once.
///
/// A socket's number is the inode of its group's directory in the version 2 hierarchy. It is that of the group
/// in which `socket()` was called, and stays when the process moves.
#[derive(Debug, Default)]
pub struct Cgroups {
    paths: Option<HashMap<u64, String>>,
}

/// A hierarchy deeper or larger than this is read in part: what is not found stays unknown.
const MOST: usize = 20_000;

impl Cgroups {
    /// The path below the hierarchy's root: `/system.slice/nginx.service`. `None` when the group is gone, or
    /// its hierarchy is not mounted.
    pub fn path(&mut self, id: u64) -> Option<&str> {
        self.paths.get_or_insert_with(read).get(&id).map(String::as_str)
    }
}

fn read() -> HashMap<u64, String> {
    let mut paths = HashMap::new();
    let Some(root) = mount() else { return paths };
    if let Ok(found) = fs::metadata(&root) {
        paths.insert(found.ino(), "/".to_owned());
    }
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            if paths.len() >= MOST || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let path = entry.path();
            if let Ok(below) = path.strip_prefix(&root) {
                paths.insert(entry.ino(), format!("/{}", below.to_string_lossy()));
            }
            folders.push(path);
        }
    }
    paths
}

/// Where the version 2 hierarchy is mounted.
fn mount() -> Option<PathBuf> {
    ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.join("cgroup.procs").exists() && path.join("cgroup.controllers").exists())
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_number_has_no_path() {
        assert_eq!(Cgroups::default().path(u64::MAX), None);
    }

    #[test]
    fn the_root_is_a_slash() {
        let Some(root) = mount() else { return eprintln!("skipped: the_root_is_a_slash: no cgroup2 mount") };
        let number = fs::metadata(root).unwrap().ino();
        assert_eq!(Cgroups::default().path(number), Some("/"));
    }
}
