//! A directory that vanishes with its test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// An empty directory of this test's own, readable by everyone; removed with all it holds when dropped.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    /// Makes it.
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("navyd-test-{}-{number}", process::id()));
        fs::create_dir(&path).unwrap_or_else(|error| panic!("make {}: {error}", path.display()));
        // The kernel shows paths without symbolic links, and tests compare with what it shows.
        Self(path.canonicalize().expect("it has just been made"))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file below it, with the directories in between; returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is below the directory")).expect("our own directory");
        fs::write(&path, content).expect("our own file");
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn it_vanishes_with_what_it_holds() {
    let folder = TempDir::new();
    let file = folder.write("a/b.txt", "text");
    assert_eq!(fs::read(&file).unwrap(), b"text");
    assert_eq!(file.strip_prefix(folder.path()).unwrap(), Path::new("a/b.txt"));
    drop(folder);
    assert!(!file.exists());
}
