//! The thread of the store: takes requests together, and does what can wait when there are none.

use std::thread::{self, JoinHandle};

use tokio::{
    runtime::Builder,
    sync::{broadcast, mpsc, oneshot, watch},
    time::timeout,
};

use super::{Bounds, Place, Request, Shelf, Store, StoreError, shelf::Told};
use crate::mail::{
    limits,
    smtp::{Letter, NotKept},
};

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
    let thread = thread::Builder::new()
        .name("mail".to_owned())
        .stack_size(STACK)
        .spawn(move || runtime.block_on(serve(shelf, receiver)))
        .map_err(|_| StoreError::Ended)?;
    Ok((Store { requests, arrived, news }, Keeper(Some(thread))))
}

/// Serves until nobody asks any more. It runs alone on its thread, and may wait for the disk.
async fn serve(mut shelf: Shelf, mut requests: mpsc::Receiver<Request>) {
    let mut letters: Vec<(Letter, oneshot::Sender<Result<String, NotKept>>)> = Vec::new();
    // What could not be written now will not be a moment later: it is left for when somebody asks.
    let mut tired = false;
    loop {
        let next = match requests.try_recv() {
            Ok(request) => Some(request),
            Err(mpsc::error::TryRecvError::Disconnected) => None,
            Err(mpsc::error::TryRecvError::Empty) if !letters.is_empty() => {
                tired = false;
                keep(&mut shelf, &mut letters);
                continue;
            }
            Err(mpsc::error::TryRecvError::Empty) if shelf.behind() > 0 && !tired => {
                let waited = match shelf.behind() {
                    limits::UNREAD.. => None,
                    _ => timeout(limits::LULL, requests.recv()).await.ok(),
                };
                match waited {
                    Some(request) => request,
                    None => {
                        tired = shelf.index_some().is_err();
                        continue;
                    }
                }
            }
            Err(mpsc::error::TryRecvError::Empty) => requests.recv().await,
        };
        match next {
            Some(Request::Keep(letter, tell)) => {
                letters.push((letter, tell));
                if letters.len() >= limits::BATCH {
                    keep(&mut shelf, &mut letters);
                }
            }
            Some(Request::Do(work)) => {
                keep(&mut shelf, &mut letters);
                work(&mut shelf);
            }
            None => break,
        }
    }
    keep(&mut shelf, &mut letters);
    // What is not understood yet is understood when the file is opened again.
    shelf.close();
}

/// Writes all of them in one commit, and tells everyone.
fn keep(shelf: &mut Shelf, letters: &mut Vec<(Letter, oneshot::Sender<Result<String, NotKept>>)>) {
    if letters.is_empty() {
        return;
    }
    let outcome = shelf.keep(letters.iter().map(|(letter, _)| letter));
    let outcome = outcome.map_err(|error| if error.is_full() { NotKept::Full } else { NotKept::Failed });
    let mut keys = outcome.as_ref().ok().map(|keys| keys.iter());
    for (_, tell) in letters.drain(..) {
        let one = match (&outcome, keys.as_mut().and_then(Iterator::next)) {
            (Err(why), _) => Err(*why),
            (Ok(_), key) => key.cloned().ok_or(NotKept::Failed),
        };
        // A client that has left is told nothing; its message stays.
        let _ = tell.send(one);
    }
}
