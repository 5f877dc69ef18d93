//! What the gateway says itself: short pages that tell what happened and what to do.
//!
//! HTML for people, JSON where the request's Accept asks for it. Everything from outside is escaped. Deliberately
//! absent: styling beyond what makes a page readable, and anything loaded from elsewhere.

mod form;

use std::io;

use navyd_h1::Reject;
use navyd_model::{Entry, Upstream};

use crate::site::Table;
pub(crate) use form::wants_json;

/// A page, before it is known in which form it is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    status: u16,
    title: String,
    /// What happened.
    text: String,
    /// What can be done; empty when there is nothing.
    advice: String,
    /// Routes as links and where they lead; `None` where they are nobody's business.
    routes: Option<Vec<(String, String)>>,
}

/// The gateway's own page: what it routes.
pub(crate) fn status(table: &Table, port: u16) -> Page {
    let listed = listed(table, port);
    let text = match listed.len() {
        0 => "No routes.".to_owned(),
        1 => "1 route.".to_owned(),
        count => format!("{count} routes."),
    };
    Page { routes: Some(listed), ..page(200, "navyd", &text, "") }
}

/// No route has this host; `known` are those that the client may see.
pub(crate) fn unknown(host: &str, known: Option<(&Table, u16)>) -> Page {
    let text = format!("No route leads from `{host}`.");
    let advice = format!("navyd hub --ephemeral --route {host}=http://127.0.0.1:3000");
    let advice = if known.is_some() { advice } else { String::new() };
    Page {
        routes: known.map(|(table, port)| listed(table, port)),
        ..page(404, "No such name", &text, &advice)
    }
}

/// The gateway itself has nothing there.
pub(crate) fn nothing_at(path: &str) -> Page {
    page(404, "Nothing here", &format!("The gateway has no page at `{path}`."), "Its own page is at `/`.")
}

/// The route was taken away under a connection to it.
pub(crate) fn gone() -> Page {
    page(404, "Route is gone", "The route that this connection came by is not there any more.", "")
}

/// Who answers for the gateway itself does not.
pub(crate) fn homeless() -> Page {
    let text = "The gateway runs, and the part of navyd that answers here does not.";
    page(503, "navyd is not there", text, "It may be starting. See: navyd hub status")
}

/// The gateway itself is only read.
pub(crate) fn only_get() -> Page {
    page(405, "Only GET", "The gateway's own pages can only be read.", "")
}

/// A client of HTTP/1.0 that names no host.
pub(crate) fn hostless() -> Page {
    page(400, "No host", "The request names no host, and routes are found by it.", "Send a Host field.")
}

/// The client takes the gateway for a forward proxy.
pub(crate) fn connect() -> Page {
    page(
        501,
        "No forward proxy",
        "CONNECT asks for a tunnel, and this gateway opens none.",
        "Ask a route for a page.",
    )
}

/// The request is not right.
pub(crate) fn refused(reject: &Reject) -> Page {
    page(
        reject.status,
        "Request refused",
        &format!("The request cannot be read in one way only: {reject}."),
        "",
    )
}

/// The head did not come in time.
pub(crate) fn slow_head() -> Page {
    page(408, "Request too slow", "The head of the request did not come to its end in time.", "")
}

/// The body did not come in time.
pub(crate) fn slow_body() -> Page {
    page(408, "Request too slow", "The body of the request stood still for too long.", "")
}

/// The body is not what its head says.
pub(crate) fn bad_body() -> Page {
    page(400, "Request refused", "The chunks of the request's body are not well formed.", "")
}

/// Nothing listens at the upstream.
pub(crate) fn unreachable(upstream: &Upstream, error: &io::Error) -> Page {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("Nothing listens at `{upstream}`."),
        _ => format!("`{upstream}` cannot be reached: {error}."),
    };
    let advice = format!("Start the service, or see what listens there: navyd ls {}", upstream.port);
    page(502, "Service is not there", &text, &advice)
}

/// The upstream closed the connection instead of answering.
pub(crate) fn wordless(upstream: &Upstream) -> Page {
    let text = format!("`{upstream}` closed the connection without an answer.");
    page(502, "Service hung up", &text, "It may have crashed: its own log tells.")
}

