//! What a service says: its last lines in memory, all of them in a file, each to whoever follows.
//!
//! Bounded everywhere: a service that says too much loses its oldest lines, and a follower that is too slow is told
//! how many it missed. Deliberately absent: reading the service's pipes.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use navyd_model::{Line, Stream, service::LAST_LINES, text};
use tokio::sync::broadcast;

use super::{
    lines::{Cut, plain},
    logfile::LogFile,
};

/// How many lines of a service stay in memory, and how many bytes of them.
const KEPT_LINES: usize = 1_000;
const KEPT_BYTES: usize = 1024 * 1024;
/// How far a follower may stay behind.
const BEHIND: usize = 1_024;

/// The output of one service.
#[derive(Debug)]
pub struct Log {
    service: String,
    tail: Mutex<Tail>,
    file: Arc<Mutex<LogFile>>,
}

#[derive(Debug)]
struct Tail {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    live: broadcast::Sender<Arc<Line>>,
}

/// The lines so far, and those to come.
#[derive(Debug)]
pub struct Follow {
    /// The last lines, the newest last.
    pub before: Vec<Arc<Line>>,
    /// Every line after them. Lagging is told by its error.
    pub live: broadcast::Receiver<Arc<Line>>,
}

impl Log {
    /// The log of a service, whose lines also go into `file`.
    pub(super) fn new(service: String, file: LogFile) -> Self {
        let tail = Tail { lines: VecDeque::new(), bytes: 0, live: broadcast::Sender::new(BEHIND) };
        Self { service, tail: Mutex::new(tail), file: Arc::new(Mutex::new(file)) }
    }

    /// The last lines and those to come, without a gap between them.
    pub fn follow(&self) -> Follow {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        Follow { before: tail.lines.iter().cloned().collect(), live: tail.live.subscribe() }
    }

    /// The text of the last lines, without colours, as a [`navyd_model::Service`] carries it.
    pub(super) fn last(&self) -> Vec<String> {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let skipped = tail.lines.len().saturating_sub(LAST_LINES);
        tail.lines.iter().skip(skipped).map(|line| plain(&line.text)).collect()
    }

    /// Takes lines that were just read.
    pub(super) fn take(&self, stream: Stream, cuts: Vec<Cut>) -> Vec<Arc<Line>> {
        let at = Timestamp::now();
        let lines: Vec<_> = cuts.into_iter().map(|cut| Arc::new(self.line(at, stream, &cut))).collect();
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        for line in &lines {
            tail.push(Arc::clone(line));
        }
        lines
    }

    /// Says something about the service.
    pub(super) fn say(&self, text: String) -> Vec<Arc<Line>> {
        self.take(Stream::Navyd, vec![Cut { bytes: text.into_bytes(), cut: 0 }])
    }

    /// Writes lines into the file. A disk that is full loses them there, and nowhere else.
    pub(super) async fn keep(&self, lines: Vec<Arc<Line>>) {
        let file = Arc::clone(&self.file);
        let write = move || file.lock().unwrap_or_else(PoisonError::into_inner).append(&lines);
        // The file says by itself what it lost; a runtime that ends writes no more.
        let _ = tokio::task::spawn_blocking(write).await;
    }

    fn line(&self, at: Timestamp, stream: Stream, cut: &Cut) -> Line {
        let (text, raw) = text::text(&cut.bytes);
        Line { service: self.service.clone(), at, stream, text, raw, cut: cut.cut as u64 }
    }
}

impl Tail {
    fn push(&mut self, line: Arc<Line>) {
        self.bytes += line.text.len();
        self.lines.push_back(Arc::clone(&line));
        while self.lines.len() > KEPT_LINES || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.text.len();
        }
        // Nobody follows most of the time.
        let _ = self.live.send(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn log(scratch: &Scratch) -> Log {
        Log::new("web.shop".into(), LogFile::at(scratch.path().join("web.log")))
    }

    fn cuts(texts: &[&str]) -> Vec<Cut> {
        texts.iter().map(|text| Cut { bytes: text.as_bytes().to_vec(), cut: 0 }).collect()
    }

    #[test]
    fn the_last_lines_are_plain_and_few() {
        let scratch = Scratch::new();
        let log = log(&scratch);
        for number in 0..KEPT_LINES + 5 {
            log.take(Stream::Out, cuts(&[&format!("\u{1b}[32mline\u{1b}[0m {number}")]));
        }
        assert_eq!(log.last().len(), LAST_LINES);
        assert_eq!(log.last().last().unwrap(), &format!("line {}", KEPT_LINES + 4));
        let before = log.follow().before;
        assert_eq!((before.len(), before[0].text.as_str()), (KEPT_LINES, "\u{1b}[32mline\u{1b}[0m 5"));
    }

    #[test]
    fn memory_is_bounded_by_bytes_too() {
        let scratch = Scratch::new();
        let log = log(&scratch);
        let long = "x".repeat(KEPT_BYTES / 4);
        (0..10).for_each(|_| drop(log.take(Stream::Out, cuts(&[&long]))));
        assert_eq!(log.follow().before.len(), 4);
    }

    #[tokio::test]
    async fn followers_miss_nothing_between_before_and_after() {
        let scratch = Scratch::new();
        let log = log(&scratch);
        log.take(Stream::Out, cuts(&["one"]));
        let mut follow = log.follow();
        log.take(Stream::Err, vec![Cut { bytes: b"t\xffwo".to_vec(), cut: 3 }]);
        assert_eq!(follow.before[0].text, "one");
        let next = follow.live.recv().await.unwrap();
        assert_eq!((next.text.as_str(), next.raw.as_deref(), next.cut), ("t\u{fffd}wo", Some("dP93bw=="), 3));
        for _ in 0..BEHIND + 3 {
            log.say("more".into());
        }
        let lagged = follow.live.recv().await.unwrap_err();
        assert!(matches!(lagged, broadcast::error::RecvError::Lagged(3..)), "{lagged:?}");
    }
}
