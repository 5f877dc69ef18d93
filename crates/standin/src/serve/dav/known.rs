//! What is known of a file, in the words of `dav-server`.

use std::{io, time::SystemTime};

use dav_server::fs::{DavDirEntry, DavMetaData, FsError, FsFuture, FsResult};

use super::super::root::Facts;

/// What is known of a file, or of a link instead of what it leads to.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) facts: Facts,
    pub(super) link: bool,
}

/// A file or folder in a folder.
#[derive(Debug)]
pub(super) struct Named(pub(super) String, pub(super) Known);

impl DavMetaData for Known {
    fn len(&self) -> u64 {
        if self.facts.folder { 0 } else { self.facts.length }
    }

    fn modified(&self) -> FsResult<SystemTime> {
        self.facts.changed.ok_or(FsError::NotImplemented)
    }

    fn is_dir(&self) -> bool {
        self.facts.folder && !self.link
    }

    fn is_symlink(&self) -> bool {
        self.link
    }

    /// The tag that GET tells as well.
    fn etag(&self) -> Option<String> {
        Some(self.facts.tag())
    }
}

impl DavDirEntry for Named {
    fn name(&self) -> Vec<u8> {
        self.0.clone().into_bytes()
    }

    fn metadata(&'_ self) -> FsFuture<'_, Box<dyn DavMetaData>> {
        let known: Box<dyn DavMetaData> = Box::new(self.1.clone());
        Box::pin(async move { Ok(known) })
    }
}

/// What an error of the system is called there.
pub(super) fn failed(error: &io::Error) -> FsError {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound | Kind::NotADirectory => FsError::NotFound,
        Kind::AlreadyExists | Kind::DirectoryNotEmpty => FsError::Exists,
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem | Kind::IsADirectory | Kind::InvalidFilename => {
            FsError::Forbidden
        }
        Kind::StorageFull | Kind::QuotaExceeded => FsError::InsufficientStorage,
        Kind::FileTooLarge => FsError::TooLarge,
        Kind::CrossesDevices => FsError::IsRemote,
        _ => FsError::GeneralFailure,
    }
}
