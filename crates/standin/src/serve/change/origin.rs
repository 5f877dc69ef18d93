//! Whose page asks: pure.
//!
//! Programs do not say where they come from. Browsers do, for every request that could change something, in a field that
//! no page can set (Fetch §3.2): what does not come from a page of this very site is refused.

use crate::http::Head;

/// Whether a request comes from one of our own pages, or from no page.
pub(in super::super) fn is_ours(head: &Head) -> bool {
    let host = head.authority().map(|authority| match authority.port {
        Some(port) => format!("{}:{port}", authority.host),
        None => authority.host.to_owned(),
    });
    judge(head.text("origin"), head.text("sec-fetch-site"), host.as_deref()) && head_is_text(head)
}

/// An origin that is no text is nobody's.
fn head_is_text(head: &Head) -> bool {
    ["origin", "sec-fetch-site"].iter().all(|name| head.value(name).is_none() || head.text(name).is_some())
}

/// By scheme nothing is told apart: a gateway in front may speak TLS where this does not.
fn judge(origin: Option<&str>, site: Option<&str>, host: Option<&str>) -> bool {
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    let Some(origin) = origin else { return true };
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn only_our_own_pages_and_programs() {
        let host = Some("localhost:8000");
        for (origin, site, host, expected) in [
            (None, None, host, true),
            (Some("http://localhost:8000"), None, host, true),
            (Some("https://LOCALHOST:8000"), Some("same-origin"), host, true),
            (None, Some("none"), host, true),
            (Some("http://localhost:8001"), None, host, false),
            (Some("http://localhost:80000"), None, host, false),
            (Some("http://localhost"), None, host, false),
            (Some("http://evil.example"), None, host, false),
            (Some("http://evil.example/localhost:8000"), None, host, false),
            (Some("null"), None, host, false),
            (Some(""), None, host, false),
            (Some("file://localhost:8000"), None, host, false),
            (None, Some("cross-site"), host, false),
            (None, Some("same-site"), host, false),
            (Some("http://localhost:8000"), Some("cross-site"), host, false),
            (Some("http://x"), None, None, false),
        ] {
            assert_eq!(judge(origin, site, host), expected, "{origin:?} {site:?} {host:?}");
        }
    }
}
