//! Routes that change while the gateway runs.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use super::{begin, routed, until, with};
use crate::{Gateway, Limits, Plan, StartError};

const DEADLINE: Duration = Duration::from_secs(30);

/// An upstream that answers every request with the number of its connection and this text.
fn numbering(text: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
                    let body = format!("{number} {text}");
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                    stream.write_all((head + &body).as_bytes()).unwrap();
                }
            });
        }
    });
    address
}

/// A client that keeps its connection.
struct Client(TcpStream);

impl Client {
    fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(stream)
    }

    /// The body of the answer for this host.
    fn ask(&mut self, host: &str) -> String {
        self.0.write_all(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut bytes = Vec::new();
        loop {
            let mut more = [0; 4096];
            let count = self.0.read(&mut more).unwrap();
            bytes.extend_from_slice(&more[..count]);
            let text = String::from_utf8(bytes.clone()).unwrap();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.split("Content-Length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
            if body.len() == length.parse::<usize>().unwrap() {
                return body.to_owned();
            }
        }
    }

    fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 1]), Ok(0))
    }
}

#[test]
fn what_stays_keeps_its_listener_its_connections_and_its_counters() {
    let (one, other) = (numbering("one"), numbering("other"));
    let gateway = with(vec![routed(&format!("127.0.0.1:0=http://{one}"))], Limits::default(), 2);
    let stays = gateway.routes()[0].clone();
    let mut client = Client::to(begin(&stays));
    assert_eq!(client.ask("a"), "0 one");
    let names = routed(&format!("shop.localhost=http://{other}"));
    let routes = gateway.change(vec![names.clone(), stays.clone().into()]).unwrap();
    assert_eq!(routes[1], stays);
    assert_eq!(client.ask("a"), "0 one");
    assert_eq!(Client::to(gateway.listen()[0]).ask("shop.localhost"), "0 other");
    let counters = gateway.counters();
    assert_eq!(counters.routes.iter().map(|route| route.requests).collect::<Vec<_>>(), [1, 2]);
    assert!(counters.connections >= 1 && counters.accepted == 2, "{counters:?}");

    // It leads elsewhere, for the connection that there is, too.
    let leads = routed(&format!("{}=http://{other}", stays.entry));
    gateway.change(vec![names, leads]).unwrap();
    assert!(client.ask("a").ends_with(" other"));
    assert_eq!(gateway.counters().routes[1].requests, 3);
    // A worker counts what it has written just after that.
    until(|| {
        let counters = &gateway.counters().routes[1];
        counters.received > 3 * 100 && counters.sent > 3 * 50
    });
}

#[test]
fn what_is_gone_frees_its_address_and_closes_what_is_idle() {
    let one = numbering("one");
    let (gateway, route) = super::gateway(one, Limits::default());
    let (mut idle, mut other) = (Client::to(route), Client::to(route));
    assert!(idle.ask("a").ends_with(" one") && other.ask("a").ends_with(" one"));
    assert_eq!(gateway.change(Vec::new()).unwrap(), []);
    TcpListener::bind(route).unwrap();
    assert!(idle.is_closed() && other.is_closed());
}

#[test]
fn what_is_in_flight_finishes_when_its_route_is_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (gateway, route) = super::gateway(listener.local_addr().unwrap(), Limits::default());
    let mut client = Client::to(route);
    client.0.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
    gateway.change(Vec::new()).unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    assert_eq!(client.answer(), "ok");
    assert!(client.is_closed());
}

#[test]
fn a_change_that_cannot_be_leaves_all_as_it_was() {
    let one = numbering("one");
    let (gateway, route) = super::gateway(one, Limits::default());
    let mut client = Client::to(route);
    assert_eq!(client.ask("a"), "0 one");
    let before = gateway.routes();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let routes = [free, taken.local_addr().unwrap()].map(|from| routed(&format!("{from}=http://{one}")));
    let refused = gateway.change(routes.to_vec());
    assert!(
        matches!(refused, Err(StartError::Listen { address, .. }) if address == taken.local_addr().unwrap())
    );
    assert_eq!(gateway.routes(), before);
    assert_eq!(client.ask("a"), "0 one");
    TcpListener::bind(free).unwrap();
    // Twice the same address is one too many, even where it is ours.
    let twice = gateway.change(vec![before[0].clone().into(), before[0].clone().into()]);
    assert!(matches!(twice, Err(StartError::Listen { .. })));
}

