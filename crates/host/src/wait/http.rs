//! Readiness as HTTP tells it.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::{Look, connect::connect};

/// The longest that an answer may take, once connected: a development server may compile on the first request.
const ANSWERING: Duration = Duration::from_secs(10);

/// The length of `HTTP/1.1 200`.
const STATUS_LINE: usize = 12;

/// Whether a status means ready. Kubernetes' probes have the same rule: "Any code greater than or equal to 200
/// and less than 400 indicates success." A redirect is not followed: who redirects is up.
pub fn is_ready(status: u16) -> bool {
    (200..400).contains(&status)
}

pub(super) fn look(host: &str, port: u16, path: &str, connecting: Duration, left: Duration) -> Look {
    let stream = match connect(host, port, connecting) {
        Ok(stream) => stream,
        Err(seen) => return Look::NotYet(seen),
    };
    match ask(stream, &request(host, port, path), ANSWERING.min(left).max(connecting)) {
        Ok(start) => match status(&start) {
            Some(status) if is_ready(status) => Look::There,
            Some(status) => Look::NotYet(format!("answers with status {status}")),
            None if start.is_empty() => Look::NotYet("closes the connection without an answer".into()),
            None => Look::NotYet("answers, and not in HTTP".into()),
        },
        Err(_) => Look::NotYet("accepts the connection, and does not answer".into()),
    }
}

/// RFC 9112 §3.2: "A client MUST send a Host header field […] in all HTTP/1.1 request messages."
fn request(host: &str, port: u16, path: &str) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: navyd\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
}

/// The first bytes of the answer: at least a status line, unless the other end closes before.
fn ask(mut stream: TcpStream, request: &str, timeout: Duration) -> std::io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    stream.write_all(request.as_bytes())?;
    let mut start = Vec::new();
    stream.take(STATUS_LINE as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// RFC 9112 §4: "status-line = HTTP-version SP status-code SP [ reason-phrase ]".
fn status(start: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(start).ok()?;
    let (version, code) = line.split_once(' ')?;
    if !version.starts_with("HTTP/1.") || code.len() != 3 {
        return None;
    }
    code.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    #[test]
    fn statuses() {
        for (start, expected) in [
            (&b"HTTP/1.1 200"[..], Some(200)),
            (b"HTTP/1.0 404", Some(404)),
            (b"HTTP/1.1 2", None),
            (b"HTTP/2 200 OK", None),
            (b"SSH-2.0-Open", None),
            (b"\xff\xfe HTTP/1.1", None),
            (b"", None),
        ] {
            assert_eq!(status(start), expected, "{start:?}");
        }
        for (status, expected) in
            [(199, false), (200, true), (302, true), (399, true), (404, false), (503, false)]
        {
            assert_eq!(is_ready(status), expected, "{status}");
        }
    }

    #[test]
    fn the_request_names_the_host() {
        assert!(request("::1", 80, "/x?y").starts_with("GET /x?y HTTP/1.1\r\nHost: [::1]:80\r\n"));
    }

    #[test]
    fn what_servers_answer() {
        for (answer, expected) in [
            ("HTTP/1.1 204 No Content\r\n\r\n", Look::There),
            ("HTTP/1.1 503 Starting\r\n\r\n", Look::NotYet("answers with status 503".into())),
            ("", Look::NotYet("closes the connection without an answer".into())),
            ("+PONG\r\n", Look::NotYet("answers, and not in HTTP".into())),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = thread::spawn(move || {
                let (mut client, _) = listener.accept().unwrap();
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    client.read_exact(&mut byte).unwrap();
                    asked.extend(byte);
                }
                client.write_all(answer.as_bytes()).unwrap();
            });
            let five = Duration::from_secs(5);
            assert_eq!(look("127.0.0.1", port, "/", five, five), expected, "{answer:?}");
            server.join().unwrap();
        }
    }
}
