//! The table of who may ask what.

use super::*;

const PORT: u16 = 62893;

fn verdict(method: &str, path: &str, fields: &[(&'static str, &str)], ports: &[u16]) -> Result<(), Denied> {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(*name, value.parse().unwrap());
    }
    let listen: Vec<SocketAddr> = ports
        .iter()
        .flat_map(|port| [([127, 0, 0, 5], *port), ([0, 0, 0, 0], *port)])
        .map(Into::into)
        .collect();
    judge(&method.parse().unwrap(), path, &map, &listen, |token| token == b"good")
}

#[test]
fn only_our_own_host_is_answered() {
    for (host, ports, expected) in [
        ("127.0.0.1:62893", &[PORT][..], true),
        ("[::1]:62893", &[PORT], true),
        ("localhost:62893", &[PORT], true),
        ("LocalHost:62893", &[PORT], true),
        ("navyd.localhost:62893", &[PORT], true),
        ("127.0.0.1", &[PORT], false),
        ("[::1]", &[PORT], false),
        ("127.0.0.1:80", &[PORT], false),
        ("127.0.0.1:062893", &[PORT], false),
        ("127.0.0.1:62893 ", &[PORT], false),
        ("127.0.0.2:62893", &[PORT], false),
        ("127.0.0.5:62893", &[PORT], true),
        ("127.0.0.5", &[PORT], false),
        ("127.0.0.5", &[80], true),
        ("127.0.0.5:62894", &[PORT], false),
        ("2130706433:62893", &[PORT], false),
        ("0x7f.1:62893", &[PORT], false),
        ("[::ffff:127.0.0.1]:62893", &[PORT], false),
        ("0.0.0.0:62893", &[PORT], false),
        ("localhost.:62893", &[PORT], false),
        ("shop.localhost:62893", &[PORT], false),
        ("navyd.local:62893", &[PORT], false),
        ("evil.example:62893", &[PORT], false),
        ("127.0.0.1.evil.example:62893", &[PORT], false),
        ("user@127.0.0.1:62893", &[PORT], false),
        ("", &[PORT], false),
        (":62893", &[PORT], false),
        ("127.0.0.1", &[PORT, 80], true),
        ("navyd.localhost", &[443], true),
        ("[::1]", &[80], true),
        ("127.0.0.1:80", &[PORT, 80], true),
    ] {
        let found = verdict("GET", "/", &[("host", host)], ports);
        assert_eq!(found, if expected { Ok(()) } else { Err(Denied::Host) }, "{host} {ports:?}");
    }
    assert_eq!(verdict("GET", "/", &[], &[PORT]), Err(Denied::Host));
    let twice = [("host", "127.0.0.1:62893"), ("host", "127.0.0.1:62893")];
    assert_eq!(verdict("GET", "/", &twice, &[PORT]), Err(Denied::Host));
}

#[test]
fn no_other_origin_is_answered() {
    for (name, value, expected) in [
        ("origin", "http://127.0.0.1:62893", true),
        ("origin", "https://127.0.0.1:62893", true),
        ("origin", "http://localhost:62893", false),
        ("origin", "http://127.0.0.1:3000", false),
        ("origin", "http://127.0.0.1", false),
        ("origin", "http://shop.localhost:62893", false),
        ("origin", "https://evil.example", false),
        ("origin", "http://127.0.0.1:62893.evil.example", false),
        ("origin", "null", false),
        ("origin", "", false),
        ("origin", "file://", false),
        ("referer", "http://127.0.0.1:62893/", true),
        ("referer", "http://127.0.0.1:62893/api/v1/status?x", true),
        ("referer", "http://127.0.0.1:62893", true),
        ("referer", "http://127.0.0.1:3000/", false),
        ("referer", "https://evil.example/http://127.0.0.1:62893/", false),
        ("referer", "http://127.0.0.1:62893@evil.example/", false),
        ("sec-fetch-site", "same-origin", true),
        ("sec-fetch-site", "none", true),
        ("sec-fetch-site", "same-site", false),
        ("sec-fetch-site", "cross-site", false),
        ("sec-fetch-site", "whatever", false),
    ] {
        let fields = [("host", "127.0.0.1:62893"), ("authorization", "Bearer good"), (name, value)];
        let expected = if expected { Ok(()) } else { Err(Denied::Origin) };
        for (method, path) in [("GET", "/"), ("GET", "/api/v1/status"), ("POST", "/api/v1/session")] {
            assert_eq!(verdict(method, path, &fields, &[PORT]), expected, "{method} {path} {name}: {value}");
        }
    }
    let good = [("host", "127.0.0.1:62893"), ("origin", "http://127.0.0.1:62893"), ("origin", "http://x")];
    assert_eq!(verdict("GET", "/", &good, &[PORT]), Err(Denied::Origin));
}

#[test]
fn the_api_wants_a_session() {
    for (method, path, authorization, expected) in [
        ("GET", "/", None, true),
        ("HEAD", "/navyd.css", None, true),
        ("GET", "/nothing", None, true),
        ("POST", "/", None, false),
        ("GET", "/api", None, false),
        ("GET", "/api/v1/status", None, false),
        ("GET", "/api/v1/openapi.json", None, true),
        ("POST", "/api/v1/openapi.json", None, false),
        ("POST", "/api/v1/session", None, true),
        ("GET", "/api/v1/session", None, false),
        ("DELETE", "/api/v1/routes/x", None, false),
        ("OPTIONS", "/api/v1/status", None, false),
        ("GET", "/api/v1/status", Some("Bearer good"), true),
        ("GET", "/api/v1/status", Some("bearer good"), true),
        ("POST", "/api/v1/stop", Some("Bearer good"), true),
        ("GET", "/api/v1/status", Some("Bearer bad"), false),
        ("GET", "/api/v1/status", Some("Bearer  good"), false),
        ("GET", "/api/v1/status", Some("Basic good"), false),
        ("GET", "/api/v1/status", Some("good"), false),
        ("GET", "/api/v1/status", Some(""), false),
    ] {
        let mut fields = vec![("host", "127.0.0.1:62893")];
        fields.extend(authorization.map(|value| ("authorization", value)));
        let expected = if expected { Ok(()) } else { Err(Denied::Token) };
        assert_eq!(verdict(method, path, &fields, &[PORT]), expected, "{method} {path} {authorization:?}");
    }
}
