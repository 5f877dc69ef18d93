//! Sends exchanges to a collector of OpenTelemetry, over OTLP/HTTP in JSON.
//!
//! Whoever offers an exchange never waits: it goes into a queue with an end, and what does not fit is counted and gone. So
//! is what the collector does not take, at the second try where a second is allowed. A thread of its own makes the spans,
//! so that nothing else of the hub is held up by it. Deliberately absent: TLS, since the collector is one on this machine
//! or the next hop to it; keeping what could not be sent, which the capture does.

mod endpoint;
mod held;
mod post;
#[cfg(test)]
mod tests;

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use axum::body::Bytes;
use navyd_model::{capture::Exported, exchange::Exchange};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::{
    runtime::Builder,
    sync::{mpsc, watch},
    time::{sleep, sleep_until},
};

use self::{
    held::{Ended, Held},
    post::{Verdict, post},
};
use crate::export::otlp::{Traces, request};
pub use endpoint::{Endpoint, EndpointError};

/// How many exchanges wait to be looked at, and about how many bytes they may have.
const QUEUE: usize = 8192;
const QUEUE_BYTES: usize = 16 << 20;

/// How long the end waits for what is left.
const LAST: Duration = Duration::from_secs(2);

/// A sender. Dropped, it sends what waits, for so long as the end may take.
pub struct Sender {
    queue: Option<mpsc::Sender<News>>,
    shared: Arc<Shared>,
    end: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    endpoint: Endpoint,
    sent: AtomicU64,
    lost: AtomicU64,
    /// Bytes in the queue.
    bytes: AtomicUsize,
    error: Mutex<Option<String>>,
}

enum News {
    Ended(Ended),
    Caused { id: u64, cause: u64 },
}

impl Sender {
    /// Starts to send to a collector, on a thread of its own.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(endpoint: Endpoint) -> io::Result<Self> {
        let (queue, news) = mpsc::channel(QUEUE);
        let (end, mut ended) = watch::channel(false);
        let (sent, lost, bytes) = (AtomicU64::new(0), AtomicU64::new(0), AtomicUsize::new(0));
        let shared = Arc::new(Shared { endpoint, sent, lost, bytes, error: Mutex::default() });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (told, until) = (Arc::clone(&shared), ended.clone());
        let work = move || {
            runtime.block_on(async move {
                let last = async {
                    let _ = ended.wait_for(|end| *end).await;
                    sleep(LAST).await;
                };
                tokio::select! {
                    () = send(&told, news, until) => {}
                    () = last => {}
                }
            });
            // A name that is being looked up is not waited for.
            runtime.shutdown_background();
        };
        let thread = Some(thread::Builder::new().name("otlp".into()).spawn(work)?);
        Ok(Self { queue: Some(queue), shared, end, thread })
    }

    /// Takes an exchange that has ended, and never waits: its number, what caused it, and about how many bytes it has.
    /// It is made when it is sent, since by then more is known about it.
    pub(crate) fn offer(
        &self,
        id: u64,
        cause: Option<u64>,
        weight: usize,
        exchange: impl FnOnce() -> Exchange + Send + 'static,
    ) {
        let has_room = self.shared.bytes.load(Ordering::Relaxed) + weight <= QUEUE_BYTES;
        let news = || News::Ended(Ended { id, cause, weight, exchange: Box::new(exchange) });
        // Counted before it is there to be taken.
        self.shared.bytes.fetch_add(weight, Ordering::Relaxed);
        if !has_room || !self.tell(news()) {
            self.shared.bytes.fetch_sub(weight, Ordering::Relaxed);
            self.shared.lose(1, "too many exchanges waited to be sent".to_owned());
        }
    }

    /// What caused an exchange that was offered without a cause turned out.
    pub(crate) fn caused(&self, id: u64, cause: u64) {
        // Without it the span stands alone.
        let _ = self.tell(News::Caused { id, cause });
    }

    /// As it stands.
    pub fn status(&self) -> Exported {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Shared { endpoint, sent, lost, .. } = &*self.shared;
        Exported {
            to: endpoint.to_string(),
            sent: read(sent),
            lost: read(lost),
            error: self.shared.error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Sends what waits, for so long as the end may take. Nothing is taken any more.
    pub(crate) fn close(&mut self) {
        self.queue = None;
        self.end.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn tell(&self, news: News) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.try_send(news).is_ok())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lose(&self, count: u64, why: String) {
        self.lost.fetch_add(count, Ordering::Relaxed);
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
}

/// Ends when nothing comes any more and all that waited was tried.
async fn send(shared: &Shared, mut news: mpsc::Receiver<News>, mut end: watch::Receiver<bool>) {
    let mut origin = [0; 16];
    // Without randomness identifiers are those of any other machine's exchanges; better than none.
    let _ = SystemRandom::new().fill(&mut origin);
    let (mut traces, mut held, mut is_over) = (Traces::new(&origin), Held::default(), false);
    while !is_over {
        let due = async {
            match held.next() {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let mut came = tokio::select! {
            came = news.recv() => {
                is_over = came.is_none();
                came
            }
            () = due => None,
        };
        // All that is there, up to what may wait: whoever offers finds room again.
        while let Some(one) = came {
            match one {
                News::Caused { id, cause } => held.caused(id, cause),
                News::Ended(ended) => {
                    shared.bytes.fetch_sub(ended.weight, Ordering::Relaxed);
                    held.push(Instant::now(), ended);
                }
            }
            came = if held.is_full() { None } else { news.try_recv().ok() };
        }
        if !is_over && !held.is_due(Instant::now()) {
            continue;
        }
        for batch in held.due(Instant::now(), is_over, &mut traces) {
            let exchanges: Vec<&Exchange> = batch.iter().collect();
            let body = request(&exchanges, &mut traces).to_string();
            let spans = batch.len() as u64;
            drop(batch);
            deliver(shared, body.into(), spans, &mut end).await;
        }
    }
}

/// Sends it, once more where that is allowed and there is time for it, and counts what became of it.
async fn deliver(shared: &Shared, body: Bytes, spans: u64, end: &mut watch::Receiver<bool>) {
    let mut verdict = post(&shared.endpoint, body.clone()).await;
    if let Verdict::Later { pause, .. } = verdict {
        tokio::select! {
            () = sleep(pause) => {}
            // Now or never.
            _ = end.wait_for(|end| *end) => {}
        }
        verdict = post(&shared.endpoint, body).await;
    }
    match verdict {
        Verdict::Taken { refused, said } => {
            let refused = refused.min(spans);
            shared.sent.fetch_add(spans - refused, Ordering::Relaxed);
            let said = said.map(|said| format!("it took them and says: {said}"));
            match said.or_else(|| (refused > 0).then(|| "it took only a part".to_owned())) {
                Some(said) => shared.lose(refused, said),
                None => *shared.error.lock().unwrap_or_else(PoisonError::into_inner) = None,
            }
        }
        Verdict::Later { why, .. } | Verdict::Refused { why } => shared.lose(spans, why),
    }
}
