//! Calls with descriptors and without, and such as no client should make.

use std::io::Write;

use navyd_model::exchange::{Piece, Side};

use super::{Call, Schema};
use crate::PieceReader;

/// `message Ask { string name = 1; int32 count = 2; }  message Answer { repeated string lines = 1; }
/// service Echo { rpc Say(Ask) returns (Answer); }` in the package `t`.
fn schema() -> Schema {
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()][..], bytes].concat()
    }
    fn member(name: &str, number: u8, label: u8, kind: u8) -> Vec<u8> {
        field(2, &[&field(1, name.as_bytes())[..], &[0x18, number, 0x20, label, 0x28, kind]].concat())
    }
    let ask = [field(1, b"Ask"), member("name", 1, 1, 9), member("count", 2, 1, 5)].concat();
    let answer = [field(1, b"Answer"), member("lines", 1, 3, 9)].concat();
    let method = [field(1, b"Say"), field(2, b".t.Ask"), field(3, b".t.Answer")].concat();
    let service = [field(1, b"Echo"), field(2, &method)].concat();
    let file = [
        field(1, b"t.proto"),
        field(2, b"t"),
        field(4, &ask),
        field(4, &answer),
        field(6, &service),
        field(12, b"proto3"),
    ];
    Schema::read(&field(1, &file.concat())).unwrap()
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    [&[flag][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(call: &mut Call, portions: &[(Side, &[u8])]) -> Vec<Piece> {
    let mut out = Vec::new();
    for (from, bytes) in portions {
        call.bytes(*from, 0, bytes, &mut out);
    }
    out
}

fn texts(pieces: &[Piece]) -> Vec<&str> {
    pieces.iter().map(|piece| piece.text.as_deref().unwrap_or("(binary)")).collect()
}

#[test]
fn messages_are_named_by_their_descriptors() {
    let schema = schema();
    let client = [framed(0, b"\x0a\x02hi\x10\x03"), framed(1, &gzip(b"\x0a\x02ho"))].concat();
    let server = framed(0, b"\x0a\x01a\x0a\x01b");
    let expected = [r#"{"name":"hi","count":3}"#, r#"{"name":"ho"}"#, r#"{"lines":["a","b"]}"#];
    for at in 0..client.len() {
        let (first, second) = client.split_at(at);
        let mut call = Call::new(0, "/t.Echo/Say", Some(&schema));
        call.encoding(Side::Client, "gzip");
        let pieces =
            read(&mut call, &[(Side::Client, first), (Side::Client, second), (Side::Server, &server)]);
        assert_eq!(texts(&pieces), expected, "split at {at}");
        assert_eq!(pieces[0].size, 6);
    }
}

#[test]
fn grpcio_is_understood() {
    let recording = crate::recorded::recording("grpc/python");
    let portions = crate::recorded::portions(&recording);
    let bytewise: Vec<_> =
        portions.iter().flat_map(|(from, bytes)| bytes.chunks(1).map(|byte| (*from, byte))).collect();
    let schema = schema();
    for portions in [portions, bytewise] {
        let mut call = Call::new(0, "/t.Echo/Say", Some(&schema));
        call.encoding(Side::Client, "gzip");
        call.encoding(Side::Server, "gzip");
        let pieces = read(&mut call, &portions);
        let of =
            |from: Side| pieces.iter().filter(move |piece| piece.from == from).cloned().collect::<Vec<_>>();
        let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(200));
        assert_eq!(texts(&of(Side::Client))[..3], [r#"{"name":"hello","count":3}"#, &long, "{}"]);
        // The answers repeat the questions, whose first field is a list there.
        assert_eq!(texts(&of(Side::Server))[0], r#"{"lines":["hello"]}"#);
        assert_eq!((of(Side::Client).len(), of(Side::Server).len()), (4, 4));
    }
}

#[test]
fn without_descriptors_fields_have_numbers() {
    let schema = schema();
    for (path, schema) in
        [("/t.Echo/Say", None), ("/t.Echo/Shout", Some(&schema)), ("nowhere", Some(&schema))]
    {
        let mut call = Call::new(0, path, schema);
        let pieces = read(&mut call, &[(Side::Client, &framed(0, b"\x0a\x02hi"))]);
        assert_eq!(texts(&pieces), [r#"[{"field":1,"type":"text","value":"hi"}]"#]);
    }
}

#[test]
fn what_cannot_be_unpacked_stays_binary() {
    let bomb = framed(1, &gzip(&vec![0; 8 << 20]));
    let mut call = Call::new(0, "/t.Echo/Say", None);
    assert_eq!(texts(&read(&mut call, &[(Side::Client, &framed(1, b"abc"))])), ["(binary)"]);
    call.encoding(Side::Client, "gzip");
    assert_eq!(
        texts(&read(&mut call, &[(Side::Client, &framed(1, b"abc")), (Side::Client, &bomb)])),
        ["(binary)"; 2]
    );
}

#[test]
fn what_is_no_message_is_said_once() {
    let mut call = Call::new(0, "/t.Echo/Say", None);
    let pieces = read(&mut call, &[(Side::Server, b"HTTP"), (Side::Server, b"more")]);
    assert_eq!(texts(&pieces), ["could not follow: this is no message of gRPC"]);
}

#[test]
fn a_gap_inside_of_a_message_is_passed_over() {
    let mut call = Call::new(0, "/t.Echo/Say", None);
    let long = framed(0, &[b'x'; 100]);
    let mut out = read(&mut call, &[(Side::Client, &long[..20])]);
    call.gap(Side::Client, 0, 80, &mut out);
    out.extend(read(&mut call, &[(Side::Client, &long[100..]), (Side::Client, &framed(0, b""))]));
    assert_eq!(texts(&out), ["(binary)", "[]"]);
    call.gap(Side::Client, 0, 80, &mut out);
    call.gap(Side::Client, 0, 80, &mut out);
    assert_eq!(texts(&out)[2..], ["could not follow after a gap"]);
}
