//! The Docker engine's API, which Podman offers as well.

use super::{
    answer::Answer,
    leaf::{Base, Probe, Turn, Verdict},
    text,
};

/// The engine API on TCP.
pub(super) struct Docker;

impl Probe for Docker {
    fn name(&self) -> &'static str {
        "Docker API"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http1)
    }

    fn programs(&self) -> &'static [&'static str] {
        &["dockerd", "podman"]
    }

    fn ports(&self) -> &'static [u16] {
        &[2375]
    }

    fn sends(&self) -> &'static [u8] {
        b"GET /_ping HTTP/1.0\r\nHost: localhost:PORT\r\nUser-Agent: navyd\r\n\r\n"
    }

    /// The engine names itself, and its API, in every answer.
    fn invited(&self, reply: &[u8]) -> bool {
        Answer::read(reply).is_some_and(|answer| answer.heading("api-version").is_some())
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(answer) = Answer::read(reply).filter(|_| ended) else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let version = answer.heading("api-version").filter(|_| answer.status == 200 && answer.body == b"OK");
        Verdict::from_found(
            version
                .map(|version| answer.behind("Docker API", Some(format!("version {}", text::line(version))))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Docker,
            &[
                (
                    b"HTTP/1.0 200 OK\r\nApi-Version: 1.43\r\nServer: Docker/24.0.5 (linux)\r\n\r\nOK",
                    Some(("Docker API", Some("version 1.43, over HTTP/1.0"))),
                ),
                (b"HTTP/1.0 200 OK\r\n\r\nOK", None),
                (b"HTTP/1.0 200 OK\r\nApi-Version: 2\r\n\r\n<html>OK</html>", None),
                (b"HTTP/1.0 404 Not Found\r\nApi-Version: 1.43\r\n\r\nOK", None),
            ],
        );
    }
}
