//! The file that says where the hub is, for programs that do not speak over its socket.
//!
//! Written once the hub answers, removed when it ends in order. One that a killed hub left names a process that
//! is gone; whoever reads it asks the address.

use std::{fs, io, path::Path};

use navyd_model::{
    api::Document,
    hub::{Discovery, Hub},
};

use crate::os::files;

/// Says where this hub is.
pub(crate) fn write(path: &Path, hub: &Hub) -> io::Result<()> {
    let Hub { pid, version, started, listen, socket, .. } = hub.clone();
    let document = Document::new("discovery", Discovery { pid, version, started, listen, socket });
    let mut bytes = serde_json::to_vec(&document)?;
    bytes.push(b'\n');
    files::write_locked(path, &bytes)
}

/// Takes it back.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}
