//! One flow in progress.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use navyd_decode::{Decoder, Spoken};
use navyd_gateway::tap::{Begin, Mark, Plane};
use navyd_h1::Side as H1;
use navyd_model::exchange::{Hit, Interim, Protocol, Side};

use super::{
    head::Head,
    heads::Heads,
    http::{self, Half},
    pieces::Pieces,
    record::Peer,
    stream::{Chunk, Kind, Stream},
};
use crate::capture::limits::{HITS, OWN_HEAD, TIMES};

/// One flow in progress.
pub(crate) struct Flow {
    pub(crate) id: u64,
    pub(crate) plane: Plane,
    pub(crate) route: Arc<str>,
    pub(crate) tls: bool,
    pub(crate) started: i64,
    /// When the answer began.
    pub(crate) answered: Option<i64>,
    pub(crate) client: Arc<Peer>,
    pub(crate) server: Option<Arc<Peer>>,
    pub(crate) request: Half,
    pub(crate) response: Half,
    pub(crate) interim: Vec<Interim>,
    /// The begin of an answer of the gateway itself, until its head is whole.
    own: Vec<u8>,
    /// Set once it is no HTTP, or no longer.
    pub(crate) stream: Option<Stream>,
    /// Set once it is WebSocket.
    pub(crate) pieces: Option<Pieces>,
    pub(crate) decoder: Option<Box<dyn Decoder + Send>>,
    /// Bytes of client and server that belong to exchanges which its decoder told.
    pub(crate) told: [u64; 2],
    /// Set once its decoder understands nothing more.
    pub(crate) rest: Option<Box<Rest>>,
    pub(crate) hits: Vec<Hit>,
    /// Bytes that passed and are not recorded.
    pub(crate) lost: u64,
    /// What it holds in memory.
    pub(crate) memory: usize,
}

/// The rest of a connection that is not understood, as an exchange.
pub(crate) struct Rest {
    pub(crate) protocol: Protocol,
    pub(crate) started: i64,
    pub(crate) answered: Option<i64>,
    /// Why it is not.
    pub(crate) head: Arc<Head>,
}

/// What a flow does with bytes.
pub(crate) struct Bytes<'a> {
    pub(crate) from: Side,
    pub(crate) mark: Mark,
    pub(crate) at: i64,
    pub(crate) bytes: &'a [u8],
}

impl Flow {
    /// One that begins.
    pub(crate) fn begun(id: u64, at: i64, begin: &Begin, client: Arc<Peer>) -> Self {
        Self {
            id,
            plane: begin.plane,
            route: Arc::clone(&begin.route),
            tls: begin.tls,
            started: at,
            answered: None,
            client,
            server: None,
            request: Half::default(),
            response: Half::default(),
            interim: Vec::new(),
            own: Vec::new(),
            stream: None,
            pieces: None,
            decoder: None,
            told: [0; 2],
            rest: None,
            hits: Vec::new(),
            lost: 0,
            memory: 0,
        }
    }

    /// A server was reached. What an earlier one sent is void.
    pub(crate) fn reached(&mut self, server: Arc<Peer>) {
        if self.server.is_some() {
            (self.response, self.answered) = (Half::default(), None);
            self.interim.clear();
        }
        server.serves.store(true, Ordering::Relaxed);
        self.server = Some(server);
    }

    /// Bytes passed. Gives by how much more memory it uses; what a decoder tells goes to `out`.
    pub(crate) fn bytes(&mut self, bytes: &Bytes<'_>, heads: &mut Heads, out: &mut Vec<Spoken>) -> usize {
        if bytes.from == Side::Server {
            self.answered.get_or_insert(bytes.at);
        }
        let length = bytes.bytes.len() as u64;
        match bytes.from {
            Side::Client => self.request.bytes = self.request.bytes.saturating_add(length),
            Side::Server => self.response.bytes = self.response.bytes.saturating_add(length),
        }
        if let Some(rest) = &mut self.rest {
            if bytes.from == Side::Server {
                rest.answered.get_or_insert(bytes.at);
            }
            return 0;
        }
        if let Some(decoder) = &mut self.decoder {
            decoder.bytes(bytes.from, bytes.at, bytes.bytes, out);
            return 0;
        }
        if let Some(pieces) = &mut self.pieces {
            return pieces.bytes(bytes.from, bytes.at, bytes.bytes);
        }
        let stream = match (&mut self.stream, bytes.mark) {
            (Some(stream), _) => stream,
            (none, Mark::Stream | Mark::Datagram) => none.insert(Stream::default()),
            (None, Mark::Head | Mark::Translated) => return self.head(bytes, heads),
            (None, Mark::Body) => return self.body(bytes),
            (None, Mark::Own) => return self.own(bytes.bytes, heads),
        };
        let kind = if bytes.mark == Mark::Datagram { Kind::Message } else { Kind::Bytes };
        let at = u64::try_from(bytes.at - self.started).unwrap_or_default();
        stream.add(Chunk { at, from: bytes.from, kind, bytes: bytes.bytes.to_vec() })
    }

