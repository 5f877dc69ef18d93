//! From events to exchanges. Pure: batches in, records out.
//!
//! What repeats itself (heads, small bodies) is recognised and costs little; what is in progress is bounded, in number
//! and in memory. Deliberately absent: the disk, and what frames of WebSocket, events and gRPC mean: their raw bytes are
//! kept, and read when somebody looks.

mod bodies;
mod flow;
pub(crate) mod head;
mod heads;
mod http;
mod kept;
mod peers;
mod pieces;
pub(crate) mod record;
pub(crate) mod stream;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, hash::BuildHasherDefault, sync::Arc};

use navyd_decode::{Decoder, Extent, Spoken, grpc::Status};
use navyd_gateway::tap::{Batch, Begin, FlowId, Plane, What};
use navyd_model::exchange::{Outcome, Protocol};

use self::{
    bodies::Bodies,
    flow::{Bytes, Flow, Rest},
    head::Shape,
    heads::Heads,
    http::Half,
    kept::{Kept, Whole},
    peers::Peers,
    record::{More, Peer, Record},
};
use super::{
    known::Hashed,
    limits::{ALWAYS, FLOWS, IN_PROGRESS},
    redact::{self, Encoding, Form},
};

/// Makes decoders of protocols that are not HTTP, for streams or datagrams.
pub(crate) type Decoders = fn(Plane, Protocol) -> Option<Box<dyn Decoder + Send>>;

/// Flows in progress.
pub(crate) struct Assembler {
    flows: HashMap<FlowId, Box<Flow>, BuildHasherDefault<Hashed>>,
    heads: Heads,
    bodies: Bodies,
    peers: Peers,
    next: u64,
    memory: usize,
    decoders: Decoders,
    /// Routes that are read as a protocol.
    read_as: HashMap<String, Protocol>,
    spoken: Vec<Spoken>,
    /// Flows that were not recorded, since too many were in progress.
    pub(crate) refused: u64,
}

impl Assembler {
    /// Exchanges are numbered from `next` on.
    pub(crate) fn new(next: u64, reveal: bool, decoders: Decoders) -> Self {
        Self {
            flows: HashMap::default(),
            heads: Heads::new(reveal),
            bodies: Bodies::new(reveal),
            peers: Peers::new(),
            next,
            memory: 0,
            decoders,
            read_as: HashMap::new(),
            spoken: Vec::new(),
            refused: 0,
        }
    }

    /// Reads what a route carries as a protocol, from its next connection on; `None`: as bytes. Gives as what before.
    pub(crate) fn read_as(&mut self, route: &str, protocol: Option<Protocol>) -> Option<Protocol> {
        match protocol {
            Some(protocol) => self.read_as.insert(route.to_owned(), protocol),
            None => self.read_as.remove(route),
        }
    }

    /// Connections that were not seen before, since this was last asked.
    pub(crate) fn new_peers(&mut self) -> Vec<(Arc<Peer>, Plane)> {
        self.peers.take_new()
    }

    /// Takes a batch; exchanges that are complete by it go to `out`.
    pub(crate) fn take(&mut self, batch: &Batch, out: &mut Vec<Record>) {
        for event in &batch.events {
            let (id, at) = (event.flow, event.at);
            match &event.what {
                What::Begin(begin) => self.begin(id, at, begin),
                What::End(outcome) => {
                    if let Some(flow) = self.flows.remove(&id) {
                        self.end(*flow, at, *outcome, out);
                    }
                }
                What::Bytes { from, mark, range } => {
                    let range = range.start as usize..range.end as usize;
                    let bytes = batch.bytes.get(range).unwrap_or_default();
                    self.bytes(id, &Bytes { from: *from, mark: *mark, at, bytes }, out);
                }
                What::Lost { from, count } => {
                    self.with(id, out, |flow, spoken| flow.gap(*from, at, *count, spoken));
                }
                What::Hit(hit) => self.with(id, out, |flow, _| flow.hit((**hit).clone())),
                What::Upgraded => {
                    let reveal = self.heads.reveal();
                    self.with(id, out, |flow, _| flow.upgraded(reveal));
                }
                What::Reached { ours, server } => {
                    let Some(flow) = self.flows.get_mut(&id) else { continue };
                    let server = self.peers.find((*server, *ours), flow.plane, at);
                    flow.reached(server);
                }
            }
        }
    }

    /// Bytes of bodies and streams in progress.
    #[cfg(test)]
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// How many flows go on.
    pub(crate) fn in_progress(&self) -> usize {
        self.flows.len()
    }

    /// Flows that go on, as they stand, without their bodies.
    pub(crate) fn open(&self) -> impl Iterator<Item = Record> {
        self.flows.values().filter(|flow| flow.decoder.is_none()).map(|flow| self.standing(flow))
    }

