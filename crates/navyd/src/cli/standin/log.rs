//! A line for each request, printed by a thread of its own: a screen that is slow or gone never makes an answer wait.
//! What does not fit is counted, and said.

use std::{
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use jiff::Zoned;
use navyd_standin::http::{Passed, Told};
use serde::Serialize;

use crate::out::{Ledger, Text, Tone};

/// How many lines may wait to be printed.
const WAITING: usize = 4096;

/// How long the last lines may take once the stand-in has ended.
const LAST: Duration = Duration::from_millis(500);

/// Where requests are told; clones tell the same.
#[derive(Clone)]
pub(crate) struct Log {
    lines: Option<SyncSender<Entry>>,
    lost: Arc<AtomicU64>,
}

/// What is told of one request, connection or message. What does not apply is `None`.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Entry {
    /// When it had ended.
    pub(crate) time: Option<jiff::Timestamp>,
    /// What it was, where it was no exchange of HTTP: `smtp`, `tcp`, `ftp`.
    pub(crate) kind: Option<&'static str>,
    /// Who asked.
    pub(crate) peer: Option<SocketAddr>,
    /// The method, or the command.
    pub(crate) method: String,
    /// What was asked for.
    pub(crate) target: String,
    /// The status of the answer; `None` where there was none.
    pub(crate) status: Option<u16>,
    /// The bytes of the answer, without its head.
    pub(crate) bytes: u64,
    /// How long it took, in milliseconds.
    pub(crate) took_ms: f64,
    /// Why it was cut short, if so.
    pub(crate) error: Option<String>,
}

/// The thread that prints.
pub(super) struct Printing {
    done: Receiver<()>,
    lost: Arc<AtomicU64>,
}

impl Log {
    /// A log that is not kept.
    pub(super) fn none() -> Self {
        Self { lines: None, lost: Arc::default() }
    }

    /// Prints from now on, until the last clone is gone.
    pub(super) fn printing(ledger: Ledger, json: bool) -> (Self, Printing) {
        let (lines, told) = sync_channel(WAITING);
        let (tell, done) = sync_channel(1);
        let lost = Arc::default();
        // It ends with the last clone, or when nobody reads any more; and at the latest with the process.
        thread::spawn(move || {
            print(&told, ledger, json);
            let _ = tell.try_send(());
        });
        (Self { lines: Some(lines), lost: Arc::clone(&lost) }, Printing { done, lost })
    }

    /// Tells one; never waits.
    pub(crate) fn tell(&self, mut entry: Entry) {
        let Some(lines) = &self.lines else { return };
        entry.time = Some(jiff::Timestamp::now());
        if lines.try_send(entry).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether anybody reads it.
    pub(crate) fn is_kept(&self) -> bool {
        self.lines.is_some()
    }

    /// What a server of HTTP is to call for each exchange; `None` where no log is kept.
    pub(crate) fn exchanges(&self) -> Option<Told> {
        self.lines.as_ref()?;
        let log = self.clone();
        Some(Rc::new(move |passed| log.tell(Entry::of(passed))))
    }
}

impl Entry {
    fn of(passed: &Passed<'_>) -> Self {
        Self {
            peer: Some(passed.head.peer),
            method: passed.head.method().to_owned(),
            target: passed.head.target().to_owned(),
            status: (passed.status != 0).then_some(passed.status),
            bytes: passed.bytes,
            took_ms: (passed.took.as_secs_f64() * 1e6).round() / 1e3,
            error: passed.error.map(ToString::to_string),
            ..Self::default()
        }
    }

    /// The same for a person: `12:30:01 GET /a 200 12 B 0.1 ms`.
    fn text(&self) -> Text {
        let time = self.time.unwrap_or_default().to_zoned(Zoned::now().time_zone().clone());
        let status = self.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let tone = match self.status {
            Some(500..) => Tone::Red,
            Some(400..) => Tone::Yellow,
            _ => Tone::Plain,
        };
        let kind = self.kind.map(|kind| format!("{kind} ")).unwrap_or_default();
        let text = Text::of(Tone::Dim, time.strftime("%H:%M:%S").to_string())
            .then(Tone::Plain, format!(" {kind}{} {} ", self.method, self.target))
            .then(tone, status)
            .then(Tone::Plain, format!(" {} B {:.1} ms", self.bytes, self.took_ms));
        match &self.error {
            Some(error) => text.then(Tone::Red, format!(" {error}")),
            None => text,
        }
    }
}

impl Printing {
    /// Waits for the last lines; how many were lost. `None` where a reader takes none: who waited for it would never end.
    pub(super) fn end(self) -> Option<u64> {
        match self.done.recv_timeout(LAST) {
            Err(RecvTimeoutError::Timeout) => None,
            _ => Some(self.lost.load(Ordering::Relaxed)),
        }
    }
}

fn print(told: &Receiver<Entry>, mut ledger: Ledger, json: bool) {
    let mut next = told.recv().ok();
    while let Some(entry) = next {
        let written = if json { ledger.json_line(&entry) } else { ledger.line(&entry.text()) };
        next = told.try_recv().ok();
        if next.is_none() {
            // Whoever waits for lines has all that there are.
            if written.and_then(|()| ledger.flush()).is_err() {
                return;
            }
            next = told.recv().ok();
        }
    }
}
