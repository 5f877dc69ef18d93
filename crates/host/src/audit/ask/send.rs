//! Sockets and clock of a plan: each question on a connection of its own, every read bounded, one second in all.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use super::{Ask, Heard, Plan, Question, Word};
use crate::probe::{Answer, Flight, Greeting};

/// How long all questions to one listener may take.
pub const BUDGET: Duration = Duration::from_secs(1);

/// How long a connection may take: on one's own machine it is made at once, or a packet filter is silent.
const CONNECT: Duration = Duration::from_millis(250);

/// How long the answer to a greeting of TLS may take: who speaks something else may wait for the rest of it for ever.
const HELLO: Duration = Duration::from_millis(400);

/// How much of an answer is read.
const BODY: usize = 64 * 1024;

/// Sends a plan. Stops early where a listener answers by HTTP what is none, or is silent: it is not what it was taken
/// for, or time is up. Where TLS is spoken, nothing is asked by HTTP in clear.
pub(super) fn send(plan: &Plan) -> Vec<Heard> {
    let deadline = Instant::now() + BUDGET;
    let mut all = Vec::new();
    for question in &plan.questions {
        let said = exchange(question, deadline).ok().filter(|said| !said.is_empty());
        let goes_on = match &said {
            Some(said) if question.ask == Ask::Hello => Flight::read(said).is_none(),
            Some(said) => !question.ask.is_http() || said.starts_with(b"HTTP/1."),
            // One that does not speak TLS may have hung up on its greeting.
            None if question.ask == Ask::Hello => true,
            None => question.far,
        };
        all.push(Heard { ask: question.ask, to: question.to, far: question.far, said });
        if !goes_on {
            break;
        }
    }
    all
}

fn exchange(question: &Question, deadline: Instant) -> std::io::Result<Vec<u8>> {
    let deadline = if question.ask == Ask::Hello { deadline.min(Instant::now() + HELLO) } else { deadline };
    let left = || deadline.saturating_duration_since(Instant::now());
    if left().is_zero() {
        return Err(ErrorKind::TimedOut.into());
    }
    let mut stream = TcpStream::connect_timeout(&question.to, left().min(CONNECT))?;
    // A port that nobody holds any more may be drawn for this very connection, which then meets itself.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(ErrorKind::ConnectionRefused.into());
    }
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(left().max(Duration::from_millis(1))))?;
    stream.write_all(&question.bytes)?;
    let mut said = Vec::new();
    let mut buffer = [0; 8192];
    while said.len() < BODY && !is_whole(question.ask, &said) && !left().is_zero() {
        stream.set_read_timeout(Some(left().max(Duration::from_millis(1))))?;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => said.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // What came before counts.
            Err(_) => break,
        }
    }
    said.truncate(BODY);
    // The peer may be gone already.
    if question.ask.has_begun(&said) {
        let _ = stream.write_all(question.farewell);
    }
    let _ = stream.shutdown(Shutdown::Write);
    Ok(said)
}

/// Whether the answer has come to its end, where that can be told before the peer closes.
fn is_whole(ask: Ask, said: &[u8]) -> bool {
    match ask {
        // What is first said on a WebSocket may be that it is refused: a frame is two bytes at least (RFC 6455 §5.2).
        Ask::Socket(_) => {
            Answer::read(said).is_some_and(|answer| answer.status != 101 || answer.body.len() >= 2)
        }
        Ask::Control | Ask::Page(_) | Ask::Foreign(_) => {
            Answer::read(said).is_some_and(|answer| answer.is_whole())
        }
        Ask::Word(Word::Ping | Word::Version) => said.ends_with(b"\r\n"),
        Ask::Hello => match Flight::read(said) {
            Some(flight) => flight.is_whole(),
            // A record has a head of five bytes: until then nobody knows.
            None => said.len() >= 5,
        },
        Ask::Word(Word::Tls) => !said.is_empty(),
        Ask::Word(Word::Greeting) => Greeting::is_whole(said),
        Ask::Word(Word::Databases) => {
            said.first_chunk::<4>().is_some_and(|length| said.len() >= u32::from_le_bytes(*length) as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_seen() {
        for (ask, said, whole) in [
            (Ask::Page("/"), &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1"[..], false),
            (Ask::Page("/"), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n12", true),
            (Ask::Page("/"), b"HTTP/1.1 200 OK\r\n\r\n12", false),
            (Ask::Socket("/"), b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n", false),
            (Ask::Socket("/"), b"HTTP/1.1 101 Switching\r\n\r\n\x88\0", true),
            (Ask::Socket("/"), b"HTTP/1.1 403 No\r\n\r\n", true),
            (Ask::Word(Word::Ping), b"+PONG\r\n", true),
            (Ask::Word(Word::Ping), b"+PO", false),
            (Ask::Word(Word::Tls), b"N", true),
            (Ask::Word(Word::Greeting), b"\x02\0\0\0\x0a", false),
            (Ask::Word(Word::Greeting), b"\x02\0\0\0\x0a8", true),
            (Ask::Hello, b"\x15\x03", false),
            (Ask::Hello, b"\x15\x03\x01\0\x02\x02\x46", true),
            (Ask::Hello, b"\x16\x03\x03\0\x04\x02\0\0\x26", false),
            (Ask::Hello, b"HTTP/1.1 400 x\r\n\r\n", true),
            (Ask::Word(Word::Databases), b"\x05\0\0\0", false),
            (Ask::Word(Word::Databases), b"\x05\0\0\0x", true),
            (Ask::Word(Word::Databases), b"\xff\xff\xff\xff", false),
        ] {
            assert_eq!(is_whole(ask, said), whole, "{ask:?} {said:?}");
        }
    }
}
