//! Routes, asked over a socket.

use std::rc::Rc;

use super::Echo;
use crate::{
    fixture::Standing,
    http::{Hosts, Manners, Server},
};

fn standing() -> Standing {
    Standing::new(|| {
        let manners = Manners { hosts: Hosts::Any, ..Manners::default() };
        Rc::new(Server { site: Rc::new(Echo), manners, told: None })
    })
}

/// The answer to a request with this first line, these fields, and this body.
fn ask(standing: &Standing, line: &str, fields: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request =
        format!("{line} HTTP/1.1\r\nHost: echo.test\r\nConnection: close\r\n{length}{fields}\r\n{body}");
    String::from_utf8_lossy(&standing.ask(request)).into_owned()
}

#[test]
fn each_route_answers_as_it_is_asked_to() {
    let standing = standing();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let parts = "Content-Type: multipart/form-data; boundary=B\r\n";
    let file = "--B\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n\u{e9}\r\n--B--\r\n";
    for (line, fields, body, expected) in [
        ("GET /", "", "", &["200 OK", "<a href=\"/forms/post\">", "/anything/{anything}"][..]),
        (
            "GET /get?b=1&a=2&b=%C3%A9",
            "X-A: 1\r\nx-a: 2\r\nVia: me\r\n",
            "",
            &[
                "\"b\": [\n      \"1\",\n      \"\\u00e9\"\n    ]",
                "\"X-A\": \"1,2\"",
                "\"origin\": \"127.0.0.1\"",
                "\"url\": \"http://echo.test/get?b=1&a=2&b=\\u00e9\"",
                "Access-Control-Allow-Origin: *\r\n",
            ],
        ),
        ("GET /get?show_env", "Via: me\r\n", "", &["\"Via\": \"me\"", "\"show_env\": \"\""]),
        ("GET /ip", "X-Forwarded-For: 1.2.3.4\r\n", "", &["{\n  \"origin\": \"1.2.3.4\"\n}\n"]),
        ("GET /user-agent", "", "", &["{\n  \"user-agent\": null\n}\n"]),
        ("POST /post", form, "a=1&a=2", &["\"form\": {\n    \"a\": [", "\"data\": \"\"", "\"json\": null"]),
        ("PUT /put", "", "[1.0]", &["\"data\": \"[1.0]\"", "\"json\": [\n    1.0\n  ]"]),
        ("POST /post", parts, file, &["\"files\": {\n    \"f\": \"\\u00e9\"\n  }"]),
        (
            "PATCH /anything/a%2Fb%20",
            "",
            "x",
            &["\"method\": \"PATCH\"", "http://echo.test/anything/a/b%20\""],
        ),
        ("GET /status/418", "", "", &["418 ", "teapot"]),
        ("GET /status/x", "", "", &["400 ", "Invalid status code"]),
        ("POST /get", "", "", &["405 ", "Allow: GET, HEAD, OPTIONS"]),
        (
            "OPTIONS /post",
            "Access-Control-Request-Headers: X-A\r\n",
            "",
            &[
                "200 OK",
                "Allow: POST, OPTIONS",
                "Access-Control-Allow-Methods: ",
                "Access-Control-Allow-Headers: X-A\r\n",
            ],
        ),
        ("GET /nothing", "", "", &["404 "]),
        ("GET //get", "", "", &["200 OK", "http://echo.test/get\""]),
        ("GET /status//204?a=b", "", "", &["308 ", "Location: http://echo.test/status/204?a=b\r\n"]),
        ("GET /spec.json", "", "", &["\"swagger\": \"2.0\"", "\"/digest-auth/{qop}/{user}/{passwd}\": {"]),
        (
            "POST /post",
            "Content-Type: multipart/form-data\r\n",
            "--B",
            &["\"data\": \"--B\"", "\"files\": {}", "\"form\": {}"],
        ),
        (
            "POST /post",
            parts,
            "--B\nContent-Disposition: form-data; name=\"a%22\"\n\n1\n--B--\n",
            &["\"form\": {\n    \"a\\\"\": \"1\"\n  }"],
        ),
        (
            "GET /absolute-redirect/2",
            "X-Forwarded-Proto: https\r\n",
            "",
            &["Location: https://echo.test/absolute-redirect/1\r\n"],
        ),
        ("GET /cookies/set/a/b", "X-Forwarded-Ssl: on\r\n", "", &["Set-Cookie: a=b; Secure; Path=/\r\n"]),
        (
            "GET /relative-redirect/2",
            "",
            "",
            &["Location: /relative-redirect/1\r\n", "Content-Length: 0\r\n"],
        ),
        ("GET /redirect/99999999999999999999", "", "", &["400 ", "for ever"]),
        ("GET /cache/099999999999999999999", "", "", &["max-age=99999999999999999999\r\n"]),
        ("GET /cache", "If-None-Match:\r\n", "", &["304 "]),
        ("GET /stream-bytes/1?seed=0&chunk_size=-1", "", "", &["200 OK"]),
        (
            "GET /response-headers?A=1&a=2&Location=/x%20y",
            "",
            "",
            &["\"a\": [\n    \"1\",\n    \"2\"\n  ]", "Location: /x%20y\r\n"],
        ),
        ("HEAD /get", "", "", &["200 OK", "Content-Length: "]),
        (
            "GET /response-headers?A=1&a=2&Content-Length=9&b%0d%0ac=x",
            "",
            "",
            &["\r\nA: 1\r\na: 2\r\n", "\"A\": [\n    \"1\",\n    \"2\"\n  ]"],
        ),
        ("GET /redirect/2", "", "", &["302 ", "Location: /relative-redirect/1\r\n"]),
        ("GET /redirect/1?absolute=TRUE", "", "", &["Location: http://echo.test/get\r\n"]),
        ("GET /absolute-redirect/3", "", "", &["Location: http://echo.test/absolute-redirect/2\r\n"]),
        ("GET /redirect/0", "", "", &["400 "]),
        (
            "POST /redirect-to?url=/a%20b%0d%0aX:%20y&status_code=307",
            "",
            "",
            &["307 ", "Location: /a%20b%0D%0AX:%20y\r\n"],
        ),
        ("GET /redirect-to", "", "", &["400 ", "`url`"]),
        (
            "GET /cookies",
            "Cookie: b=2; a=1\r\nCookie: __utmz=3\r\n",
            "",
            &["\"cookies\": {\n    \"a\": \"1\",\n    \"b\": \"2\"\n  }"],
        ),
        (
            "GET /cookies/set?a=b%20c",
            "",
            "",
            &["302 ", "Location: /cookies\r\n", "Set-Cookie: a=\"b c\"; Path=/\r\n"],
        ),
        ("GET /cookies/delete?a", "", "", &["Set-Cookie: a=; Expires=Thu, 01 Jan 1970 "]),
        ("GET /basic-auth/u/p", "", "", &["401 ", "WWW-Authenticate: Basic realm=\"Fake Realm\""]),
        ("GET /basic-auth/u/p", "Authorization: Basic dTpw\r\n", "", &["200 OK", "\"user\": \"u\""]),
        ("GET /hidden-basic-auth/u/q", "Authorization: Basic dTpw\r\n", "", &["404 "]),
        ("GET /bearer", "Authorization: Bearer t\r\n", "", &["\"token\": \"t\""]),
        ("GET /bearer", "Authorization: bearer t\r\n", "", &["401 ", "WWW-Authenticate: Bearer\r\n"]),
        (
            "GET /digest-auth/x/u/p/SHA-256",
            "",
            "",
            &["401 ", "qop=\"auth, auth-int\", algorithm=SHA-256, stale=False"],
        ),
        (
            "GET /stream/2",
            "",
            "",
            &["{\"url\": \"http://echo.test/stream/2\", \"args\": {}, \"headers\": {", "\"id\": 1}\n"],
        ),
        ("GET /stream-bytes/6?seed=0&chunk_size=5", "", "", &["\r\n5\r\n", "\r\n1\r\n", "0\r\n\r\n"]),
        ("GET /drip?numbytes=3&duration=0&code=500", "", "", &["500 ", "\r\n\r\n***"]),
        ("GET /drip?numbytes=-1", "", "", &["400 ", "number of bytes must be positive"]),
        ("GET /delay/-1", "", "", &["400 "]),
        (
            "GET /range/26",
            "Range: bytes=-3\r\n",
            "",
            &["206 ", "Content-Range: bytes 23-25/26", "\r\n\r\nxyz"],
        ),
        ("GET /range/26", "Range: bytes=30-\r\n", "", &["416 ", "Content-Range: bytes */26"]),
        ("GET /cache", "If-None-Match: x\r\n", "", &["304 "]),
        ("GET /etag/e", "If-None-Match: \"d\", W/\"e\"\r\n", "", &["304 ", "ETag: e\r\n"]),
        ("GET /etag/e", "If-Match: \"d\"\r\n", "", &["412 "]),
        ("GET /base64/bsOpLQ==", "", "", &["\r\n\r\nné-"]),
        ("GET /base64/b", "", "", &["Incorrect Base64 data try: "]),
        ("GET /links/3/1", "", "", &["<a href='/links/3/0'>0</a> 1 <a href='/links/3/2'>2</a> "]),
        ("GET /image", "Accept: text/html\r\n", "", &["406 ", "\"accept\": [\"image/webp\""]),
        ("GET /image", "Accept: image/svg+xml\r\n", "", &["Content-Type: image/svg+xml", "<svg "]),
        ("GET /xml", "", "", &["Content-Type: application/xml"]),
        ("GET /encoding/utf8", "", "", &["charset=utf-8", "横浜"]),
    ] {
        let answer = ask(&standing, line, fields, body);
        for part in expected {
            assert!(answer.contains(part), "`{part}` is not in the answer to `{line}`:\n{answer}");
        }
    }
    assert!(ask(&standing, "GET /bytes/300000", "", "").contains("Content-Length: 102400\r\n"));
}

