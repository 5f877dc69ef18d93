//! What is answered without an upstream, and what is refused.

use std::net::TcpListener;

use super::{Hub, Peer, answering, heard, upstream};
use crate::support::nobody;

#[test]
fn where_nothing_listens_is_502_and_the_connection_stays() {
    let (_port, free) = nobody();
    let (_hub, route) = Hub::to("http", free);
    let mut client = Peer::connect(route);
    for _ in 0..2 {
        client.say("GET / HTTP/1.1|Host: a|Accept: application/json||");
        let head = client.head();
        assert!(
            head.starts_with("HTTP/1.1 502 Bad Gateway|")
                && head.contains("|Content-Type: application/json|"),
            "{head}"
        );
        let length = head.split("Content-Length: ").nth(1).unwrap().split('|').next().unwrap();
        let body: serde_json::Value = serde_json::from_str(&client.take(length.parse().unwrap())).unwrap();
        assert_eq!(body["text"], format!("Nothing listens at `http://{free}`."));
    }
}

#[test]
fn a_bad_answer_is_502() {
    for answer in [
        "SSH-2.0-OpenSSH|",
        "HTTP/1.1 200 OK|Content-Length: 1|Content-Length: 2||a",
        "HTTP/1.1 200 OK|Content-Length: 1|Transfer-Encoding: chunked||a",
        "HTTP/1.1 200",
        "",
    ] {
        let address = upstream(move |_, mut peer| {
            peer.head();
            peer.say(answer);
        });
        let (_hub, route) = Hub::to("http", address);
        let mut client = Peer::connect(route);
        client.say("GET / HTTP/1.1|Host: a||");
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 502 Bad Gateway|"), "{answer}: {head}");
    }
}

#[test]
fn a_route_to_the_gateway_itself_is_508() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let hub = Hub::start(&[format!("127.0.0.1:{port}=http://localhost:{port}")]);
    let mut client = Peer::connect(hub.routes[0].unwrap());
    client.say("GET / HTTP/1.1|Host: a||");
    assert!(client.head().starts_with("HTTP/1.1 508 Loop Detected|"));
}

#[test]
fn a_service_that_calls_its_own_name_is_508_at_once() {
    let (address, told) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("GET / HTTP/1.1|Host: a||");
    client.head();
    client.take(2);
    let (_, head) = heard(&told);
    let via = head.split('|').find(|line| line.starts_with("Via: ")).unwrap();
    client.say(&format!("GET / HTTP/1.1|Host: a|{via}||"));
    assert!(client.head().starts_with("HTTP/1.1 508 Loop Detected|"));
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_and_never_forwarded() {
    let (address, told) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let (_hub, route) = Hub::to("http", address);
    for request in [
        "POST / HTTP/1.1|Host: a|Content-Length: 3|Transfer-Encoding: chunked||0||GET /x HTTP/1.1|Host: a||",
        "POST / HTTP/1.1|Host: a|Content-Length: 3|Content-Length: 3||abc",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip||",
        "GET / HTTP/1.1|Host: a|Host: b||",
        "GET / HTTP/1.1||",
        "GET http://b/ HTTP/1.1|Host: a||",
        "GET / HTTP/1.1|Host: a| folded: b||",
        "GET / HTTP/1.1\nHost: a\n\n",
    ] {
        let mut client = Peer::connect(route);
        client.say(request);
        let answer = client.rest();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request|"), "{request}: {answer}");
        assert!(answer.contains("|Connection: close|"), "{request}: {answer}");
    }
    assert!(told.try_recv().is_err());
}

#[test]
fn chunks_that_are_wrong_close_both_connections() {
    let address = upstream(|_, mut peer| {
        peer.head();
        peer.rest();
    });
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    client.say("POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5|abc|0||");
    let answer = client.rest();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request|"), "{answer}");
}

#[test]
fn names_lead_to_routes_and_the_rest_is_told() {
    let (shop, _) = answering("HTTP/1.1 200 OK|Content-Length: 4||shop");
    let (api, _) = answering("HTTP/1.1 200 OK|Content-Length: 3||api");
    let hub = Hub::start(&[
        format!("shop.localhost=http://{shop}"),
        format!("shop.localhost/api=http://{api}"),
        format!("*.shop.localhost=http://{api}"),
    ]);
    let port = hub.listen.port();
    let ask = |host: &str, path: &str| {
        let mut client = Peer::connect(hub.listen);
        client.say(&format!("GET {path} HTTP/1.1|Host: {host}|Connection: close||"));
        client.rest()
    };
    for (host, path, expected) in [
        ("shop.localhost", "/", "||shop"),
        ("SHOP.localhost.:1", "/apix", "||shop"),
        ("shop.localhost", "/api/x", "||api"),
        ("a.b.shop.localhost", "/", "||api"),
    ] {
        let answer = ask(host, path);
        assert!(answer.ends_with(expected), "{host}{path}: {answer}");
    }
    let status = ask(&format!("localhost:{port}"), "/");
    assert!(status.starts_with("HTTP/1.1 200 OK|") && status.contains("shop.localhost"), "{status}");
    let unknown = ask("other.localhost", "/");
    assert!(unknown.starts_with("HTTP/1.1 404 ") && unknown.contains("shop.localhost"), "{unknown}");
    let foreign = ask("evil.example", "/");
    assert!(foreign.starts_with("HTTP/1.1 404 ") && !foreign.contains("shop"), "{foreign}");
    let rebound = ask("127.0.0.1:1", "/");
    assert!(rebound.starts_with("HTTP/1.1 404 "), "{rebound}");
}
