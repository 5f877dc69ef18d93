//! Toxiproxy's HTTP API, version 2.12.0, on proxies that the gateway carries: its clients work unmodified.
//!
//! It is a process in the foreground and needs no hub: what it keeps ends with it. Only here are faults called toxics.
//!
//! - `serve`: connections; `call`: which request is which; `api`: what each does; `reply`: what is answered
//! - `input`: documents as Go reads them; `address`: addresses as Go reads them
//! - `proxies`: every proxy and the gateway; `toxic`: a toxic as it is written; `mapping`: as a fault
//! - `metrics`: for Prometheus
//!
//! Deliberately absent: what a fault does, which is the gateway's; Toxiproxy's defects, each of which is a test.

mod address;
mod api;
mod call;
mod input;
mod mapping;
mod metrics;
mod proxies;
mod reply;
mod serve;
mod toxic;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    thread::{self, JoinHandle},
    time::{SystemTime, UNIX_EPOCH},
};

use navyd_gateway::StartError;
use tokio::{runtime::Builder, sync::watch};

use crate::listen::holder;
use api::Setting;
use metrics::Shown;
use proxies::Proxies;
use serve::{Desk, Patience};

/// How many requests are worked on at once; all but one wait for the table of proxies.
const WORKING: usize = 16;

/// What is wanted.
#[derive(Debug)]
pub struct Settings {
    /// Where the API is served.
    pub listen: SocketAddr,
    /// A list of proxies as Toxiproxy's file has it, and the file's name for what is said about it.
    pub config: Option<(String, Vec<u8>)>,
    /// What makes what toxics choose repeatable.
    pub seed: Option<u64>,
    /// Whether `/metrics` has the bytes of proxies.
    pub proxy_metrics: bool,
    /// Whether `/metrics` has what is known of this process.
    pub runtime_metrics: bool,
    /// How many threads carry bytes, at least one.
    pub workers: usize,
}

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum ToxiproxyError {
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Who listens there, when it is known.
        holder: Option<String>,
        /// What the system says.
        source: io::Error,
    },
    /// The file makes no sense, or a proxy in it cannot be started.
    #[error("cannot make the proxies of `{file}`")]
    Config {
        /// The file's name.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// The system gives no thread.
    #[error("cannot carry bytes")]
    Gateway(#[source] StartError),
    /// The system gives no thread or no event queue.
    #[error("cannot serve the API")]
    System(#[source] io::Error),
}

/// A running one. Dropped, it ends unwatched.
pub struct Toxiproxy {
    listen: SocketAddr,
    desk: Arc<Desk>,
    end: watch::Sender<bool>,
    answering: JoinHandle<()>,
}

impl Toxiproxy {
    /// Starts it; once this returns, it answers.
    ///
    /// # Errors
    /// When the address is taken, or the file makes no sense.
    pub fn start(settings: &Settings) -> Result<Self, ToxiproxyError> {
        let address = settings.listen;
        let refused = |source: io::Error| {
            let taken = source.kind() == io::ErrorKind::AddrInUse;
            ToxiproxyError::Listen { address, holder: taken.then(|| holder(address)).flatten(), source }
        };
        let listener = TcpListener::bind(address).map_err(refused)?;
        let listen = listener.local_addr().map_err(ToxiproxyError::System)?;
        let mut proxies = Proxies::start(settings.seed, settings.workers).map_err(ToxiproxyError::Gateway)?;
        if let Some((file, text)) = &settings.config {
            let made = api::configure(&mut proxies, text);
            made.map_err(|fault| ToxiproxyError::Config { file: file.clone(), why: fault.error })?;
        }
        let since = SystemTime::now();
        let metrics = Shown { proxies: settings.proxy_metrics, process: settings.runtime_metrics };
        let identity = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let (proxies, requests) = (Mutex::new(proxies), AtomicU64::new(0));
        let (setting, patience) = (Setting { metrics, since }, Patience::default());
        let desk = Arc::new(Desk { proxies, setting, identity, requests, patience });
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(WORKING).build();
        let runtime = runtime.map_err(ToxiproxyError::System)?;
        listener.set_nonblocking(true).map_err(ToxiproxyError::System)?;
        let (end, ending) = watch::channel(false);
        let served = Arc::clone(&desk);
        let answering = thread::Builder::new().name("toxiproxy-api".to_owned()).spawn(move || {
            runtime.block_on(async {
                // The system refuses only where it watches no more sockets; then nobody is answered.
                if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                    serve::serve(listener, served, ending).await;
                }
            });
        });
        let answering = answering.map_err(ToxiproxyError::System)?;
        Ok(Self { listen, desk, end, answering })
    }

    /// Where the API is served, with the port that the system chose.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The proxies that run: name, address and upstream.
    pub fn proxies(&self) -> Vec<[String; 3]> {
        let proxies = self.desk.proxies.lock().unwrap_or_else(PoisonError::into_inner);
        let running = proxies.all().filter(|proxy| proxy.enabled);
        running.map(|proxy| [&proxy.name, &proxy.listen, &proxy.upstream].map(String::clone)).collect()
    }

    /// Ends: nothing is accepted any more, and every connection closes.
    ///
    /// # Errors
    /// When a part of it failed while it ran.
    pub fn end(self) -> io::Result<()> {
        let Self { desk, end, answering, .. } = self;
        end.send_replace(true);
        answering.join().map_err(|_| io::Error::other("the API panicked"))?;
        let desk = Arc::into_inner(desk).ok_or_else(|| io::Error::other("the API still answers"))?;
        desk.proxies.into_inner().unwrap_or_else(PoisonError::into_inner).end()
    }
}
