//! The local authority on disk: made once, private to its user, replaced when it has ended or a person wants the next.
//!
//! Deliberately absent: the key of the root, which is gone before anything is written.

use std::{fs, io, path::Path};

use jiff::Timestamp;
use navyd_gateway::tls::{Authority, AuthorityError};

use super::Life;
use crate::{lock::Lock, os::files, places::Places};

/// The most that is read of one of its files. They are below 2 KiB.
const LONGEST: u64 = 64 * 1024;

const INTERMEDIATE: &str = "intermediate.pem";
const KEY: &str = "intermediate-key.pem";

/// The authority of this user.
pub struct Kept {
    /// The authority.
    pub authority: Authority,
    /// Whether it has just been made, so that no store can know it yet.
    pub new: bool,
    /// When the one before it expired, if it stands in the place of such a one.
    pub expired: Option<Timestamp>,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Others could have read or changed it.
    #[error("the local authority is not safe: {0}")]
    Unsafe(String),
    /// One of its files cannot be read or written.
    #[error("`{0}`: {1}")]
    File(String, io::Error),
    /// What it holds is none, or none can be made.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

impl Kept {
    /// The authority as it is; `None` when there is none.
    ///
    /// # Errors
    /// When its files are not this user's alone, or are none.
    pub fn find(places: &Places) -> Result<Option<Authority>, KeepError> {
        let folder = places.authority();
        let root = places.root_certificate();
        // The root is written last: without it nothing was finished.
        if !root.exists() {
            return Ok(None);
        }
        let key = folder.join(KEY);
        safe(&folder)?;
        safe(&key)?;
        Ok(Some(Authority::load(read(&root)?, read(&folder.join(INTERMEDIATE))?, read(&key)?)?))
    }

    /// The authority, made first where there is none or it has expired. One that still works is never replaced here:
    /// stores trust it, and no store would know the next.
    ///
    /// # Errors
    /// As [`Kept::find`], and when it cannot be written.
    pub fn open(places: &Places, now: Timestamp) -> Result<Self, KeepError> {
        Self::unless(places, now, |life| life == Life::Over)
    }

    /// The authority, made first where there is none or two thirds of its life are over: for whoever has stores trust it
    /// right after.
    ///
    /// # Errors
    /// As [`Kept::open`].
    pub fn renew(places: &Places, now: Timestamp) -> Result<Self, KeepError> {
        Self::unless(places, now, |life| life != Life::Young)
    }

    fn unless(places: &Places, now: Timestamp, replaced: fn(Life) -> bool) -> Result<Self, KeepError> {
        let folder = places.authority();
        if folder.exists() {
            safe(&folder)?;
        }
        files::private_directory(&folder).map_err(at(&folder))?;
        let lock = folder.join("lock");
        // Whoever else makes one is done in a moment.
        let _lock = Lock::wait(&lock).map_err(at(&lock))?;
        let found = Self::find(places)?;
        let expired = found.as_ref().map(Authority::expires).filter(|expires| *expires <= now);
        if let Some(authority) = found.filter(|found| !replaced(Life::at(now, found.expires()))) {
            return Ok(Self { authority, new: false, expired: None });
        }
        let authority = Authority::create(now)?;
        write(places, &authority)?;
        Ok(Self { authority, new: true, expired })
    }
}

/// The old root goes first and the new one comes last, so that what is cut short is none, and never half of each.
fn write(places: &Places, authority: &Authority) -> Result<(), KeepError> {
    let (folder, root) = (places.authority(), places.root_certificate());
    match fs::remove_file(&root) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&root)(error)),
        _ => {}
    }
    for (path, text, mode) in [
        (folder.join(KEY), authority.key(), files::PRIVATE),
        (folder.join(INTERMEDIATE), authority.intermediate(), files::PUBLIC),
        (root, authority.root(), files::PUBLIC),
    ] {
        files::write(&path, text.as_bytes(), mode).map_err(at(&path))?;
    }
    Ok(())
}

