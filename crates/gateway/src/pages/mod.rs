//! What the gateway says itself: short pages that tell what happened and what to do.
//!
//! HTML for people, JSON where the request's Accept asks for it. Everything from outside is escaped. Deliberately
//! absent: anything loaded from elsewhere.

mod account;
mod form;

use std::io;

use navyd_h1::{Reject, forward::Scheme};
use navyd_model::{Entry, Phase, Service, Upstream};

use crate::router::{Numbered, Routes};
pub(crate) use account::{Account, holder, other_loopback};
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
    /// Routes; `None` where they are nobody's business.
    routes: Option<Vec<Row>>,
    /// The service that failed, and for how many seconds it does what it does.
    service: Option<Box<(Service, i64)>>,
}

/// A route on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// Where it begins, as a link if it is one.
    from: String,
    to: String,
    /// The service behind it, and what that does.
    service: Option<(String, Phase)>,
}

/// Where links to names lead: where the client has come in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Base {
    /// Whether with TLS.
    pub(crate) scheme: Scheme,
    /// At which port.
    pub(crate) port: u16,
}

/// The gateway's own page: what it routes.
pub(crate) fn status(table: &Routes, base: Base) -> Page {
    let listed = listed(table, base);
    let text = match listed.len() {
        0 => "No routes.".to_owned(),
        1 => "1 route.".to_owned(),
        count => format!("{count} routes."),
    };
    Page { routes: Some(listed), ..page(200, "navyd", &text, "") }
}

