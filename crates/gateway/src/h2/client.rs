//! Connections to an upstream that speaks HTTP/2: one for each worker, and all its requests on it.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    io,
    pin::pin,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use h2::{
    Ping, PingPong,
    client::{Builder, Connection, SendRequest},
};
use tokio::{
    sync::{Notify, OnceCell},
    task::spawn_local,
    time::{Duration, sleep, timeout},
};

use super::{call, wire::Wire};
use crate::{
    limits::Limits,
    net::{Ends, Lender, Socket, pair},
    upstream::Unreached,
};

/// The connection of one worker to one upstream, and the requests on it.
#[derive(Default)]
pub(crate) struct Calls {
    connection: RefCell<Option<Kept>>,
    /// Its addresses.
    ends: Cell<Option<Ends>>,
    /// Whether somebody is opening the connection.
    opening: Cell<bool>,
    opened: Notify,
    /// Requests that are on their way.
    active: Cell<usize>,
    /// Whether there was a request since this was asked last.
    used: Cell<bool>,
}

/// A connection, as it is kept.
#[derive(Clone)]
struct Kept {
    requests: SendRequest<Bytes>,
    settings: Rc<Settings>,
}

/// Whether the settings of the other side have come: RFC 8441 §3 lets nobody ask for a tunnel before.
struct Settings {
    come: OnceCell<()>,
    /// Used up by whoever asks first.
    ping: RefCell<Option<PingPong>>,
}

impl Settings {
    /// Waits until they have: they are the first that the other side says, so they stand before the answer to a PING.
    async fn come(&self) {
        self.come
            .get_or_init(|| async {
                let ping = self.ping.borrow_mut().take();
                if let Some(mut ping) = ping {
                    // Without an answer the connection has ended, which whoever uses it next is told.
                    let _ = ping.ping(Ping::opaque()).await;
                }
            })
            .await;
    }
}

/// Counts a request.
pub(super) struct Active(Rc<Calls>);

/// A socket that carries one request.
pub(crate) struct Called {
    /// The socket.
    pub(crate) socket: Socket,
    /// Whether the connection has carried others, so that the upstream may have closed it meanwhile.
    pub(crate) reused: bool,
}

impl Calls {
    /// A socket for one request, on the connection that there is, or on the one that `dial` makes. A `tunnel` is only
    /// for an upstream that offers it.
    pub(crate) async fn call(
        self: &Rc<Self>,
        dial: impl Future<Output = Result<Socket, Unreached>>,
        lender: &Lender,
        limits: &Rc<Limits>,
        tunnel: bool,
    ) -> Result<Called, Unreached> {
        if self.opening.get() {
            // Whoever opens it opens it for all. Where that fails, each tries for itself.
            self.opened.notified().await;
        }
        let kept = self.usable();
        let reused = kept.is_some();
        let connection = match kept {
            Some(connection) => connection,
            None => self.open(dial, lender, limits).await?,
        };
        let Kept { requests: connection, settings } = connection;
        if tunnel {
            timeout(limits.connect, settings.come()).await.map_err(|_| Unreached::Silent)?;
            if !connection.is_extended_connect_protocol_enabled() {
                return Err(Unreached::Tunnelless);
            }
        }
        let (near, far) = pair();
        // Its end is that of the pair's other end, or of the connection.
        spawn_local(call::carry(connection, far, Active::new(self), Rc::clone(limits)));
        Ok(Called { socket: Socket::inner(near, self.ends.get()), reused })
    }

    /// Lets the connection end once its last request has.
    pub(crate) fn close(&self) {
        self.connection.take();
    }

    /// The connection, if a request may still be sent on it: the upstream has not said that it goes away.
    fn usable(&self) -> Option<Kept> {
        let mut kept = self.connection.borrow_mut();
        let mut context = Context::from_waker(Waker::noop());
        if kept.as_mut()?.requests.poll_ready(&mut context).map(|ready| ready.is_err()) == Poll::Ready(true) {
            *kept = None;
        }
        kept.clone()
    }

    async fn open(
        self: &Rc<Self>,
        dial: impl Future<Output = Result<Socket, Unreached>>,
        lender: &Lender,
        limits: &Rc<Limits>,
    ) -> Result<Kept, Unreached> {
        let opening = Opening::new(self);
        let socket = dial.await?;
        let ends = socket.ends();
        let (wire, outlet) = Wire::new(socket, None, lender);
        // It only writes what the socket takes at once.
        let handshake = outlet.sending(builder(limits).handshake::<_, Bytes>(wire));
        let (requests, mut driver) =
            handshake.await.map_err(|error| Unreached::Refused(io::Error::other(error)))?;
        let settings = Settings { come: OnceCell::new(), ping: RefCell::new(driver.ping_pong()) };
        let connection = Kept { requests, settings: Rc::new(settings) };
        self.connection.replace(Some(connection.clone()));
        self.ends.set(ends);
        drop(opening);
        let driven = drive(driver, Rc::downgrade(self), limits.upstream_idle);
        spawn_local(async move { outlet.sending(driven).await });
        Ok(connection)
    }
}

/// Moves the frames of a connection until it ends. Without requests for `idle`, it is let go.
async fn drive(connection: Connection<Wire, Bytes>, calls: Weak<Calls>, idle: Duration) {
    let mut connection = pin!(connection);
    loop {
        let mut pause = pin!(sleep(idle));
        let ended = poll_fn(|cx| {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(true);
            }
            pause.as_mut().poll(cx).map(|()| false)
        });
        if ended.await {
            return;
        }
        if let Some(calls) = calls.upgrade()
            && calls.active.get() == 0
            && !calls.used.replace(false)
        {
            calls.close();
        }
    }
}

fn builder(limits: &Limits) -> Builder {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(limits.h2_stream_window)
        .initial_connection_window_size(limits.h2_connection_window)
        .max_send_buffer_size(limits.h2_send_buffer)
        .max_frame_size(limits.h2_frame)
        .max_header_list_size(limits.head_bytes)
        .max_concurrent_reset_streams(limits.h2_remembered_resets)
        .max_local_error_reset_streams(Some(limits.h2_refused))
        .data_frame_budget(limits.h2_small_frames);
    builder
}

impl Active {
    pub(super) fn new(calls: &Rc<Calls>) -> Self {
        calls.active.set(calls.active.get() + 1);
        calls.used.set(true);
        Self(Rc::clone(calls))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.set(self.0.active.get() - 1);
    }
}

/// That somebody opens the connection; dropped, whoever waits for it goes on.
struct Opening<'a>(&'a Calls);

impl<'a> Opening<'a> {
    fn new(calls: &'a Calls) -> Self {
        calls.opening.set(true);
        Self(calls)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.opening.set(false);
        self.0.opened.notify_waiters();
    }
}
