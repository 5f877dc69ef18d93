use navyd_model::exchange::{Outcome, Protocol};

use super::*;
use crate::export::{Format, Raw};

fn read(text: &str) -> Vec<Raw> {
    har(text.as_bytes()).unwrap().entries
}

fn written(all: &[Raw]) -> Vec<u8> {
    let mut out = Vec::new();
    (Format::of("har").unwrap().write)(all, &mut out).unwrap();
    out
}

/// An archive of one entry.
fn archive(request: &str, response: &str, more: &str) -> String {
    format!(
        r#"{{"log":{{"entries":[{{"startedDateTime":"2026-11-21T11:00:00.5+01:00",
        "request":{{"method":"GET","url":"http://a.localhost/x?y#z"{request}}},
        "response":{{"status":200{response}}}{more}}}]}}}}"#
    )
}

#[test]
fn little_is_needed() {
    let raw = &read(&archive("", "", ""))[0];
    let summary = &raw.exchange.summary;
    assert_eq!(summary.started.to_string(), "2026-11-21T10:00:00.5Z");
    assert_eq!(raw.exchange.request.line.as_deref(), Some("GET /x?y HTTP/1.1"));
    assert_eq!(raw.exchange.response.as_ref().unwrap().line.as_deref(), Some("HTTP/1.1 200"));
    assert_eq!((summary.id, summary.route.as_str()), (1, "a.localhost"));
    assert_eq!((summary.protocol, summary.outcome), (Protocol::Http, Outcome::Complete));
    assert_eq!((summary.took_ms, summary.server.address), (None, None));
}

#[test]
fn what_browsers_and_proxies_write_is_read() {
    let all = read(&archive(
        r#","httpVersion":"http/2.0","headersSize":-1,"bodySize":-1,
           "headers":[{"name":":path","value":"/x"},{"name":"a","value":"1"}],
           "postData":{"mimeType":"application/x-www-form-urlencoded","text":"",
                       "params":[{"name":"a b","value":"&"},{"name":"c"}]}"#,
        r#","httpVersion":"h2","statusText":"","_transferSize":312,"bodySize":null,
           "headers":[{"name":"set-cookie","value":"a=1\nb=2"},{"name":"content-encoding","value":"gzip"},
                      {"name":"Content-Length","value":"3"}],
           "content":{"size":4,"mimeType":"text/plain","text":"/////w==","encoding":"base64"}"#,
        r#","time":12.5,"timings":{"blocked":1,"dns":-1,"ssl":-1,"wait":8.25,"receive":1},"cache":null,
           "serverIPAddress":"[::1]","connection":"7","pageref":"p" "#,
    ));
    let raw = &all[0];
    let (exchange, summary) = (&raw.exchange, &raw.exchange.summary);
    assert_eq!(raw.request, b"a+b=%26&c=");
    assert_eq!(exchange.request.headers, [("a".to_owned(), "1".to_owned())]);
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(response.line.as_deref(), Some("HTTP/2 200"));
    let fields: Vec<_> = response.headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(fields, ["set-cookie=a=1", "set-cookie=b=2", "Content-Length=4"]);
    assert_eq!(raw.response, [0xff; 4]);
    assert_eq!((summary.wait_ms, summary.took_ms), (Some(9.25), Some(12.5)));
    assert_eq!(summary.server.address, Some("[::1]:80".parse().unwrap()));
}

#[test]
fn messages_of_websocket_are_read() {
    let all = read(&archive(
        "",
        "",
        r#","_webSocketMessages":[{"type":"send","time":1795255201,"opcode":1,"data":"hi"},
            {"type":"receive","time":1795255201.25,"opcode":2,"data":"AAE="}]"#,
    ));
    let exchange = &all[0].exchange;
    assert_eq!(exchange.summary.protocol, Protocol::Websocket);
    let pieces: Vec<_> =
        exchange.pieces.iter().map(|piece| (piece.kind.as_str(), piece.size, piece.at_ms)).collect();
    assert_eq!(pieces, [("text", 2, 500.0), ("binary", 2, 750.0)]);
}

#[test]
fn what_is_no_http_is_counted() {
    let text = archive("", "", "").replace("http://a.localhost/x?y#z", "data:text/plain,x");
    let archive = har(text.as_bytes()).unwrap();
    assert_eq!((archive.entries.len(), archive.skipped), (0, 1));
}

#[test]
fn a_mistake_has_its_place() {
    let rows: [(&str, usize, &str); 8] = [
        ("", 1, "EOF while parsing a value"),
        ("{\"log\":\n3}", 2, "invalid type: integer `3`, expected struct Log"),
        ("{\n}", 2, "missing field `log`"),
        ("{\"log\":{\"entries\":{}}}", 1, "invalid type: map, expected a list of entries"),
        (&archive(r#","headers":[{"name":"a b","value":""}]"#, "", ""), 2, "`a b` is no name of a header"),
        (&archive("", r#","statusText":"a\r\nb: c""#, ""), 3, r"`a\r\nb: c` is more than one line"),
        (
            &archive("", "", "").replace("a.localhost/", "a b/"),
            2,
            "`http://a b/x?y#z` is empty, or has a space in it",
        ),
        (&archive("", "", "").replace(r#""method":"GET","#, ""), 2, "missing field `method`"),
    ];
    for (text, line, expected) in rows {
        let ImportError::Mistake { line: at, column, what } = har(text.as_bytes()).unwrap_err() else {
            panic!("{text}");
        };
        assert_eq!((at, what.as_str()), (line, expected), "{text}, column {column}");
    }
    let deep = format!("{{\"log\":{{\"entries\":[{}", "[".repeat(100_000));
    assert!(har(deep.as_bytes()).is_err());
    let many = format!(r#"{{"log":{{"entries":[{}0]}}}}"#, "0,".repeat(3));
    assert!(har(many.as_bytes()).is_err());
}

#[test]
fn what_was_written_is_read_and_written_again() {
    for raw in crate::export::samples() {
        let once = written(std::slice::from_ref(&raw));
        let read = har(&once).unwrap().entries;
        assert_eq!(String::from_utf8(written(&read)).unwrap(), String::from_utf8(once).unwrap());
        let read = &read[0];
        assert_eq!((&read.request, &read.response), (&raw.request, &raw.response));
        assert_eq!(read.exchange.request.headers, raw.exchange.request.headers);
        assert_eq!(read.exchange.summary.client, raw.exchange.summary.client);
        assert_eq!(read.exchange.hits, raw.exchange.hits);
    }
}
