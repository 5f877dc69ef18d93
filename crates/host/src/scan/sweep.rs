//! Knocks on many ports at once.

use std::{
    io,
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::knock::{Answer, Knocker};
use crate::kernel;

/// Connections under way at the same time, over all workers: below the 1,024 descriptors that a process may
/// have by default, and what a home router's table bears.
const IN_FLIGHT: usize = 512;

/// Ports a worker takes at a time: enough that workers seldom meet at the counter, few enough to end together.
const CHUNK: usize = 256;

/// How long a worker rests when it can only wait for answers.
const REST: Duration = Duration::from_millis(1);

/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(100);

/// What to knock on.
pub(super) struct Sweep<'a> {
    pub(super) address: IpAddr,
    /// Whether the address is this machine's own.
    pub(super) own: bool,
    pub(super) ports: &'a [u16],
    /// How long a port may take to answer.
    pub(super) timeout: Duration,
}

/// Work that is shared out.
struct Shared<'a> {
    sweep: &'a Sweep<'a>,
    next: AtomicUsize,
    done: AtomicUsize,
    running: AtomicUsize,
    answers: Mutex<Vec<(u16, Answer)>>,
}

impl Sweep<'_> {
    /// The answers of all ports that are not [`Answer::Closed`], in ascending order. `progress` is told from
    /// time to time how many ports are done.
    ///
    /// # Errors
    /// When no socket can be made.
    pub(super) fn run(&self, progress: &mut dyn FnMut(usize)) -> io::Result<Vec<(u16, Answer)>> {
        let workers = self.workers();
        let shared = Shared {
            sweep: self,
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            running: AtomicUsize::new(workers),
            answers: Mutex::new(Vec::new()),
        };
        let watcher = thread::current();
        let outcome = thread::scope(|scope| {
            let work = || {
                let outcome = shared.work(IN_FLIGHT / workers);
                shared.running.fetch_sub(1, Ordering::Release);
                watcher.unpark();
                outcome
            };
            let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            while shared.running.load(Ordering::Acquire) > 0 {
                thread::park_timeout(PROGRESS);
                progress(shared.done.load(Ordering::Relaxed));
            }
            let failed = |_| Err(io::Error::other("a worker of the scan failed"));
            handles.into_iter().try_for_each(|handle| handle.join().unwrap_or_else(failed))
        });
        outcome?;
        let mut answers = shared.answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        answers.sort_unstable_by_key(|(port, _)| *port);
        Ok(answers)
    }

    /// One for each core; one alone for few ports, which are done before a second has started.
    fn workers(&self) -> usize {
        kernel::cores().min(8).min(self.ports.len().div_ceil(CHUNK)).max(1)
    }
}

impl Shared<'_> {
    fn work(&self, room: usize) -> io::Result<()> {
        let Sweep { address, own, ports, timeout } = *self.sweep;
        let mut knocker = Knocker::new(address, own, timeout);
        let mut answers = Vec::new();
        loop {
            let start = self.next.fetch_add(CHUNK, Ordering::Relaxed);
            let Some(rest) = ports.get(start..) else { break };
            for &port in rest.iter().take(CHUNK) {
                while knocker.waiting() >= room {
                    self.collect(&mut knocker, &mut answers);
                }
                match self.knock(&mut knocker, port, &mut answers)? {
                    Some(answer) => self.settle(port, answer, &mut answers),
                    None => continue,
                }
            }
        }
        while knocker.waiting() > 0 {
            self.collect(&mut knocker, &mut answers);
        }
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).append(&mut answers);
        Ok(())
    }

    /// Where descriptors run out while others wait for answers, theirs come free first.
    fn knock(
        &self,
        knocker: &mut Knocker,
        port: u16,
        answers: &mut Vec<(u16, Answer)>,
    ) -> io::Result<Option<Answer>> {
        loop {
            match knocker.knock(port) {
                Err(_) if knocker.waiting() > 0 => self.collect(knocker, answers),
                outcome => return outcome,
            }
        }
    }

    fn collect(&self, knocker: &mut Knocker, answers: &mut Vec<(u16, Answer)>) {
        let before = knocker.waiting();
        knocker.collect(Instant::now(), |port, answer| self.settle(port, answer, answers));
        if knocker.waiting() == before {
            thread::sleep(REST);
        }
    }

    fn settle(&self, port: u16, answer: Answer, answers: &mut Vec<(u16, Answer)>) {
        self.done.fetch_add(1, Ordering::Relaxed);
        if answer != Answer::Closed {
            answers.push((port, answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// A loopback address of its own: a sweep of 127.0.0.1 would call on the listeners of every other test.
    const HERE: Ipv4Addr = Ipv4Addr::new(127, 62, 89, 3);

    #[test]
    fn finds_what_listens_and_tells_how_far_it_is() {
        let listeners: Vec<_> = (0..20).map(|_| TcpListener::bind((HERE, 0)).unwrap()).collect();
        let mut expected: Vec<_> =
            listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        expected.sort_unstable();
        let ports: Vec<u16> = (1..=u16::MAX).collect();
        let address = HERE.into();
        let sweep = Sweep { address, own: true, ports: &ports, timeout: Duration::from_secs(5) };
        let mut last = 0;
        let answers = sweep.run(&mut |done| last = done).unwrap();
        assert_eq!(last, 65_535);
        for port in expected {
            let answer = answers.iter().find(|(answered, _)| *answered == port);
            assert_eq!(answer, Some(&(port, Answer::Open)));
        }
    }

    #[test]
    fn no_ports_are_no_work() {
        let address = HERE.into();
        let sweep = Sweep { address, own: true, ports: &[], timeout: Duration::ZERO };
        assert_eq!(sweep.run(&mut |_| {}).unwrap(), []);
    }
}
