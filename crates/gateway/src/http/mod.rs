//! HTTP/1 between a client and upstreams: one request after another, each answered before the next is read.
//!
//! What the bytes mean is decided by `navyd_h1` and by pure functions here; this drives sockets accordingly. A
//! connection is one task, and holds no buffer while it waits for a request. Deliberately absent: any change of
//! a body, and any second reading of a message that was doubtful once.

mod answer;
mod body;
mod collect;
mod deliver;
mod destination;
mod exchange;
mod fate;
mod head;
mod look;
mod observe;
mod pause;
mod plain;
mod reach;
mod why;

use std::{net::SocketAddr, rc::Rc};

use navyd_h1::{self as h1, Known, Verb, forward};
use navyd_model::exchange::Outcome as Ended;

use crate::{
    carry::{Shaped, Way},
    net::{Buffer, Deadline, Guest, Joined, Side, Socket, linger},
    pages::wants_json,
    site::Ongoing,
    sniff::Arrival,
    tap::{self, Flow},
    worker::{Door, Worker},
};
pub(crate) use deliver::is_endless;
use destination::Astray;
use exchange::Outcome;
use head::Read;

/// Our name in the Via of responses; requests carry one for each route, by which loops are known.
const VIA: &str = "navyd";

/// A client's connection.
struct Connection {
    worker: Rc<Worker>,
    door: Door,
    scheme: forward::Scheme,
    socket: Socket,
    /// What was read and is not used up.
    read: Option<Buffer>,
    deadline: Deadline,
    guest: Guest,
    /// Whether it is a stream of HTTP/2, and its bytes a translation.
    translated: bool,
    request: h1::Request,
    response: h1::Response,
    /// What upstreams are told about the client.
    client: forward::Client,
    /// Where the client is.
    peer: SocketAddr,
    /// Our address as it knows it, where that is told.
    ours: Option<SocketAddr>,
    /// Tells of the exchange, where that is observed.
    flow: Option<Rc<Flow>>,
    /// In which form the client wants a page.
    wants: Wants,
}

/// The form of a page.
#[derive(Debug, Clone, Copy, Default)]
struct Wants {
    json: bool,
    grpc: bool,
    bodiless: bool,
    /// Whether the client wants to speak WebSocket from here on.
    websocket: bool,
}

/// What becomes of a connection.
enum Next {
    /// It carries another request.
    Stay,
    /// It closes; the client may still be sending.
    Close,
    /// It has nothing more to say, and nobody to say it to.
    End,
    /// It is cut off: what was sent is incomplete, and must not look complete.
    Cut,
    /// It leaves HTTP, together with a connection to an upstream.
    Leave(Box<Upgraded>),
}

/// The other end of a connection that has left HTTP.
struct Upgraded {
    upstream: Side,
    site: Ongoing,
    hit: Option<Shaped>,
}

/// Serves a client until its connection ends.
pub(crate) async fn serve(worker: Rc<Worker>, door: Door, arrival: Arrival) {
    serve_as(worker, door, arrival, false).await;
}

/// Serves a stream of HTTP/2 that is translated: one request, whose head is read already, on a socket of this worker.
pub(crate) async fn serve_stream(worker: Rc<Worker>, door: Door, arrival: Arrival) {
    serve_as(worker, door, arrival, true).await;
}

