//! How many files are under way, so that the end can wait for them.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::watch,
};

/// A count of files.
#[derive(Debug, Clone)]
pub(super) struct UnderWay(Arc<watch::Sender<usize>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct One(Arc<watch::Sender<usize>>);

/// A file that is read, and counted as long.
pub(super) struct Reading<R> {
    file: R,
    _one: One,
}

impl UnderWay {
    pub(super) fn none() -> Self {
        Self(Arc::new(watch::channel(0).0))
    }

    /// One more.
    pub(super) fn one(&self) -> One {
        self.0.send_modify(|count| *count += 1);
        One(Arc::clone(&self.0))
    }

    /// One more, which is read.
    pub(super) fn reading<R>(&self, file: R) -> Reading<R> {
        Reading { file, _one: self.one() }
    }

    /// Waits until there is none.
    pub(super) async fn none_left(&self) {
        // An error means that there is nobody left to count.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Reading<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_read(cx, buf)
    }
}
