//! The thread of the store: takes requests together, and does what can wait when there are none.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
};

use tokio::{
    runtime::Builder,
    sync::{broadcast, mpsc, watch},
    time::timeout,
};

use super::{
    Bounds, Place, Request, Shelf, Store, StoreError,
    arrivals::{Arrivals, write},
    shelf::Told,
};
use crate::mail::limits;

/// How large the stack of the thread is: messages in messages are let go of one inside of the other.
const STACK: usize = 8 * 1024 * 1024;

/// Waits for the thread to end, when the last [`Store`] is gone.
#[derive(Debug)]
pub struct Keeper(Option<JoinHandle<()>>);

impl Keeper {
    /// Waits until everything is written and the file is closed.
    pub fn end(mut self) {
        if let Some(thread) = self.0.take() {
            // One that has failed has nothing more to write.
            let _ = thread.join();
        }
    }
}

pub(super) fn start(place: &Place, bounds: Bounds) -> Result<(Store, Keeper), StoreError> {
    let (requests, receiver) = mpsc::channel(limits::QUEUE);
    let (told, arrived) = watch::channel(0);
    let (news, _) = broadcast::channel(limits::UNTOLD);
    let shelf = Shelf::open(place, bounds, Told { arrived: told, news: news.clone() })?;
    let runtime = Builder::new_current_thread().enable_time().build().map_err(|_| StoreError::Ended)?;
    let arrivals = Arc::new(Arrivals::new(shelf));
    let work = Work { arrivals: Arc::clone(&arrivals), seen: 0, tired: false };
    let thread = thread::Builder::new()
        .name("mail".to_owned())
        .stack_size(STACK)
        .spawn(move || runtime.block_on(work.serve(receiver)))
        .map_err(|_| StoreError::Ended)?;
    Ok((Store { requests, arrivals, arrived, news }, Keeper(Some(thread))))
}

/// How long to wait for a request before looking after what was kept.
enum Pause {
    /// Until one comes: there is nothing to look after.
    Rest,
    /// A moment: nothing may have come in it.
    Lull,
    /// Not at all.
    None,
}

/// What the thread is at. It may wait for the disk.
struct Work {
    arrivals: Arc<Arrivals>,
    /// The number of the last message when it looked.
    seen: i64,
    /// What could not be written now will not be a moment later: it is left for when somebody asks.
    tired: bool,
}

impl Work {
    /// Serves until nobody asks any more.
    async fn serve(mut self, mut requests: mpsc::Receiver<Request>) {
        loop {
            let next = match requests.try_recv() {
                Ok(request) => Some(request),
                Err(mpsc::error::TryRecvError::Disconnected) => None,
                Err(mpsc::error::TryRecvError::Empty) => {
                    let waited = match self.pause() {
                        Pause::Rest => Ok(requests.recv().await),
                        Pause::Lull => timeout(limits::LULL, requests.recv()).await.map_err(drop),
                        Pause::None => Err(()),
                    };
                    let Ok(request) = waited else {
                        self.look_after();
                        continue;
                    };
                    request
                }
            };
            match next {
                Some(Request::Keep(letters)) => {
                    self.tired = false;
                    self.with(|shelf| {
                        write(shelf, letters);
                        shelf.settle();
                    });
                }
                Some(Request::Look) => self.tired = false,
                Some(Request::Do(work)) => drop(self.with(work)),
                None => break,
            }
        }
        // What is not understood yet is understood when the file is opened again.
        if let Some(shelf) = self.arrivals.shelf().take() {
            shelf.close();
        }
    }

    /// How long to wait for a request.
    fn pause(&self) -> Pause {
        match self.behind() {
            0 => {}
            _ if self.tired => {}
            limits::UNREAD.. => return Pause::None,
            _ => return Pause::Lull,
        }
        self.arrivals.unwatch();
        // Of what was kept in between nobody tells.
        if self.tired || self.behind() == 0 { Pause::Rest } else { Pause::Lull }
    }

    fn behind(&self) -> u64 {
        self.with(|shelf| shelf.behind()).unwrap_or_default()
    }

    /// Does what can wait, where nothing has come for a while or too much.
    fn look_after(&mut self) {
        let seen = self.seen;
        let done = self.with(|shelf| {
            shelf.settle();
            let last = shelf.last();
            let lull = last == seen || shelf.behind() >= limits::UNREAD;
            (last, lull.then(|| shelf.index_some()))
        });
        if let Some((last, indexed)) = done {
            self.seen = last;
            self.tired = matches!(indexed, Some(Err(_)));
        }
    }

    /// `None` once the store has ended.
    fn with<T>(&self, work: impl FnOnce(&mut Shelf) -> T) -> Option<T> {
        self.arrivals.shelf().as_mut().map(work)
    }
}