/// No route has this host; `known` are those that the client may see, and `is_kept` says that routes can be added.
pub(crate) fn unknown(host: &str, known: Option<(&Routes, Base)>, is_kept: bool) -> Page {
    let text = format!("No route leads from `{host}`.");
    let advice = match is_kept {
        true => format!("navyd route add {host} 3000"),
        false => format!("navyd hub --ephemeral --route {host}=http://127.0.0.1:3000"),
    };
    let advice = if known.is_some() { advice } else { String::new() };
    Page {
        routes: known.map(|(table, base)| listed(table, base)),
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
pub(crate) fn unreachable(account: &Account, error: &io::Error) -> Page {
    let upstream = &account.upstream;
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("Nothing listens at `{upstream}`."),
        _ => format!("`{upstream}` cannot be reached: {error}."),
    };
    let title = match account.service.as_ref().map(|service| service.phase) {
        Some(Phase::Failed) => "Service failed",
        Some(Phase::Stopped | Phase::Stopping) => "Service is stopped",
        _ => "Service is not there",
    };
    of(account, 502, title, &[&account.service(), &text, &account.instead()], &account.advice())
}

/// The service was waited for, and did not come.
pub(crate) fn late(account: &Account) -> Page {
    let waiting = "The request has waited for it for as long as it may.";
    of(
        account,
        504,
        "Service is starting",
        &[&account.service(), waiting, &account.instead()],
        &account.advice(),
    )
}

/// The upstream closed the connection instead of answering.
pub(crate) fn wordless(account: &Account) -> Page {
    let text = format!("`{}` closed the connection without an answer.", account.upstream);
    hung_up(account, &text)
}

/// The upstream closed the connection inside a head.
pub(crate) fn cut_short(account: &Account) -> Page {
    let text = format!("`{}` closed the connection in the middle of its answer.", account.upstream);
    hung_up(account, &text)
}

fn hung_up(account: &Account, text: &str) -> Page {
    let advice = match account.service {
        Some(_) => account.advice(),
        None => "It may have crashed: its own log tells.".to_owned(),
    };
    of(account, 502, "Service hung up", &[text, &account.service()], &advice)
}

/// The upstream's answer is not HTTP, or not right.
pub(crate) fn bad_response(account: &Account, reject: &Reject) -> Page {
    let text = format!("The answer of `{}` is not well-formed HTTP/1: {reject}.", account.upstream);
    let advice = format!("See what speaks there: navyd ls --probe {}", account.upstream.port);
    of(account, 502, "Bad answer", &[&text, &account.instead(), &account.service()], &advice)
}

/// The upstream is there and says nothing.
pub(crate) fn silent(account: &Account) -> Page {
    let text = format!("`{}` accepted the request and did not answer in time.", account.upstream);
    let advice = match account.service {
        Some(_) => account.advice(),
        None => format!("It may be starting, or stuck: navyd ls {}", account.upstream.port),
    };
    of(account, 504, "Service is silent", &[&text, &account.service()], &advice)
}

/// The upstream speaks HTTP/2 and takes no WebSocket.
pub(crate) fn tunnelless(account: &Account) -> Page {
    let text = format!(
        "`{}` takes no WebSocket: it speaks HTTP/2 and does not offer extended CONNECT (RFC 8441).",
        account.upstream
    );
    let advice = format!(
        "Where it speaks HTTP/1.1 as well, lead the route to http://127.0.0.1:{} instead.",
        account.upstream.port
    );
    of(account, 501, "No WebSocket", &[&text, &account.service()], &advice)
}

/// A page about an upstream, with its service. Empty sentences are left out.
fn of(account: &Account, status: u16, title: &str, sentences: &[&str], advice: &str) -> Page {
    let sentences: Vec<_> = sentences.iter().filter(|sentence| !sentence.is_empty()).copied().collect();
    let told = account.service.clone().map(|service| {
        let seconds = account::seconds(&service, account.now);
        Box::new((service, seconds))
    });
    Page { service: told, ..page(status, title, &sentences.join(" "), advice) }
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
    Page {
        status,
        title: title.to_owned(),
        text: text.to_owned(),
        advice: advice.to_owned(),
        ..Page::default()
    }
}

fn listed(table: &Routes, base: Base) -> Vec<Row> {
    let from = |entry: &Entry| match entry {
        Entry::Name(name) if name.wildcard => entry.to_string(),
        Entry::Name(name) => {
            let Base { scheme, port } = base;
            format!("{}://{}:{port}{}", scheme.as_str(), name.host, name.path.trim_end_matches('/'))
        }
        Entry::Address(address) => address.to_string(),
    };
    let row = |numbered: &Numbered| Row {
        from: from(&numbered.routed.route.entry),
        to: numbered.routed.route.upstream.to_string(),
        service: numbered.routed.service.as_ref().map(|service| {
            let service = service.borrow();
            (service.id.clone(), service.phase)
        }),
    };
    table.all().iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use navyd_model::Ended;

    use super::*;
    use crate::{router, standing::sample};

    const HTTP: Base = Base { scheme: Scheme::Http, port: 80 };

    fn routes() -> Routes {
        let routes = ["shop.localhost/api=http://localhost:4000", "*.x.localhost=http://[::1]:5"];
        router::of(routes.map(|route| route.parse().unwrap()).to_vec())
    }

    fn shown(page: &Page, json: bool) -> String {
        String::from_utf8(page.response(json, false, true, Timestamp::UNIX_EPOCH)).unwrap()
    }

    #[test]
    fn a_page_is_html_or_json() {
        let page = status(&routes(), HTTP);
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
        let html = shown(&unknown("<script>\"&'", Some((&routes(), HTTP)), true), false);
        assert!(
            html.contains("<code>&lt;script&gt;&quot;&amp;&#39;</code>") && !html.contains("<script"),
            "{html}"
        );
    }

    #[test]
    fn a_foreign_host_is_told_nothing() {
        let page = unknown("evil.example", None, true);
        assert!(!shown(&page, false).contains("shop") && !shown(&page, true).contains("routes"));
    }

    #[test]
    fn a_service_that_failed_is_shown_with_its_last_lines() {
        let service = Service {
            ended: Some(Ended::Status(1)),
            log: vec!["<b>boom</b> \u{1b}[31m".to_owned()],
            ..sample(Phase::Failed)
        };
        let account = Account {
            upstream: "http://127.0.0.1:3000".parse().unwrap(),
            service: Some(service),
            elsewhere: None,
            holder: None,
            now: Timestamp::from_second(12).unwrap(),
        };
        let page = unreachable(&account, &io::ErrorKind::ConnectionRefused.into());
        let html = shown(&page, false);
        assert!(html.contains("<h1><b>502 </b>Service failed</h1>"), "{html}");
        assert!(
            html.contains("<code>web.shop</code> failed 12 s ago. Its last process ended with status 1."),
            "{html}"
        );
        assert!(html.contains("<pre class=\"log\">&lt;b&gt;boom&lt;/b&gt; \u{fffd}[31m\n</pre>"), "{html}");
        let json = shown(&page, true);
        assert!(
            json.contains(
                "\"service\":{\"id\":\"web.shop\",\"phase\":\"failed\",\"seconds\":12,\"restarts\":0,\
                 \"ended\":{\"status\":1},\"log\":[\"<b>boom</b> \\u001b[31m\"]}"
            ),
            "{json}"
        );
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
