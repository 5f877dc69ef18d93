//! A control group for a service (cgroups(7)): what a process starts is in it too, wherever it hides.
//!
//! Only below a group that was delegated to the hub; everywhere else groups belong to somebody. Deliberately absent:
//! limits.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

/// A group of its own. Dropping it removes it, once it is empty.
#[derive(Debug)]
pub(crate) struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes one; `None` where none was delegated.
    pub(crate) fn make(name: &str) -> Option<Self> {
        let own = delegated()?;
        let path = own.join(format!("navyd-{name}"));
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => None,
            _ => Some(Self(path)),
        }
    }

    /// Moves a process into it. What it has already started stays where it is.
    pub(crate) fn add(&self, pid: u32) -> io::Result<()> {
        fs::File::options()
            .write(true)
            .open(self.0.join("cgroup.procs"))?
            .write_all(pid.to_string().as_bytes())
    }

    /// Who is in it.
    pub(crate) fn members(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Ends all of them at once; whether the kernel can do that (Linux 5.14).
    pub(crate) fn kill(&self) -> bool {
        fs::write(self.0.join("cgroup.kill"), "1").is_ok()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // One that is not empty stays, and is used again by the same service.
        let _ = fs::remove_dir(&self.0);
    }
}

/// The group of this process, when it was delegated: systemd says so by an extended attribute (systemd.resource-control(5),
/// `Delegate=`).
#[cfg(target_os = "linux")]
fn delegated() -> Option<PathBuf> {
    let lines = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = lines.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let path = PathBuf::from("/sys/fs/cgroup").join(own);
    let says = |name: &str| {
        let mut value = [0; 8];
        rustix::fs::getxattr(&path, name, &mut value[..])
            .is_ok_and(|length| value[..length].starts_with(b"1"))
    };
    (path.join("cgroup.procs").exists() && ["user.delegate", "trusted.delegate"].into_iter().any(says))
        .then_some(path)
}

/// No control groups here.
#[cfg(not(target_os = "linux"))]
fn delegated() -> Option<PathBuf> {
    None
}
