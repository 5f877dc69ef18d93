//! Next.js: known by its program it is asked for a file that is ready, because a page would be compiled first.

use super::{
    answer::Answer,
    leaf::{Base, Found, Probe, Turn, Verdict},
    text,
};

/// The development server of Next.js.
pub(super) struct Next;

impl Probe for Next {
    fn name(&self) -> &'static str {
        "Next.js"
    }

    fn turn(&self) -> Turn {
        Turn::Waits
    }

    fn programs(&self) -> &'static [&'static str] {
        &["next-server", "next", "Next.js"]
    }

    fn sends(&self) -> &'static [u8] {
        b"GET /_next/static/development/_buildManifest.js HTTP/1.0\r\nHost: localhost:PORT\r\nUser-Agent: navyd\r\n\r\n"
    }

    /// Any other answer in HTTP is taken as that, so that no page is asked for after all.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(answer) = Answer::read(reply).filter(|_| ended) else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let manifest = answer.status == 200
            && answer.says("content-type", "javascript")
            && text::contains(answer.body, b"__BUILD_MANIFEST");
        if manifest {
            return Verdict::Yes(answer.behind("Next.js", None));
        }
        Verdict::from_found(self.within(Base::Http1, reply).or_else(|| answer.found()))
    }

    /// The heading it sends unless told not to. The paths in a page tell less: exported pages have them too.
    fn within(&self, base: Base, reply: &[u8]) -> Option<Found> {
        let answer = Answer::read(reply).filter(|_| base == Base::Http1)?;
        answer.says("x-powered-by", "Next.js").then(|| answer.behind("Next.js", None))
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
            &Next,
            &[
                (
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/javascript\r\n\r\nself.__BUILD_MANIFEST={}",
                    Some(("Next.js", Some("over HTTP/1.1"))),
                ),
                (
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nself.__BUILD_MANIFEST={}",
                    Some(("HTTP/1.1", Some("status 200"))),
                ),
                (b"HTTP/1.1 404 x\r\nX-Powered-By: Next.js\r\n\r\n", Some(("Next.js", Some("over HTTP/1.1")))),
                (b"hello", None),
            ],
        );
    }

    #[test]
    fn behind_http() {
        check_within(
            &Next,
            Base::Http1,
            &[
                (
                    b"HTTP/1.1 200 OK\r\nx-powered-by: Next.js\r\n\r\n",
                    Some(("Next.js", Some("over HTTP/1.1"))),
                ),
                (b"HTTP/1.1 200 OK\r\nx-powered-by: Express\r\n\r\n/_next/", None),
            ],
        );
    }
}
