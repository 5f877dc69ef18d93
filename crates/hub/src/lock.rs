//! One at a time, such as one hub for each user: a file that is locked as long as its process lives.
//!
//! The kernel gives the lock back when the process ends, however it does, so nothing that a killed hub leaves
//! behind stands in the way of the next. The file itself stays, since removing it would let two lock two files.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::os;

/// How often it is looked at whether a holder is gone whose lock another has.
const LOOK: Duration = Duration::from_millis(100);

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock; `None` when another process has it.
    pub(crate) fn take(path: &Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Waits for the lock, as long as its holder lives.
    pub(crate) fn wait(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        file.lock()?;
        Ok(Self { _file: file })
    }
}

/// Waits until nobody has the lock, at most so long; whether that came. Or until its holder is `gone` all the same, as when
/// somebody else waited for the lock, who has it now.
pub(crate) fn released(path: &Path, time: Duration, gone: impl Fn() -> bool) -> io::Result<bool> {
    let (file, begun) = (open(path)?, Instant::now());
    let (tell, told) = mpsc::channel();
    // It ends with the lock, or with this process.
    thread::Builder::new().name("lock".into()).spawn(move || tell.send(file.lock()))?;
    loop {
        let left = time.saturating_sub(begun.elapsed());
        match told.recv_timeout(left.min(LOOK)) {
            Ok(locked) => return locked.map(|()| true),
            Err(_) if gone() => return Ok(true),
            Err(_) if left.is_zero() => return Ok(false),
            Err(_) => {}
        }
    }
}

/// Whether somebody has the lock. Only looks, and makes no file; what cannot be looked at is not held.
pub(crate) fn is_held(path: &Path) -> bool {
    // Shared, so that two who look at the same time do not take each other for a holder.
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn open(path: &Path) -> io::Result<File> {
    os::private(File::options().read(true).write(true).create(true)).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_lock_is_had_by_one_and_given_back() {
        let scratch = Scratch::new();
        let path = scratch.path().join("hub.lock");
        let lock = Lock::take(&path).unwrap();
        assert!(lock.is_some());
        assert!(Lock::take(&path).unwrap().is_none());
        assert!(is_held(&path) && !is_held(&scratch.path().join("none")));
        assert!(!released(&path, Duration::ZERO, || false).unwrap());
        assert!(released(&path, Duration::from_secs(30), || true).unwrap());
        drop(lock);
        assert!(!is_held(&path));
        assert!(released(&path, Duration::from_secs(30), || false).unwrap());
    }
}