    /// Bytes passed and are not known.
    pub(crate) fn gap(&mut self, from: Side, at: i64, count: u64, out: &mut Vec<Spoken>) {
        let half = match from {
            Side::Client => &mut self.request,
            Side::Server => &mut self.response,
        };
        half.bytes = half.bytes.saturating_add(count);
        if self.rest.is_some() {
            // Nothing of it would have been kept.
            return;
        }
        if let Some(decoder) = &mut self.decoder {
            self.lost = self.lost.saturating_add(count);
            decoder.gap(from, at, count, out);
        } else if let Some(pieces) = &mut self.pieces {
            self.lost = self.lost.saturating_add(count);
            self.memory += pieces.gap(from, at, count);
        } else if let Some(stream) = &mut self.stream {
            self.lost = self.lost.saturating_add(count);
            let at = u64::try_from(at - self.started).unwrap_or_default();
            self.memory +=
                stream.add(Chunk { at, from, kind: Kind::Gap, bytes: count.to_le_bytes().to_vec() });
        } else {
            half.skip(count);
        }
    }

    /// It has left HTTP for another protocol.
    pub(crate) fn upgraded(&mut self, reveal: bool) {
        let asked = self.request.head.as_deref().and_then(|head| head.protocol);
        if asked == Some(Protocol::Websocket) {
            let answer = self.response.head.as_deref();
            self.pieces.get_or_insert_with(|| Pieces::new(self.started, answer, reveal));
        } else {
            self.stream.get_or_insert_default();
        }
    }

    /// A fault did something.
    pub(crate) fn hit(&mut self, hit: Hit) {
        if self.hits.len() < HITS {
            self.hits.push(hit);
        }
    }

    fn head(&mut self, bytes: &Bytes<'_>, heads: &mut Heads) -> usize {
        let h2 = bytes.mark == Mark::Translated;
        if bytes.from == Side::Client {
            self.request.begin(heads.request(bytes.bytes, self.tls, h2), H1::Request);
            return 0;
        }
        let asked = self.request.head.as_ref().map(|head| head.asked).unwrap_or_default();
        let head = heads.response(bytes.bytes, asked, h2);
        if head.interim {
            http::interim(&mut self.interim, &head);
        } else {
            self.response.begin(head, H1::Response);
        }
        0
    }

    /// A part of a body. Of what comes piece by piece it is remembered when.
    fn body(&mut self, bytes: &Bytes<'_>) -> usize {
        let hint = |half: &Half| half.head.as_deref().and_then(|head| head.protocol);
        let timed =
            hint(&self.request) == Some(Protocol::Grpc) || hint(&self.response) == Some(Protocol::Sse);
        let half = match bytes.from {
            Side::Client => &mut self.request,
            Side::Server => &mut self.response,
        };
        if timed && half.times.len() < TIMES {
            let at = u64::try_from(bytes.at - self.started).unwrap_or_default();
            half.times.push((half.body.size(), at));
        }
        half.add(bytes.bytes)
    }

    fn own(&mut self, bytes: &[u8], heads: &mut Heads) -> usize {
        if self.response.head.is_some() {
            return self.response.add(bytes);
        }
        let before = self.own.len();
        self.own.extend_from_slice(bytes);
        // The empty line may be cut in two.
        let from = before.saturating_sub(3);
        let end = self.own[from..].windows(4).position(|four| four == b"\r\n\r\n").map(|at| from + at + 4);
        let end = end.or_else(|| (self.own.len() > OWN_HEAD).then_some(self.own.len()));
        let Some(end) = end else { return bytes.len() };
        let own = std::mem::take(&mut self.own);
        let asked = self.request.head.as_ref().map(|head| head.asked).unwrap_or_default();
        self.response.begin(heads.response(&own[..end], asked, false), H1::Response);
        self.response.add(&own[end..])
    }
}

/// The address of one end, and our own end, which tell a connection.
pub(crate) type Ends = (SocketAddr, SocketAddr);
