//! The handshake, on real sockets.

use std::{io::Write, rc::Rc};

use super::Echo;
use crate::{
    fixture::Standing,
    http::{Manners, Server},
};

const UPGRADE: &str = "Host: localhost\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n";

fn standing() -> Standing {
    Standing::new(|| Rc::new(Server { site: Rc::new(Echo), manners: Manners::default(), told: None }))
}

#[test]
fn the_handshake_of_the_standard_is_accepted() {
    let standing = standing();
    // The key and the answer of RFC 6455 §1.3, and a close frame behind them in the same bytes.
    let asked = format!(
        "GET /chat HTTP/1.1\r\n{UPGRADE}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let answer = standing.ask([asked.as_bytes(), b"\x88\x80\0\0\0\0"].concat());
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 101 ") && answer.ends_with(b"\r\n\r\n\x88\x00"), "{text}");
    assert!(text.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{text}");
}

#[test]
fn the_first_subprotocol_is_spoken_and_no_extension() {
    let standing = standing();
    for (offered, expected) in [
        ("Sec-WebSocket-Protocol: graphql-ws, chat\r\n", "Sec-WebSocket-Protocol: graphql-ws\r\n"),
        ("Sec-WebSocket-Protocol: a b, chat\r\n", ""),
        ("Sec-WebSocket-Protocol:\r\n", ""),
        ("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n", ""),
    ] {
        let asked = format!(
            "GET / HTTP/1.1\r\n{UPGRADE}{offered}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n"
        );
        let answer = standing.ask([asked.as_bytes(), b"\x88\x80\0\0\0\0"].concat());
        let text = String::from_utf8_lossy(&answer);
        let said: String = text
            .lines()
            .filter(|line| line.starts_with("Sec-WebSocket-") && !line.contains("Accept"))
            .map(|line| format!("{line}\r\n"))
            .collect();
        assert_eq!(said, expected, "{offered}: {text}");
    }
}

#[test]
fn others_are_refused_with_what_is_missing() {
    let standing = standing();
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (fields, expected) in [
        ("Host: localhost\r\n".to_owned(), "426 "),
        (format!("{UPGRADE}{key}Sec-WebSocket-Version: 8\r\n"), "Sec-WebSocket-Version: 13\r\n"),
        (format!("{UPGRADE}Sec-WebSocket-Version: 13\r\n"), "400 "),
        (format!("{UPGRADE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YQ==\r\n"), "400 "),
    ] {
        let mut stream = standing.connect();
        write!(stream, "GET / HTTP/1.1\r\n{fields}\r\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let answer = std::io::read_to_string(&mut stream).unwrap();
        assert!(answer.contains(expected), "{fields}:\n{answer}");
    }
}
