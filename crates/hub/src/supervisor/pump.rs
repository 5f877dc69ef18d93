//! From a service's pipes into its log.
//!
//! A service never waits for whoever reads along: the log takes everything, and loses the oldest. It does wait for
//! the disk, in pieces of what a pipe holds, because lines on disk are kept in order.

use std::{sync::Arc, time::Duration};

use navyd_model::Stream;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    lines::{Cutter, plain},
    log::Log,
    order::Standing,
};

/// What is read at a time: what a pipe holds.
const PIECE: usize = 64 * 1024;

/// How often the last lines are shown to whoever watches the service.
const SHOWN_EVERY: Duration = Duration::from_millis(100);

/// Reads both pipes until they end. `awaited` is the text that makes the service ready; `standing` is shown the last
/// lines, and whether that text came.
pub(super) async fn pump(
    mut out: impl AsyncRead + Unpin,
    mut err: impl AsyncRead + Unpin,
    log: Arc<Log>,
    awaited: Option<String>,
    standing: watch::Sender<Standing>,
) {
    let (mut from_out, mut from_err) = (Some(Cutter::default()), Some(Cutter::default()));
    let (mut out_piece, mut err_piece) = (vec![0; PIECE], vec![0; PIECE]);
    let mut show_at: Option<Instant> = None;
    while from_out.is_some() || from_err.is_some() {
        let (stream, lines) = tokio::select! {
            read = out.read(&mut out_piece), if from_out.is_some() => {
                (Stream::Out, cut(&mut from_out, &out_piece, read.unwrap_or(0)))
            }
            read = err.read(&mut err_piece), if from_err.is_some() => {
                (Stream::Err, cut(&mut from_err, &err_piece, read.unwrap_or(0)))
            }
            () = async { sleep_until(show_at.unwrap_or_else(Instant::now)).await }, if show_at.is_some() => {
                show_at = None;
                show(&log, &standing);
                continue;
            }
        };
        if lines.is_empty() {
            continue;
        }
        let lines = log.take(stream, lines);
        if let Some(text) = &awaited
            && lines.iter().any(|line| plain(&line.text).contains(text.as_str()))
        {
            standing.send_if_modified(|standing| !std::mem::replace(&mut standing.said, true));
        }
        show_at.get_or_insert_with(|| Instant::now() + SHOWN_EVERY);
        log.keep(lines).await;
    }
    show(&log, &standing);
}

/// The lines that a piece completes; nothing read is the end of the stream.
fn cut(cutter: &mut Option<Cutter>, piece: &[u8], read: usize) -> Vec<super::lines::Cut> {
    let mut lines = Vec::new();
    if read > 0 {
        if let Some(cutter) = cutter {
            cutter.take(&piece[..read], |line| lines.push(line));
        }
    } else if let Some(mut ended) = cutter.take() {
        lines.extend(ended.rest());
    }
    lines
}

fn show(log: &Log, standing: &watch::Sender<Standing>) {
    standing.send_modify(|standing| standing.service.log = log.last());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scratch::Scratch,
        supervisor::{fixture::service, logfile::LogFile},
    };

    #[tokio::test]
    async fn both_streams_become_lines_and_the_awaited_text_is_heard() {
        let scratch = Scratch::new();
        let log = Arc::new(Log::new("web.shop".into(), LogFile::at(scratch.path().join("log"))));
        let standing = watch::Sender::new(Standing { service: service("web"), said: false });
        let out = &b"one\n\x1b[32mready\x1b[0m in 3 ms\nwithout end"[..];
        let err = &b"oops\n"[..];
        pump(out, err, Arc::clone(&log), Some("ready in".into()), standing.clone()).await;
        assert!(standing.borrow().said);
        let mut last = standing.borrow().service.log.clone();
        last.sort_unstable();
        assert_eq!(last, ["one", "oops", "ready in 3 ms", "without end"]);
        let text = std::fs::read_to_string(scratch.path().join("log")).unwrap();
        assert!(text.contains(" err oops\n") && text.contains(" out \u{1b}[32mready"), "{text}");
    }
}