fn safe(path: &Path) -> Result<(), KeepError> {
    match files::why_not_private(path).map_err(at(path))? {
        None => Ok(()),
        Some(why) => Err(KeepError::Unsafe(why)),
    }
}

fn read(path: &Path) -> Result<String, KeepError> {
    use io::Read as _;
    let mut text = String::new();
    fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text)).map_err(at(path))?;
    Ok(text)
}

fn at(path: &Path) -> impl Fn(io::Error) -> KeepError + '_ {
    |error| KeepError::File(path.display().to_string(), error)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use jiff::SignedDuration;

    use super::*;
    use crate::scratch::Scratch;

    fn places(scratch: &Scratch) -> Places {
        let data = scratch.path().join("data");
        Places { runtime: data.clone(), state: data.clone(), config: data.clone(), data }
    }

    fn mode(path: &Path) -> u32 {
        // a helper of tests, which clippy.toml knows only in functions under #[test]
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn it_is_made_once_and_private() {
        let scratch = Scratch::new();
        let places = places(&scratch);
        let now = Timestamp::now();
        assert!(Kept::find(&places).unwrap().is_none());
        let made = Kept::open(&places, now).unwrap();
        let again = Kept::open(&places, now).unwrap();
        assert!(made.new && !again.new);
        assert_eq!(made.authority.root(), again.authority.root());
        let folder = places.authority();
        assert_eq!(
            [mode(&folder), mode(&folder.join(KEY)), mode(&places.root_certificate())],
            [0o700, 0o600, 0o644]
        );
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let keys = files.iter().filter(|path| fs::read_to_string(path).unwrap().contains("PRIVATE KEY"));
        assert_eq!(keys.collect::<Vec<_>>(), [&folder.join(KEY)], "the key of the root is nowhere");
    }

    #[test]
    fn one_that_works_is_replaced_only_by_whoever_installs_the_next() {
        let scratch = Scratch::new();
        let places = places(&scratch);
        let made = Kept::open(&places, Timestamp::now()).unwrap();
        let (first, expires) = (made.authority.root().to_owned(), made.authority.expires());
        let before = |days: i64| expires - SignedDuration::from_hours(days * 24);
        for (now, opened, renewed) in
            [(before(400), false, false), (before(29), false, true), (before(0), true, true)]
        {
            let open = Kept::open(&places, now).unwrap();
            assert_eq!(open.new, opened, "{now}");
            assert_eq!(open.expired, opened.then_some(expires), "{now}");
            // It is put back for the next.
            write(&places, &made.authority).unwrap();
            let renew = Kept::renew(&places, now).unwrap();
            assert_eq!((renew.new, renew.authority.root() != first), (renewed, renewed), "{now}");
            write(&places, &made.authority).unwrap();
        }
    }

    #[test]
    fn what_was_cut_short_is_made_anew() {
        let scratch = Scratch::new();
        let places = places(&scratch);
        let made = Kept::open(&places, Timestamp::now()).unwrap();
        fs::remove_file(places.root_certificate()).unwrap();
        let again = Kept::open(&places, Timestamp::now()).unwrap();
        assert!(again.new && again.authority.root() != made.authority.root());
    }

    #[test]
    fn what_others_could_use_is_refused() {
        let scratch = Scratch::new();
        let places = places(&scratch);
        drop(Kept::open(&places, Timestamp::now()).unwrap());
        for path in [places.authority(), places.authority().join(KEY)] {
            let before = mode(&path);
            fs::set_permissions(&path, fs::Permissions::from_mode(before | 0o040)).unwrap();
            let refused = Kept::open(&places, Timestamp::now()).err().unwrap();
            assert!(matches!(&refused, KeepError::Unsafe(why) if why.contains("has mode")), "{refused}");
            assert!(Kept::find(&places).is_err());
            fs::set_permissions(&path, fs::Permissions::from_mode(before)).unwrap();
        }
        assert!(Kept::find(&places).unwrap().is_some());
    }
}
