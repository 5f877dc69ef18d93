//! Accepting connections until told to stop, and then letting them finish.

use std::{cell::Cell, future::Future, io, net::TcpListener, pin::Pin, rc::Rc, sync::Arc, time::Duration};

use tokio::{
    runtime::Builder,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinSet, LocalSet},
    time::{sleep, timeout},
};

use crate::{Door, Socket, Stop, Tls, limits, os};

/// How long to wait after the system refused a connection: what is short, files above all, comes back when others end.
const BACK_OFF: Duration = Duration::from_millis(50);

/// What one connection is answered with, from its first byte to its last.
pub trait Talk {
    /// Talks until the connection ends. `stop` tells when no new request should be waited for.
    fn talk(self: Rc<Self>, socket: Socket, stop: Stop) -> Talking;
}

/// A talk under way, or anything else that goes on beside.
pub type Talking = Pin<Box<dyn Future<Output = ()>>>;

/// What answers behind which doors, and what goes on beside.
#[derive(Default)]
pub struct Stand {
    places: Vec<Place>,
    beside: Vec<Talking>,
    short: Option<Short>,
}

/// Who is told, once, that the system refuses connections.
type Short = Box<dyn FnOnce(io::Error)>;

struct Place {
    door: Door,
    tls: Option<Tls>,
    talk: Rc<dyn Talk>,
}

impl Stand {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers whoever comes through that door, encrypted from the first byte on where `tls` says how.
    #[must_use]
    pub fn answering(mut self, door: Door, tls: Option<Tls>, talk: Rc<dyn Talk>) -> Self {
        self.places.push(Place { door, tls, talk });
        self
    }

    /// Does this beside, until the stand-in ends.
    #[must_use]
    pub fn beside(mut self, work: Talking) -> Self {
        self.beside.push(work);
        self
    }

    /// Tells, once, why the system has refused a connection: most often too many files are open. Who comes waits then.
    #[must_use]
    pub fn telling(self, short: impl FnOnce(io::Error) + 'static) -> Self {
        Self { short: Some(Box::new(short)), ..self }
    }

    /// Stands until told to stop; then accepts no more, and waits [`limits::DRAIN`] for what is under way.
    ///
    /// # Errors
    /// When the system has no room for a runtime, or refuses a listener that it had given.
    pub fn run(self, stop: Stop) -> io::Result<()> {
        os::more_files();
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        LocalSet::new().block_on(&runtime, self.until(stop))
    }

    async fn until(self, mut stop: Stop) -> io::Result<()> {
        let seats = Arc::new(Semaphore::new(limits::SEATS));
        let short = Rc::new(Cell::new(self.short));
        let mut doors = JoinSet::new();
        let mut beside = JoinSet::new();
        for place in self.places {
            let (tls, talk) = (place.tls, place.talk);
            for listener in place.door.into_listeners() {
                let inside = Inside {
                    tls: tls.clone(),
                    talk: Rc::clone(&talk),
                    seats: Arc::clone(&seats),
                    short: Rc::clone(&short),
                };
                doors.spawn_local(inside.accept(registered(listener)?, stop.clone()));
            }
        }
        for work in self.beside {
            beside.spawn_local(work);
        }
        stop.told().await;
        // Whoever still talks when the time is over is dropped with the sets.
        let _ = timeout(limits::DRAIN, async { while doors.join_next().await.is_some() {} }).await;
        Ok(())
    }
}

fn registered(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::from_std(listener)
}

struct Inside {
    tls: Option<Tls>,
    talk: Rc<dyn Talk>,
    seats: Arc<Semaphore>,
    short: Rc<Cell<Option<Short>>>,
}

impl Inside {
    async fn accept(self, listener: tokio::net::TcpListener, mut stop: Stop) {
        let mut talks = JoinSet::new();
        let leaving = stop.clone();
        let mut told = std::pin::pin!(stop.told());
        loop {
            let seat = tokio::select! {
                biased;
                () = &mut told => break,
                seat = Arc::clone(&self.seats).acquire_owned() => seat,
            };
            let Ok(seat) = seat else { break };
            let accepted = loop {
                tokio::select! {
                    biased;
                    () = &mut told => break None,
                    // What has ended is forgotten, so that the set does not grow.
                    Some(_) = talks.join_next() => {}
                    accepted = listener.accept() => break Some(accepted),
                }
            };
            match accepted {
                None => break,
                Some(Ok((stream, peer))) => {
                    if let Ok(socket) = Socket::new(stream, peer) {
                        let talk = Rc::clone(&self.talk);
                        talks.spawn_local(one(talk, socket, self.tls.clone(), leaving.clone(), seat));
                    }
                }
                // A client that has left before it was seen takes nothing from anybody.
                Some(Err(error)) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Some(Err(error)) => {
                    if let Some(tell) = self.short.take() {
                        tell(error);
                    }
                    sleep(BACK_OFF).await;
                }
            }
        }
        drop(listener);
        while talks.join_next().await.is_some() {}
    }
}

/// One connection, which holds its seat while it lasts.
async fn one(talk: Rc<dyn Talk>, socket: Socket, tls: Option<Tls>, stop: Stop, _seat: OwnedSemaphorePermit) {
    let socket = match &tls {
        Some(tls) => socket.encrypt(tls).await,
        None => Ok(socket),
    };
    // A client that fails to shake hands is gone, or speaks something else: there is nobody to tell.
    if let Ok(socket) = socket {
        talk.talk(socket, stop).await;
    }
}