/// The upstream closed the connection inside a head.
pub(crate) fn cut_short(upstream: &Upstream) -> Page {
    let text = format!("`{upstream}` closed the connection in the middle of its answer.");
    page(502, "Service hung up", &text, "It may have crashed: its own log tells.")
}

/// The upstream's answer is not HTTP, or not right.
pub(crate) fn bad_response(upstream: &Upstream, reject: &Reject) -> Page {
    let text = format!("The answer of `{upstream}` is not well-formed HTTP/1: {reject}.");
    let advice = format!("See what speaks there: navyd ls --probe {}", upstream.port);
    page(502, "Bad answer", &text, &advice)
}

/// The upstream is there and says nothing.
pub(crate) fn silent(upstream: &Upstream) -> Page {
    let text = format!("`{upstream}` accepted the request and did not answer in time.");
    let advice = format!("It may be starting, or stuck: navyd ls {}", upstream.port);
    page(504, "Service is silent", &text, &advice)
}

/// The route leads back to the gateway.
pub(crate) fn looped(upstream: Option<&Upstream>) -> Page {
    let text = match upstream {
        Some(upstream) => format!("The route to `{upstream}` leads back to itself."),
        None => "The gateway asks itself.".to_owned(),
    };
    let advice = "A service that proxies to its own name needs the address of the service that it means.";
    page(508, "Loop", &text, advice)
}

fn page(status: u16, title: &str, text: &str, advice: &str) -> Page {
    Page { status, title: title.to_owned(), text: text.to_owned(), advice: advice.to_owned(), routes: None }
}

fn listed(table: &Table, port: u16) -> Vec<(String, String)> {
    let from = |entry: &Entry| match entry {
        Entry::Name(name) if name.wildcard => entry.to_string(),
        Entry::Name(name) => format!("http://{}:{port}{}", name.host, name.path),
        Entry::Address(address) => address.to_string(),
    };
    table.routes.routes().map(|route| (from(&route.entry), route.upstream.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::router;

    fn routes() -> Table {
        let routes = ["shop.localhost/api=http://localhost:4000", "*.x.localhost=http://[::1]:5"];
        let routes = router::of(routes.map(|route| route.parse().unwrap()).to_vec());
        Table { routes: Arc::new(routes), sites: Vec::new() }
    }

    fn shown(page: &Page, json: bool) -> String {
        String::from_utf8(page.response(json, false, true, Timestamp::UNIX_EPOCH)).unwrap()
    }

    #[test]
    fn a_page_is_html_or_json() {
        let page = status(&routes(), 80);
        let html = String::from_utf8(page.response(false, false, true, Timestamp::UNIX_EPOCH)).unwrap();
        assert!(html.starts_with("HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), "{html}");
        assert!(html.contains("<a href=\"http://shop.localhost:80/api\">"), "{html}");
        assert!(!html.contains("Connection: close"), "{html}");
        let json = String::from_utf8(page.response(true, false, false, Timestamp::UNIX_EPOCH)).unwrap();
        assert!(json.contains("Connection: close\r\n\r\n{"), "{json}");
        assert!(
            json.ends_with(
                "{\"schema\":\"navyd.status/1\",\"routes\":[{\"from\":\"http://shop.localhost:80/api\",\
             \"to\":\"http://localhost:4000\"},{\"from\":\"*.x.localhost\",\"to\":\"http://[::1]:5\"}]}\n"
            ),
            "{json}"
        );
        let head = page.response(false, true, true, Timestamp::UNIX_EPOCH);
        assert!(head.ends_with(b"\r\n\r\n") && html.as_bytes().starts_with(&head));
    }

    #[test]
    fn what_was_asked_for_cannot_act_on_the_page() {
        let html = shown(&unknown("<script>\"&'", Some((&routes(), 80))), false);
        assert!(html.contains("`&lt;script&gt;&quot;&amp;&#39;`") && !html.contains("<script"), "{html}");
    }

    #[test]
    fn a_foreign_host_is_told_nothing() {
        let page = unknown("evil.example", None);
        assert!(!shown(&page, false).contains("shop") && !shown(&page, true).contains("routes"));
    }

    #[test]
    fn json_is_for_those_who_ask() {
        for (accept, expected) in [
            ("application/json", true),
            ("application/problem+JSON, */*", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", false),
            ("text/html, application/json", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(wants_json(accept.as_bytes()), expected, "{accept}");
        }
    }
}
