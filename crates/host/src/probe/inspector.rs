//! The inspectors of Chrome and Node.js: `/json/version` tells which, and attaches nothing.

use super::{
    answer::Answer,
    leaf::{Base, Probe, Turn, Verdict},
    text,
};

/// The Chrome DevTools Protocol, by its HTTP side.
pub(super) struct Inspector;

impl Probe for Inspector {
    fn name(&self) -> &'static str {
        "Chrome DevTools Protocol"
    }

    /// Chrome closes a connection on which HTTP/1.0 is asked without a host, so where the program is known it is
    /// asked this first.
    fn turn(&self) -> Turn {
        Turn::WaitsOrFollows(Base::Http1)
    }

    fn programs(&self) -> &'static [&'static str] {
        &["chrome", "chromium", "msedge", "headless_shell", "chrome-headless-shell"]
    }

    fn ports(&self) -> &'static [u16] {
        &[9222, 9229, 9230]
    }

    /// HTTP/1.1 and an address as host: the inspectors refuse names, so that no web page may reach them.
    fn sends(&self) -> &'static [u8] {
        b"GET /json/version HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: navyd\r\nConnection: close\r\n\r\n"
    }

    /// What Node.js answers to other paths, and what Chrome calls its page.
    fn invited(&self, reply: &[u8]) -> bool {
        Answer::read(reply).is_some_and(|answer| {
            let node =
                answer.status == 400 && text::contains(answer.body, b"WebSockets request was expected");
            node || text::contains(answer.body, b"Inspectable WebContents")
        })
    }

    /// A node process that has an inspector may have a server of pages too: arguments are no reason to ask.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(answer) = Answer::read(reply).filter(|answer| ended || answer.object().is_some()) else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let object = answer.object().filter(|_| answer.status == 200).unwrap_or_default();
        let told = |name: &str| object.get(name).and_then(|value| value.as_str());
        let (Some(browser), Some(_)) = (told("Browser"), told("Protocol-Version")) else {
            return Verdict::No;
        };
        let of = if browser.starts_with("node.js/") { "Node.js inspector" } else { "Chrome inspector" };
        let detail = format!("{of}, {}", text::line(browser.as_bytes()));
        Verdict::Yes(answer.behind("Chrome DevTools Protocol", Some(detail)))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        check(
            &Inspector,
            &[
                (
                    b"HTTP/1.0 200 OK\r\n\r\n{\"Browser\": \"node.js/v18.19.0\", \"Protocol-Version\": \"1.1\"}",
                    Some(("Chrome DevTools Protocol", Some("Node.js inspector, node.js/v18.19.0, over HTTP/1.0"))),
                ),
                (
                    b"HTTP/1.1 200 OK\r\n\r\n{\"Browser\":\"Chrome/120.0.1\",\"Protocol-Version\":\"1.3\"}",
                    Some(("Chrome DevTools Protocol", Some("Chrome inspector, Chrome/120.0.1, over HTTP/1.1"))),
                ),
                (b"HTTP/1.1 200 OK\r\n\r\n{\"Browser\":\"Chrome\"}", None),
                (b"HTTP/1.1 200 OK\r\n\r\n<html>Chrome/120 Protocol-Version</html>", None),
                (b"HTTP/1.1 500 x\r\n\r\n{\"Browser\":\"x\",\"Protocol-Version\":\"1.3\"}", None),
            ],
        );
        assert!(Inspector.invited(b"HTTP/1.0 400 Bad Request\r\n\r\nWebSockets request was expected"));
    }
}
