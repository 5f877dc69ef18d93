//! Routes that carry datagrams: each client has a socket of its own to the upstream, so that answers find back.
//!
//! Deliberately absent: trying a second address, since silence is all that UDP says of a missing upstream.

use std::{cell::Cell, cell::RefCell, collections::HashMap, io, net::SocketAddr, rc::Rc, sync::Arc};

use navyd_model::exchange::{Outcome, Side};
use tokio::{
    net::UdpSocket,
    task::AbortHandle,
    time::{Instant, timeout_at},
};

use crate::{
    limits::Limits,
    net::Ends,
    own::Own,
    site::{Ongoing, Site},
    tap::{Begin, Flow, Mark, Plane, Writer},
    worker::Worker,
};

/// The longest datagram.
const LONGEST: usize = 65_535;

/// A route of one worker.
pub(crate) struct Datagrams {
    listener: Rc<UdpSocket>,
    upstream: Cell<SocketAddr>,
    site: RefCell<Rc<Site>>,
    own: Rc<Own>,
    limits: Rc<Limits>,
    writer: Option<Rc<Writer>>,
    sessions: RefCell<HashMap<SocketAddr, Session>>,
}

struct Session {
    socket: Rc<UdpSocket>,
    last: Rc<Cell<Instant>>,
    flow: Option<Rc<Flow>>,
    answers: AbortHandle,
    _ongoing: Ongoing,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.answers.abort();
    }
}

impl Datagrams {
    /// A route from a bound socket.
    pub(crate) fn new(listener: UdpSocket, upstream: SocketAddr, worker: &Worker, site: &Rc<Site>) -> Self {
        Self {
            listener: Rc::new(listener),
            upstream: Cell::new(upstream),
            site: RefCell::new(Rc::clone(site)),
            own: Rc::clone(&worker.own),
            limits: Rc::clone(&worker.limits),
            writer: worker.writer.clone(),
            sessions: RefCell::default(),
        }
    }

    /// From now on it leads there; clients that have led elsewhere begin again.
    pub(crate) fn lead(&self, upstream: SocketAddr, site: &Rc<Site>) {
        self.site.replace(Rc::clone(site));
        if self.upstream.replace(upstream) != upstream {
            self.close();
        }
    }

    /// Forgets every client.
    pub(crate) fn close(&self) {
        self.sessions.borrow_mut().clear();
    }

    /// Carries datagrams until it is dropped.
    pub(crate) async fn serve(self: Rc<Self>) {
        let mut buffer = vec![0; LONGEST];
        loop {
            // A failure here is the echo of an earlier answer to a client that is gone.
            let Ok((length, client)) = self.listener.recv_from(&mut buffer).await else { continue };
            let Ok((socket, flow)) = self.session(client).await else { continue };
            // Datagrams may be lost: a full queue or a missing upstream is their sender's to notice.
            let _ = socket.try_send(&buffer[..length]);
            if let Some(flow) = flow {
                flow.bytes(Side::Client, Mark::Datagram, &buffer[..length]);
            }
            self.site.borrow().tally().passed(length as u64, 0);
        }
    }

    /// The socket for a client, and what tells of it; none when the route leads to this gateway.
    async fn session(self: &Rc<Self>, client: SocketAddr) -> io::Result<(Rc<UdpSocket>, Option<Rc<Flow>>)> {
        if let Some(session) = self.sessions.borrow().get(&client) {
            session.last.set(Instant::now());
            return Ok((Rc::clone(&session.socket), session.flow.clone()));
        }
        let upstream = self.upstream.get();
        if self.own.answers(upstream) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let any: SocketAddr = match upstream {
            SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
            SocketAddr::V6(_) => ([0u16; 8], 0).into(),
        };
        let socket = Rc::new(UdpSocket::bind(any).await?);
        socket.connect(upstream).await?;
        // A socket just made is writable, and waiting for that keeps the first datagram from being lost.
        socket.writable().await?;
        let last = Rc::new(Cell::new(Instant::now()));
        let flow = self.begin(client, &socket, upstream);
        let answers = Rc::clone(self).answers(client, Rc::clone(&socket), flow.clone(), Rc::clone(&last));
        let answers = tokio::task::spawn_local(answers).abort_handle();
        let mut sessions = self.sessions.borrow_mut();
        if sessions.len() >= self.limits.udp_sessions {
            let silent =
                sessions.iter().min_by_key(|(_, session)| session.last.get()).map(|(client, _)| *client);
            if let Some(silent) = silent {
                sessions.remove(&silent);
            }
        }
        let ongoing = self.site.borrow().begin();
        let session =
            Session { socket: Rc::clone(&socket), last, flow: flow.clone(), answers, _ongoing: ongoing };
        sessions.insert(client, session);
        Ok((socket, flow))
    }

    /// Tells that a client has come, where the route is observed.
    fn begin(&self, client: SocketAddr, socket: &UdpSocket, upstream: SocketAddr) -> Option<Rc<Flow>> {
        let (writer, site) = (self.writer.as_ref()?, self.site.borrow());
        let route = site.told()?;
        let (own, ours) = (self.listener.local_addr().ok()?, socket.local_addr().ok()?);
        let flow = writer.begin(|| Begin {
            plane: Plane::Udp,
            route: Arc::clone(route),
            client,
            ours: own,
            tls: false,
        })?;
        flow.reached(Some(Ends { ours, theirs: upstream }));
        // Nobody says goodbye.
        flow.settle(Outcome::Complete);
        Some(Rc::new(flow))
    }

    /// Carries answers back until both sides are silent.
    async fn answers(
        self: Rc<Self>,
        client: SocketAddr,
        socket: Rc<UdpSocket>,
        flow: Option<Rc<Flow>>,
        last: Rc<Cell<Instant>>,
    ) {
        let mut buffer = vec![0; LONGEST];
        loop {
            let until = last.get() + self.limits.udp_idle;
            match timeout_at(until, socket.recv(&mut buffer)).await {
                Ok(Ok(length)) => {
                    last.set(Instant::now());
                    let _ = self.listener.send_to(&buffer[..length], client).await;
                    if let Some(flow) = &flow {
                        flow.bytes(Side::Server, Mark::Datagram, &buffer[..length]);
                    }
                    self.site.borrow().tally().passed(0, length as u64);
                }
                // Nobody listens at the upstream just now.
                Ok(Err(_)) => {}
                Err(_) if last.get() + self.limits.udp_idle <= Instant::now() => break,
                Err(_) => {}
            }
        }
        self.sessions.borrow_mut().remove(&client);
    }
}
