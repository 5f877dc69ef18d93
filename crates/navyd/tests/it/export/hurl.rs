//! Files for Hurl, run by Hurl: what arrives has the same method, target, fields and body.

use std::process::Command;

use super::{Recorder, exchange, written};
use crate::support::{program, run::run, skip, temp::TempDir};

#[test]
fn hurl_sends_what_was_sent() {
    const TEST: &str = "export::hurl::hurl_sends_what_was_sent";
    let Some(hurl) = program("hurl") else { return skip(TEST, "`hurl` is not installed") };
    let (recorder, folder) = (Recorder::start(), TempDir::new());
    let rows: [(&str, &str, &[u8]); 4] = [
        ("POST", "/pay?a=1&b={x}", b"\x00\xff"),
        ("PUT", "/a%20b", b"it's\n\"a\" {{b}} \\ # c\n"),
        ("GET", "/", b""),
        ("DELETE", "/x", b""),
    ];
    for (method, path, body) in rows {
        let url = format!("http://{}{path}", recorder.address);
        let fields = "X-Template: {{a}} # b|X-Slash: a\\b:c|x-lower: it's|X-Empty:";
        let head = format!("{method} {path} HTTP/1.1|Host: {}|{fields}", recorder.address);
        let raw = exchange(&url, &head, body, "HTTP/1.1 200 OK", b"");
        let file = folder.write("again.hurl", written("hurl", &[raw]));
        let ran = run(Command::new(&hurl).arg(&file).env("HOME", folder.path()));
        assert_eq!(ran.status, Some(0), "{}: {}", super::shown(&file), ran.stderr);
        let heard = recorder.heard();
        let end = heard.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&heard[..end]);
        assert!(head.starts_with(&format!("{method} {path} HTTP/1.1\r\n")), "{head}");
        for field in fields.split('|') {
            assert!(head.lines().any(|line| line.trim_end() == field), "{field}: {head}");
        }
        assert_eq!(&heard[end + 4..], body);
    }
}
