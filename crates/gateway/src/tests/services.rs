//! Requests for services that come, go and come again.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use navyd_model::{Ended, Phase, Service};
use socket2::{Domain, Socket, Type};
use tokio::sync::watch;

use super::{SHORT, ask, begin, routed, until, with};
use crate::{Gateway, Limits, Routed, standing::sample};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";

/// A port that is held without listening, as the supervisor holds that of a service.
fn held() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// A gateway with one route to this service.
fn gateway(
    upstream: SocketAddr,
    service: Service,
    limits: Limits,
) -> (Gateway, SocketAddr, watch::Sender<Service>) {
    let (tell, told) = watch::channel(service);
    let routed = Routed { service: Some(told), ..routed(&format!("127.0.0.1:0=http://{upstream}")) };
    let gateway = with(vec![routed], limits, 2);
    let route = begin(&gateway.routes()[0]);
    (gateway, route, tell)
}

/// Answers one request, with its body.
fn answer(socket: Socket) -> JoinHandle<()> {
    socket.listen(16).unwrap();
    let listener = TcpListener::from(socket);
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") && !text.ends_with("abc") {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap();
            text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        let body = text.split("\r\n\r\n").nth(1).unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

#[test]
fn a_request_waits_until_its_service_is_ready() {
    for phase in [Phase::Waiting, Phase::Starting, Phase::Restarting] {
        let (socket, upstream) = held();
        let (gateway, route, tell) = gateway(upstream, sample(phase), Limits::default());
        let client = thread::spawn(move || ask(route, POST));
        until(|| gateway.counters().accepted == 1);
        let server = answer(socket);
        tell.send_modify(|service| service.phase = Phase::Ready);
        let answer = client.join().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nabc"), "{answer}");
        server.join().unwrap();
    }
}

#[test]
fn bytes_wait_until_their_service_is_ready() {
    let (socket, upstream) = held();
    let (tell, told) = watch::channel(sample(Phase::Restarting));
    let routed = Routed { service: Some(told), ..routed(&format!("127.0.0.1:0=tcp://{upstream}")) };
    let gateway = with(vec![routed], Limits::default(), 1);
    let route = begin(&gateway.routes()[0]);
    let client = thread::spawn(move || ask(route, POST));
    until(|| gateway.counters().accepted == 1);
    let server = answer(socket);
    tell.send_modify(|service| service.phase = Phase::Ready);
    assert!(client.join().unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    server.join().unwrap();
}

#[test]
fn a_service_that_listens_and_is_not_ready_is_not_asked() {
    let (socket, upstream) = held();
    socket.listen(1).unwrap();
    let listener = TcpListener::from(socket);
    let limits = Limits { hold: SHORT, ..Limits::default() };
    let (_gateway, route, _tell) = gateway(upstream, sample(Phase::Starting), limits);
    let answer = ask(route, GET);
    assert!(answer.starts_with("HTTP/1.1 504 Gateway Timeout\r\n"), "{answer}");
    assert!(answer.contains("<code>web.shop</code> has been starting for "), "{answer}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
}

#[test]
fn a_request_follows_its_route_to_where_the_service_is_now() {
    let (_nobody, upstream) = held();
    let (socket, other) = held();
    let (gateway, route, tell) = gateway(upstream, sample(Phase::Starting), Limits::default());
    let client = thread::spawn(move || ask(route, GET));
    until(|| gateway.counters().accepted == 1);
    let server = answer(socket);
    let leads = Routed { service: Some(tell.subscribe()), ..routed(&format!("{route}=http://{other}")) };
    gateway.change(vec![leads]).unwrap();
    tell.send_modify(|service| service.phase = Phase::Ready);
    assert!(client.join().unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    server.join().unwrap();
}

#[test]
fn a_service_that_turns_out_to_restart_is_waited_for() {
    let (socket, upstream) = held();
    let limits = Limits { notice: Duration::from_secs(30), ..Limits::default() };
    let (gateway, route, tell) = gateway(upstream, sample(Phase::Ready), limits);
    let client = thread::spawn(move || ask(route, POST));
    until(|| gateway.counters().accepted == 1);
    tell.send_modify(|service| service.phase = Phase::Restarting);
    let server = answer(socket);
    tell.send_modify(|service| (service.phase, service.pid) = (Phase::Ready, Some(2)));
    assert!(client.join().unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    server.join().unwrap();
}

#[test]
fn a_service_that_failed_is_told_of_at_once() {
    let (_socket, upstream) = held();
    let service = Service {
        ended: Some(Ended::Status(3)),
        log: vec!["no such module".to_owned()],
        run_by: navyd_model::Runner::Hub,
        ..sample(Phase::Failed)
    };
    let (_gateway, route, _tell) = gateway(upstream, service, Limits::default());
    let answer = ask(route, GET);
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
    for part in ["ended with status 3", "no such module", "Nothing listens at", "navyd up web"] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
}

#[test]
fn a_service_on_the_other_loopback_address_is_found() {
    let (_nobody, upstream) = held();
    let Ok(_listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, upstream.port())) else {
        return eprintln!("skipped: a_service_on_the_other_loopback_address_is_found: no free port on ::1");
    };
    let (_gateway, route) = super::gateway(upstream, Limits::default());
    let answer = ask(route, GET);
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
    assert!(answer.contains("It listens only on ::1, and the route leads to 127.0.0.1."), "{answer}");
}

#[test]
fn a_client_that_leaves_waits_no_longer() {
    let (_socket, upstream) = held();
    let (gateway, route, _tell) = gateway(upstream, sample(Phase::Starting), Limits::default());
    let mut client = TcpStream::connect(route).unwrap();
    client.write_all(GET.as_bytes()).unwrap();
    until(|| gateway.counters().accepted == 1);
    Socket::from(client).set_linger(Some(Duration::ZERO)).unwrap();
    until(|| gateway.counters().connections == 0);
}

#[test]
fn the_page_of_a_wrong_name_lists_services() {
    let (_socket, upstream) = held();
    let (tell, told) = watch::channel(sample(Phase::Starting));
    let shop = Routed { service: Some(told), ..routed(&format!("shop.localhost=http://{upstream}")) };
    let gateway = with(vec![shop], Limits::default(), 2);
    let answer = ask(gateway.listen()[0], &GET.replace("Host: a", "Host: shoq.localhost"));
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("web.shop: starting"), "{answer}");
    drop(tell);
}

/// A server that can be restarted without grace: connections are cut wherever they are.
struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    accepting: JoinHandle<()>,
}

impl Server {
    fn start(address: SocketAddr) -> Self {
        // What is left of the connections before may still be in the way.
        let listener = loop {
            match TcpListener::bind(address) {
                Ok(listener) => break listener,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::AddrInUse),
            }
        };
        let (ended, streams) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stop, held) = (Arc::clone(&ended), Arc::clone(&streams));
        let accepting = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                held.lock().unwrap().push(stream.try_clone().unwrap());
                thread::spawn(move || serve(stream));
            }
        });
        Self { address, ended, streams, accepting }
    }

    fn stop(self) {
        self.ended.store(true, Ordering::SeqCst);
        // Ends the wait for another connection, unless one has done so already.
        let _ = TcpStream::connect(self.address);
        self.accepting.join().unwrap();
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn serve(mut stream: TcpStream) {
    while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

#[test]
fn a_restart_under_load_fails_no_request() {
    // While nothing listens, no outgoing connection may be given the port.
    let (_held, address) = held();
    let mut server = Server::start(address);
    let (gateway, route, tell) = gateway(address, sample(Phase::Ready), Limits::default());
    let (running, answered) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (running, answered) = (Arc::clone(&running), Arc::clone(&answered));
            thread::spawn(move || {
                while running.load(Ordering::SeqCst) {
                    let answer = ask(route, GET);
                    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let more = |count: usize| {
        let before = answered.load(Ordering::SeqCst);
        until(|| {
            answered.load(Ordering::SeqCst) > before + count || clients.iter().any(JoinHandle::is_finished)
        });
    };
    for pid in 0..20 {
        more(20);
        tell.send_modify(|service| service.phase = Phase::Restarting);
        server.stop();
        server = Server::start(address);
        tell.send_modify(|service| (service.phase, service.pid) = (Phase::Ready, Some(pid)));
    }
    more(20);
    running.store(false, Ordering::SeqCst);
    clients.into_iter().for_each(|client| client.join().unwrap());
    assert!(gateway.counters().routes[0].requests >= 400);
    server.stop();
}
