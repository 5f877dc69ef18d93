//! What the site was told on the command line.

use super::Access;

/// What is served, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether names that begin with a dot are served.
    pub hidden: bool,
    /// Whether a folder without a page is listed.
    pub listing: bool,
    /// Whether the page of the root answers where nothing is, as applications of one page want it.
    pub spa: bool,
    /// Whether pages of other origins may read.
    pub cors: bool,
    /// Whether texts are compressed for those who read it.
    pub compress: bool,
    /// Whether pages that are open are told when a file has changed.
    pub watch: bool,
    /// The longest file that may be sent here, in bytes; `None` where none may.
    pub upload: Option<u64>,
    /// Whether what is sent may replace what is there.
    pub overwrite: bool,
    /// Whether files may be taken away.
    pub delete: bool,
    /// Whether it is a drive as well (WebDAV).
    pub dav: bool,
    /// Who may read and write.
    pub access: Access,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hidden: false,
            listing: true,
            spa: false,
            cors: false,
            compress: true,
            watch: false,
            upload: None,
            overwrite: false,
            delete: false,
            dav: false,
            access: Access::default(),
        }
    }
}
