//! The condition that a process is in: its `status`, and the files that its links lead to.

use std::{
    ffi::OsStr,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt},
    },
    path::Path,
};

use rustix::fs::{self, AtFlags, CWD};

use super::entry::Entry;
use crate::process::{Access, Condition, File};

/// Reads it. A process that is gone has none.
pub fn condition(pid: u32) -> Condition {
    let Some(entry) = Entry::open(pid) else { return Condition::default() };
    let (exe, cwd) = (entry.behind("exe"), entry.behind("cwd"));
    let gone = |found: &Option<rustix::fs::Stat>| found.as_ref().map(|found| found.st_nlink == 0);
    let file = |found: Option<rustix::fs::Stat>| {
        found.map(|found| File { uid: found.st_uid, mode: found.st_mode & 0o7777 })
    };
    Condition {
        exe_gone: gone(&exe),
        cwd_gone: gone(&cwd),
        capabilities: entry.is_in_our_user_namespace().then(|| effective(&entry.status()?)).flatten(),
        exe_shut: exe.is_some_and(|exe| exe.st_mode & 0o002 != 0) && is_shut(&entry, "exe"),
        cwd_shut: cwd.is_some_and(|cwd| cwd.st_mode & 0o002 != 0) && is_shut(&entry, "cwd"),
        exe: file(exe),
        cwd: file(cwd),
    }
}

/// Whether its memory has a file of this name mapped, such as a library that was loaded. `None` where it may not be
/// read, which takes the same user.
pub fn has_mapped(pid: u32, file: &str) -> Option<bool> {
    let maps = Entry::open(pid)?.maps()?;
    Some(
        maps.split(|byte| *byte == b'\n')
            .any(|line| line.rsplit(|byte| *byte == b'/').next() == Some(file.as_bytes())),
    )
}

/// Whether a folder above what the link leads to lets no other user through.
fn is_shut(entry: &Entry, name: &str) -> bool {
    let Some(link) = entry.link(name) else { return false };
    let above = Path::new(OsStr::from_bytes(&link.path)).ancestors().skip(1);
    let mode = |folder: &Path| fs::statat(CWD, folder, AtFlags::empty()).ok().map(|found| found.st_mode);
    above.filter_map(mode).any(|mode| mode & 0o001 == 0)
}

/// Who gets to a file, by its permissions and those of the folders above it. `None` when it cannot be seen.
pub fn access(path: &Path) -> Option<Access> {
    let path = path.canonicalize().ok()?;
    let found = path.metadata().ok()?;
    let closed = |folder: &&Path| folder.metadata().is_ok_and(|folder| folder.mode() & 0o001 == 0);
    let closed_by = path.ancestors().skip(1).find(closed);
    Some(Access {
        file: File { uid: found.uid(), mode: found.mode() & 0o7777 },
        is_socket: found.file_type().is_socket(),
        closed_by: closed_by.map(|folder| folder.to_string_lossy().into_owned()),
    })
}

/// The line `CapEff` of proc_pid_status(5): sixteen hexadecimal digits.
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_as_the_kernel_writes_them() {
        assert_eq!(effective("Name:\tx\nCapPrm:\t1\nCapEff:\t000001ffffffffff\n"), Some(0x1ff_ffff_ffff));
        assert_eq!(effective("CapEff:\t0000000000000000\n"), Some(0));
        assert_eq!(effective("CapEff: none\n"), None);
        assert_eq!(effective(""), None);
    }

    #[test]
    fn the_reader_itself_is_in_order() {
        let own = condition(std::process::id());
        assert_eq!((own.exe_gone, own.cwd_gone), (Some(false), Some(false)));
        assert!(own.capabilities.is_some() && own.exe.is_some());
    }
}
