//! Commands of curl, run by `sh`: what arrives is what was sent, to the byte.

use std::process::Command;

use super::{Recorder, exchange, needs, written};
use crate::support::{run::run, temp::TempDir};

/// A request as it was sent, with `|` for the ends of its head's lines, and its body. A body in chunks is `hi`.
fn check(test: &str, rows: &[(&str, &[u8])]) {
    if !needs(test, &["sh", "curl"]) {
        return;
    }
    let (recorder, folder) = (Recorder::start(), TempDir::new());
    for (head, body) in rows {
        let head = head.replace("HOST", &recorder.address.to_string());
        let path = head.split(' ').nth(1).unwrap();
        let url = format!("http://{}{}", recorder.address, path.replace('*', "/"));
        let kept: &[u8] = if head.contains("chunked") { b"hi" } else { body };
        let script = folder.write("again.sh", written("curl", &[exchange(&url, &head, kept, "", b"")]));
        // Settings of the user would add to it.
        let mut command = Command::new("sh");
        let ran = run(command.arg(&script).env("HOME", folder.path()).env_remove("http_proxy"));
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{head}");
        let sent = [head.replace('|', "\r\n").as_bytes(), b"\r\n\r\n", body].concat();
        let heard = recorder.heard();
        assert!(heard == sent, "{}\n---\n{}", lossy(&heard), lossy(&sent));
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned()
}

#[test]
fn heads_arrive_as_they_were_sent() {
    check(
        "export::curl::heads_arrive_as_they_were_sent",
        &[
            ("GET /a/../b?q={x}[1-3] HTTP/1.1|Host: HOST|User-Agent: tea/1|Accept: */*", b""),
            ("GET / HTTP/1.1|X-First: 1|Host: HOST|x-lower: a|X-Twice: 1|X-Twice: 2", b""),
            ("HEAD / HTTP/1.1|Host: HOST|X-Quote: it's \"$HOME\" `id` \\n !! @file", b""),
            ("DELETE /x%20y HTTP/1.1|Host: HOST|X-Empty:|X-After: z;y", b""),
            ("OPTIONS / HTTP/1.1|Host: HOST|Accept-Encoding: gzip|Cookie: a=b; c=d", b""),
            ("OPTIONS * HTTP/1.1|Host: HOST", b""),
            ("GET /old HTTP/1.0|Host: HOST", b""),
            ("POST /none HTTP/1.1|Host: HOST|Content-Length: 0|Authorization: Basic YTpi", b""),
        ],
    );
}

#[test]
fn bodies_arrive_as_they_were_sent() {
    let long: Vec<u8> = (0..300 * 1024u32).map(|at| (at % 251) as u8).collect();
    let text = "it's a long line\nand the next\n".repeat(10_000);
    let length = |body: &[u8]| {
        format!("PUT /long HTTP/1.1|Host: HOST|Content-Length: {}|Content-Type: a/b", body.len())
    };
    check(
        "export::curl::bodies_arrive_as_they_were_sent",
        &[
            ("POST / HTTP/1.1|Host: HOST|Content-Type: text/plain|Content-Length: 12", b"@/etc/passwd"),
            ("POST / HTTP/1.1|Host: HOST|Content-Length: 11|X-After: a", b"it's\n\"$x\"\r\n"),
            ("PATCH / HTTP/1.1|Host: HOST|Content-Length: 6", b"\x00\xff%\\'\n"),
            ("GET /body HTTP/1.1|Host: HOST|Content-Length: 3", b"a=1"),
            ("POST / HTTP/1.1|Host: HOST|Expect: 100-continue|Content-Length: 2", b"hi"),
            ("POST / HTTP/1.1|Host: HOST|Transfer-Encoding: chunked|X-A: b", b"2\r\nhi\r\n0\r\n\r\n"),
            (&length(&long), &long),
            (&length(text.as_bytes()), text.as_bytes()),
        ],
    );
}
