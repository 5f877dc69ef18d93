//! Closing a connection whose peer may still be sending.

use std::{future::poll_fn, time::Duration};

use tokio::time::timeout;

use super::{pump::Lender, socket::Socket};

/// Says that nothing more comes, and takes what still does for a while: closed at once, the system would answer it
/// with a reset, which destroys the last response before the peer has read it.
pub(crate) async fn linger(mut socket: Socket, lender: &Lender, time: Duration) {
    if poll_fn(|cx| socket.poll_shutdown(cx)).await.is_err() {
        return;
    }
    let drained = async {
        let mut buffer = lender.buffers.take();
        while let Ok(1..) = poll_fn(|cx| socket.poll_read(cx, &mut buffer)).await {
            let count = buffer.filled().len();
            buffer.consume(count);
        }
    };
    // Whoever sends for longer does not want to read.
    let _ = timeout(time, drained).await;
}
