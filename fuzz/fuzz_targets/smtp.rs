//! Sessions of SMTP and POP3: portions do not matter, little is kept, and a message is what was sent.
#![cfg_attr(fuzzing, no_main)]

use std::{cell::Cell, rc::Rc};

use bytes::{Bytes, BytesMut};
use navyd_standin::mail::{
    pop3,
    smtp::{Rules, Session, Step},
};

/// The longest message, and the room for all that arrive.
const MOST: usize = 256;

/// What came of a session.
#[derive(Debug, PartialEq, Eq)]
struct Played {
    replies: Vec<u8>,
    messages: Vec<Bytes>,
    left: u64,
}

navyd_fuzz::target!(|bytes: &[u8]| {
    let whole = smtp(bytes, usize::MAX);
    for portion in [1, 7] {
        assert_eq!(smtp(bytes, portion), whole);
    }
    assert_eq!(whole.left, 4 * MOST as u64);
    assert!(whole.messages.iter().all(|message| message.len() <= MOST));
    // Every reply is a line with a code: what a client sent cannot make one.
    for line in String::from_utf8_lossy(&whole.replies).split_terminator("\r\n") {
        let code = line.as_bytes().get(..3).is_some_and(|code| code.iter().all(u8::is_ascii_digit));
        assert!(code && !line.contains(['\r', '\n']), "{line:?}");
    }
    let read = pop3(bytes, usize::MAX);
    for portion in [1, 7] {
        assert_eq!(pop3(bytes, portion), read);
    }
});

fn smtp(bytes: &[u8], portion: usize) -> Played {
    let arriving = Cell::new(4 * MOST as u64);
    let rules = Rc::new(Rules { largest: MOST, starttls: true, arriving, ..Rules::default() });
    let mut session = Session::new(Rc::clone(&rules), None, "<1@navyd>".to_owned(), false);
    let (mut input, mut replies, mut messages) = (BytesMut::new(), Vec::new(), Vec::new());
    'all: for piece in bytes.chunks(portion.min(bytes.len().max(1))) {
        input.extend_from_slice(piece);
        loop {
            match session.advance(&mut input, &mut replies) {
                Step::Read => break,
                Step::Keep(letter) => {
                    assert!(!letter.recipients.is_empty());
                    messages.push(letter.bytes);
                    session.kept(&Ok("K".to_owned()), &mut replies);
                }
                // What follows would be another conversation, in whatever portions.
                Step::Encrypt | Step::Close => break 'all,
            }
        }
        assert!(input.len() <= bytes.len());
    }
    drop(session);
    Played { replies, messages, left: rules.arriving.get() }
}

fn pop3(bytes: &[u8], portion: usize) -> (Vec<u8>, Vec<String>) {
    let mut session = pop3::Session::new(None, true, false);
    let held = |key: &str| pop3::Held { key: key.to_owned(), size: 9 };
    let (mut input, mut replies) = (BytesMut::new(), Vec::new());
    for piece in bytes.chunks(portion.min(bytes.len().max(1))) {
        input.extend_from_slice(piece);
        loop {
            match session.advance(&mut input, &mut replies) {
                pop3::Step::Read => break,
                pop3::Step::Open(_) => session.opened(Some(vec![held("A"), held("B")]), &mut replies),
                pop3::Step::Fetch(_) => {
                    session.fetched(Some(&Bytes::from_static(b"a: b\r\n\r\n.c")), &mut replies);
                }
                pop3::Step::Remove(keys) => return (replies, keys),
                pop3::Step::Encrypt | pop3::Step::Close => return (replies, Vec::new()),
            }
        }
    }
    (replies, Vec::new())
}