    /// Every flow ends, because nobody will tell of any again.
    pub(crate) fn finish(&mut self, at: i64, out: &mut Vec<Record>) {
        for (_, flow) in std::mem::take(&mut self.flows) {
            self.end(*flow, at, Outcome::Open, out);
        }
    }

    fn begin(&mut self, id: FlowId, at: i64, begin: &Begin) {
        if self.flows.len() >= FLOWS {
            self.refused += 1;
            return;
        }
        let understood = match begin.plane {
            Plane::Http { .. } => None,
            Plane::Tcp | Plane::Udp => self.read_as.get(&*begin.route).copied(),
        };
        let client = self.peers.find((begin.client, begin.ours), begin.plane, at);
        let mut flow = Flow::begun(self.next, at, begin, client);
        flow.decoder = understood.and_then(|protocol| (self.decoders)(begin.plane, protocol));
        self.next += 1;
        self.flows.insert(id, Box::new(flow));
    }

    fn bytes(&mut self, id: FlowId, bytes: &Bytes<'_>, out: &mut Vec<Record>) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        if self.memory > IN_PROGRESS && flow.memory + bytes.bytes.len() > ALWAYS {
            let count = bytes.bytes.len() as u64;
            return self.with(id, out, |flow, spoken| flow.gap(bytes.from, bytes.at, count, spoken));
        }
        let used = flow.bytes(bytes, &mut self.heads, &mut self.spoken);
        flow.memory += used;
        self.memory += used;
        if !self.spoken.is_empty() {
            self.tell(id, out);
        }
    }

    /// Does something to a flow, and tells what it says.
    fn with(&mut self, id: FlowId, out: &mut Vec<Record>, act: impl FnOnce(&mut Flow, &mut Vec<Spoken>)) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let before = flow.memory;
        act(flow, &mut self.spoken);
        self.memory += flow.memory.saturating_sub(before);
        if !self.spoken.is_empty() {
            self.tell(id, out);
        }
    }

    fn tell(&mut self, id: FlowId, out: &mut Vec<Record>) {
        let Some(mut flow) = self.flows.remove(&id) else { return };
        self.tell_of(&mut flow, Outcome::ServerLeft, out);
        self.flows.insert(id, flow);
    }

    /// What a decoder said becomes exchanges of their own; those without an answer have this outcome. What was lost of
    /// the connection is told once, by the first of them behind it: whoever adds up exchanges counts every byte once.
    fn tell_of(&mut self, flow: &mut Flow, unanswered: Outcome, out: &mut Vec<Record>) {
        for mut spoken in std::mem::take(&mut self.spoken) {
            if !self.heads.reveal() {
                redact::spoken(&mut spoken);
            }
            let head = self.heads.spoken(&spoken.method, &spoken.target);
            if spoken.extent == Extent::Rest {
                let Spoken { protocol, started, answered, .. } = spoken;
                flow.rest = Some(Box::new(Rest { protocol, started, answered, head }));
                flow.decoder = None;
                out.push(self.standing(flow));
                continue;
            }
            let [sent, received] = &mut flow.told;
            (*sent, *received) = (sent.saturating_add(spoken.sent), received.saturating_add(spoken.received));
            let more = More {
                pieces: spoken.pieces,
                details: spoken.details,
                hits: flow.hits.clone(),
                ..More::default()
            };
            out.push(Record {
                id: self.next,
                protocol: spoken.protocol,
                outcome: match (spoken.extent, spoken.ended) {
                    (Extent::Unknown, _) => Outcome::Unknown,
                    (_, Some(_)) => Outcome::Complete,
                    (_, None) => unanswered,
                },
                wait: spoken.answered.map(|at| at - spoken.started),
                took: spoken.ended.map(|at| at - spoken.started),
                started: spoken.started,
                request: Some(head),
                error: spoken.error,
                sent: spoken.sent,
                received: spoken.received,
                lost: std::mem::take(&mut flow.lost),
                more: (more != More::default()).then(|| Box::new(more)),
                ..flow.record()
            });
            self.next += 1;
        }
    }

    fn end(&mut self, mut flow: Flow, at: i64, outcome: Outcome, out: &mut Vec<Record>) {
        self.memory = self.memory.saturating_sub(flow.memory);
        if let Some(mut decoder) = flow.decoder.take() {
            decoder.end(at, &mut self.spoken);
            // Whoever ends a connection in order before an answer is complete is the server.
            let unanswered = if outcome == Outcome::Complete { Outcome::ServerLeft } else { outcome };
            return self.tell_of(&mut flow, unanswered, out);
        }
        let mut record = self.standing(&flow);
        let outcome = match outcome {
            // Whoever cuts what nobody understands may have said all: servers reset connections whose last word, that of
            // TLS, they have not read.
            Outcome::ClientLeft | Outcome::ServerLeft if flow.rest.is_some() => Outcome::Unknown,
            outcome => outcome,
        };
        (record.outcome, record.took) = (outcome, (outcome != Outcome::Open).then_some(at - record.started));
        let (request, response) = (std::mem::take(&mut flow.request), std::mem::take(&mut flow.response));
        let shape = |half: &Half| half.head.as_deref().map(|head| head.body).unwrap_or_default();
        let (sent, received) = (shape(&request), shape(&response));
        record.request_body = self.content(request.body, sent);
        record.response_body = self.content(response.body, received);
        if let Some(pieces) = &flow.pieces {
            record.lost = record.lost.saturating_add(pieces.dropped);
            record.more.get_or_insert_default().pieces = pieces.all();
        }
        if let Some(stream) = flow.stream.filter(|stream| stream.memory() > 0) {
            let bytes = stream.bytes();
            let whole = Whole { size: bytes.len() as u64, front: bytes, ..Whole::default() };
            record.lost = record.lost.saturating_add(stream.dropped);
            let raw = Shape { form: Form::Opaque, encoding: Encoding::None, ..Shape::default() };
            record.stream = self.bodies.content(whole, raw);
        }
        out.push(record);
    }

    fn content(&mut self, body: Kept, shape: Shape) -> Option<Arc<record::Content>> {
        if body.is_empty() { None } else { self.bodies.content(body.end(), shape) }
    }

    /// A flow without its bodies.
    fn standing(&self, flow: &Flow) -> Record {
        let mut record = flow.record();
        let reveal = self.heads.reveal();
        let (request, response) = (&flow.request, &flow.response);
        let mut more = More::default();
        if !flow.interim.is_empty() || !flow.hits.is_empty() {
            (more.interim, more.hits) = (flow.interim.clone(), flow.hits.clone());
        }
        (more.request_times, more.response_times) = (request.times.clone(), response.times.clone());
        if !request.trailers.is_empty() || !response.trailers.is_empty() {
            more.request_trailers = head::fields(&request.trailers, reveal);
            more.response_trailers = head::fields(&response.trailers, reveal);
        }
        if record.protocol == Protocol::Grpc {
            let read = |fields: &[(String, String)]| {
                Status::read(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            };
            // An answer that is nothing but its end has in its head what else stands in trailers.
            let only = || response.head.as_deref().filter(|head| head.grpc.is_some());
            let told = read(&more.response_trailers)
                .or_else(|| only().and_then(|head| read(&head::lines(&head.text).1)));
            record.status = told.as_ref().map(|status| status.code);
            record.error = told.map(|status| status.message).filter(|message| !message.is_empty());
        }
        record.more = (more != More::default()).then(|| Box::new(more));
        record
    }
}

