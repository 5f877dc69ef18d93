//! Jupyter: the version of its API needs no token.

use super::{
    answer::Answer,
    leaf::{Base, Probe, Turn, Verdict},
    text,
};

/// Jupyter Server, Notebook and Lab.
pub(super) struct Jupyter;

impl Probe for Jupyter {
    fn name(&self) -> &'static str {
        "Jupyter"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http1)
    }

    fn programs(&self) -> &'static [&'static str] {
        &["jupyter", "jupyter-lab", "jupyter-notebook", "jupyter-server", "jupyterlab"]
    }

    fn ports(&self) -> &'static [u16] {
        &[8888, 8889]
    }

    fn sends(&self) -> &'static [u8] {
        b"GET /api HTTP/1.0\r\nHost: localhost:PORT\r\nUser-Agent: navyd\r\n\r\n"
    }

    fn invited(&self, reply: &[u8]) -> bool {
        Answer::read(reply).is_some_and(|answer| answer.says("server", "TornadoServer"))
    }

    /// A version and nothing else, from Tornado.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(answer) = Answer::read(reply).filter(|_| ended) else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let fits = answer.status == 200 && answer.says("server", "TornadoServer");
        let object = answer.object().filter(|object| fits && object.len() == 1).unwrap_or_default();
        let version = object.get("version").and_then(|version| version.as_str());
        Verdict::from_found(
            version.map(|version| answer.behind("Jupyter", Some(text::line(version.as_bytes())))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Jupyter,
            &[
                (
                    b"HTTP/1.1 200 OK\r\nServer: TornadoServer/6.4\r\n\r\n{\"version\": \"2.14.0\"}",
                    Some(("Jupyter", Some("2.14.0, over HTTP/1.1"))),
                ),
                (b"HTTP/1.1 200 OK\r\nServer: uvicorn\r\n\r\n{\"version\": \"2.14.0\"}", None),
                (b"HTTP/1.1 200 OK\r\nServer: TornadoServer/6.4\r\n\r\n{\"version\": 2}", None),
                (b"HTTP/1.1 200 OK\r\nServer: TornadoServer/6.4\r\n\r\n<html>", None),
            ],
        );
    }
}
