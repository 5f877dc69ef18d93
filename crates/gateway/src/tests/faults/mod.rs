//! Faults on real sockets.

mod datagrams;
mod exchanges;
mod kept;
mod requests;
mod streams;
mod told;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use navyd_model::fault::{Direction, Fault};
use serde_json::Value;

use super::{begin, routed, until, with};
use crate::{Gateway, Limits, Routed};

const DEADLINE: Duration = Duration::from_secs(60);

/// A gateway with one route, on which faults are laid.
struct Stage {
    gateway: Gateway,
    route: SocketAddr,
    typed: String,
}

impl Stage {
    fn to(scheme: &str, upstream: SocketAddr, faults: Vec<Fault>) -> Self {
        let typed = format!("127.0.0.1:0={scheme}://{upstream}");
        let gateway = with(vec![Routed { faults, ..routed(&typed) }], Limits::default(), 1);
        gateway.seed_faults(7);
        let route = begin(&gateway.routes()[0]);
        Self { gateway, route, typed: format!("{route}={scheme}://{upstream}") }
    }

    fn lay(&self, faults: Vec<Fault>) {
        self.gateway.change(vec![Routed { faults, ..routed(&self.typed) }]).unwrap();
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.route).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }
}

fn fault(kind: &str, attributes: Value, direction: Direction) -> Fault {
    Fault {
        name: String::new(),
        route: "route".to_owned(),
        kind: kind.to_owned(),
        attributes: serde_json::from_value(attributes).unwrap(),
        direction,
        toxicity: 1.0,
        filter: None,
        schedule: None,
    }
}

/// An upstream that does this with every connection.
fn upstream(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (serve, stream) = (Arc::clone(&serve), stream.unwrap());
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// One that says back whatever it hears, until its client has said all.
fn echo() -> SocketAddr {
    upstream(|mut stream| {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    })
}

fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}
