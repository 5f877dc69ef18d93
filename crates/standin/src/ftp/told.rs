//! What is told of files.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use libunftp::notification::{DataEvent, DataListener, EventMeta};

/// Something that was done with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// By which command: `RETR`, `STOR`, `DELE`, `MKD`, `RMD`, `RNTO`.
    pub command: &'static str,
    /// The file or folder, from the root of what is served.
    pub path: String,
    /// How many bytes were moved.
    pub bytes: u64,
}

/// Who is told of it, from any thread.
pub type ToldFile = Arc<dyn Fn(Moved) + Send + Sync>;

/// What the library tells.
pub(super) struct Listener(pub(super) ToldFile);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener(…)")
    }
}

#[async_trait]
impl DataListener for Listener {
    async fn receive_data_event(&self, event: DataEvent, _: EventMeta) {
        let (command, path, bytes) = match event {
            DataEvent::Got { path, bytes } => ("RETR", path, bytes),
            DataEvent::Put { path, bytes } => ("STOR", path, bytes),
            DataEvent::Deleted { path } => ("DELE", path, 0),
            DataEvent::MadeDir { path } => ("MKD", path, 0),
            DataEvent::RemovedDir { path } => ("RMD", path, 0),
            DataEvent::Renamed { to, .. } => ("RNTO", to, 0),
        };
        (self.0)(Moved { command, path, bytes });
    }
}
