//! How all workers take something over, or none: each says first that it can, and waits to be let.
//!
//! Deliberately absent: what is taken over, and a time limit, since a worker only asks its kernel before it answers.

use std::{convert::Infallible, io, sync::mpsc};

use tokio::sync::oneshot;

/// The end of whoever asks.
pub(crate) struct Agreement {
    failures: mpsc::Receiver<io::Error>,
    done: mpsc::Receiver<Infallible>,
    let_go: Vec<oneshot::Sender<()>>,
}

/// The end of one worker. It is to be dropped when the worker has done all that it will.
pub(crate) struct Voice {
    failures: Option<mpsc::Sender<io::Error>>,
    may: oneshot::Receiver<()>,
    /// Never used: that it is dropped says enough.
    _done: mpsc::Sender<Infallible>,
}

impl Agreement {
    /// One among so many workers.
    pub(crate) fn among(count: usize) -> (Self, Vec<Voice>) {
        let (failed, failures) = mpsc::channel();
        let (doing, done) = mpsc::channel();
        let ends = (0..count).map(|_| {
            let (let_go, may) = oneshot::channel();
            (let_go, Voice { failures: Some(failed.clone()), may, _done: doing.clone() })
        });
        let (let_go, voices) = ends.unzip();
        (Self { failures, done, let_go }, voices)
    }

    /// Blocks until every worker has said that it can, or has ended; or one has said that it cannot. Then none of them
    /// does anything, and what they had prepared is gone when this returns.
    ///
    /// # Errors
    /// Why it cannot.
    pub(crate) fn reach(self) -> io::Result<Reached> {
        let Self { failures, done, let_go } = self;
        match failures.recv() {
            Ok(failure) => {
                drop(let_go);
                finish(&done);
                Err(failure)
            }
            // Nobody is left who could say so.
            Err(mpsc::RecvError) => Ok(Reached { done, let_go }),
        }
    }
}

/// All can.
pub(crate) struct Reached {
    done: mpsc::Receiver<Infallible>,
    let_go: Vec<oneshot::Sender<()>>,
}

impl Reached {
    /// Lets all of them, and blocks until they are done.
    pub(crate) fn act(self) {
        for worker in self.let_go {
            // One that has ended meanwhile has nothing to do.
            let _ = worker.send(());
        }
        finish(&self.done);
    }
}

/// Waits until every worker has dropped its end; nothing is ever sent.
fn finish(done: &mpsc::Receiver<Infallible>) {
    let Err(mpsc::RecvError) = done.recv();
}

impl Voice {
    /// Says that this worker can, and waits; whether it is to be done.
    pub(crate) async fn can(&mut self) -> bool {
        self.failures = None;
        (&mut self.may).await.is_ok()
    }

    /// Says that it cannot.
    pub(crate) fn cannot(&self, why: io::Error) {
        // Whoever asked may have heard of another failure, and waits for no more.
        let _ = self.failures.as_ref().map(|failures| failures.send(why));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use tokio::runtime::Builder;

    use super::*;

    /// Three workers, each of which can, cannot, or has ended; whether they agreed, and how many acted.
    fn check(workers: [Option<bool>; 3]) -> (bool, usize) {
        let acted = AtomicUsize::new(0);
        let (agreement, voices) = Agreement::among(3);
        let agreed = thread::scope(|scope| {
            for (voice, can) in voices.into_iter().zip(workers) {
                let acted = &acted;
                scope.spawn(move || match can {
                    Some(true) => {
                        let mut voice = voice;
                        let runtime = Builder::new_current_thread().build().unwrap();
                        let acts = runtime.block_on(voice.can());
                        acted.fetch_add(usize::from(acts), Ordering::SeqCst);
                    }
                    Some(false) => voice.cannot(io::ErrorKind::OutOfMemory.into()),
                    None => {}
                });
            }
            let reached = agreement.reach();
            let before = acted.load(Ordering::SeqCst);
            assert_eq!(before, 0, "nobody acts before all can");
            reached.map(Reached::act).is_ok()
        });
        (agreed, acted.load(Ordering::SeqCst))
    }

    #[test]
    fn all_act_or_none() {
        let (can, cannot, ended) = (Some(true), Some(false), None);
        assert_eq!(check([can, can, can]), (true, 3));
        assert_eq!(check([can, cannot, can]), (false, 0));
        assert_eq!(check([cannot, cannot, cannot]), (false, 0));
        assert_eq!(check([can, ended, can]), (true, 2));
        assert_eq!(check([ended, ended, cannot]), (false, 0));
    }
}
