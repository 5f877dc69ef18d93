//! What every server of WebSocket has to do with what clients send, right or wrong, by the classes of cases that
//! Autobahn's suite has: 1 and 9 sizes, 2 pings, 3 reserved bits, 4 opcodes, 5 fragments, 6 UTF-8, 7 ends, 10 pieces.
//!
//! Over real sockets: frames in, and all that is said until the connection ends.

use std::{
    io::{Read, Write},
    rc::Rc,
    thread,
};

use navyd_h1::ws::{Frame, Opcode, mask};

use super::{Echo, MESSAGE};
use crate::{
    fixture::Standing,
    http::{Manners, Server},
};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const CLOSE: u8 = 0x88;

/// A frame of a client: the first byte, and the payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0xa1, 2, 0x83, 4];
    let mut frame = written(first, payload, Some(key));
    let at = frame.len() - payload.len();
    mask(&mut frame[at..], key, 0);
    frame
}

/// A frame of the server.
fn said(first: u8, payload: &[u8]) -> Vec<u8> {
    written(first, payload, None)
}

fn written(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut out = Vec::new();
    let length = payload.len() as u64;
    Frame { fin: true, reserved: 0, opcode: Opcode::Text, mask, payload: length }.write(&mut out);
    out[0] = first;
    out.extend_from_slice(payload);
    out
}

fn standing() -> Standing {
    Standing::new(|| Rc::new(Server { site: Rc::new(Echo), manners: Manners::default(), told: None }))
}

/// All that is said to these bytes, sent `step` at a time, until the connection ends.
fn heard(standing: &Standing, bytes: &[u8], step: usize) -> Vec<u8> {
    let mut stream = standing.connect();
    stream.set_nodelay(true).unwrap();
    let head = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let mut sending = stream.try_clone().unwrap();
    let bytes = bytes.to_vec();
    let sender = thread::spawn(move || {
        // A server that has ended the conversation takes no more.
        let _ = bytes.chunks(step).try_for_each(|piece| sending.write_all(piece));
    });
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    sender.join().unwrap();
    heard
}

/// These frames are followed by a close frame, and this is said before it is answered.
fn check(standing: &Standing, frames: &[Vec<u8>], expected: &[Vec<u8>]) {
    let bytes = [frames.concat(), frame(CLOSE, &[3, 0xe8])].concat();
    let expected = [expected.concat(), said(CLOSE, &[3, 0xe8])].concat();
    let begin = &bytes[..bytes.len().min(40)];
    for step in [1, 7, 4096, bytes.len()] {
        // Long ones byte by byte would say nothing new, slowly.
        if bytes.len() / step <= 5000 {
            assert!(heard(standing, &bytes, step) == expected, "{begin:02x?} by {step}");
        }
    }
}

/// These frames end the conversation with this code, after this was said.
fn check_end(standing: &Standing, frames: &[Vec<u8>], expected: &[Vec<u8>], code: u16) {
    let bytes = frames.concat();
    for step in [1, bytes.len()] {
        let heard = heard(standing, &bytes, step);
        let rest = heard.strip_prefix(&expected.concat()[..]).expect("what comes before the end");
        let begin = &bytes[..bytes.len().min(40)];
        assert_eq!(rest.first(), Some(&CLOSE), "{begin:02x?}");
        assert_eq!(rest.get(2..4), Some(&code.to_be_bytes()[..]), "{begin:02x?}: {rest:02x?}");
        assert_eq!(rest.len(), usize::from(rest[1]) + 2, "{begin:02x?}: nothing comes behind it");
    }
}

#[test]
fn sizes_come_back_as_they_went() {
    let standing = standing();
    for size in [0, 1, 125, 126, 127, 128, 65_535, 65_536, 1 << 20] {
        check(&standing, &[frame(TEXT, &vec![b'*'; size])], &[said(TEXT, &vec![b'*'; size])]);
        check(&standing, &[frame(BINARY, &vec![0xfe; size])], &[said(BINARY, &vec![0xfe; size])]);
    }
    // The longest message, and one byte more: in one frame, and in two.
    let longest = vec![7; MESSAGE];
    check(&standing, &[frame(BINARY, &longest)], &[said(BINARY, &longest)]);
    check_end(&standing, &[frame(BINARY, &vec![7; MESSAGE + 1])[..14].to_vec()], &[], 1009);
    let more = [frame(0x02, &longest), frame(0x80, b"x")].concat();
    assert!(heard(&standing, &more, more.len()).starts_with(&[CLOSE, 25, 3, 0xf1]));
    // A length that no message has, and one that needs more bytes than it should (RFC 6455 §5.2).
    let head = |bytes: &[u8]| [bytes, &[0; 4][..]].concat();
    check_end(&standing, &[head(&[BINARY, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0])], &[], 1002);
    check_end(&standing, &[head(&[BINARY, 0xff, 0, 0, 0, 0, 0, 0, 0, 125])], &[], 1002);
    check_end(&standing, &[head(&[BINARY, 0xfe, 0, 125])], &[], 1002);
}

