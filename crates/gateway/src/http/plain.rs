//! The body of a response to a client that does not know chunks.

use std::future::poll_fn;

use navyd_h1::Body;
use navyd_model::exchange::Outcome;

use super::Connection;
use crate::{
    net::{Buffer, Socket},
    tap::Mark,
};

impl Connection {
    /// Writes a head, and then the payload of the chunks that are left of a body. Cut short on either side, how the exchange ends.
    ///
    /// RFC 9112 §6.1: "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding
    /// request indicates HTTP/1.1 (or later minor revisions)."
    pub(super) async fn pass_plain(
        &mut self,
        head: &[u8],
        mut body: Body,
        (upstream, read): (&mut Socket, &mut Option<Buffer>),
    ) -> Result<(), Outcome> {
        let mut out = head.to_vec();
        loop {
            if let Some(buffer) = read.as_mut() {
                let mut payload = body.payload(buffer.filled());
                for run in payload.by_ref() {
                    out.extend_from_slice(run.map_err(|_| Outcome::ServerLeft)?);
                }
                let taken = payload.taken();
                self.tell(Mark::Body, &buffer.filled()[..taken]);
                buffer.consume(taken);
            }
            self.deadline.set(self.worker.limits.body_idle);
            self.write_in_time(&out).await.map_err(|()| Outcome::ClientLeft)?;
            if body.is_done() {
                return Ok(());
            }
            out.clear();
            *read = None;
            self.deadline.set(self.worker.limits.body_idle);
            let mut buffer = self.worker.lender.buffers.take();
            let count = poll_fn(|cx| match upstream.poll_read(cx, &mut buffer) {
                std::task::Poll::Pending => self.deadline.poll(cx).map(|()| 0),
                ready => ready.map(|count| count.unwrap_or_default()),
            });
            if count.await == 0 {
                return Err(Outcome::ServerLeft);
            }
            *read = Some(buffer);
        }
    }

    /// Writes all of these bytes before the deadline.
    pub(super) async fn write_in_time(&mut self, mut bytes: &[u8]) -> Result<(), ()> {
        while !bytes.is_empty() {
            let count = poll_fn(|cx| match self.socket.poll_write(cx, bytes) {
                std::task::Poll::Pending => self.deadline.poll(cx).map(|()| 0),
                ready => ready.map(|count| count.unwrap_or_default()),
            });
            match count.await {
                0 => return Err(()),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }
}