#[test]
fn datagrams_follow_a_change() {
    let echo = |text: &'static str| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            while let Ok((_, from)) = socket.recv_from(&mut [0; 64]) {
                socket.send_to(text.as_bytes(), from).unwrap();
            }
        });
        address
    };
    let gateway = with(vec![routed(&format!("127.0.0.1:0=udp://{}", echo("one")))], Limits::default(), 2);
    let route = begin(&gateway.routes()[0]);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    let ask = || {
        let mut answer = [0; 64];
        client.send_to(b"?", route).unwrap();
        let length = client.recv(&mut answer).unwrap();
        String::from_utf8(answer[..length].to_vec()).unwrap()
    };
    assert_eq!(ask(), "one");
    gateway.change(vec![routed(&format!("{route}=udp://{}", echo("other")))]).unwrap();
    assert_eq!(ask(), "other");
    gateway.change(Vec::new()).unwrap();
    UdpSocket::bind(route).unwrap();
}

#[test]
fn changes_under_load_lose_no_request() {
    let one = numbering("one");
    let gateway = Arc::new(with(vec![routed(&format!("shop.localhost=http://{one}"))], Limits::default(), 2));
    let listen = gateway.listen()[0];
    let (tell, told) = mpsc::channel::<()>();
    let told = Arc::new(Mutex::new(told));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let told = Arc::clone(&told);
            thread::spawn(move || {
                let mut client = Client::to(listen);
                while !matches!(told.lock().unwrap().try_recv(), Err(mpsc::TryRecvError::Disconnected)) {
                    assert!(client.ask("shop.localhost").ends_with(" one"));
                }
            })
        })
        .collect();
    for number in 0..50 {
        let other = routed(&format!("{number}.localhost=http://{one}"));
        let address = routed(&format!("127.0.0.1:0=http://{one}"));
        let routes = vec![other, address, routed(&format!("shop.localhost=http://{one}"))];
        let routes = gateway.change(routes).unwrap();
        assert!(Client::to(begin(&routes[1])).ask("a").ends_with(" one"));
    }
    drop(tell);
    clients.into_iter().for_each(|client| client.join().unwrap());
}

/// Set in the process that has few files.
#[cfg(unix)]
const FEW_FILES: &str = "NAVYD_TEST_FEW_FILES";

/// In a process of its own, because all tests of this one share its files.
#[cfg(unix)]
#[test]
fn a_change_without_files_left_leaves_all_as_it_was() {
    const NAME: &str = "tests::changes::a_change_without_files_left_leaves_all_as_it_was";
    if std::env::var_os(FEW_FILES).is_some() {
        return with_few_files();
    }
    let program = std::env::current_exe().unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -n 64 && exec \"$0\" --exact \"$1\" --nocapture --test-threads=1"]);
    let ran = shell.arg(program).arg(NAME).env(FEW_FILES, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("refused for want of files"), "{ran:?}");
}

#[cfg(unix)]
fn with_few_files() {
    let one = numbering("one");
    let gateway = with(vec![routed(&format!("shop.localhost=http://{one}"))], Limits::default(), 2);
    let listen = gateway.listen()[0];
    let mut client = Client::to(listen);
    assert_eq!(client.ask("shop.localhost"), "0 one");
    let mut routes: Vec<_> = gateway.routes().into_iter().map(Into::into).collect();
    let refused = loop {
        routes.push(routed(&format!("127.0.0.1:0=http://{one}")));
        let before = gateway.routes();
        match gateway.change(routes.clone()) {
            Ok(opened) => routes = opened.into_iter().map(Into::into).collect(),
            Err(refused) => {
                assert_eq!(gateway.routes(), before);
                break refused;
            }
        }
        assert!(routes.len() < 100, "files do not run out");
    };
    assert!(matches!(refused, StartError::Listen { .. } | StartError::Worker(_)), "{refused:?}");
    assert_eq!(client.ask("shop.localhost"), "0 one");
    gateway.change(vec![routed(&format!("shop.localhost=http://{one}"))]).unwrap();
    assert_eq!(client.ask("shop.localhost"), "0 one");

    // Nor does a gateway start without the files that its workers need: it does not only seem to.
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file);
    }
    let start = || {
        Gateway::start(Plan {
            listen: vec![([127, 0, 0, 1], 0).into()],
            handed: Vec::new(),
            routes: Vec::new(),
            workers: 2,
            limits: Limits::default(),
            home: None,
            tls: None,
            tap: None,
        })
    };
    let mut refused = 0;
    let started = loop {
        match start() {
            Ok(started) => break started,
            Err(StartError::Listen { .. } | StartError::Worker(_)) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
        assert!(taken.pop().is_some(), "there are files enough");
    };
    assert!(refused > 4, "each of two workers has a socket and an event queue");
    started.drain().unwrap();
    eprintln!("refused for want of files");
}
