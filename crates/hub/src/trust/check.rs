//! Whether clients trust the authority: each is let shake hands with a server of ours, and what the server saw decides.
//!
//! A client trusts when its request arrives, since none sends one before it has verified the certificate. Deliberately
//! absent: believing what a client says about itself, and any other address than this machine's own.

use std::{
    collections::BTreeSet,
    io::{self, Read as _, Write as _},
    net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use jiff::Timestamp;
use navyd_gateway::tls::{Authority, AuthorityError};
use navyd_model::target::Host;
use rustls::{ServerConfig, ServerConnection, crypto::ring, sign::SingleCertAndKey};
use serde::Serialize;

use super::{
    clients::{Ask, Client},
    machine::Machine,
    step::last_words,
};

/// How long a client may be silent once it is connected.
const SILENCE: Duration = Duration::from_secs(5);
/// How many may be connected at once: a browser opens several.
const CONNECTED: usize = 16;
/// The longest head of a request that is read.
const HEAD: usize = 16 * 1024;

/// What a client makes of a certificate of the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It asked for a page.
    Trusted,
    /// It connected, and went.
    Untrusted,
    /// It is not installed.
    NotHere,
    /// It could not be asked.
    Unknown,
}

/// What became of asking one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Which one.
    pub client: &'static str,
    /// As a person starts it.
    pub verdict: Verdict,
    /// As a service of navyd: with the variables that services get. `None` when it was not asked a second time.
    pub as_service: Option<Verdict>,
    /// What it said, where it does not trust.
    pub why: Option<String>,
}

/// Why nobody could be asked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The authority signs no certificate.
    #[error(transparent)]
    Leaf(#[from] AuthorityError),
    /// There is no server.
    #[error("no server for the check: {0}")]
    Server(String),
}

/// Asks these clients, one after the other; those that do not trust are asked again with the variables of services.
///
/// # Errors
/// When there can be no server.
pub fn check(
    machine: &dyn Machine,
    authority: &Authority,
    clients: &[&'static dyn Client],
    environment: &[(String, PathBuf)],
) -> Result<Vec<Asked>, CheckError> {
    let desk = Desk::open(authority)?;
    Ok(clients.iter().map(|client| desk.ask(machine, *client, environment)).collect())
}

/// The server.
struct Desk {
    port: u16,
    seen: Arc<Seen>,
    listening: Vec<(SocketAddr, JoinHandle<()>)>,
}

/// What the server saw.
#[derive(Default)]
struct Seen {
    /// The paths of requests.
    paths: Mutex<BTreeSet<String>>,
    connections: AtomicUsize,
    connected: AtomicUsize,
    closed: AtomicBool,
}

impl Desk {
    fn open(authority: &Authority) -> Result<Self, CheckError> {
        let hosts = [
            Host::Name("localhost".into()),
            Host::Address([127, 0, 0, 1].into()),
            Host::Address(Ipv6Addr::LOCALHOST.into()),
        ];
        let leaf = authority.signer().leaf(&hosts, Timestamp::now())?;
        let fail = |error: &dyn std::error::Error| CheckError::Server(error.to_string());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| fail(&error))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(leaf.key)));
        let four = TcpListener::bind("127.0.0.1:0").map_err(|error| fail(&error))?;
        let port = four.local_addr().map_err(|error| fail(&error))?.port();
        // `localhost` is both; where there is no IPv6, or the port is taken there, clients try the other by themselves.
        let six = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok();
        let mut desk = Self { port, seen: Arc::default(), listening: Vec::new() };
        let config = Arc::new(config);
        for listener in std::iter::once(four).chain(six) {
            let address = listener.local_addr().map_err(|error| fail(&error))?;
            let (seen, config) = (Arc::clone(&desk.seen), Arc::clone(&config));
            let serve = thread::Builder::new().name("trust check".into());
            let serve =
                serve.spawn(move || listen(&listener, &seen, &config)).map_err(|error| fail(&error))?;
            desk.listening.push((address, serve));
        }
        Ok(desk)
    }

    fn ask(
        &self,
        machine: &dyn Machine,
        client: &'static dyn Client,
        environment: &[(String, PathBuf)],
    ) -> Asked {
        let (verdict, why) = self.once(machine, client, "plain", &[]);
        let again = verdict == Verdict::Untrusted && !environment.is_empty();
        let as_service = again.then(|| self.once(machine, client, "service", environment).0);
        Asked { client: client.name(), verdict, as_service, why }
    }

    fn once(
        &self,
        machine: &dyn Machine,
        client: &dyn Client,
        how: &str,
        environment: &[(String, PathBuf)],
    ) -> (Verdict, Option<String>) {
        let path = format!("/{}/{how}", client.name());
        let mut call = match client.ask(machine, self.port, &path) {
            Ask::Call(call) => call,
            Ask::NotHere => return (Verdict::NotHere, None),
            Ask::Cannot(why) => return (Verdict::Unknown, Some(why.into())),
        };
        call.environment.extend(environment.iter().map(|(name, path)| (name.clone(), path.into())));
        let before = self.seen.connections.load(Ordering::SeqCst);
        let ran = call.run(client.patience());
        if self.seen.paths.lock().unwrap_or_else(PoisonError::into_inner).contains(&path) {
            return (Verdict::Trusted, None);
        }
        let said = match &ran {
            Ok(ran) if ran.stderr.trim().is_empty() => last_words(&ran.stdout),
            Ok(ran) => reason(&ran.stderr),
            Err(error) => error.to_string(),
        };
        let came = self.seen.connections.load(Ordering::SeqCst) > before;
        (if came { Verdict::Untrusted } else { Verdict::Unknown }, Some(said))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.seen.closed.store(true, Ordering::SeqCst);
        for (address, serve) in self.listening.drain(..) {
            // It waits for a connection: this one tells it to look.
            if TcpStream::connect(address).is_ok() {
                // A thread that panicked has ended as well.
                let _ = serve.join();
            }
        }
    }
}

fn listen(listener: &TcpListener, seen: &Arc<Seen>, config: &Arc<ServerConfig>) {
    thread::scope(|scope| {
        while let Ok((stream, _)) = listener.accept() {
            if seen.closed.load(Ordering::SeqCst) {
                break;
            }
            if seen.connected.fetch_add(1, Ordering::SeqCst) < CONNECTED {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                scope.spawn(|| {
                    // A client that goes is what is looked for, and no failure.
                    let _ = serve(stream, seen, config);
                    seen.connected.fetch_sub(1, Ordering::SeqCst);
                });
            } else {
                seen.connected.fetch_sub(1, Ordering::SeqCst);
            }
        }
    });
}

/// Shakes hands, reads one request, notes its path and answers.
fn serve(mut stream: TcpStream, seen: &Seen, config: &Arc<ServerConfig>) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 1024];
        let read = tls.read(&mut part)?;
        if read == 0 || head.len() + read > HEAD {
            return Ok(());
        }
        head.extend_from_slice(&part[..read]);
    }
    let line = String::from_utf8_lossy(&head);
    if let Some(path) = line.split(' ').nth(1) {
        seen.paths.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    }
    tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nnavyd\n")?;
    tls.conn.send_close_notify();
    tls.flush()
}

/// What a client says of the certificate; what it says last where that is not told. Some end with where to read more.
fn reason(said: &str) -> String {
    let line = said.lines().find(|line| line.to_ascii_lowercase().contains("certif"));
    last_words(line.unwrap_or(said))
}