impl Flow {
    /// What is told of it whatever it carried.
    fn record(&self) -> Record {
        let told = |half: &Half| half.head.clone();
        let hint = |half: &Half| half.head.as_deref().and_then(|head| head.protocol);
        let protocol = match self.plane {
            Plane::Tcp => Protocol::Tcp,
            Plane::Udp => Protocol::Udp,
            Plane::Http { .. } => match (hint(&self.request), hint(&self.response)) {
                (Some(Protocol::Grpc), _) => Protocol::Grpc,
                (Some(Protocol::Websocket), _) if self.pieces.is_some() => Protocol::Websocket,
                (_, Some(Protocol::Sse)) => Protocol::Sse,
                _ => Protocol::Http,
            },
        };
        let record = Record {
            id: self.id,
            protocol,
            outcome: Outcome::Open,
            route: Arc::clone(&self.route),
            started: self.started,
            wait: self.answered.map(|at| at - self.started),
            took: None,
            client: Arc::clone(&self.client),
            server: self.server.clone(),
            request: told(&self.request),
            response: told(&self.response),
            request_body: None,
            response_body: None,
            stream: None,
            status: self.response.head.as_deref().and_then(|head| head.status),
            error: None,
            sent: self.request.bytes,
            received: self.response.bytes,
            lost: self.lost.saturating_add(self.request.lost).saturating_add(self.response.lost),
            caused_by: None,
            more: None,
        };
        let Some(rest) = &self.rest else { return record };
        Record {
            protocol: rest.protocol,
            started: rest.started,
            wait: rest.answered.map(|at| at - rest.started),
            request: Some(Arc::clone(&rest.head)),
            sent: record.sent.saturating_sub(self.told[0]),
            received: record.received.saturating_sub(self.told[1]),
            ..record
        }
    }
}
