//! Waiting until something is ready, or gone.
//!
//! The kernel's list says that a socket listens without the program noticing, in a twentieth of a millisecond:
//! that is the default. Connecting, and asking over HTTP, are for machines whose list cannot be read and for
//! programs that listen before they can serve. Deliberately absent: TLS, redirects, and what is run afterwards.

mod connect;
mod http;
mod listen;
mod log;

use std::{
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use crate::kernel::Transport;
pub use http::is_ready as is_ready_status;

/// Something to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// A socket that listens, as the kernel lists it.
    Listen {
        /// TCP or UDP.
        transport: Transport,
        /// The port.
        port: u16,
        /// One of these must be reached; any will do when there is none.
        addresses: Vec<IpAddr>,
    },
    /// A connection by TCP.
    Connect {
        /// A name or a literal address, which is resolved anew each time.
        host: String,
        /// The port.
        port: u16,
    },
    /// An answer to `GET`, with a status from 200 to 399.
    Http {
        /// A name or a literal address.
        host: String,
        /// The port.
        port: u16,
        /// The path and query, beginning with a slash.
        path: String,
    },
    /// A unix socket that listens, as the kernel lists it.
    Unix {
        /// The names it may be listed under; bytes, `@` first for abstract ones.
        names: Vec<Vec<u8>>,
    },
    /// A connection to a unix socket.
    UnixConnect {
        /// Its path.
        path: PathBuf,
    },
    /// A text in a file that grows.
    Log {
        /// The file, which need not exist yet.
        path: PathBuf,
        /// The text, within one line.
        text: String,
    },
}

/// What to wait for, and in which direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// The thing.
    pub aim: Aim,
    /// Whether to wait until it is gone instead.
    pub gone: bool,
}

/// One look at one goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It is there.
    There,
    /// It is not; what is there instead.
    NotYet(String),
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Which of the goals, by its place in the list.
    pub goal: usize,
    /// Whether it is met. Of a goal that is met there is no more news.
    pub met: bool,
    /// What was seen instead; empty when met.
    pub seen: String,
    /// When, since the waiting began.
    pub after: Duration,
}

/// Goals that are watched, each by a thread of its own. Dropping it tells the threads to end; one that is in
/// the middle of a connection ends with it.
pub struct Watch {
    news: Receiver<News>,
    stop: Arc<AtomicBool>,
}

/// The longest that one connection may take to come about, so that a program that starts meanwhile is seen.
const CONNECTING: Duration = Duration::from_secs(1);

impl Watch {
    /// Watches until `deadline`.
    pub fn start(goals: Vec<Goal>, deadline: Instant) -> Self {
        let (tell, news) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        for (at, goal) in goals.into_iter().enumerate() {
            let watcher = Watcher {
                at,
                gone: goal.gone,
                tell: tell.clone(),
                stop: Arc::clone(&stop),
                started: Instant::now(),
                deadline,
            };
            thread::spawn(move || watcher.run(&goal.aim));
        }
        Self { news, stop }
    }

    /// The next news; `None` when there is none within that time, or when there will be no more.
    pub fn next(&self, patience: Duration) -> Option<News> {
        self.news.recv_timeout(patience).ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Watcher {
    at: usize,
    gone: bool,
    tell: Sender<News>,
    stop: Arc<AtomicBool>,
    started: Instant,
    deadline: Instant,
}

impl Watcher {
    fn run(self, aim: &Aim) {
        let mut tail = match aim {
            Aim::Log { path, text } => Some(log::Tail::new(path.clone(), text)),
            _ => None,
        };
        let mut last = None;
        loop {
            let now = Instant::now();
            let left = self.deadline.saturating_duration_since(now);
            let look = aim.look(tail.as_mut(), left);
            let (met, seen) = match (look, self.gone) {
                (Look::There, true) => (false, "still there".to_owned()),
                (Look::There, false) | (Look::NotYet(_), true) => (true, String::new()),
                (Look::NotYet(seen), false) => (false, seen),
            };
            if met || last.as_ref() != Some(&seen) {
                last = Some(seen.clone());
                let news = News { goal: self.at, met, seen, after: self.started.elapsed() };
                if self.tell.send(news).is_err() || met {
                    return;
                }
            }
            // The last look is at the deadline or after it, so that a short time is not none.
            if left.is_zero() || self.stop.load(Ordering::Relaxed) {
                return;
            }
            thread::sleep(pause(self.started.elapsed()).min(left));
        }
    }
}

impl Aim {
    fn look(&self, tail: Option<&mut log::Tail>, left: Duration) -> Look {
        // A time limit of zero is an error to the standard library.
        let connecting = CONNECTING.min(left).max(Duration::from_millis(1));
        match self {
            Self::Listen { transport, port, addresses } => {
                listen::look(*transport, *port, addresses, left.is_zero())
            }
            Self::Unix { names } => listen::look_unix(names),
            Self::Connect { host, port } => match connect::connect(host, *port, connecting) {
                Ok(_) => Look::There,
                Err(seen) => Look::NotYet(seen),
            },
            Self::UnixConnect { path } => connect::look_unix(path),
            Self::Http { host, port, path } => http::look(host, *port, path, connecting, left),
            Self::Log { .. } => tail.map_or(Look::There, log::Tail::look),
        }
    }
}

/// How long to rest between two looks: a hundredth of a second while a person may be watching, up to a tenth
/// when it takes long. Pure.
fn pause(elapsed: Duration) -> Duration {
    (elapsed / 20).clamp(Duration::from_millis(10), Duration::from_millis(100))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn watched(aim: Aim, gone: bool, within: Duration) -> Vec<News> {
        let watch = Watch::start(vec![Goal { aim, gone }], Instant::now() + within);
        std::iter::from_fn(|| watch.next(Duration::from_secs(20))).collect()
    }

    fn listen(port: u16) -> Aim {
        Aim::Listen { transport: Transport::Tcp, port, addresses: Vec::new() }
    }

    #[test]
    fn the_longer_it_takes_the_longer_the_pause() {
        for (elapsed, expected) in [(0, 10), (200, 10), (1_000, 50), (2_000, 100), (60_000, 100)] {
            assert_eq!(pause(Duration::from_millis(elapsed)), Duration::from_millis(expected), "{elapsed}");
        }
    }

    #[test]
    fn what_listens_is_met_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let news = watched(listen(listener.local_addr().unwrap().port()), false, Duration::from_secs(20));
        assert!(matches!(&news[..], [News { met: true, .. }]), "{news:?}");
    }

    #[test]
    fn a_deadline_in_the_past_still_has_one_look() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let news = watched(listen(port), true, Duration::ZERO);
        assert!(matches!(&news[..], [News { met: false, .. }]) && news[0].seen == "still there", "{news:?}");
        drop(listener);
        let news = watched(listen(port), false, Duration::ZERO);
        assert_eq!(news.iter().map(|news| news.seen.as_str()).collect::<Vec<_>>(), ["nothing listens"]);
    }

    #[test]
    fn gone_is_told_when_it_goes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let goal = Goal { aim: listen(listener.local_addr().unwrap().port()), gone: true };
        let watch = Watch::start(vec![goal], Instant::now() + Duration::from_secs(20));
        assert!(!watch.next(Duration::from_secs(20)).unwrap().met);
        drop(listener);
        assert!(watch.next(Duration::from_secs(20)).unwrap().met);
    }
}
