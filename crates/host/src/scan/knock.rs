//! Connects to one port after the other, as cheaply as the kernel allows.
//!
//! On this machine's own addresses the handshake is over when `connect()` returns, even for a socket that does
//! not block: a second `connect()` tells how it ended. A refused socket may connect again, so that a closed
//! port costs two system calls and no new socket; and one whose source port is bound beforehand spares the
//! kernel the search for a free one. Sockets are closed with a reset (SO_LINGER 0), which leaves nothing in
//! TIME_WAIT. Deliberately absent: reading or writing a single byte.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

/// What came back from a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The handshake succeeded.
    Open,
    /// Refused.
    Closed,
    /// Nothing came back in time.
    Silent,
    /// Something on the way said no, or there is no way.
    Unreachable(io::ErrorKind),
}

/// Knocks on the ports of one address.
pub(super) struct Knocker {
    address: IpAddr,
    /// Whether the address is this machine's own, and can be bound.
    own: bool,
    timeout: Duration,
    spare: Option<Knock>,
    in_flight: Vec<(Knock, u16, Instant)>,
}

/// A socket that has not been answered.
struct Knock {
    socket: Socket,
    /// Its source port, when it was bound beforehand.
    source: Option<u16>,
    used: bool,
}

/// How one `connect()` went.
enum Outcome {
    /// Refused: the socket may connect again.
    Refused,
    /// Anything else that is final, after which the socket is of no more use.
    Settled(Answer),
    /// The handshake is under way.
    Pending,
    /// This socket cannot connect again; a new one could.
    WornOut,
}

impl Knocker {
    /// For an address; `own` when it is one of this machine.
    pub(super) fn new(address: IpAddr, own: bool, timeout: Duration) -> Self {
        Self { address, own, timeout, spare: None, in_flight: Vec::new() }
    }

    /// How many ports have not answered yet.
    pub(super) fn waiting(&self) -> usize {
        self.in_flight.len()
    }

    /// Knocks on a port. `None` when the answer is still to come: [`Knocker::collect`] brings it.
    ///
    /// # Errors
    /// When no socket can be made.
    pub(super) fn knock(&mut self, port: u16) -> io::Result<Option<Answer>> {
        loop {
            let mut knock = match self.spare.take() {
                // A socket that connects to its own port meets itself.
                Some(knock) if knock.source != Some(port) => knock,
                own_port => {
                    let fresh = self.socket(port)?;
                    // Dropped only now, or the new socket could be given the same source port.
                    drop(own_port);
                    fresh
                }
            };
            match knock.connect(SocketAddr::new(self.address, port)) {
                Outcome::Refused => {
                    self.spare = Some(knock);
                    return Ok(Some(Answer::Closed));
                }
                Outcome::Settled(answer) => return Ok(Some(answer)),
                Outcome::Pending => {
                    self.in_flight.push((knock, port, Instant::now()));
                    return Ok(None);
                }
                Outcome::WornOut => {}
            }
        }
    }

    /// Hands over the answers that have come by now, and [`Answer::Silent`] where the time is up.
    pub(super) fn collect(&mut self, now: Instant, mut each: impl FnMut(u16, Answer)) {
        let (address, timeout) = (self.address, self.timeout);
        self.in_flight.retain_mut(|(knock, port, since)| {
            let answer = match knock.settle(SocketAddr::new(address, *port)) {
                Outcome::Settled(answer) => answer,
                // A worn-out socket has failed in a way that it no longer tells.
                Outcome::Refused | Outcome::WornOut => Answer::Closed,
                Outcome::Pending if now.duration_since(*since) < timeout => return true,
                Outcome::Pending => Answer::Silent,
            };
            each(*port, answer);
            false
        });
    }

    /// A new socket, bound to a source port other than `port` where that is possible.
    fn socket(&self, port: u16) -> io::Result<Knock> {
        let unbound = || {
            let socket = Socket::new(Domain::for_address((self.address, 0).into()), Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            socket.set_linger(Some(Duration::ZERO))?;
            Ok::<_, io::Error>(socket)
        };
        let first = unbound()?;
        if !self.own || !self.bind(&first) {
            return Ok(Knock { socket: first, source: None, used: false });
        }
        let source = own_port(&first);
        if source != Some(port) {
            return Ok(Knock { socket: first, source, used: false });
        }
        // Exactly the port to knock on. While the first socket holds it, a second is given another.
        let second = unbound()?;
        let source = if self.bind(&second) { own_port(&second) } else { None };
        Ok(Knock { socket: second, source, used: false })
    }

    fn bind(&self, socket: &Socket) -> bool {
        socket.bind(&SocketAddr::new(self.address, 0).into()).is_ok()
    }
}

impl Knock {
    fn connect(&mut self, to: SocketAddr) -> Outcome {
        let used = std::mem::replace(&mut self.used, true);
        match self.socket.connect(&to.into()) {
            Ok(()) => Outcome::Settled(self.met()),
            Err(error) => match settled(error.kind()) {
                Some(Answer::Closed) => Outcome::Refused,
                Some(answer) if !used => Outcome::Settled(answer),
                // Other kernels than Linux do not let a refused socket connect again.
                Some(_) => Outcome::WornOut,
                None => match self.settle(to) {
                    Outcome::WornOut if !used => Outcome::Settled(Answer::Closed),
                    outcome => outcome,
                },
            },
        }
    }

