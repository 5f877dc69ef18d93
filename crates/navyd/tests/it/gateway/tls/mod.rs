//! The gateway with TLS, seen by a client that says exactly what a test wants.

mod peers;

use std::{
    io::{BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::Arc,
};

use rustls::{
    AlertDescription, ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore,
    StreamOwned, SupportedProtocolVersion,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};

use super::{
    DEADLINE, Hub, Peer, answering, heard,
    streams::{LARGE, sum_of, sum_of_large, write_large},
    upstream,
};
use crate::support::run::run;

/// A client of the gateway, inside TLS.
type Secure = Peer<StreamOwned<ClientConnection, TcpStream>>;

/// What clients speak unless they say otherwise.
const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

const OK: &str = "HTTP/1.1 200 OK|Content-Length: 2||hi";

/// A client that trusts the hub's authority alone.
fn trusting(hub: &Hub, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let pem = hub.authority.as_deref().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_protocol_versions(versions).unwrap();
    config.with_root_certificates(roots).with_no_client_auth()
}

fn connect(config: &Arc<ClientConfig>, address: SocketAddr, name: &str) -> Secure {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let session = ClientConnection::new(Arc::clone(config), name).unwrap();
    Peer { stream: BufReader::new(StreamOwned::new(session, stream)) }
}

impl Secure {
    fn session(&mut self) -> &mut ClientConnection {
        &mut self.stream.get_mut().conn
    }

    /// Says in order that no more comes, and still reads.
    fn say_end(&mut self) {
        self.session().send_close_notify();
        self.stream.get_mut().flush().unwrap();
        self.stream.get_ref().sock.shutdown(Shutdown::Write).unwrap();
    }
}

/// A hub with one route by name; where it listens.
fn shop(upstream: SocketAddr) -> (Hub, Arc<ClientConfig>) {
    let hub = Hub::start_with(&["--tls"], &[format!("shop.localhost=http://{upstream}")]);
    let config = Arc::new(trusting(&hub, BOTH));
    (hub, config)
}

#[test]
fn tls_and_plain_are_told_apart_on_every_address() {
    let (address, told) = answering(OK);
    let routes = [format!("shop.localhost=http://{address}"), format!("127.0.0.1:0=http://{address}")];
    let hub = Hub::start_with(&["--tls"], &routes);
    let config = Arc::new(trusting(&hub, BOTH));
    let own = hub.routes[1].unwrap();
    for (address, name) in
        [(hub.listen, "shop.localhost"), (own, "127.0.0.1"), (own, "localhost"), (own, "shop.localhost")]
    {
        let mut client = connect(&config, address, name);
        for _ in 0..2 {
            client.say("GET / HTTP/1.1|Host: shop.localhost||");
            assert!(client.head().starts_with("HTTP/1.1 200 OK|"), "{name}");
            assert_eq!(client.take(2), "hi");
            let (_, head) = heard(&told);
            assert!(head.contains("|X-Forwarded-Proto: https|"), "{head}");
            assert!(head.contains(";proto=https;"), "{head}");
        }
        assert_eq!(client.session().alpn_protocol(), None);
        assert_eq!(client.session().protocol_version(), Some(ProtocolVersion::TLSv1_3));

        let mut client = Peer::connect(address);
        client.say("GET / HTTP/1.1|Host: shop.localhost||");
        assert!(client.head().starts_with("HTTP/1.1 200 OK|"), "{name}");
        let (_, head) = heard(&told);
        assert!(head.contains("|X-Forwarded-Proto: http|"), "{head}");
    }
}

#[test]
fn links_of_the_own_page_stay_inside_tls() {
    let (address, _told) = answering(OK);
    let (hub, config) = shop(address);
    let link = |scheme: &str| format!("href=\"{scheme}://shop.localhost:{}\"", hub.listen.port());
    let asked = format!("GET / HTTP/1.1|Host: {}|Connection: close||", hub.listen);
    let mut client = connect(&config, hub.listen, "127.0.0.1");
    client.say(&asked);
    let page = client.rest();
    assert!(page.contains(&link("https")), "{page}");
    let mut client = Peer::connect(hub.listen);
    client.say(&asked);
    let page = client.rest();
    assert!(page.contains(&link("http")), "{page}");
}

#[test]
fn tls_1_2_is_spoken_too() {
    let (address, _told) = answering(OK);
    let (hub, _) = shop(address);
    let mut config = trusting(&hub, &[&TLS12]);
    config.alpn_protocols = vec![b"unheard-of".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut client = connect(&config, hub.listen, "shop.localhost");
        client.say("GET / HTTP/1.1|Host: shop.localhost|Connection: close||");
        assert!(client.rest().ends_with("||hi"));
        assert_eq!(client.session().protocol_version(), Some(ProtocolVersion::TLSv1_2));
        assert_eq!(client.session().handshake_kind(), Some(kind));
        assert_eq!(client.session().alpn_protocol(), Some(&b"http/1.1"[..]));
    }
}

#[test]
fn a_client_that_comes_back_is_known_by_every_worker() {
    let (address, _told) = answering(OK);
    let routes = [format!("shop.localhost=http://{address}")];
    let hub = Hub::start_with(&["--tls", "--workers", "4"], &routes);
    let config = Arc::new(trusting(&hub, BOTH));
    for number in 0..12 {
        let mut client = connect(&config, hub.listen, "shop.localhost");
        client.say("GET / HTTP/1.1|Host: shop.localhost|Connection: close||");
        assert!(client.rest().ends_with("||hi"));
        let expected = if number == 0 { HandshakeKind::Full } else { HandshakeKind::Resumed };
        assert_eq!(client.session().handshake_kind(), Some(expected), "{number}");
    }
}

#[test]
fn names_that_nothing_answers_for_are_refused() {
    let (address, _told) = answering(OK);
    let routes = [
        format!("shop.localhost=http://{address}"),
        format!("*.docs.localhost=http://{address}"),
        format!("shop.example=http://{address}"),
    ];
    let hub = Hub::start_with(&["--tls"], &routes);
    let config = Arc::new(trusting(&hub, BOTH));
    for (name, known) in [
        ("shop.localhost", true),
        ("a.docs.localhost", true),
        ("b.a.docs.localhost", true),
        ("localhost", true),
        ("navyd.localhost", true),
        ("docs.localhost", false),
        ("other.localhost", false),
        // A route, but of a name that nobody may vouch for here.
        ("shop.example", false),
        ("example.com", false),
    ] {
        let mut client = connect(&config, hub.listen, name);
        let agreed = client.stream.get_mut().flush();
        assert_eq!(agreed.is_ok(), known, "{name}: {agreed:?}");
        if let Err(error) = agreed {
            let alert = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
            let refused = rustls::Error::AlertReceived(AlertDescription::UnrecognisedName);
            assert_eq!(alert, Some(&refused), "{name}");
        }
    }
}

#[test]
fn a_large_body_arrives_as_it_was_sent_both_ways() {
    let address = upstream(|_, mut peer| {
        peer.head();
        let sum = sum_of(&mut peer.stream, LARGE);
        peer.say(&format!("HTTP/1.1 200 OK|X-Sum: {sum}|Content-Length: {LARGE}||"));
        write_large(peer.stream.get_mut());
        peer.head();
        peer.say(OK);
    });
    let (hub, config) = shop(address);
    let mut client = connect(&config, hub.listen, "shop.localhost");
    client.say(&format!("POST / HTTP/1.1|Host: shop.localhost|Content-Length: {LARGE}||"));
    write_large(client.stream.get_mut());
    let head = client.head();
    assert!(head.contains(&format!("|X-Sum: {}|", sum_of_large())), "{head}");
    assert_eq!(sum_of(&mut client.stream, LARGE), sum_of_large());
    // What follows has other keys, in both directions.
    client.session().refresh_traffic_keys().unwrap();
    client.say("GET / HTTP/1.1|Host: shop.localhost||");
    assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
    assert_eq!(client.take(2), "hi");
}

#[test]
fn the_end_is_said_where_all_is_said_and_nowhere_else() {
    let address = upstream(|_, mut peer| {
        let head = peer.head();
        let length = if head.contains("/cut") { "Content-Length: 9|" } else { "" };
        peer.say(&format!("HTTP/1.1 200 OK|Connection: close|{length}|all"));
    });
    let (hub, config) = shop(address);
    for (path, whole) in [("/whole", true), ("/cut", false)] {
        let mut client = connect(&config, hub.listen, "shop.localhost");
        client.say(&format!("GET {path} HTTP/1.1|Host: shop.localhost|Connection: close||"));
        assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
        let mut body = String::new();
        // Without a close_notify, reading to the end fails.
        let read = client.stream.read_to_string(&mut body);
        assert_eq!(read.is_ok(), whole, "{path}: {read:?}");
        assert!(!whole || body.contains("all"), "{body}");
    }
}

#[test]
fn a_request_that_is_cut_short_is_never_whole() {
    let (tell, told) = std::sync::mpsc::channel();
    let address = upstream(move |_, mut peer| {
        peer.head();
        tell.send(peer.rest()).unwrap();
    });
    let (hub, config) = shop(address);
    let mut client = connect(&config, hub.listen, "shop.localhost");
    client.say("POST / HTTP/1.1|Host: shop.localhost|Content-Length: 9||abc");
    client.stream.get_ref().sock.shutdown(Shutdown::Write).unwrap();
    assert_eq!(heard(&told), "abc");
    let mut answer = Vec::new();
    // Closed in order or not, nothing is answered.
    let _ = client.stream.read_to_end(&mut answer);
    assert_eq!(answer, b"");
}

#[test]
fn an_upgraded_connection_ends_in_each_direction_by_itself() {
    let (tell, told) = std::sync::mpsc::channel();
    let address = upstream(move |_, mut peer| {
        peer.head();
        peer.say("HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: x||");
        tell.send(peer.rest()).unwrap();
        peer.say("bye");
    });
    let (hub, config) = shop(address);
    let mut client = connect(&config, hub.listen, "shop.localhost");
    client.say("GET / HTTP/1.1|Host: shop.localhost|Connection: Upgrade|Upgrade: x||");
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.say("hello");
    client.say_end();
    assert_eq!(heard(&told), "hello");
    assert_eq!(client.rest(), "bye");
}

#[test]
fn events_come_one_by_one_until_their_reader_leaves() {
    let (tell, told) = std::sync::mpsc::channel();
    let address = upstream(move |_, mut peer| {
        peer.head();
        peer.say("HTTP/1.1 200 OK|Content-Type: text/event-stream||data: 1||");
        tell.send(String::new()).unwrap();
        // Nobody reads what would come next: the connection ends.
        tell.send(peer.rest()).unwrap();
    });
    let (hub, config) = shop(address);
    for in_order in [true, false] {
        let mut client = connect(&config, hub.listen, "shop.localhost");
        client.say("GET / HTTP/1.1|Host: shop.localhost||");
        assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
        assert_eq!(client.take(16), "b|data: 1|||");
        assert_eq!(heard(&told), "");
        if in_order {
            client.session().send_close_notify();
            client.stream.get_mut().flush().unwrap();
        }
        drop(client);
        assert_eq!(heard(&told), "");
    }
}

#[test]
fn a_gateway_that_ends_says_so_to_idle_clients() {
    let (address, _told) = answering(OK);
    let (hub, config) = shop(address);
    let mut client = connect(&config, hub.listen, "shop.localhost");
    client.say("GET / HTTP/1.1|Host: shop.localhost||");
    assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
    assert_eq!(client.take(2), "hi");
    hub.terminate();
    assert_eq!(client.rest(), "");
}

#[test]
fn noise_is_answered_with_an_alert_and_closed() {
    let (address, _told) = answering(OK);
    let (hub, config) = shop(address);
    for noise in
        [&b"\x16\x03\x01\x00\x05\x01\x00\x00\x01!"[..], b"\x16\x03\x03\xff\xff", b"\x16\x03\x01\x00\x00"]
    {
        let mut stream = TcpStream::connect(hub.listen).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(noise).unwrap();
        let mut told = Vec::new();
        stream.read_to_end(&mut told).unwrap();
        assert!(told.starts_with(&[21, 3]), "{told:?}");
    }
    // Also where keys are agreed on already.
    let mut client = connect(&config, hub.listen, "shop.localhost");
    client.stream.get_mut().flush().unwrap();
    client
        .stream
        .get_mut()
        .sock
        .write_all(b"\x17\x03\x03\x00\x20 thirty-two bytes of noise in one.")
        .unwrap();
    let error = client.stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("BadRecordMac"), "{error}");
    // Nobody else is the worse for it.
    let mut client = connect(&config, hub.listen, "shop.localhost");
    client.say("GET / HTTP/1.1|Host: shop.localhost|Connection: close||");
    assert!(client.rest().ends_with("||hi"));
}
