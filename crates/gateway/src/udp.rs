//! Routes that carry datagrams: each client has a socket of its own to the upstream, so that answers find back.
//!
//! Deliberately absent: trying a second address, since silence is all that UDP says of a missing upstream.

use std::{cell::Cell, cell::RefCell, collections::HashMap, io, net::SocketAddr, rc::Rc, sync::Arc};

use bytes::Bytes;
use navyd_model::exchange::{Outcome, Side};
use tokio::{
    net::UdpSocket,
    task::AbortHandle,
    time::{Instant, timeout_at},
};

use crate::{
    fault::{Laid, Mail, Record},
    held::Held,
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
    record: Arc<Record>,
    /// The faults as they were when datagrams were last held back.
    laid: RefCell<Arc<Laid>>,
    held: Held<Letter>,
    /// Sends what was held back, from the first such datagram on.
    sending: RefCell<Option<AbortHandle>>,
}

struct Session {
    client: Rc<Client>,
    answers: AbortHandle,
    _ongoing: Ongoing,
}

/// What both directions of a client have in common.
struct Client {
    address: SocketAddr,
    socket: UdpSocket,
    last: Cell<Instant>,
    flow: Option<Rc<Flow>>,
    /// What faults do to its datagrams.
    mail: RefCell<Mail>,
}

/// A datagram that is held back.
struct Letter {
    client: Rc<Client>,
    from: Side,
    bytes: Bytes,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.answers.abort();
        if let Some(flow) = &self.client.flow {
            self.client.mail.borrow_mut().hits().into_iter().for_each(|hit| flow.hit(hit));
        }
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
            record: Arc::clone(&worker.record),
            laid: RefCell::default(),
            held: Held::default(),
            sending: RefCell::default(),
        }
    }

    /// From now on it leads there; clients that have led elsewhere begin again.
    pub(crate) fn lead(&self, upstream: SocketAddr, site: &Rc<Site>) {
        self.site.replace(Rc::clone(site));
        if !site.has_laid(&self.laid.borrow()) {
            // What a fault held back goes on once that has changed.
            self.held.flush(Instant::now());
        }
        if self.upstream.replace(upstream) != upstream {
            self.close();
        }
    }

    /// Forgets every client.
    pub(crate) fn close(&self) {
        self.sessions.borrow_mut().clear();
        self.held.clear();
        if let Some(sending) = self.sending.take() {
            sending.abort();
        }
    }

    /// Carries datagrams until it is dropped.
    pub(crate) async fn serve(self: Rc<Self>) {
        let mut buffer = vec![0; LONGEST];
        // A failure shows with the first answer as well. What is writable once is so unless a queue is full.
        let _ = self.listener.writable().await;
        loop {
            // A failure here is the echo of an earlier answer to a client that is gone.
            let Ok((length, client)) = self.listener.recv_from(&mut buffer).await else { continue };
            let Ok(client) = self.session(client).await else { continue };
            self.pass(&client, Side::Client, &buffer[..length]);
        }
    }

    /// Sends a datagram that came from this side, unless a fault has something else in mind.
    fn pass(self: &Rc<Self>, client: &Rc<Client>, from: Side, bytes: &[u8]) {
        let site = Rc::clone(&self.site.borrow());
        if !site.shapes_datagrams() {
            return self.send(client, from, bytes);
        }
        let (laid, now) = (site.laid(), Instant::now());
        let mut mail = client.mail.borrow_mut();
        mail.follow(&laid);
        let parcels = mail.pass(from, Bytes::copy_from_slice(bytes), now.into_std());
        self.laid.replace(laid);
        for parcel in parcels {
            if parcel.due <= now.into_std() {
                self.send(client, from, &parcel.bytes);
                continue;
            }
            let letter = Letter { client: Rc::clone(client), from, bytes: parcel.bytes };
            self.held.put(Instant::from_std(parcel.due), letter.bytes.len(), letter);
            let mut sending = self.sending.borrow_mut();
            if sending.is_none() {
                let sender = Rc::clone(self);
                let send = async move {
                    loop {
                        let Letter { client, from, bytes } = sender.held.next().await;
                        sender.send(&client, from, &bytes);
                    }
                };
                *sending = Some(tokio::task::spawn_local(send).abort_handle());
            }
        }
    }

    /// Sends it now. Datagrams may be lost: a full queue or a missing upstream is their sender's to notice.
    fn send(&self, client: &Client, from: Side, bytes: &[u8]) {
        let count = bytes.len() as u64;
        let site = self.site.borrow();
        match from {
            Side::Client => {
                let _ = client.socket.try_send(bytes);
                site.tally().passed(count, 0);
            }
            Side::Server => {
                let _ = self.listener.try_send_to(bytes, client.address);
                site.tally().passed(0, count);
            }
        }
        if let Some(flow) = &client.flow {
            flow.bytes(from, Mark::Datagram, bytes);
        }
    }

    /// What is known of a client; an error when the route leads to this gateway.
    async fn session(self: &Rc<Self>, address: SocketAddr) -> io::Result<Rc<Client>> {
        if let Some(session) = self.sessions.borrow().get(&address) {
            session.client.last.set(Instant::now());
            return Ok(Rc::clone(&session.client));
        }
        let upstream = self.upstream.get();
        if self.own.answers(upstream) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let any: SocketAddr = match upstream {
            SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
            SocketAddr::V6(_) => ([0u16; 8], 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(upstream).await?;
        // A socket just made is writable, and waiting for that keeps the first datagram from being lost.
        socket.writable().await?;
        let flow = self.begin(address, &socket, upstream);
        let number = self.site.borrow().laid().next_connection();
        let mail = RefCell::new(Mail::new(&self.record, number));
        let client = Rc::new(Client { address, socket, last: Cell::new(Instant::now()), flow, mail });
        let answers = Rc::clone(self).answers(Rc::clone(&client));
        let answers = tokio::task::spawn_local(answers).abort_handle();
        let mut sessions = self.sessions.borrow_mut();
        if sessions.len() >= self.limits.udp_sessions {
            let last = |session: &Session| session.client.last.get();
            let silent =
                sessions.iter().min_by_key(|(_, session)| last(session)).map(|(address, _)| *address);
            if let Some(silent) = silent {
                sessions.remove(&silent);
            }
        }
        let ongoing = self.site.borrow().begin();
        sessions.insert(address, Session { client: Rc::clone(&client), answers, _ongoing: ongoing });
        Ok(client)
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
    async fn answers(self: Rc<Self>, client: Rc<Client>) {
        let mut buffer = vec![0; LONGEST];
        loop {
            let until = client.last.get() + self.limits.udp_idle;
            match timeout_at(until, client.socket.recv(&mut buffer)).await {
                Ok(Ok(length)) => {
                    client.last.set(Instant::now());
                    self.pass(&client, Side::Server, &buffer[..length]);
                }
                // Nobody listens at the upstream just now.
                Ok(Err(_)) => {}
                Err(_) if client.last.get() + self.limits.udp_idle <= Instant::now() => break,
                Err(_) => {}
            }
        }
        self.sessions.borrow_mut().remove(&client.address);
    }
}
