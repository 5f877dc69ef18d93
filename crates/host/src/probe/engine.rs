//! Sockets and clock of a probe: one listener, at most five connections, every read bounded.
//!
//! Names no protocol: what to send and how to judge it comes from the list.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use navyd_model::{Certainty, Listener, Speaks};

use super::{
    PROBES,
    hints::Hints,
    leaf::{Found, Probe, Turn, Verdict},
    order, refusal, text,
};

/// How many connections one listener gets at most.
pub const CONNECTIONS: usize = 5;

/// How long the first connection is silent, for protocols whose server speaks first.
pub const LISTEN: Duration = Duration::from_millis(250);

/// How long it is where program or port suggests such a protocol: some look up the caller's name first.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long an answer may take to begin, and then to go on.
const REPLY: Duration = Duration::from_millis(500);

/// How long one answer may take in all: a peer that drips bytes must not hold a worker.
const WHOLE_REPLY: Duration = Duration::from_millis(1500);

/// How much of an answer is read.
const REPLY_BYTES: usize = 64 * 1024;

/// How long all of it may take when the caller has no wish: each of five connections silent to the end.
const BUDGET: Duration = Duration::from_secs(4);

/// One listener to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where it listens; the wildcard address stands for the loopback of its family.
    pub address: SocketAddr,
    /// What is known of it.
    pub hints: Hints,
    /// How long all of it may take.
    pub budget: Duration,
}

impl Request {
    /// For a row of the listener table; `None` for unix sockets, and for listeners in another network
    /// namespace, where the same address leads elsewhere.
    pub fn of(listener: &Listener) -> Option<Self> {
        if listener.netns.is_some() {
            return None;
        }
        let hints = Hints::of(listener)?;
        Some(Self { address: SocketAddr::new(listener.address?, hints.port), hints, budget: BUDGET })
    }
}

/// Asks one listener what it speaks; blocks for at most about the budget. Never an error: what went wrong is
/// in the detail, with certainty unknown.
pub fn ask(request: &Request) -> Speaks {
    let address = reachable(request.address);
    if !is_ours(address.ip()) {
        return unknown("not asked: not an address of this machine".to_owned());
    }
    if let Some(reason) = refusal(&request.hints) {
        return unknown(format!("not asked: {reason}"));
    }
    let deadline = Instant::now() + request.budget;
    if request.hints.udp {
        return ask_datagram(address, &request.hints);
    }
    let mut session =
        Session { address, hints: &request.hints, deadline, connections: 0, replies: Vec::new() };
    match session.run() {
        Ok(found) => {
            Speaks { protocol: Some(found.protocol), certainty: Certainty::Observed, detail: found.detail }
        }
        Err(Silence::Greeting(greeting)) => {
            unknown(format!("greets with `{}`, which is not recognised", text::line(&greeting)))
        }
        Err(Silence::Unreachable(cause)) => unknown(format!("no connection: {cause}")),
        Err(Silence::Unrecognised) => session.give_up(),
    }
}

/// One listener being asked.
struct Session<'a> {
    address: SocketAddr,
    hints: &'a Hints,
    deadline: Instant,
    connections: usize,
    /// The answers that nobody recognised.
    replies: Vec<Vec<u8>>,
}

/// Why nothing was found.
enum Silence {
    /// The peer spoke first, in words nobody knows.
    Greeting(Vec<u8>),
    /// Not even one connection was made.
    Unreachable(std::io::Error),
    /// All was asked.
    Unrecognised,
}

