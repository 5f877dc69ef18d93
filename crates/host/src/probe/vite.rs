//! Vite's development server: its client script is a file that no page of an application is.

use super::{
    answer::Answer,
    leaf::{Base, Probe, Turn, Verdict},
    text,
};

/// Vite.
pub(super) struct Vite;

impl Probe for Vite {
    fn name(&self) -> &'static str {
        "Vite"
    }

    fn turn(&self) -> Turn {
        Turn::Follows(Base::Http1)
    }

    fn programs(&self) -> &'static [&'static str] {
        &["vite", "vitest", "astro", "nuxt", "sveltekit"]
    }

    fn ports(&self) -> &'static [u16] {
        &[5173, 5174]
    }

    fn sends(&self) -> &'static [u8] {
        b"GET /@vite/client HTTP/1.0\r\nHost: localhost:PORT\r\nUser-Agent: navyd\r\n\r\n"
    }

    fn invited(&self, reply: &[u8]) -> bool {
        // The second is in its refusal of a question without a host, which the first one is.
        text::contains(reply, b"/@vite/client") || text::contains(reply, b"in vite.config.js")
    }

    /// A page answers every path of a single-page application, so the answer must be a script that has the
    /// words of this one.
    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(answer) = Answer::read(reply).filter(|_| ended) else {
            return if ended { Verdict::No } else { Verdict::More };
        };
        let script = answer.status == 200 && answer.says("content-type", "javascript");
        let own = [&b"import.meta.hot"[..], b"createHotContext", b"[vite]"];
        let marked = own.iter().any(|words| text::contains(answer.body, words));
        if script && marked { Verdict::Yes(answer.behind("Vite", None)) } else { Verdict::No }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::leaf::tests::check, *};

    #[test]
    fn answers() {
        let known = Some(("Vite", Some("over HTTP/1.1")));
        check(
            &Vite,
            &[
                (
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\nimport \"env\";function createHotContext(){}",
                    known,
                ),
                (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<script>import.meta.hot</script>", None),
                (b"HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\nalert(1)", None),
                (b"HTTP/1.1 404 x\r\nContent-Type: text/javascript\r\n\r\nimport.meta.hot", None),
            ],
        );
        assert!(
            Vite.invited(b"HTTP/1.1 403 x\r\n\r\nadd undefined to `server.allowedHosts` in vite.config.js.")
        );
        assert!(!Vite.invited(b"HTTP/1.1 200 OK\r\n\r\nvite"));
        assert!(
            Vite.invited(b"HTTP/1.1 200 OK\r\n\r\n<script type=\"module\" src=\"/@vite/client\"></script>")
        );
    }
}