async fn serve_as(worker: Rc<Worker>, door: Door, arrival: Arrival, translated: bool) {
    let Arrival { socket, read, peer, ours, scheme, guest, deadline } = arrival;
    let mut connection = Connection {
        worker,
        door,
        scheme,
        socket,
        read,
        deadline,
        guest,
        translated,
        request: h1::Request::default(),
        response: h1::Response::default(),
        client: forward::Client::new(peer.ip(), scheme),
        peer,
        ours,
        flow: None,
        wants: Wants::default(),
    };
    loop {
        let next = connection.serve_one().await;
        let flow = connection.flow.take();
        match next {
            Next::Stay => {}
            Next::End => return connection.socket.close(),
            Next::Cut => return connection.socket.reset(),
            Next::Close => {
                drop(flow);
                let Connection { worker, socket, read, .. } = connection;
                drop(read);
                return linger(socket, &worker.lender, worker.limits.linger).await;
            }
            Next::Leave(upgraded) => {
                let Connection { worker, socket, read, mut guest, .. } = connection;
                let client = Side { socket, read };
                let Upgraded { upstream, site, hit } = *upgraded;
                let way = Way { worker: &worker, site: &site, flow: flow.as_ref(), number: None };
                let joined = Joined::new(client, upstream);
                // Faults that hit the request hit the connection to the upstream, and that has stayed.
                let parted = match &hit {
                    Some(_) => Box::pin(way.plainly(joined, &mut guest)).await,
                    None => Box::pin(way.carry(joined, &mut guest, None)).await,
                };
                drop(hit);
                if let Some(flow) = flow {
                    flow.settle(tap::outcome(parted));
                }
                return;
            }
        }
    }
}

impl Connection {
    /// Reads a request and answers it.
    async fn serve_one(&mut self) -> Next {
        match self.read_head().await {
            Read::Head(end) => {
                self.wants = self.wants();
                match self.destination() {
                    Ok(site) => {
                        if let Some(route) = site.told() {
                            self.begin(route, end);
                        }
                        match self.forward(site, end).await {
                            Outcome::Answered(next) => next,
                            Outcome::Failed { page, stay } => Box::pin(self.answer(&page, stay)).await,
                        }
                    }
                    Err(Astray { page, told }) => {
                        if let Some(route) = told {
                            self.begin(&route, end);
                            self.settle(Ended::Unreached);
                        }
                        let stay = self.may_stay_after_page();
                        self.consume(end);
                        Box::pin(self.answer(&page, stay)).await
                    }
                }
            }
            Read::Refused(page) => {
                self.wants = Wants::default();
                Box::pin(self.answer(&page, false)).await
            }
            Read::Nothing => Next::End,
        }
    }

    fn wants(&self) -> Wants {
        let bytes = self.read.as_ref().map_or(&[][..], |buffer| buffer.filled());
        let accept = self.request.head().value(bytes, "accept");
        Wants {
            json: accept.is_some_and(wants_json),
            grpc: self.is_grpc(),
            bodiless: self.request.verb() == Verb::Head,
            websocket: is_websocket(bytes, &self.request),
        }
    }

    /// Whether the request is one of gRPC, which has no other way than HTTP/2.
    fn is_grpc(&self) -> bool {
        let bytes = self.read.as_ref().map_or(&[][..], |buffer| buffer.filled());
        let kind = self.request.head().known(Known::ContentType).map(|field| field.value(bytes));
        kind.is_some_and(is_grpc)
    }

    /// The first `count` bytes of what was read are used up.
    fn consume(&mut self, count: usize) {
        if let Some(buffer) = &mut self.read {
            buffer.consume(count);
            if buffer.is_empty() {
                self.read = None;
            }
        }
    }
}

/// Whether the request asks for a WebSocket (RFC 6455 §4.1): the one upgrade that HTTP/2 has as well.
fn is_websocket(bytes: &[u8], request: &h1::Request) -> bool {
    let protocol = request.head().known(Known::Upgrade).map(|field| field.value(bytes));
    request.upgrade()
        && request.method(bytes) == b"GET"
        && protocol.is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
}

/// Whether a Content-Type is that of gRPC over HTTP/2; `application/grpc-web` is another protocol.
fn is_grpc(kind: &[u8]) -> bool {
    const NAME: &[u8] = b"application/grpc";
    kind.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME))
        && matches!(kind.get(NAME.len()), None | Some(b'+' | b';' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_by_its_type() {
        for (kind, expected) in [
            ("application/grpc", true),
            ("Application/gRPC+proto", true),
            ("application/grpc;charset=utf-8", true),
            ("application/grpc-web", false),
            ("application/grpc-web+proto", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(is_grpc(kind.as_bytes()), expected, "{kind}");
        }
    }
}
