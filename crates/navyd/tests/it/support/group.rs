//! A control group of a test's own, so that whatever runs in it can be ended at once.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

/// A control group; removed when dropped, with those below it.
pub(crate) struct Group(PathBuf);

impl Group {
    /// Makes one below the root of all.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        // Alone, or beside the groups of version 1.
        let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(Path::new);
        let root = roots.into_iter().find(|root| root.join("cgroup.controllers").exists());
        let path = root.ok_or(io::ErrorKind::Unsupported)?.join(name);
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// Makes one below it that belongs to a user.
    pub(crate) fn below(self, place: &str, user: u32) -> io::Result<Self> {
        let below = self.0.join(place);
        fs::create_dir_all(&below)?;
        for file in ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
            chown(below.join(file), Some(user), Some(user))?;
        }
        Ok(self)
    }

    /// A command that enters the group before it becomes the program.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-ec", "echo $$ >\"$1/cgroup.procs\"; shift; exec \"$@\"", "sh"])
            .arg(&self.0)
            .arg(program);
        command
    }

    /// Ends everyone in it at once, whatever they have forked meanwhile.
    pub(crate) fn kill(&self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The kernel empties it by and by; a file of it says so when that is done.
        while fs::read_to_string(self.0.join("cgroup.events")).is_ok_and(|said| said.contains("populated 1"))
        {
            std::thread::yield_now();
        }
        remove(&self.0);
    }
}

/// Groups can only be removed from below.
fn remove(group: &Path) {
    let below = fs::read_dir(group).into_iter().flatten().flatten().map(|entry| entry.path());
    below.filter(|path| path.is_dir()).for_each(|path| remove(&path));
    let _ = fs::remove_dir(group);
}
