//! Asking a running `navyd mail`, over HTTP: the verbs are a client of its API, as any program may be.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::out::Failure;

/// The longest answer that is read, in bytes: the largest message that is usually taken, in JSON.
const LONGEST: u64 = 256 * 1024 * 1024;

/// How long an answer may take, beside the time that it is asked to wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which server is asked.
#[derive(Debug, clap::Args)]
pub(super) struct Server {
    /// The port of its pages and APIs on this machine
    #[arg(long, value_name = "PORT", default_value_t = 8025)]
    http: u16,

    /// User and password, as user:password; NAVYD_AUTH keeps it out of the list of processes
    #[arg(long, value_name = "USER:PASSWORD", env = "NAVYD_AUTH", hide_env_values = true)]
    auth: Option<String>,
}

/// An answer.
pub(super) struct Answer {
    /// Its status.
    pub(super) status: u16,
    /// Its body.
    pub(super) body: Vec<u8>,
}

impl Server {
    /// Asks, and gives whatever is answered. `wait` is how long the server was told to wait.
    pub(super) fn ask(
        &self,
        method: &str,
        target: &str,
        body: Option<&Value>,
        wait: Duration,
    ) -> Result<Answer, Failure> {
        let failed = |error: &io::Error| {
            let failure = Failure::new(format!("no `navyd mail` answers at port `{}`", self.http));
            match error.kind() {
                io::ErrorKind::ConnectionRefused => {
                    failure.cause("nobody listens there").hint(format!("navyd mail --http {}", self.http))
                }
                _ => failure.cause(error.to_string()).hint(format!("navyd why {}", self.http)),
            }
        };
        let answer = self.talk(method, target, body, wait).map_err(|error| failed(&error))?;
        if answer.status == 401 {
            return Err(Failure::new(format!("the `navyd mail` at port `{}` wants a password", self.http))
                .cause("it was started with `--auth`")
                .hint("NAVYD_AUTH=me:secret navyd mail ls"));
        }
        Ok(answer)
    }

    /// Asks for a document.
    pub(super) fn document(&self, target: &str) -> Result<Option<Value>, Failure> {
        let answer = self.ask("GET", target, None, Duration::ZERO)?;
        if answer.status == 404 {
            return Ok(None);
        }
        answer.document(self).map(Some)
    }

    fn talk(&self, method: &str, target: &str, body: Option<&Value>, wait: Duration) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(("localhost", self.http))?;
        stream.set_read_timeout(Some(PATIENCE.saturating_add(wait)))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let auth =
            self.auth.as_ref().map(|auth| format!("Authorization: Basic {}\r\n", STANDARD.encode(auth)));
        let head = format!(
            "{method} {target} HTTP/1.0\r\nHost: localhost:{}\r\nAccept: application/json\r\n{}Content-Length: {}\r\n\r\n",
            self.http,
            auth.unwrap_or_default(),
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        // HTTP/1.0 ends a body with its connection, or says how long it is: chunks are not sent to it.
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer)?;
        understood(&answer)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what answers does not speak HTTP"))
    }

    /// What is said when the answer is not what was asked for.
    pub(super) fn surprised(&self, answer: &Answer) -> Failure {
        let text = String::from_utf8_lossy(&answer.body);
        let first = text.lines().next().unwrap_or_default();
        Failure::new(format!("what answers at port `{}` is no `navyd mail`, or refuses", self.http))
            .cause(format!("it answered {}: {first}", answer.status))
            .hint(format!("navyd why {}", self.http))
    }
}

impl Answer {
    /// Its body as a document.
    pub(super) fn document(&self, server: &Server) -> Result<Value, Failure> {
        let document = serde_json::from_slice(&self.body).ok().filter(|_| self.status == 200);
        document.ok_or_else(|| server.surprised(self))
    }
}

/// A value as it stands in a query.
pub(super) fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn understood(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some(Answer { status, body: answer[end + 4..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::{encoded, understood};

    #[test]
    fn answers_are_split() {
        for (bytes, expected) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", Some((200, "body"))),
            ("HTTP/1.0 404 \r\n\r\n", Some((404, ""))),
            ("220 mail\r\n\r\n", None),
            ("HTTP/1.1 2\r\n\r\n", None),
            ("", None),
        ] {
            let answer = understood(bytes.as_bytes());
            let answer =
                answer.as_ref().map(|answer| (answer.status, std::str::from_utf8(&answer.body).unwrap()));
            assert_eq!(answer, expected, "{bytes}");
        }
        assert_eq!(encoded("to:a b&ü"), "to%3Aa%20b%26%C3%BC");
    }
}
