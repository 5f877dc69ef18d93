//! Hearing that a project's file has changed.
//!
//! The directory is watched and not the file, because editors put a new file in the place of the old one. A burst of
//! changes counts once. Deliberately absent: reading it.

use std::{
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use crate::house::House;

/// How long a file has to stay as it is before it is read: editors write in several steps.
const STILL: Duration = Duration::from_millis(100);

/// Watches until it is dropped.
pub(super) struct Watch {
    _watcher: RecommendedWatcher,
    task: JoinHandle<()>,
}

/// Watches a file; `None`, with a line in the log, where the system cannot.
pub(super) fn start(house: &Arc<House>, file: &Path) -> Option<Watch> {
    let (root, name) = (file.parent()?.to_owned(), file.file_name()?.to_owned());
    let (tell, told) = watch::channel(());
    let heard = move |event: notify::Result<notify::Event>| {
        let is_its = |event: &notify::Event| event.paths.iter().any(|path| path.file_name() == Some(&name));
        // Being read is no change; what the watcher missed may be one.
        if event
            .as_ref()
            .map_or(true, |event| !event.kind.is_access() && (event.need_rescan() || is_its(event)))
        {
            tell.send_replace(());
        }
    };
    let watcher = notify::recommended_watcher(heard).and_then(|mut watcher| {
        watcher.watch(&root, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    match watcher {
        Ok(watcher) => {
            let task = tokio::spawn(reload(Arc::downgrade(house), root, told));
            Some(Watch { _watcher: watcher, task })
        }
        Err(error) => {
            house.log.say(format_args!("`{}` is not watched: {error}", file.display()));
            None
        }
    }
}

async fn reload(house: Weak<House>, root: std::path::PathBuf, mut told: watch::Receiver<()>) {
    while told.changed().await.is_ok() {
        loop {
            told.mark_unchanged();
            sleep(STILL).await;
            if !told.has_changed().unwrap_or(false) {
                break;
            }
        }
        let Some(house) = house.upgrade() else { return };
        super::reload(&house, &root).await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