#[test]
fn pings_are_answered() {
    let standing = standing();
    let longest = [0xfe; 125];
    for payload in [&b""[..], b"Hello", &[0, 0xff, 0xfe], &longest] {
        check(&standing, &[frame(PING, payload)], &[said(PONG, payload)]);
        check(&standing, &[frame(PONG, payload)], &[]);
    }
    check(
        &standing,
        &[frame(PONG, b"x"), frame(PING, b"1"), frame(PING, b"2"), frame(TEXT, b"t"), frame(PING, b"3")],
        &[said(PONG, b"1"), said(PONG, b"2"), said(TEXT, b"t"), said(PONG, b"3")],
    );
    check_end(&standing, &[frame(PING, &[0; 126])], &[], 1002);
    check_end(&standing, &[frame(0x09, b"in pieces")], &[], 1002);
}

#[test]
fn reserved_bits_and_opcodes_end_it() {
    let standing = standing();
    let before = || (frame(TEXT, b"a"), said(TEXT, b"a"));
    for reserved in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
        for first in [TEXT, BINARY, PING, PONG, CLOSE] {
            let (sent, back) = before();
            check_end(&standing, &[sent, frame(first | reserved, b""), frame(PING, b"x")], &[back], 1002);
        }
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let (sent, back) = before();
        check_end(&standing, &[sent, frame(0x80 | opcode, b"x"), frame(PING, b"x")], &[back], 1002);
    }
    // A frame that is not masked (RFC 6455 §5.1).
    check_end(&standing, &[said(TEXT, b"a")], &[], 1002);
    check_end(&standing, &[said(CLOSE, &[3, 0xe8])], &[], 1002);
}

#[test]
fn fragments_become_one_message() {
    let standing = standing();
    check(&standing, &[frame(0x01, b"a"), frame(0x80, b"b")], &[said(TEXT, b"ab")]);
    check(
        &standing,
        &[frame(0x01, b""), frame(0x00, b""), frame(0x00, b"x"), frame(0x80, b"")],
        &[said(TEXT, b"x")],
    );
    check(
        &standing,
        &[frame(0x02, b"1"), frame(PING, b"p"), frame(0x00, b"2"), frame(PONG, b"q"), frame(0x80, b"3")],
        &[said(PONG, b"p"), said(BINARY, b"123")],
    );
    let pieces: Vec<_> =
        (0..2000_u16).map(|at| frame(if at == 0 { 0x02 } else { 0 }, &[at as u8; 33])).collect();
    let whole: Vec<u8> = (0..2000_u16).flat_map(|at| [at as u8; 33]).collect();
    check(&standing, &[pieces.concat(), frame(0x80, b"")], &[said(BINARY, &whole)]);
    check_end(&standing, &[frame(0x80, b"of nothing")], &[], 1002);
    check_end(&standing, &[frame(0x00, b"of nothing"), frame(0x80, b"")], &[], 1002);
    check_end(&standing, &[frame(TEXT, b"a"), frame(0x80, b"b")], &[said(TEXT, b"a")], 1002);
    check_end(&standing, &[frame(0x01, b"a"), frame(TEXT, b"b")], &[], 1002);
    check_end(&standing, &[frame(0x01, b"a"), frame(0x02, b"b")], &[], 1002);
}

#[test]
fn texts_are_utf8_or_end_it_at_once() {
    let standing = standing();
    let good = "\u{0}\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}κόσμε".as_bytes();
    check(&standing, &[frame(TEXT, good)], &[said(TEXT, good)]);
    let letters: Vec<_> = good.iter().map(|byte| frame(0, &[*byte])).collect();
    check(&standing, &[frame(0x01, b""), letters.concat(), frame(0x80, b"")], &[said(TEXT, good)]);
    for bad in [
        &b"\x80"[..],
        b"\xbf\x80",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\xaf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xff",
        b"\xc3\xc3",
    ] {
        check_end(&standing, &[frame(TEXT, &[good, bad].concat())], &[], 1007);
        // As soon as it can be seen, and not at the end of a message that never comes.
        check_end(&standing, &[frame(0x01, &[good, bad].concat())], &[], 1007);
        let long = frame(TEXT, &[good, bad, &[b'.'; 1000][..]].concat());
        check_end(&standing, &[long[..good.len() + bad.len() + 8].to_vec()], &[], 1007);
        // In what is binary it means nothing.
        check(&standing, &[frame(BINARY, bad)], &[said(BINARY, bad)]);
    }
    for cut in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\x98"] {
        check_end(&standing, &[frame(TEXT, cut)], &[], 1007);
        check_end(&standing, &[frame(0x01, cut), frame(0x80, b"")], &[], 1007);
    }
}

#[test]
fn ends_are_answered_with_their_codes() {
    let standing = standing();
    let closing = |code: u16, reason: &[u8]| frame(CLOSE, &[&code.to_be_bytes(), reason].concat());
    assert_eq!(heard(&standing, &frame(CLOSE, b""), 64), said(CLOSE, b""));
    for code in
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    {
        check_end(&standing, &[closing(code, b"because"), frame(TEXT, b"unheard")], &[], code);
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        check_end(&standing, &[closing(code, b"")], &[], 1002);
    }
    check_end(&standing, &[closing(1000, &[b'*'; 123])], &[], 1000);
    check_end(&standing, &[closing(1000, &[b'*'; 124])], &[], 1002);
    check_end(&standing, &[closing(1000, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80")], &[], 1007);
    check_end(&standing, &[frame(CLOSE, b"x")], &[], 1002);
    // Amid a message, which is not said any more.
    check_end(&standing, &[frame(0x01, b"a"), closing(1000, b""), frame(0x80, b"b")], &[], 1000);
}
