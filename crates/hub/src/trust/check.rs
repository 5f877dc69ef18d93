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
        mpsc::{self, RecvTimeoutError},
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
/// How often it is told who has not answered yet.
const LOOK: Duration = Duration::from_millis(100);
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

/// Asks these clients, all at the same time, and each for as long as its patience; those that do not trust are asked
/// again with the variables of services. `waiting` is told again and again who has not answered yet.
///
/// # Errors
/// When there can be no server.
pub fn check(
    machine: &(dyn Machine + Sync),
    authority: &Authority,
    clients: &[&'static dyn Client],
    environment: &[(String, PathBuf)],
    waiting: &mut dyn FnMut(&[&'static str]),
) -> Result<Vec<Asked>, CheckError> {
    // A server for each, so that whoever connects to it is known by that.
    let desks = clients.iter().map(|_| Desk::open(authority)).collect::<Result<Vec<_>, _>>()?;
    let mut answers: Vec<Option<Asked>> = vec![None; clients.len()];
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for (at, (client, desk)) in clients.iter().zip(&desks).enumerate() {
            let tell = tell.clone();
            // It ends with its client, which is killed when its time is up.
            scope.spawn(move || tell.send((at, desk.ask(machine, *client, environment))));
        }
        drop(tell);
        loop {
            match told.recv_timeout(LOOK) {
                Ok((at, asked)) => answers[at] = Some(asked),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let late = clients.iter().zip(&answers).filter(|(_, answer)| answer.is_none());
            waiting(&late.map(|(client, _)| client.name()).collect::<Vec<_>>());
        }
    });
    Ok(answers.into_iter().flatten().collect())
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

#[cfg(test)]
mod tests {
    use std::sync::Condvar;

    use super::*;
    use crate::trust::machine::ThisMachine;

    /// How many clients were asked, and a bell for that.
    static ASKED: (Mutex<u32>, Condvar) = (Mutex::new(0), Condvar::new());

    /// A client that answers once another has been asked as well.
    struct Sociable(&'static str);

    impl Client for Sociable {
        fn name(&self) -> &'static str {
            self.0
        }

        fn ask(&self, _: &dyn Machine, _: u16, _: &str) -> Ask {
            let mut asked = ASKED.0.lock().unwrap_or_else(PoisonError::into_inner);
            *asked += 1;
            ASKED.1.notify_all();
            let waited = ASKED.1.wait_timeout_while(asked, Duration::from_secs(30), |asked| *asked < 2);
            match waited {
                Ok((_, waited)) if waited.timed_out() => Ask::Cannot("alone"),
                _ => Ask::NotHere,
            }
        }
    }

    #[test]
    fn clients_are_asked_at_the_same_time_and_the_late_are_told() {
        let authority = Authority::create(Timestamp::now()).unwrap();
        let mut late = Vec::new();
        let mut waiting = |names: &[&'static str]| late.push(names.len());
        let clients: [&'static dyn Client; 2] = [&Sociable("one"), &Sociable("two")];
        let asked = check(&ThisMachine, &authority, &clients, &[], &mut waiting).unwrap();
        let found: Vec<_> = asked.iter().map(|asked| (asked.client, asked.verdict)).collect();
        assert_eq!(found, [("one", Verdict::NotHere), ("two", Verdict::NotHere)]);
        assert!(late.is_sorted_by(|before, after| before >= after) && late.last() == Some(&0), "{late:?}");
    }
}
