//! An exchange as it is written.

use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicI64},
    },
};

use navyd_model::exchange::{Hit, Interim, Outcome, Party, Piece, Protocol, Summary};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{super::known::Row, head::Head};

/// An exchange, assembled and without secrets.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) protocol: Protocol,
    pub(crate) outcome: Outcome,
    pub(crate) route: Arc<str>,
    /// Microseconds since 1970.
    pub(crate) started: i64,
    /// Microseconds until the answer began, and until the end.
    pub(crate) wait: Option<i64>,
    pub(crate) took: Option<i64>,
    pub(crate) client: Arc<Peer>,
    pub(crate) server: Option<Arc<Peer>>,
    pub(crate) request: Option<Arc<Head>>,
    pub(crate) response: Option<Arc<Head>>,
    pub(crate) request_body: Option<Arc<Content>>,
    pub(crate) response_body: Option<Arc<Content>>,
    /// Chunks of a stream that is not understood.
    pub(crate) stream: Option<Arc<Content>>,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) lost: u64,
    pub(crate) caused_by: Option<u64>,
    pub(crate) more: Option<Box<More>>,
}

/// What few exchanges have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct More {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) interim: Vec<Interim>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) request_trailers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) response_trailers: Vec<(String, String)>,
    /// When which byte of a body came, in microseconds since the start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) request_times: Vec<(u64, u64)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) response_times: Vec<(u64, u64)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hits: Vec<Hit>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) pieces: Vec<Piece>,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) details: Value,
}

/// A body as it is stored.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// As it came, to be recognised; `None` when it is too long for that.
    pub(crate) raw: Option<Box<[u8]>>,
    pub(crate) front: Vec<u8>,
    pub(crate) back: Vec<u8>,
    /// How long it was.
    pub(crate) size: u64,
    /// SHA-256 of what came; of a body that was changed only to find it again.
    pub(crate) digest: Option<[u8; 32]>,
    pub(crate) state: State,
    /// Where it is stored.
    pub(crate) row: Row,
}

/// What became of a body before it was stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Values in it were hidden.
    pub(crate) redacted: bool,
    /// Its encoding was taken off.
    pub(crate) decoded: bool,
    /// It is not kept, since it could not be looked into.
    pub(crate) unseen: bool,
    /// Some of it was lost on the way.
    pub(crate) torn: bool,
    /// It is text.
    pub(crate) text: bool,
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// Our end.
    pub(crate) ours: SocketAddr,
    /// Whose it is; empty until that is known.
    pub(crate) who: OnceLock<Who>,
    /// Whether it is a server's.
    pub(crate) serves: AtomicBool,
    /// When it was seen last.
    pub(crate) used: AtomicI64,
    pub(crate) row: Row,
}

/// A process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) pid: u32,
    pub(crate) program: Option<String>,
    pub(crate) project: Option<String>,
}

impl Record {
    /// In one line.
    pub(crate) fn summary(&self) -> Summary {
        let text = |of: fn(&Head) -> &String| {
            self.request.as_deref().map(|head| of(head).clone()).unwrap_or_default()
        };
        Summary {
            id: self.id,
            protocol: self.protocol,
            route: self.route.to_string(),
            started: jiff::Timestamp::from_microsecond(self.started).unwrap_or_default(),
            wait_ms: self.wait.map(milliseconds),
            took_ms: self.took.map(milliseconds),
            client: self.client.party(),
            server: self.server.as_deref().map(Peer::party).unwrap_or_default(),
            method: text(|head| &head.method),
            target: text(|head| &head.target),
            status: self.status,
            outcome: self.outcome,
            error: self.error.clone(),
            sent: self.sent,
            received: self.received,
            lost: self.lost,
            faults: self.more.as_deref().map(|more| fault_names(&more.hits)).unwrap_or_default(),
            caused_by: self.caused_by,
        }
    }

    /// What it holds in memory, roughly, while it waits for the disk.
    pub(crate) fn memory(&self) -> usize {
        let bodies = [&self.request_body, &self.response_body, &self.stream];
        let bodies = bodies.into_iter().flatten().map(|body| body.front.len() + body.back.len());
        size_of::<Self>() + bodies.sum::<usize>()
    }
}

impl Peer {
    pub(crate) fn party(&self) -> Party {
        let who = self.who.get();
        Party {
            address: Some(self.address),
            pid: who.map(|who| who.pid),
            program: who.and_then(|who| who.program.clone()),
            project: who.and_then(|who| who.project.clone()),
        }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.who.get().map(|who| who.pid)
    }
}

impl State {
    /// As a number, for the disk.
    pub(crate) fn bits(self) -> i64 {
        let Self { redacted, decoded, unseen, torn, text } = self;
        [redacted, decoded, unseen, torn, text].iter().rev().fold(0, |bits, bit| bits << 1 | i64::from(*bit))
    }

    /// From its number.
    pub(crate) fn of(bits: i64) -> Self {
        let bit = |at: u32| bits >> at & 1 == 1;
        Self { redacted: bit(0), decoded: bit(1), unseen: bit(2), torn: bit(3), text: bit(4) }
    }
}

/// The faults that hit, each once.
pub(crate) fn fault_names(hits: &[Hit]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for hit in hits {
        if !names.contains(&hit.fault) {
            names.push(hit.fault.clone());
        }
    }
    names
}

/// Microseconds as milliseconds.
pub(crate) fn milliseconds(micro: i64) -> f64 {
    micro as f64 / 1000.0
}

#[cfg(test)]
impl Peer {
    pub(crate) fn of_test(address: SocketAddr, ours: SocketAddr) -> Self {
        let (serves, used) = (AtomicBool::new(false), AtomicI64::new(0));
        Self { address, ours, who: OnceLock::new(), serves, used, row: Row::default() }
    }
}

#[cfg(test)]
impl Record {
    /// One that was answered at once, with nothing.
    pub(crate) fn of_test(id: u64, protocol: Protocol) -> Self {
        let here = || "127.0.0.1:1".parse().unwrap();
        Self {
            id,
            protocol,
            outcome: Outcome::Complete,
            route: "shop.localhost".into(),
            started: 0,
            wait: Some(0),
            took: Some(0),
            client: Arc::new(Peer::of_test(here(), here())),
            server: None,
            request: None,
            response: None,
            request_body: None,
            response_body: None,
            stream: None,
            status: None,
            error: None,
            sent: 0,
            received: 0,
            lost: 0,
            caused_by: None,
            more: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_survive_the_disk() {
        for bits in 0..32 {
            assert_eq!(State::of(bits).bits(), bits);
        }
    }
}
