//! The folder: read by everyone, written only where that was allowed, and left by nobody.
//!
//! Below it everything is opened from the folder's own descriptor, one step after the other, by `cap-std`: no link and
//! no `..` leads out, whatever changes meanwhile.

use std::{
    fmt::Debug,
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::io::AsyncRead;
use unftp_core::{
    auth::DefaultUser,
    storage::{Error, ErrorKind, FEATURE_RESTART, Fileinfo, Result, StorageBackend},
};
use unftp_sbe_fs::{Filesystem, Meta};

/// A folder that is served; clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    files: Arc<Filesystem>,
    upload: bool,
    hidden: bool,
}

impl Folder {
    pub(super) fn open(path: &Path, upload: bool, hidden: bool) -> io::Result<Self> {
        Ok(Self { files: Arc::new(Filesystem::new(path)?), upload, hidden })
    }

    /// Whether a path may be reached: what is hidden is not there.
    fn reach(&self, path: &Path) -> Result<()> {
        let hidden =
            |part: Component<'_>| matches!(part, Component::Normal(name) if is_hidden(Path::new(name)));
        if !self.hidden && path.components().any(hidden) {
            return Err(ErrorKind::PermanentFileNotAvailable.into());
        }
        Ok(())
    }

    /// Whether a path may be changed.
    fn change(&self, path: &Path) -> Result<()> {
        if !self.upload {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                io::Error::from(io::ErrorKind::ReadOnlyFilesystem),
            ));
        }
        self.reach(path)
    }
}

fn is_hidden(name: &Path) -> bool {
    name.as_os_str().as_encoded_bytes().starts_with(b".")
}

#[async_trait]
impl StorageBackend<DefaultUser> for Folder {
    type Metadata = Meta;

    fn supported_features(&self) -> u32 {
        FEATURE_RESTART
    }

    async fn metadata<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<Meta> {
        self.reach(path.as_ref())?;
        self.files.metadata(user, path).await
    }

    async fn list<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
    ) -> Result<Vec<Fileinfo<PathBuf, Meta>>> {
        self.reach(path.as_ref())?;
        let mut found = self.files.list(user, path).await?;
        found.retain(|info| self.hidden || !is_hidden(&info.path));
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    async fn get<P: AsRef<Path> + Send + Debug>(
        &self,
        user: &DefaultUser,
        path: P,
        from: u64,
    ) -> Result<Box<dyn AsyncRead + Send + Sync + Unpin>> {
        self.reach(path.as_ref())?;
        self.files.get(user, path, from).await
    }

    async fn put<P: AsRef<Path> + Send + Debug, R: AsyncRead + Send + Sync + Unpin + 'static>(
        &self,
        user: &DefaultUser,
        bytes: R,
        path: P,
        from: u64,
    ) -> Result<u64> {
        self.change(path.as_ref())?;
        self.files.put(user, bytes, path, from).await
    }

    async fn del<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        self.change(path.as_ref())?;
        self.files.del(user, path).await
    }

    async fn mkd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        self.change(path.as_ref())?;
        self.files.mkd(user, path).await
    }

    async fn rename<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, from: P, to: P) -> Result<()> {
        self.change(from.as_ref())?;
        self.change(to.as_ref())?;
        self.files.rename(user, from, to).await
    }

    async fn rmd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        self.change(path.as_ref())?;
        self.files.rmd(user, path).await
    }

    async fn cwd<P: AsRef<Path> + Send + Debug>(&self, user: &DefaultUser, path: P) -> Result<()> {
        self.reach(path.as_ref())?;
        self.files.cwd(user, path).await
    }
}
