//! Who may ask what through the port, with real requests.

use super::{Answer, Foreground, Home, ask};
use crate::support::{program, run::run, skip};

/// A request with the fields of its head in full.
fn raw(hub: &Foreground, method: &str, path: &str, fields: &str) -> Answer {
    let stream = std::net::TcpStream::connect(hub.address()).unwrap();
    ask(stream, method, path, fields, "").unwrap()
}

/// A session's token, by the way that people take.
fn session(home: &Home, hub: &Foreground) -> String {
    let link = home.json(&["hub", "status", "--link"])["link"].clone();
    let token = link["token"].as_str().unwrap();
    assert_eq!(link["url"], format!("http://{}/#t={token}", hub.address()));
    let body = format!("{{\"token\":\"{token}\"}}");
    let opened = hub.ask("POST", "/api/v1/session", "", &body);
    assert_eq!(opened.status, 200, "{opened:?}");
    // It can be used once.
    assert_eq!(hub.ask("POST", "/api/v1/session", "", &body).status, 401);
    opened.json()["token"].as_str().unwrap().to_owned()
}

#[test]
fn only_its_own_host_leads_to_it() {
    let home = Home::new();
    let hub = home.hub();
    let port = hub.address().port();
    for (host, own) in [
        (format!("127.0.0.1:{port}"), true),
        (format!("localhost:{port}"), true),
        (format!("navyd.localhost:{port}"), true),
        (format!("[::1]:{port}"), true),
        ("127.0.0.1".to_owned(), false),
        (format!("127.0.0.1:{}", port ^ 1), false),
        (format!("127.0.0.2:{port}"), false),
        (format!("0.0.0.0:{port}"), false),
        (format!("2130706433:{port}"), false),
        (format!("[::ffff:127.0.0.1]:{port}"), false),
        (format!("evil.example:{port}"), false),
        (format!("127.0.0.1.evil.example:{port}"), false),
        (format!("shop.localhost:{port}"), false),
    ] {
        let answer = raw(&hub, "GET", "/", &format!("Host: {host}\r\n"));
        assert_eq!(answer.body.contains("<dt>listens at</dt>"), own, "{host}: {answer:?}");
        assert_eq!(answer.status == 200, own, "{host}: {answer:?}");
    }
}

#[test]
fn no_other_origin_is_answered() {
    let home = Home::new();
    let hub = home.hub();
    let (own, port) = (hub.address(), hub.address().port());
    let token = session(&home, &hub);
    for (field, status) in [
        (format!("Origin: http://{own}"), 200),
        ("Origin: http://evil.example".to_owned(), 403),
        (format!("Origin: http://localhost:{port}"), 403),
        (format!("Origin: http://shop.localhost:{port}"), 403),
        ("Origin: null".to_owned(), 403),
        ("Referer: http://127.0.0.1:3000/".to_owned(), 403),
        (format!("Referer: http://{own}/x"), 200),
        ("Sec-Fetch-Site: same-origin".to_owned(), 200),
        ("Sec-Fetch-Site: none".to_owned(), 200),
        ("Sec-Fetch-Site: same-site".to_owned(), 403),
        ("Sec-Fetch-Site: cross-site".to_owned(), 403),
    ] {
        let fields = format!("Authorization: Bearer {token}\r\n{field}\r\n");
        for path in ["/", "/api/v1/status"] {
            let answer = hub.ask("GET", path, &fields, "");
            assert_eq!(answer.status, status, "{path} {field}: {answer:?}");
            assert!(!answer.head.to_lowercase().contains("access-control-"), "{answer:?}");
        }
    }
}

#[test]
fn the_api_wants_a_session_and_the_page_does_not() {
    let home = Home::new();
    let hub = home.hub();
    for (method, path) in [
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/routes"),
        ("POST", "/api/v1/routes"),
        ("DELETE", "/api/v1/routes/x"),
        ("GET", "/api/v1/listeners"),
        ("GET", "/api/v1/events"),
        ("POST", "/api/v1/links"),
        ("POST", "/api/v1/stop"),
        ("GET", "/api/v1/nothing"),
    ] {
        let answer = hub.ask(method, path, "", "");
        assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
        assert_eq!(answer.json()["hint"], "navyd hub status --link");
    }
    assert_eq!(hub.ask("GET", "/api/v1/openapi.json", "", "").status, 200);
    let page = hub.ask("GET", "/", "", "");
    assert_eq!(page.status, 200);
    for field in [
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
    ] {
        assert!(page.head.to_lowercase().contains(field), "{}", page.head);
    }
    assert!(!page.body.contains("<script") && !page.head.to_lowercase().contains("set-cookie"));

    let token = format!("Authorization: Bearer {}\r\n", session(&home, &hub));
    assert_eq!(hub.ask("GET", "/api/v1/status", &token, "").json()["pid"], hub.status["pid"]);
    // A session opens no other.
    assert_eq!(hub.ask("POST", "/api/v1/links", &token, "").status, 403);
    assert_eq!(hub.ask("POST", "/api/v1/stop", &token, "").status, 202);
}

#[test]
fn a_browser_as_curl_plays_it_is_refused() {
    const NAME: &str = "hub::guard::a_browser_as_curl_plays_it_is_refused";
    let Some(curl) = program("curl") else { return skip(NAME, "`curl` is not installed") };
    let home = Home::new();
    let hub = home.hub();
    // A form of a foreign page, and the question that a script of one would have to ask first.
    for extra in [
        &[
            "-X",
            "POST",
            "-H",
            "Origin: http://evil.example",
            "-d",
            "{\"from\":\"x.localhost\",\"to\":\"http://127.0.0.1:1\"}",
        ][..],
        &["-X", "OPTIONS", "-H", "Origin: http://evil.example", "-H", "Access-Control-Request-Method: POST"],
    ] {
        let mut command = std::process::Command::new(&curl);
        command.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20"]).args(extra);
        let ran = run(command.arg(format!("http://{}/api/v1/routes", hub.address())));
        assert_eq!(ran.stdout, "403", "{extra:?}: {ran:?}");
    }
    assert_eq!(home.json(&["route", "ls"])["routes"].as_array().unwrap().len(), 0);
}
