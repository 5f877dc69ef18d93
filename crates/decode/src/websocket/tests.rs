//! Messages in frames, packed and not, and such as nobody should send.

use flate2::{Compress, Compression, FlushCompress};
use navyd_h1::ws::{Frame, Opcode, mask};
use navyd_model::exchange::{Piece, Side};

use super::WebSocket;
use crate::PieceReader;

fn frame(from: Side, opcode: Opcode, fin: bool, packed: bool, payload: &[u8]) -> Vec<u8> {
    let key = (from == Side::Client).then_some([7, 11, 13, 17]);
    let (mut bytes, mut payload) = (Vec::new(), payload.to_vec());
    let reserved = if packed { 4 } else { 0 };
    Frame { fin, reserved, opcode, mask: key, payload: payload.len() as u64 }.write(&mut bytes);
    if let Some(key) = key {
        mask(&mut payload, key, 0);
    }
    [bytes, payload].concat()
}

/// Packs messages one after the other, each referring to those before.
struct Packer(Compress);

impl Packer {
    fn pack(&mut self, message: &[u8]) -> Vec<u8> {
        let mut packed = Vec::with_capacity(message.len() + 1024);
        self.0.compress_vec(message, &mut packed, FlushCompress::Sync).unwrap();
        packed.truncate(packed.len() - 4);
        packed
    }
}

fn packer() -> Packer {
    Packer(Compress::new(Compression::best(), false))
}

fn read(extensions: Option<&str>, portions: &[(Side, &[u8])]) -> Vec<Piece> {
    let (mut socket, mut out) = (WebSocket::new(0, extensions), Vec::new());
    for (from, bytes) in portions {
        socket.bytes(*from, 0, bytes, &mut out);
    }
    out
}

fn lines(pieces: &[Piece]) -> Vec<String> {
    let line = |piece: &Piece| {
        let text = piece.text.as_ref().or(piece.base64.as_ref()).cloned().unwrap_or_default();
        format!("{} {} {text}", piece.kind, piece.size)
    };
    pieces.iter().map(line).collect()
}

#[test]
fn frames_become_messages_wherever_they_are_split() {
    use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
    for from in [Side::Client, Side::Server] {
        let stream = [
            frame(from, Text, true, false, "héllo".as_bytes()),
            frame(from, Text, false, false, b"in "),
            frame(from, Ping, true, false, b"p"),
            frame(from, Continuation, true, false, b"two"),
            frame(from, Binary, true, false, b"\0\xff"),
            frame(from, Text, true, false, &[b'x'; 300]),
            frame(from, Pong, true, false, b""),
            frame(from, Close, true, false, b"\x03\xe8bye"),
        ]
        .concat();
        let expected = [
            "text 6 héllo".to_owned(),
            "ping 1 p".to_owned(),
            "text 6 in two".to_owned(),
            "binary 2 AP8=".to_owned(),
            format!("text 300 {}", "x".repeat(300)),
            "pong 0 ".to_owned(),
            "close 5 1000 bye".to_owned(),
        ];
        for at in 0..stream.len() {
            let (first, second) = stream.split_at(at);
            let pieces = read(None, &[(from, first), (from, second)]);
            assert_eq!(lines(&pieces), expected, "{from:?} split at {at}");
            assert!(pieces.iter().all(|piece| piece.from == from));
        }
    }
}

