use navyd_model::exchange::Protocol;
use serde_json::Value;

use super::*;
use crate::export::samples;

/// The spans of these, each with its attributes by name.
fn spans(all: &[&Exchange]) -> Vec<(Value, BTreeMap<String, String>)> {
    let request = request(all, &mut Traces::new(b"test"));
    let spans = request["resourceSpans"].as_array().unwrap().iter();
    let spans = spans.flat_map(|resource| resource["scopeSpans"][0]["spans"].as_array().unwrap());
    let attribute = |of: &Value| {
        let value = of["value"].as_object().unwrap().values().next().unwrap();
        (of["key"].as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned())
    };
    spans
        .map(|span| (span.clone(), span["attributes"].as_array().unwrap().iter().map(attribute).collect()))
        .collect()
}

#[test]
fn a_request_has_what_the_convention_says() {
    let mut exchange = samples().remove(0).exchange;
    exchange.summary.status = Some(503);
    let (span, attributes) = spans(&[&exchange]).remove(0);
    for (name, expected) in [
        ("http.request.method", "POST"),
        ("http.response.status_code", "503"),
        ("url.full", "http://shop.localhost:62893/pay?a=1&b"),
        ("url.path", "/pay"),
        ("url.query", "a=1&b"),
        ("server.address", "shop.localhost"),
        ("server.port", "62893"),
        ("network.peer.address", "::1"),
        ("client.address", "127.0.0.1"),
        ("network.protocol.version", "1.1"),
        ("http.response.body.size", "2"),
        ("error.type", "503"),
    ] {
        assert_eq!(attributes.get(name).map(String::as_str), Some(expected), "{name}");
    }
    assert_eq!((&span["name"], &span["kind"]), (&"POST shop.localhost".into(), &2.into()));
    assert_eq!(span["startTimeUnixNano"], "1795255200000000000");
    assert_eq!(span["endTimeUnixNano"], "1795255200025000000");
    assert_eq!(span["status"]["code"], 2);
}

#[test]
fn a_statement_has_what_the_convention_says() {
    let mut exchange = samples().remove(0).exchange;
    let summary = &mut exchange.summary;
    (summary.protocol, summary.status) = (Protocol::Postgres, None);
    (summary.method, summary.target) = ("query".to_owned(), "select 1".to_owned());
    summary.error = Some("relation does not exist".to_owned());
    exchange.details = json!({"error": {"code": "42P01"}});
    let (span, attributes) = spans(&[&exchange]).remove(0);
    for (name, expected) in [
        ("db.system.name", "postgresql"),
        ("db.query.text", "select 1"),
        ("db.operation.name", "SELECT"),
        ("db.response.status_code", "42P01"),
        ("error.type", "42P01"),
        ("server.port", "3000"),
    ] {
        assert_eq!(attributes.get(name).map(String::as_str), Some(expected), "{name}");
    }
    assert_eq!((&span["name"], &span["kind"]), (&"SELECT shop.localhost".into(), &3.into()));
}

#[test]
fn what_was_caused_comes_below_its_cause() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut all = [1, 2, 3].map(|id| {
        let mut exchange = samples().remove(0).exchange;
        (exchange.summary.id, exchange.summary.caused_by) = (id, (id > 1).then(|| id - 1));
        exchange
    });
    let identifiers = |all: &[Exchange; 3]| {
        // What was caused ends first.
        let spans = spans(&[&all[2], &all[1], &all[0]]);
        spans.iter().map(|(span, _)| span.clone()).collect::<Vec<_>>()
    };
    for told in [false, true] {
        if told {
            all[0].request.headers.push(("traceparent".to_owned(), parent.to_owned()));
        }
        let spans = identifiers(&all);
        assert!(spans.iter().all(|span| span["traceId"] == spans[0]["traceId"]), "{spans:?}");
        assert_eq!(spans[0]["traceId"] == "0af7651916cd43dd8448eb211c80319c", told);
        assert_eq!(spans[0]["parentSpanId"], spans[1]["spanId"]);
        assert_eq!(spans[1]["parentSpanId"], spans[2]["spanId"]);
        let expected = if told { "b7ad6b7169203331".into() } else { Value::Null };
        assert_eq!(spans[2].get("parentSpanId").cloned().unwrap_or_default(), expected);
    }
}
