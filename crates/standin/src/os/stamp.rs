//! What tells that a file is still the one that it was: not another at its path, and not written since.
//!
//! Only Linux asks other machines for it, where the files are theirs; elsewhere nothing is told, and files are opened.

use std::{fs::File, path::Path, time::SystemTime};

use super::Below;

/// A version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: (u32, u32),
    number: u64,
    length: u64,
    /// Seconds and nanoseconds since 1970: of the bytes, and of whatever else is known of it.
    changed: (i64, u32),
    touched: (i64, u32),
}

impl Stamp {
    /// When the system last noted anything about it. Nobody but the system sets this time.
    pub(crate) fn touched(&self) -> Option<SystemTime> {
        let seconds = u64::try_from(self.touched.0).ok()?;
        SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::new(seconds, self.touched.1))
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::AsFd;

    use rustix::fs::{AtFlags, Statx, StatxFlags, statx};

    use super::{Below, File, Path, Stamp};

    /// What a version is told by.
    const WANTED: StatxFlags =
        StatxFlags::INO.union(StatxFlags::SIZE).union(StatxFlags::MTIME).union(StatxFlags::CTIME);

    impl Below {
        /// That of what stands at a relative path, itself and not what a link at its end leads to. Links before that are
        /// followed, even out of the folder: the answer is only to be compared with that of a file opened below.
        pub(crate) fn stamp(&self, path: &Path) -> Option<Stamp> {
            stamp(self, path, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT)
        }
    }

    impl Stamp {
        /// That of a file that is open.
        pub(crate) fn of(file: &File) -> Option<Self> {
            stamp(file, Path::new(""), AtFlags::EMPTY_PATH)
        }
    }

    fn stamp(at: impl AsFd, path: &Path, flags: AtFlags) -> Option<Stamp> {
        // A disk of another machine is asked anew, as it is when a file is opened.
        let told = statx(at, path, flags | AtFlags::STATX_FORCE_SYNC, WANTED).ok()?;
        StatxFlags::from_bits_retain(told.stx_mask).contains(WANTED).then(|| version(&told))
    }

    fn version(told: &Statx) -> Stamp {
        Stamp {
            device: (told.stx_dev_major, told.stx_dev_minor),
            number: told.stx_ino,
            length: told.stx_size,
            changed: (told.stx_mtime.tv_sec, told.stx_mtime.tv_nsec),
            touched: (told.stx_ctime.tv_sec, told.stx_ctime.tv_nsec),
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Below {
    /// Nothing.
    pub(crate) fn stamp(&self, _: &Path) -> Option<Stamp> {
        None
    }
}

#[cfg(not(target_os = "linux"))]
impl Stamp {
    /// Nothing.
    pub(crate) fn of(_: &File) -> Option<Self> {
        None
    }
}