#[test]
fn python_and_its_websockets_are_understood() {
    for (name, extensions) in [("python_plain", None), ("python_deflate", Some("permessage-deflate"))] {
        let recording = crate::recorded::recording(&format!("ws_messages/{name}"));
        // The first byte tells the fuzz target which extension was agreed on.
        let portions = crate::recorded::portions(&recording[1..]);
        let whole = read(extensions, &portions);
        let texts: Vec<_> = whole
            .iter()
            .filter(|one| one.from == Side::Client && one.kind == "text")
            .map(|one| one.text.clone().unwrap())
            .collect();
        let long = "x".repeat(200);
        assert_eq!(
            texts,
            ["hello hello hello", "hello again, hello", &long, "", "fragmented message"],
            "{name}"
        );
        let kinds = |from: Side| {
            whole.iter().filter(|one| one.from == from).map(|one| one.kind.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(kinds(Side::Client), ["text", "text", "binary", "text", "text", "text", "ping", "close"]);
        assert_eq!(kinds(Side::Server), ["text", "text", "binary", "text", "text", "text", "pong", "close"]);
        let bytewise: Vec<_> =
            portions.iter().flat_map(|(from, bytes)| bytes.chunks(1).map(|byte| (*from, byte))).collect();
        assert_eq!(read(extensions, &bytewise), whole, "{name}");
    }
}

#[test]
fn packed_messages_refer_to_those_before() {
    let texts = ["a message that says the same", "a message that says the same, again", ""];
    let mut packer = packer();
    let stream = texts
        .map(|text| frame(Side::Server, Opcode::Text, true, true, &packer.pack(text.as_bytes())))
        .concat();
    let expected = texts.map(|text| format!("text {} {text}", text.len()));
    for at in 0..stream.len() {
        let (first, second) = stream.split_at(at);
        let pieces = read(Some("permessage-deflate"), &[(Side::Server, first), (Side::Server, second)]);
        assert_eq!(lines(&pieces), expected, "split at {at}");
    }
}

#[test]
fn without_takeover_each_message_stands_alone() {
    let one = packer().pack(b"a message, a message, a message");
    let frames = frame(Side::Client, Opcode::Text, true, true, &one).repeat(3);
    let expected = ["text 31 a message, a message, a message"; 3];
    let agreed = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";
    assert_eq!(lines(&read(Some(agreed), &[(Side::Client, &frames)])), expected);
}

#[test]
fn a_packed_message_may_come_in_fragments_among_plain_ones() {
    let packed = packer().pack(b"packed packed packed");
    let (first, second) = packed.split_at(3);
    let stream = [
        frame(Side::Client, Opcode::Text, false, true, first),
        frame(Side::Client, Opcode::Continuation, true, false, second),
        frame(Side::Client, Opcode::Text, true, false, b"plain"),
    ];
    let pieces = read(Some("permessage-deflate"), &[(Side::Client, &stream.concat())]);
    assert_eq!(lines(&pieces), ["text 20 packed packed packed", "text 5 plain"]);
}

#[test]
fn a_long_message_is_counted_and_cut_and_the_next_still_read() {
    let long = vec![b'x'; 1 << 20];
    let mut packer = Packer(Compress::new(Compression::best(), false));
    let mut packed = Vec::with_capacity(1 << 20);
    packer.0.compress_vec(&long, &mut packed, FlushCompress::Sync).unwrap();
    packed.truncate(packed.len() - 4);
    let stream = [
        frame(Side::Server, Opcode::Text, true, true, &packed),
        frame(Side::Server, Opcode::Text, true, true, &packer.pack(b"xxxxxxxxxx and on")),
    ];
    let pieces = read(Some("permessage-deflate"), &[(Side::Server, &stream.concat())]);
    assert_eq!(pieces[0].size, 1 << 20);
    assert_eq!(pieces[0].text.as_ref().map(String::len), Some(crate::piece::KEPT));
    assert_eq!(pieces[1].text.as_deref(), Some("xxxxxxxxxx and on"));
}

#[test]
fn a_bomb_is_given_up_once() {
    let mut packed = Vec::with_capacity(1 << 20);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(&vec![0; 32 << 20], &mut packed, FlushCompress::Sync).unwrap();
    packed.truncate(packed.len() - 4);
    let message = frame(Side::Client, Opcode::Binary, true, true, &packed);
    let pieces = read(Some("permessage-deflate"), &[(Side::Client, &message), (Side::Client, &message)]);
    let kinds: Vec<_> = pieces.iter().map(|piece| piece.kind.as_str()).collect();
    assert_eq!(kinds, ["binary", "gap", "binary"]);
}

#[test]
fn what_cannot_be_unpacked_is_said_once_and_each_message_may_begin_anew() {
    let bad = frame(Side::Server, Opcode::Text, true, true, b"\xff\xff\xff");
    let good = frame(Side::Server, Opcode::Text, true, true, &packer().pack(b"good"));
    let portions = [bad.clone(), bad, good];
    for (agreed, last) in
        [("permessage-deflate", "text 6 "), ("permessage-deflate; server_no_context_takeover", "text 4 good")]
    {
        let portions: Vec<_> = portions.iter().map(|bytes| (Side::Server, &bytes[..])).collect();
        let bytewise: Vec<_> =
            portions.iter().flat_map(|(from, bytes)| bytes.chunks(1).map(|byte| (*from, byte))).collect();
        for portions in [portions, bytewise] {
            let found = lines(&read(Some(agreed), &portions));
            let expected = ["text 3 ", "gap 0 compressed messages could not be unpacked", "text 3 ", last];
            assert_eq!(found, expected, "{agreed}");
        }
    }
}

#[test]
fn a_gap_inside_of_a_payload_is_passed_over() {
    let (mut socket, mut out) = (WebSocket::new(0, None), Vec::new());
    let long = frame(Side::Server, Opcode::Text, true, false, &[b'x'; 100]);
    socket.bytes(Side::Server, 0, &long[..10], &mut out);
    socket.gap(Side::Server, 0, 50, &mut out);
    socket.bytes(Side::Server, 1000, &long[60..], &mut out);
    assert_eq!((out[0].size, out[0].at_ms, out[0].text.as_deref()), (100, 1.0, Some("xxxxxxxx")));
    for _ in 0..2 {
        socket.gap(Side::Server, 0, 1, &mut out);
        socket.bytes(Side::Server, 0, &long, &mut out);
    }
    assert_eq!(lines(&out[1..]), ["gap 0 could not follow after a gap"]);
}

#[test]
fn what_is_no_frame_is_said_once() {
    for bytes in [&b"\x83\0"[..], b"\xc1\x01a", b"\x89\x7e\0\x80"] {
        let pieces = read(None, &[(Side::Server, bytes), (Side::Server, bytes)]);
        assert_eq!(pieces.len(), 1, "{bytes:?}");
        assert!(pieces[0].text.as_ref().is_some_and(|text| text.starts_with("could not follow: ")));
    }
}
