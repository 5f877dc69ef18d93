//! The connection of a client that speaks HTTP/2.

use std::{future::poll_fn, rc::Rc, task::Poll};

use bytes::Bytes;
use h2::server::Builder;
use tokio::{task::JoinSet, time::timeout};

use super::{
    stream::{self, Shared},
    wire::Wire,
};
use crate::{
    limits::Limits,
    net::Drain,
    sniff::Arrival,
    worker::{Door, Worker},
};

/// Serves a client until its connection ends.
pub(crate) async fn serve(worker: Rc<Worker>, door: Door, arrival: Arrival) {
    let Arrival { socket, read, peer, ours, scheme, mut guest, deadline: mut idle } = arrival;
    let limits = Rc::clone(&worker.limits);
    let (wire, outlet) = Wire::new(socket, read, &worker.lender);
    let handshake = outlet.sending(builder(&limits).handshake::<_, Bytes>(wire));
    let Ok(Ok(mut connection)) = timeout(limits.head_time, handshake).await else { return };
    let shared = Rc::new(Shared { worker, door, peer, ours, scheme });
    // Dropped with the connection, it ends every stream.
    let mut streams = JoinSet::new();
    let drain = Rc::<Drain>::default();
    let (mut busy, mut leaving) = (true, false);
    loop {
        let accepted = poll_fn(|cx| {
            if !leaving && guest.should_leave(cx) {
                leaving = true;
                drain.begin();
                connection.graceful_shutdown();
            }
            while let Poll::Ready(Some(_)) = streams.poll_join_next(cx) {}
            if streams.is_empty() && std::mem::take(&mut busy) {
                idle.set(if leaving { limits.linger } else { limits.idle });
            }
            if let Poll::Ready(accepted) = connection.poll_accept(cx) {
                return Poll::Ready(accepted);
            }
            if !busy && idle.poll(cx).is_ready() {
                if leaving {
                    // Who neither answers nor reads what it is told about the end does not keep its seat by that.
                    return Poll::Ready(None);
                }
                leaving = true;
                connection.graceful_shutdown();
                idle.set(limits.linger);
                // It says so only when it is asked to go on.
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        });
        let Some(Ok((request, respond))) = outlet.sending(accepted).await else { return };
        busy = true;
        streams.spawn_local(stream::serve(Rc::clone(&shared), request, respond, drain.enter()));
    }
}

fn builder(limits: &Limits) -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(limits.h2_streams)
        .initial_window_size(limits.h2_stream_window)
        .initial_connection_window_size(limits.h2_connection_window)
        .max_send_buffer_size(limits.h2_send_buffer)
        .max_frame_size(limits.h2_frame)
        .max_header_list_size(limits.head_bytes)
        .max_pending_accept_reset_streams(limits.h2_pending_resets)
        .max_concurrent_reset_streams(limits.h2_remembered_resets)
        .max_local_error_reset_streams(Some(limits.h2_refused))
        .data_frame_budget(limits.h2_small_frames)
        .enable_connect_protocol();
    builder
}
