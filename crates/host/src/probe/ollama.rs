//! Ollama: it says that it is running, and its version for the asking.

use super::{
    answer::Answer,
    leaf::{Base, Found, Probe, Turn, Verdict},
    text,
};

/// The server of Ollama.
pub(super) struct Ollama;

impl Probe for Ollama {
    fn name(&self) -> &'static str {
        "Ollama"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http1)
    }

    fn programs(&self) -> &'static [&'static str] {
        &["ollama"]
    }

    fn ports(&self) -> &'static [u16] {
        &[11_434]
    }

    fn sends(&self) -> &'static [u8] {
        b"GET /api/version HTTP/1.0\r\nHost: localhost:PORT\r\nUser-Agent: navyd\r\n\r\n"
    }

    fn invited(&self, reply: &[u8]) -> bool {
        self.within(Base::Http1, reply).is_some()
    }

    /// The whole of what it says on `/`.
    fn within(&self, base: Base, reply: &[u8]) -> Option<Found> {
        let answer = Answer::read(reply).filter(|_| base == Base::Http1)?;
        let says = answer.status == 200 && answer.body.trim_ascii() == b"Ollama is running";
        says.then(|| answer.behind("Ollama", None))
    }

    /// A version and nothing else, as JSON. Biased to yes: only who is Ollama by `/`, by program or by port is
    /// asked, and others that copy its API answer alike.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(answer) = Answer::read(reply).filter(|_| ended) else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let fits = answer.status == 200 && answer.says("content-type", "json");
        let object = answer.object().filter(|object| fits && object.len() == 1).unwrap_or_default();
        let version = object.get("version").and_then(|version| version.as_str());
        Verdict::from_found(
            version.map(|version| answer.behind("Ollama", Some(text::line(version.as_bytes())))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::leaf::tests::{check, check_within},
        *,
    };

    #[test]
    fn answers() {
        check(
            &Ollama,
            &[
                (
                    b"HTTP/1.0 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{\"version\":\"0.5.1\"}",
                    Some(("Ollama", Some("0.5.1, over HTTP/1.0"))),
                ),
                (b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"version\":\"1\",\"b\":2}", None),
                (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", None),
                (b"HTTP/1.0 404 x\r\nContent-Type: application/json\r\n\r\n{\"version\":\"1\"}", None),
            ],
        );
    }

    #[test]
    fn behind_http() {
        check_within(
            &Ollama,
            Base::Http1,
            &[
                (b"HTTP/1.0 200 OK\r\n\r\nOllama is running", Some(("Ollama", Some("over HTTP/1.0")))),
                (b"HTTP/1.0 200 OK\r\n\r\n<p>Ollama is running</p>", None),
            ],
        );
    }
}
