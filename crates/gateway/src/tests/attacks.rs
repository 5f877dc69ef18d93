//! Clients that open more than they mean to use: requests that are called off at once, handshakes that never end.
//!
//! The limits are small enough for one segment to go beyond them, so that nothing depends on who is faster.

use super::*;

/// The preface of HTTP/2 and empty SETTINGS (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
/// RFC 9113 §7.
const ENHANCE_YOUR_CALM: u32 = 11;

/// `GET / HTTP/2` of the host `a` (RFC 7541 §6), whole.
fn request(stream: u32) -> Vec<u8> {
    let id = stream.to_be_bytes();
    [&b"\0\0\x06\x01\x05"[..], &id, b"\x82\x86\x84\x41\x01a"].concat()
}

/// `RST_STREAM` with `CANCEL`.
fn reset(stream: u32) -> Vec<u8> {
    let id = stream.to_be_bytes();
    [&b"\0\0\x04\x03\0"[..], &id, b"\0\0\0\x08"].concat()
}

/// The first of the frames that answer a request or end a connection: its kind, its stream, and its payload.
fn answer(stream: &mut TcpStream) -> (u8, u32, Vec<u8>) {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let [high, middle, low, kind, _, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, high, middle, low]) as usize];
        stream.read_exact(&mut payload).unwrap();
        if matches!(kind, HEADERS | GOAWAY) {
            return (kind, u32::from_be_bytes(id), payload);
        }
    }
}

#[test]
fn requests_called_off_before_anyone_looked_end_the_connection_beyond_the_limit() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let limits = Limits { h2_pending_resets: 4, ..Limits::default() };
    let (_gateway, route) = gateway(saying(text), limits);
    // CVE-2023-44487. All in one segment, so that it is read before any of it is looked at.
    let called_off = |count: u32| {
        let mut stream = TcpStream::connect(route).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let streams = (0..count).map(|number| 2 * number + 1);
        let pairs = streams.flat_map(|stream| [request(stream), reset(stream)].concat());
        let asked = 2 * count + 1;
        let all = [PREFACE.to_vec(), pairs.collect(), request(asked)].concat();
        stream.write_all(&all).unwrap();
        (asked, answer(&mut stream))
    };
    let (asked, (kind, id, _)) = called_off(4);
    assert_eq!((kind, id), (HEADERS, asked), "the limit itself harms nobody");
    let (_, (kind, _, payload)) = called_off(5);
    let code = payload.get(4..8).map(|code| u32::from_be_bytes(code.try_into().unwrap()));
    assert_eq!((kind, code), (GOAWAY, Some(ENHANCE_YOUR_CALM)));
}

#[test]
fn a_handshake_that_goes_on_byte_by_byte_ends_in_time() {
    let (_gateway, route) = gateway(saying(""), Limits { head_time: SHORT, ..Limits::default() });
    let mut stream = TcpStream::connect(route).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    // The largest record, and in it a hello that is longer still: some 16 s at this pace.
    let hello = b"\x16\x03\x01\x40\x00\x01\x00\xff\xff\x03\x03".iter().chain(std::iter::repeat_n(&0, 16_000));
    let is_over = hello.into_iter().any(|byte| {
        if stream.write_all(&[*byte]).is_err() {
            return true;
        }
        match stream.read(&mut [0; 64]) {
            Ok(count) => count == 0,
            Err(error) => !matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock
                    | std::io::ErrorKind::TimedOut
                    | std::io::ErrorKind::Interrupted
            ),
        }
    });
    assert!(is_over, "the connection is still there");
}

#[test]
fn handshakes_that_never_end_give_their_seats_back() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let limits = Limits { head_time: SHORT, connections_per_peer: 4, ..Limits::default() };
    let (_gateway, route) = gateway(saying(text), limits);
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03";
    let half_open: Vec<TcpStream> = (0..64)
        .map(|_| {
            let mut stream = TcpStream::connect(route).unwrap();
            // Those beyond the limit are closed, which may be before this.
            let _ = stream.write_all(hello);
            stream
        })
        .collect();
    until(|| {
        ask(route, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200")
    });
    for mut stream in half_open {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let ended = stream.read_to_end(&mut Vec::new());
        assert!(
            ended.as_ref().map_or_else(|error| error.kind() != std::io::ErrorKind::WouldBlock, |_| true),
            "{ended:?}"
        );
    }
}
