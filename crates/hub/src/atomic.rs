//! Files that are either the old or the new, whenever the power goes.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use crate::os;

/// Puts `bytes` in the place of the file, for this user alone. Only one writer at a time: the lock sees to it.
///
/// # Errors
/// When the directory cannot be written, or the disk is full; then the old file still stands.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = os::private(File::options().write(true).create(true).truncate(true)).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), os::sync_directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn the_old_file_stands_until_the_new_one_does() {
        let scratch = Scratch::new();
        let path = scratch.path().join("file");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);

        // The new file cannot be written: a directory has its name.
        fs::create_dir(scratch.path().join("file.new")).unwrap();
        assert!(write(&path, b"three").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }
}
