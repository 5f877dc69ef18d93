use super::{Frame, Opcode, Order, mask};
use crate::Side::{self, Request, Response};

fn frame(opcode: Opcode, fin: bool, payload: u64) -> Frame {
    Frame { fin, reserved: 0, opcode, mask: None, payload }
}

#[test]
fn what_is_written_is_read() {
    for payload in [0, 1, 125, 126, 127, 65535, 65536, i64::MAX as u64] {
        for key in [None, Some([1, 2, 3, 4])] {
            let side = if key.is_some() { Request } else { Response };
            let written = Frame { mask: key, reserved: 4, ..frame(Opcode::Binary, false, payload) };
            let mut bytes = Vec::new();
            written.write(&mut bytes);
            for end in 0..bytes.len() {
                assert_eq!(Frame::parse(&bytes[..end], side, 4), Ok(None), "{end} bytes of {written:?}");
            }
            let length = bytes.len();
            bytes.extend_from_slice(b"payload");
            assert_eq!(Frame::parse(&bytes, side, 4), Ok(Some((written, length))));
        }
    }
}

#[test]
fn heads_are_read_as_the_rfc_writes_them() {
    // RFC 6455 §5.7.
    let check = |bytes: &[u8], side, expected: Frame, length| {
        assert_eq!(Frame::parse(bytes, side, 0), Ok(Some((expected, length))), "{bytes:02x?}");
    };
    check(b"\x81\x05Hello", Response, frame(Opcode::Text, true, 5), 2);
    let masked = Frame { mask: Some([0x37, 0xfa, 0x21, 0x3d]), ..frame(Opcode::Text, true, 5) };
    check(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", Request, masked, 6);
    check(b"\x01\x03Hel", Response, frame(Opcode::Text, false, 3), 2);
    check(b"\x80\x02lo", Response, frame(Opcode::Continuation, true, 2), 2);
    check(b"\x82\x7e\x01\x00", Response, frame(Opcode::Binary, true, 256), 4);
    check(b"\x82\x7f\0\0\0\0\0\x01\0\0", Response, frame(Opcode::Binary, true, 65536), 10);
}

#[test]
fn forbidden_heads_are_refused() {
    let check = |bytes: &[u8], side: Side, reserved| {
        assert!(Frame::parse(bytes, side, reserved).is_err(), "{bytes:02x?} from {side:?} is taken");
    };
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        check(&[0x80 | opcode, 0], Response, 7);
    }
    check(b"\xc1\x00", Response, 0);
    check(b"\xa1\x00", Response, 4);
    check(b"\x91\x00", Response, 4);
    check(b"\x81\x00", Request, 0);
    check(b"\x81\x80\0\0\0\0", Response, 0);
    check(b"\x08\x00", Response, 0);
    check(b"\x09\x00", Response, 0);
    check(b"\x89\x7e\x00\x7e", Response, 0);
    check(b"\x88\x7f", Response, 0);
    check(b"\x82\x7e\x00\x7d", Response, 0);
    check(b"\x82\x7f\0\0\0\0\0\0\xff\xff", Response, 0);
    check(b"\x82\x7f\x80\0\0\0\0\x01\0\0", Response, 0);
}

#[test]
fn masks_go_on_where_the_last_bytes_ended() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let masked = *b"\x7f\x9f\x4d\x51\x58";
    for cut in 0..=masked.len() {
        let mut bytes = masked;
        let (one, other) = bytes.split_at_mut(cut);
        mask(one, key, 0);
        mask(other, key, cut as u64);
        assert_eq!(&bytes, b"Hello", "cut at {cut}");
    }
}

#[test]
fn frames_make_messages_in_order() {
    use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
    let check = |frames: &[(Opcode, bool)], expected: bool| {
        let mut order = Order::default();
        let found = frames.iter().try_for_each(|(opcode, fin)| order.take(&frame(*opcode, *fin, 0), Request));
        assert_eq!(found.is_ok(), expected, "{frames:?}");
    };
    check(&[(Text, true), (Binary, true), (Close, true)], true);
    check(&[(Text, false), (Ping, true), (Continuation, false), (Continuation, true), (Text, true)], true);
    check(&[(Continuation, true)], false);
    check(&[(Text, false), (Text, true)], false);
    check(&[(Text, true), (Continuation, true)], false);
    check(&[(Text, false), (Close, true)], true);
    check(&[(Close, true), (Pong, true)], false);
}
