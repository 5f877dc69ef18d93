//! Accepting connections.

use std::{io, pin::pin, rc::Rc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::watch,
    time::{sleep, timeout},
};

use crate::worker::{Door, End, Worker};

/// How long to wait after the system refused a connection, and at most after it did so again and again: what is
/// short, files above all, comes back when other connections end.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// Accepts until the gateway ends or the route is gone, and then what has already connected.
pub(crate) async fn accept(
    worker: Rc<Worker>,
    listener: TcpListener,
    door: Door,
    mut ending: watch::Receiver<End>,
) {
    let mut ended = pin!(async {
        let closed = async {
            match &door {
                Door::Names => std::future::pending().await,
                Door::Gate(gate) => gate.closed().await,
            }
        };
        tokio::select! {
            // The sender is gone only when the gateway is, which means the same.
            _ = ending.wait_for(|ending| *ending != End::No) => {}
            () = closed => {}
        }
    });
    let mut pause = BACK_OFF.0;
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut ended => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                pause = BACK_OFF.0;
                worker.admit(stream, peer, &door);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => {
                sleep(pause).await;
                pause = (pause * 2).min(BACK_OFF.1);
            }
        }
    }
    while let Ok(Ok((stream, peer))) = timeout(Duration::ZERO, listener.accept()).await {
        worker.admit(stream, peer, &door);
    }
}

/// Whether only the connection that was about to be accepted is lost.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
