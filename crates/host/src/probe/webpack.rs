//! webpack-dev-server: the list of its assets is a page of its own.

use super::{
    answer::Answer,
    leaf::{Base, Probe, Turn, Verdict},
    text,
};

/// webpack-dev-server, version 4 and above.
pub(super) struct Webpack;

impl Probe for Webpack {
    fn name(&self) -> &'static str {
        "webpack-dev-server"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http1)
    }

    fn programs(&self) -> &'static [&'static str] {
        &["webpack-dev-server", "webpack", "webpack-cli", "react-scripts", "vue-cli-service"]
    }

    fn sends(&self) -> &'static [u8] {
        b"GET /webpack-dev-server HTTP/1.0\r\nHost: localhost:PORT\r\nUser-Agent: navyd\r\n\r\n"
    }

    fn invited(&self, reply: &[u8]) -> bool {
        // The second is its refusal of a question without a host, which the first one is.
        let refused = |answer: Answer<'_>| answer.status == 403 && answer.body == b"Invalid Host header";
        text::contains(reply, b"webpack") || Answer::read(reply).is_some_and(refused)
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(answer) = Answer::read(reply).filter(|_| ended) else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let listed = answer.status == 200 && text::contains(answer.body, b"Assets Report:");
        if listed { Verdict::Yes(answer.behind("webpack-dev-server", None)) } else { Verdict::No }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Webpack,
            &[
                (
                    b"HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html><h1>Assets Report:</h1>",
                    Some(("webpack-dev-server", Some("over HTTP/1.1"))),
                ),
                (b"HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html><title>webpack App</title>", None),
                (b"HTTP/1.1 404 x\r\n\r\n<h1>Assets Report:</h1>", None),
            ],
        );
    }
}
