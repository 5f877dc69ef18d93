//! Live reload: pages that are open are told when a file has changed.
//!
//! A page gets one line behind it that loads a script below 1 KiB, which listens for events. Styles are replaced where
//! they stand; for whatever else the page is loaded again. Deliberately absent: asking the disk again and again. Where
//! the system cannot tell of changes, `--watch` fails at the start.

mod burst;

use std::{cell::RefCell, io, path::Path};

use bytes::Bytes;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, event::ModifyKind};
use tokio::{
    select,
    sync::{broadcast, mpsc},
    time::{Duration, Instant, sleep_until, timeout},
};

use crate::{
    Stop, Talking,
    http::{Answer, Body, Source, Sourced},
};
use burst::Burst;

/// Where the script and the events are: a name that no folder has by chance.
const SCRIPT: &str = "/__navyd__/reload.js";
const EVENTS: &str = "/__navyd__/events";

/// The script.
const RELOAD: &str = include_str!("reload.js");

/// The line that loads it.
const LINE: &str = "<script src=\"/__navyd__/reload.js\" async></script>";

/// How long the disk has to be still before pages are told: builds write many files.
const STILL: Duration = Duration::from_millis(60);

/// But not for longer than this, however long a build goes on.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many changes may wait to be looked at, and bursts to be told; where there are more, everything has changed.
const WAITING: usize = 1024;
const BURSTS: usize = 16;

/// How often a stream says that it is still there, so that one whose client has left ends.
const BEAT: Duration = Duration::from_secs(15);

/// The longest page that gets the line, in bytes.
pub(super) const LONGEST: u64 = 8 * 1024 * 1024;

/// A folder that is watched as long as this is kept.
#[derive(Debug)]
pub(super) struct Watch {
    _watcher: RecommendedWatcher,
    heard: RefCell<Option<mpsc::Receiver<notify::Event>>>,
    tell: broadcast::Sender<Bytes>,
    hidden: bool,
    root: std::path::PathBuf,
}

impl Watch {
    /// Watches a folder and all below it.
    ///
    /// # Errors
    /// When the system cannot.
    pub(super) fn start(root: &Path, hidden: bool) -> io::Result<Self> {
        let (change, heard) = mpsc::channel(WAITING);
        let listen = move |event: notify::Result<notify::Event>| {
            let event = event.unwrap_or_default();
            // Being read is no change. What does not fit follows others that do: they are told together.
            if !event.kind.is_access() && !matches!(event.kind, EventKind::Modify(ModifyKind::Metadata(_))) {
                let _ = change.try_send(event);
            }
        };
        let mut watcher = notify::recommended_watcher(listen).map_err(failed)?;
        watcher.watch(root, RecursiveMode::Recursive).map_err(failed)?;
        let (tell, _) = broadcast::channel(BURSTS);
        Ok(Self { _watcher: watcher, heard: RefCell::new(Some(heard)), tell, hidden, root: root.to_owned() })
    }

    /// What goes on beside the site: telling what has changed. `None` the second time.
    pub(super) fn work(&self) -> Option<Talking> {
        let mut heard = self.heard.borrow_mut().take()?;
        let (tell, hidden, root) = (self.tell.clone(), self.hidden, self.root.clone());
        Some(Box::pin(async move {
            while let Some(first) = heard.recv().await {
                let mut burst = Burst::new(&root, hidden);
                burst.add(&first);
                let end = Instant::now() + PATIENCE;
                while Instant::now() < end
                    && let Ok(Some(next)) = timeout(STILL, heard.recv()).await
                {
                    burst.add(&next);
                }
                if let Some(event) = burst.event() {
                    // Where nobody listens, nobody misses it.
                    let _ = tell.send(Bytes::from(event));
                }
            }
        }))
    }

    /// The script or the events, if a path is theirs.
    pub(super) fn answer(&self, path: &str, stop: &Stop) -> Option<Answer> {
        match path {
            SCRIPT => Some(
                Answer::of(200, "text/javascript; charset=utf-8", RELOAD)
                    .with("Cache-Control", "no-cache")
                    .with("Cross-Origin-Resource-Policy", "same-origin"),
            ),
            EVENTS => {
                let events = Events { told: self.tell.subscribe(), stop: stop.clone(), greeted: false };
                Some(
                    Answer::new(200)
                        .with("Content-Type", "text/event-stream")
                        .with("Cache-Control", "no-store")
                        .body(Body::Source(Box::new(events), None)),
                )
            }
            _ => None,
        }
    }
}

/// A page with the line that loads the script: before the end of its body, or else behind all.
pub(super) fn injected(page: &[u8]) -> Vec<u8> {
    const END: &[u8] = b"</body";
    let end = page.windows(END.len()).rposition(|window| window.eq_ignore_ascii_case(END));
    let (front, behind) = page.split_at(end.unwrap_or(page.len()));
    [front, LINE.as_bytes(), behind].concat()
}

/// The events of one page.
struct Events {
    told: broadcast::Receiver<Bytes>,
    stop: Stop,
    greeted: bool,
}

impl Source for Events {
    fn next(&mut self) -> Sourced<'_> {
        Box::pin(async move {
            if !std::mem::replace(&mut self.greeted, true) {
                return Ok(Some(Bytes::from_static(b"retry: 500\n\n")));
            }
            let beat = Instant::now() + BEAT;
            Ok(select! {
                biased;
                () = self.stop.told() => None,
                told = self.told.recv() => match told {
                    Ok(event) => Some(event),
                    // It has missed some: then it cannot know what is still as it was.
                    Err(broadcast::error::RecvError::Lagged(_)) => Some(Bytes::from_static(burst::ALL)),
                    Err(broadcast::error::RecvError::Closed) => None,
                },
                () = sleep_until(beat) => Some(Bytes::from_static(b":\n\n")),
            })
        })
    }
}

fn failed(error: notify::Error) -> io::Error {
    match error.kind {
        notify::ErrorKind::Io(error) => error,
        notify::ErrorKind::MaxFilesWatch => io::Error::new(
            io::ErrorKind::QuotaExceeded,
            "there are more folders than the system lets this user watch",
        ),
        _ => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gets_one_line() {
        for (page, expected) in [
            ("<body>a</body></html>", format!("<body>a{LINE}</body></html>")),
            ("<BODY>'</body>'</BODY >", format!("<BODY>'</body>'{LINE}</BODY >")),
            ("a", format!("a{LINE}")),
            ("", LINE.to_owned()),
        ] {
            assert_eq!(injected(page.as_bytes()), expected.as_bytes());
        }
        assert!(RELOAD.len() <= 1024, "{} bytes", RELOAD.len());
        assert!(LINE.contains(SCRIPT) && RELOAD.contains(EVENTS));
    }
}