    /// Asks how the handshake went, by connecting again: POSIX has it answer "already" while under way.
    fn settle(&self, to: SocketAddr) -> Outcome {
        let Err(error) = self.socket.connect(&to.into()) else { return Outcome::Settled(self.met()) };
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return Outcome::Refused;
        }
        // "Is connected" has no portable kind, but a peer.
        if self.socket.peer_addr().is_ok() {
            return Outcome::Settled(self.met());
        }
        match self.socket.take_error() {
            Ok(None) => settled(error.kind()).map_or(Outcome::Pending, Outcome::Settled),
            Ok(Some(error)) => settled(error.kind()).map_or(Outcome::WornOut, Outcome::Settled),
            Err(_) => Outcome::WornOut,
        }
    }

    /// A connection whose two ends are the same socket is no listener's: the kernel drew the port itself as
    /// source, and TCP allows both ends to open at once (RFC 9293 §3.5).
    fn met(&self) -> Answer {
        match (self.socket.local_addr(), self.socket.peer_addr()) {
            (Ok(own), Ok(peer)) if own.as_socket() == peer.as_socket() => Answer::Closed,
            _ => Answer::Open,
        }
    }
}

/// The final word of an error; `None` when it says that the handshake is under way, or nothing certain.
fn settled(kind: io::ErrorKind) -> Option<Answer> {
    use io::ErrorKind as Kind;
    match kind {
        Kind::ConnectionRefused | Kind::ConnectionReset => Some(Answer::Closed),
        Kind::TimedOut => Some(Answer::Silent),
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::PermissionDenied
        | Kind::AddrNotAvailable
        | Kind::AddrInUse
        | Kind::InvalidInput => Some(Answer::Unreachable(kind)),
        _ => None,
    }
}

fn own_port(socket: &Socket) -> Option<u16> {
    socket.local_addr().ok()?.as_socket().map(|address| address.port())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// A loopback address of its own: what knocks on 127.0.0.1 would call on the listeners of every other test.
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 62, 89, 4));

    fn knocker() -> Knocker {
        Knocker::new(HERE, true, Duration::from_secs(5))
    }

    #[test]
    fn one_socket_serves_many_closed_ports() {
        let (listener, closed) =
            (TcpListener::bind((HERE, 0)).unwrap(), TcpListener::bind((HERE, 0)).unwrap());
        let (open, refusing) = (listener.local_addr().unwrap().port(), closed.local_addr().unwrap().port());
        drop(closed);
        let mut knocker = knocker();
        let mut answers = Vec::new();
        for port in [refusing, open, refusing, refusing, open] {
            answers.extend(knocker.knock(port).unwrap());
        }
        use Answer::{Closed, Open};
        assert_eq!(answers, [Closed, Open, Closed, Closed, Open]);
    }

    #[test]
    fn a_knocker_never_meets_itself() {
        let mut knocker = knocker();
        let closed = TcpListener::bind((HERE, 0)).unwrap().local_addr().unwrap().port();
        assert_eq!(knocker.knock(closed).unwrap(), Some(Answer::Closed));
        let source = knocker.spare.as_ref().and_then(|knock| knock.source).unwrap();
        assert_eq!(knocker.knock(source).unwrap(), Some(Answer::Closed));
        assert!(knocker.spare.as_ref().is_some_and(|knock| knock.socket.peer_addr().is_err()));
    }

    #[test]
    fn a_socket_that_met_itself_is_not_used_again() {
        let listener = TcpListener::bind((HERE, 0)).unwrap();
        let mut knocker = knocker();
        let knock = knocker.socket(0).unwrap();
        let own = knock.source.unwrap();
        knocker.spare = Some(Knock { source: None, ..knock });
        assert_eq!(knocker.knock(own).unwrap(), Some(Answer::Closed));
        assert_eq!(knocker.knock(listener.local_addr().unwrap().port()).unwrap(), Some(Answer::Open));
    }

    #[test]
    fn a_meeting_with_oneself_is_no_listener() {
        let mut knock = knocker().socket(0).unwrap();
        let own = knock.source.unwrap();
        let met = matches!(knock.connect(SocketAddr::new(HERE, own)), Outcome::Settled(Answer::Closed));
        assert!(met && knock.socket.peer_addr().is_ok(), "the kernel let it connect to itself");
    }

    #[test]
    fn a_full_backlog_is_silent() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(HERE, 0).into()).unwrap();
        socket.listen(0).unwrap();
        let port = own_port(&socket).unwrap();
        let mut knocker = Knocker::new(HERE, true, Duration::ZERO);
        // A backlog of 0 holds one connection; who is dropped from the queue by a reset still takes its place.
        let answers: Vec<_> = (0..8).map(|_| knocker.knock(port).unwrap()).collect();
        let pending = answers.iter().filter(|answer| answer.is_none()).count();
        assert!(pending > 0 && answers[0] == Some(Answer::Open), "{answers:?}");
        let mut silent = 0;
        knocker.collect(Instant::now(), |_, answer| silent += usize::from(answer == Answer::Silent));
        assert_eq!((silent, knocker.waiting()), (pending, 0));
    }
}
