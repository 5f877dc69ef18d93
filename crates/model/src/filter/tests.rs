use super::*;
use crate::exchange::{Body, Exchange, Message, Outcome, Party, Protocol, Summary};

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn exchange() -> Exchange {
    let party = |pid, program: &str| Party {
        address: None,
        pid: Some(pid),
        program: Some(program.to_owned()),
        project: Some("shop".to_owned()),
    };
    let message = |header: (&str, &str), body: &str| Message {
        headers: vec![(header.0.to_owned(), header.1.to_owned())],
        body: Some(Body { text: Some(body.to_owned()), ..Body::default() }),
        ..Message::default()
    };
    Exchange {
        summary: Summary {
            id: 12,
            protocol: Protocol::Http,
            route: "shop.localhost/api".to_owned(),
            started: "2026-11-21T09:59:00Z".parse().unwrap(),
            wait_ms: Some(100.0),
            took_ms: Some(250.0),
            client: party(812, "curl"),
            server: party(900, "node"),
            method: "POST".to_owned(),
            target: "http://api.shop.localhost:62893/v1/pay?page=2".to_owned(),
            status: Some(502),
            outcome: Outcome::Complete,
            error: None,
            sent: 1000,
            received: 3500,
            lost: 0,
            faults: vec!["slow".to_owned()],
            caused_by: None,
        },
        request: message(("Content-Type", "application/json"), r#"{"card":"x"}"#),
        response: Some(message(("X-Id", "7"), "upstream Timeout")),
        pieces: Vec::new(),
        details: serde_json::Value::Null,
        hits: Vec::new(),
        caused: Vec::new(),
        maybe_caused: Vec::new(),
        maybe_caused_by: Vec::new(),
    }
}

#[test]
fn a_filter_means_what_it_says() {
    let exchange = exchange();
    for (text, expected) in [
        ("", true),
        (
            "method:POST status:>=500 host:api path:/v1/* body~\"timeout\" took:>200ms from:pid:812 fault:*",
            true,
        ),
        ("method:post", true),
        ("method:GET,POST", true),
        ("method:GET", false),
        ("method:!=GET", true),
        ("status:5xx", true),
        ("status:500..502", true),
        ("status:200,502", true),
        ("status>=500 took>0.2s", true),
        ("status:!=502", false),
        ("not status:200", true),
        ("!status:200 -method:GET", true),
        ("status:200 or method:POST", true),
        ("status:200 or (method:POST and took:<200ms)", false),
        ("host:api.shop.localhost", true),
        ("host:sho*", true),
        ("host:pay", false),
        ("path:/v1", false),
        ("path~PAY", true),
        ("query:page=2", true),
        ("url~page=2", true),
        ("route:shop", true),
        ("protocol:http", true),
        ("header:x-id", true),
        ("header:x-other", false),
        ("header.X-Id:7", true),
        ("header.content-type~json", true),
        ("header~application", true),
        ("request.body~card", true),
        ("response.body~card", false),
        ("body~/time.?out$/", true),
        ("body~/^timeout/", false),
        ("from:curl to:node from:project:shop", true),
        ("from:pid:900", false),
        ("wait:100 size:4500 sent:1kb received:>=3.5kb", true),
        ("lost:>0", false),
        ("outcome:complete error:*", false),
        ("fault:slow", true),
        ("fault:fast", false),
        ("id:10..20", true),
        ("caused_by:3", false),
        ("since:2m", true),
        ("since:30s", false),
        ("until:2026-11-21", false),
        ("since:2026-11-21 until:2026-11-21T09:59:30Z", true),
        ("pay", true),
        ("\"application/json\"", true),
        ("refund", false),
        ("'a:b'", false),
    ] {
        let filter =
            Filter::parse(text, now()).unwrap_or_else(|error| panic!("{text}: {error} {}", error.hint));
        assert_eq!(filter.matches(&exchange), Some(expected), "{text}: {:?}", filter.expr());
        assert_eq!(filter.to_string(), text);
    }
}

#[test]
fn what_is_not_known_yet_is_unknown_only_where_it_matters() {
    let summary = exchange().summary;
    for (text, expected) in [
        ("body~x", None),
        ("body~x method:GET", Some(false)),
        ("body~x or method:POST", Some(true)),
        ("not body~x", None),
        ("took:>1", Some(true)),
    ] {
        assert_eq!(Filter::parse(text, now()).unwrap().matches(&summary), expected, "{text}");
    }
    let open = Summary { took_ms: None, ..summary };
    assert_eq!(Filter::parse("took:>1", now()).unwrap().matches(&open), None);
    for (text, response, body) in [("method:GET", false, false), ("status:200 body~x", true, true)] {
        let filter = Filter::parse(text, now()).unwrap();
        assert_eq!((filter.needs_response(), filter.needs_body()), (response, body), "{text}");
    }
}

#[test]
fn a_mistake_is_pointed_at() {
    for (text, mark, message) in [
        ("methd:GET", "^^^^^^", "`methd` is no field"),
        ("a status:", "  ^^^^^^^", "`status` has no value"),
        ("status: 200", "^^^^^^^", "`status` has no value"),
        ("status:abc", "       ^^^", "`abc` is not understood here"),
        ("took:>200kb", "     ^^^^^^", "`200kb` is not understood here"),
        ("status~5", "       ^", "`~` looks into texts"),
        ("(status:5xx", "^", "`(` is opened and never closed"),
        ("status:5xx)", "          ^", "`)` closes nothing"),
        ("or status:5xx", "^^", "nothing stands before `or`"),
        ("status:5xx or", "           ^^", "nothing stands behind `or`"),
        ("é not", "     ^", "something has to follow"),
        ("body~\"time", "     ^^^^^", "`\"` is opened"),
        ("body~/[/", "     ^^^", "is no regular expression"),
        ("protocol:smtp", "         ^^^^", "`smtp` is none of them"),
    ] {
        let error = Filter::parse(text, now()).expect_err(text);
        assert!(error.message.contains(message), "{text}: {error}");
        assert_eq!(error.pointing(text)[1], mark, "{text}: {error}");
        assert!(!error.hint.is_empty());
    }
    assert!(Filter::parse(&"(".repeat(100_000), now()).is_err());
    assert!(Filter::parse(&"!".repeat(100_000), now()).is_err());
}