impl Session<'_> {
    fn run(&mut self) -> Result<Found, Silence> {
        let stream = self.connect().map_err(Silence::Unreachable)?;
        let patience = if order::greets(self.hints) { PATIENCE } else { LISTEN };
        let greeting = read(&stream, self.until(patience), patience, |bytes| overheard(bytes).is_some());
        if !greeting.bytes.is_empty() {
            let Some((probe, found)) = overheard(&greeting.bytes) else {
                return Err(Silence::Greeting(greeting.bytes));
            };
            if probe.turn() == Turn::Greets {
                say_farewell(stream, probe);
            }
            return Ok(self.settle(found, &greeting.bytes));
        }
        // A connection that the peer has ended in silence carries no question.
        let mut stream = (!greeting.ended).then_some(stream);
        let mut ladder = order::ladder(self.hints);
        let mut asked: Vec<&'static str> = Vec::new();
        while let Some(probe) = (!ladder.is_empty()).then(|| ladder.remove(0)) {
            let Some(stream) = stream.take().or_else(|| self.connect().ok()) else {
                return Err(Silence::Unrecognised);
            };
            asked.push(probe.name());
            let (verdict, reply) = self.exchange(stream, probe);
            if let Verdict::Yes(found) = verdict {
                return Ok(self.settle(found, &reply));
            }
            if reply.is_empty() {
                continue;
            }
            let invited = PROBES.iter().copied().find(|other| {
                let asks = matches!(other.turn(), Turn::Asks | Turn::Waits);
                asks && !asked.contains(&other.name()) && other.invited(&reply)
            });
            match (invited, overheard(&reply)) {
                (Some(invited), _) => {
                    ladder.retain(|waiting| waiting.name() != invited.name());
                    ladder.insert(0, invited);
                }
                (None, Some((_, found))) => return Ok(self.settle(found, &reply)),
                (None, None) => {}
            }
            self.replies.push(reply);
        }
        Err(Silence::Unrecognised)
    }

    /// Looks behind a base: first into its own answer, then by further questions.
    fn settle(&mut self, found: Found, reply: &[u8]) -> Found {
        let Some(base) = found.base else { return found };
        let heard = PROBES.iter().copied().find_map(|probe| Some((probe, probe.within(base, reply)?)));
        let mut followers = order::followers(base, self.hints, reply);
        if let Some((heard, _)) = &heard {
            followers.retain(|probe| probe.name() == heard.name());
        }
        for probe in followers {
            let Ok(stream) = self.connect() else { break };
            if let (Verdict::Yes(found), _) = self.exchange(stream, probe) {
                return found;
            }
        }
        heard.map_or(found, |(_, found)| found)
    }

    /// Sends one question and reads the answer until the probe is sure, the peer ends, or time is up.
    fn exchange(&self, mut stream: TcpStream, probe: &'static dyn Probe) -> (Verdict, Vec<u8>) {
        if stream.write_all(&probe.question(self.hints)).is_err() {
            return (Verdict::No, Vec::new());
        }
        let sure = |bytes: &[u8]| !matches!(probe.recognise(bytes, false), Verdict::More);
        let reply = read(&stream, self.until(WHOLE_REPLY), REPLY, sure);
        let verdict = match probe.recognise(&reply.bytes, false) {
            Verdict::More => probe.recognise(&reply.bytes, true),
            sure => sure,
        };
        if matches!(verdict, Verdict::Yes(_)) {
            say_farewell(stream, probe);
        }
        (verdict, reply.bytes)
    }

    fn connect(&mut self) -> std::io::Result<TcpStream> {
        let left = self.until(REPLY).saturating_duration_since(Instant::now());
        if self.connections == CONNECTIONS || left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.connections += 1;
        let stream = TcpStream::connect_timeout(&self.address, left)?;
        // A port that nobody holds any more may be drawn for this very connection, which then meets itself.
        if stream.local_addr()? == stream.peer_addr()? {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(REPLY))?;
        Ok(stream)
    }

    fn until(&self, wait: Duration) -> Instant {
        self.deadline.min(Instant::now() + wait)
    }

    fn give_up(self) -> Speaks {
        if let Some(reply) = self.replies.first() {
            return unknown(format!("answers `{}`, which is not recognised", text::line(reply)));
        }
        let silent = "took the connection and never answered";
        match order::infer(self.hints) {
            Some(speaks) => Speaks { detail: Some(format!("known by its program; {silent}")), ..speaks },
            None => unknown(silent.to_owned()),
        }
    }
}

/// What was read, and whether the peer ended the connection.
struct Reply {
    bytes: Vec<u8>,
    ended: bool,
}

/// Reads until `sure`, the end, the bound, `pause` without a byte, or `deadline`.
fn read(mut stream: &TcpStream, deadline: Instant, pause: Duration, sure: impl Fn(&[u8]) -> bool) -> Reply {
    let mut reply = Reply { bytes: Vec::new(), ended: false };
    let mut buffer = [0; 8192];
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).min(pause);
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return reply;
        }
        match stream.read(&mut buffer) {
            Ok(0) => {
                reply.ended = true;
                return reply;
            }
            Ok(count) => reply.bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                reply.ended = !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                return reply;
            }
        }
        if reply.bytes.len() >= REPLY_BYTES || sure(&reply.bytes) {
            reply.bytes.truncate(REPLY_BYTES);
            return reply;
        }
    }
}

fn say_farewell(mut stream: TcpStream, probe: &dyn Probe) {
    // The peer may be gone already, which is a farewell too.
    let _ = stream.write_all(probe.farewell());
    let _ = stream.shutdown(Shutdown::Write);
}

fn overheard(bytes: &[u8]) -> Option<(&'static dyn Probe, Found)> {
    PROBES.iter().copied().find_map(|probe| Some((probe, probe.overheard(bytes)?)))
}

fn ask_datagram(address: SocketAddr, hints: &Hints) -> Speaks {
    let probes = PROBES.iter().copied().find(|probe| order::suits_datagram(*probe, hints));
    let answer = probes.map(|probe| {
        let reply = exchange_datagram(address, probe.datagram())?;
        Ok::<_, std::io::Error>(probe.recognise_datagram(&reply))
    });
    match answer {
        Some(Ok(Verdict::Yes(found))) => {
            Speaks { protocol: Some(found.protocol), certainty: Certainty::Observed, detail: found.detail }
        }
        Some(Ok(Verdict::No | Verdict::More)) => unknown("its answer is not recognised".to_owned()),
        _ => unknown("never answered".to_owned()),
    }
}

fn exchange_datagram(address: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let any =
        if address.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(REPLY))?;
    socket.send(question)?;
    let mut reply = vec![0; REPLY_BYTES];
    let count = socket.recv(&mut reply)?;
    reply.truncate(count);
    Ok(reply)
}

/// The wildcard address cannot be asked: the loopback of its family is one that it covers.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().to_canonical().is_unspecified() {
        reachable.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    reachable
}

/// Whether an address is this machine's own: the kernel binds no other.
fn is_ours(address: IpAddr) -> bool {
    address.to_canonical().is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

fn unknown(detail: String) -> Speaks {
    Speaks { protocol: None, certainty: Certainty::Unknown, detail: Some(detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wildcard_is_asked_on_the_loopback() {
        for (written, asked) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("127.0.0.2:80", "127.0.0.2:80")]
        {
            assert_eq!(reachable(written.parse().unwrap()), asked.parse().unwrap());
        }
    }

    #[test]
    fn no_other_machine_is_asked() {
        // 192.0.2.0/24 is set aside for documentation by RFC 5737, so that no machine has it.
        let request = Request {
            address: "192.0.2.1:80".parse().unwrap(),
            hints: Hints { port: 80, ..Hints::default() },
            budget: BUDGET,
        };
        let detail = ask(&request).detail.unwrap();
        assert!(detail.contains("not an address of this machine"), "{detail}");
    }
}