#[test]
fn fields_of_origins_are_sent_once() {
    let standing = standing();
    let answer =
        ask(&standing, "GET /response-headers?access-control-allow-origin=x", "Origin: http://o\r\n", "");
    assert_eq!(
        answer.to_lowercase().matches("\r\naccess-control-allow-origin: http://o\r\n").count(),
        1,
        "{answer}"
    );
    assert!(!answer.contains("\r\naccess-control-allow-origin: x"), "{answer}");
}

#[test]
fn a_body_that_is_none_is_refused_with_what_is_wrong() {
    let standing = standing();
    let head = "POST /post HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    for (rest, status, said) in [
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400 ", "hexadecimal"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh", "400 ", "chunk"),
        ("Content-Length: 16777217\r\n\r\n", "413 ", "longer than 16777216 bytes"),
    ] {
        let answer = String::from_utf8(standing.ask(format!("{head}{rest}"))).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(said),
            "{rest}: {answer}"
        );
        assert!(answer.contains("\r\nAccess-Control-Allow-Origin: *\r\n"), "{rest}: {answer}");
    }
}

#[test]
fn a_form_of_many_fields_is_refused_and_one_of_fewer_read_at_once() {
    let standing = standing();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let fields = |count: u32| (0..count).map(|at| format!("{at}=&")).collect::<String>();
    let answer = ask(&standing, "POST /post", form, &fields(90_000));
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"89999\": \"\""));
    let answer = ask(&standing, "POST /post", form, &fields(100_001));
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn what_is_sent_back_splits_no_answer() {
    let standing = standing();
    for line in [
        "GET /response-headers?a=b%0d%0aX-Split:%20c",
        "GET /cookies/set?a%0d%0ab=c%0d%0aX-Split:d",
        "GET /etag/a%0d%0aX-Split:%20b",
    ] {
        let answer = ask(&standing, line, "", "");
        assert!(!answer.contains("\r\nX-Split") && answer.starts_with("HTTP/1.1 "), "{line}:\n{answer}");
    }
}

#[test]
fn a_document_tells_its_own_length() {
    let standing = standing();
    for length in [1, 10, 80, 90, 100, 900, 910, 920] {
        let answer = ask(&standing, &format!("GET /response-headers?a={}", "x".repeat(length)), "", "");
        let (_, body) = answer.split_once("\r\n\r\n").expect("it has a head");
        assert!(body.contains(&format!("\"Content-Length\": \"{}\"", body.len())), "{answer}");
    }
}
