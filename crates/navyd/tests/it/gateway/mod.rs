//! The gateway, as `navyd hub --ephemeral` runs it: between clients and upstreams that say exactly what a test
//! wants, and between programs that people use.

mod connections;
pub(crate) mod h2;
mod messages;
pub(crate) mod peers;
mod readers;
mod refusals;
mod servers;
mod smuggling;
mod streams;
mod tls;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::support::{child::Held, run::navyd};

/// How long a socket may be silent. Generous, because it only ends a test that would hang.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running hub.
pub(super) struct Hub {
    pub(super) held: Held,
    /// Where names are served.
    pub(super) listen: SocketAddr,
    /// Where each route begins, in order; names have no address.
    pub(super) routes: Vec<Option<SocketAddr>>,
    /// The root certificate, where TLS is answered.
    pub(super) authority: Option<String>,
}

impl Hub {
    /// Starts one with these routes, each `FROM=URL`.
    pub(super) fn start(routes: &[String]) -> Self {
        Self::start_with(&["--workers", "1"], routes)
    }

    /// Starts one with these options as well.
    pub(super) fn start_with(options: &[&str], routes: &[String]) -> Self {
        let mut command = navyd();
        command.args(["hub", "--ephemeral", "--json", "--listen", "127.0.0.1:0"]).args(options);
        for route in routes {
            command.args(["--route", route]);
        }
        let mut held = Held::start(&mut command);
        let report: serde_json::Value = serde_json::from_str(&held.line()).unwrap();
        assert_eq!(report["schema"], "navyd.hub/1");
        let listen = report["listen"][0].as_str().unwrap().parse().unwrap();
        let routes = report["routes"].as_array().unwrap().iter();
        let routes = routes.map(|route| route["from"].as_str().unwrap().parse().ok()).collect();
        let authority = report["authority"].as_str().map(str::to_owned);
        Self { held, listen, routes, authority }
    }

    /// Starts one with a single route of this scheme to the address; returns where it begins, too.
    pub(super) fn to(scheme: &str, upstream: SocketAddr) -> (Self, SocketAddr) {
        let hub = Self::start(&[format!("127.0.0.1:0={scheme}://{upstream}")]);
        let address = hub.routes[0].unwrap();
        (hub, address)
    }

    /// Asks it to end.
    pub(super) fn terminate(&self) {
        let pid = self.held.pid().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }
}

/// One end of a connection, read by lines and heads.
pub(super) struct Peer<S: Read = TcpStream> {
    pub(super) stream: BufReader<S>,
}

impl Peer {
    pub(super) fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).unwrap())
    }

    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(super) fn end(&self) {
        self.stream.get_ref().shutdown(Shutdown::Write).unwrap();
    }
}

impl<S: Read + Write> Peer<S> {
    /// Sends a text in which `|` stands for CRLF.
    pub(super) fn say(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.replace('|', "\r\n").as_bytes()).unwrap();
    }

    /// Reads a head, with `|` for CRLF; empty when the connection ended before it.
    pub(super) fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).unwrap_or(0) == 0 {
                break;
            }
        }
        head.replace("\r\n", "|")
    }

    /// Reads so many bytes.
    pub(super) fn take(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap().replace("\r\n", "|")
    }

    /// Reads to the end of the connection.
    pub(super) fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap().replace("\r\n", "|")
    }
}

/// An upstream that does the same with each connection, given its number. Connections are served in parallel.
pub(super) fn upstream(serve: impl Fn(usize, Peer) + Send + Sync + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let serve = serve.clone();
            thread::spawn(move || serve(number, Peer::new(stream.unwrap())));
        }
    });
    address
}

/// An upstream that answers every request without a body with this text, and tells each head it got, with the
/// number of the connection it came on.
pub(super) fn answering(text: &'static str) -> (SocketAddr, mpsc::Receiver<(usize, String)>) {
    let (tell, told) = mpsc::channel();
    let address = upstream(move |number, mut peer| {
        loop {
            let head = peer.head();
            if head.is_empty() {
                return;
            }
            // A test that does not ask how it was asked has dropped the other end.
            let _ = tell.send((number, head));
            peer.say(text);
        }
    });
    (address, told)
}

/// What was told, or a failure instead of a test that hangs.
pub(super) fn heard<T>(told: &mpsc::Receiver<T>) -> T {
    told.recv_timeout(DEADLINE).expect("the upstream was asked")
}
