//! Exchanges: what passed through the gateway, as commands, programs and the dashboard see it.
//!
//! One noun for all protocols: a request with its response, or what a connection that is not understood carried.
//! Deliberately absent: how it is recorded, decoded and kept.

use std::{fmt, net::SocketAddr, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An exchange in one line: what lists show, and what the live stream tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// Grows with time, and is never used twice.
    pub id: u64,
    /// What was spoken.
    pub protocol: Protocol,
    /// Where its route begins: `shop.localhost/api`, `127.0.0.1:8000`.
    pub route: String,
    /// When its first byte came.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started: Timestamp,
    /// Milliseconds until the first byte of the response; `None` when there was none.
    pub wait_ms: Option<f64>,
    /// Milliseconds until its end; `None` while it goes on.
    pub took_ms: Option<f64>,
    /// Who asked.
    pub client: Party,
    /// Who answered.
    pub server: Party,
    /// What was asked for in one word: `GET`, `query`, `HGETALL`, `A`.
    pub method: String,
    /// What it was asked of: a URL, a statement, a key, a name.
    pub target: String,
    /// The status of HTTP or gRPC's trailer; `None` elsewhere.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, when it failed: as the server says it, or what became of the connection.
    pub error: Option<String>,
    /// Bytes from the client, with heads.
    pub sent: u64,
    /// Bytes from the server, with heads.
    pub received: u64,
    /// Bytes that passed and were not recorded.
    pub lost: u64,
    /// The names of the faults that hit it.
    pub faults: Vec<String>,
    /// The exchange that caused this one, as far as time and processes tell.
    pub caused_by: Option<u64>,
}

/// An exchange with all that is kept of it: `navyd.exchange/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exchange {
    /// In one line.
    #[serde(flatten)]
    pub summary: Summary,
    /// What the client sent.
    pub request: Message,
    /// What the server sent; `None` when nothing came.
    pub response: Option<Message>,
    /// Frames, events, messages or chunks, in the order in which they passed.
    pub pieces: Vec<Piece>,
    /// What a protocol says beyond this: parameters, columns, rows. `null` when nothing.
    pub details: serde_json::Value,
    /// What faults did to it.
    pub hits: Vec<Hit>,
    /// The exchanges that it caused, as far as time and processes tell.
    pub caused: Vec<u64>,
    /// Those that it may have caused: its server served others at the same time, and each may be why.
    #[serde(default)]
    pub maybe_caused: Vec<u64>,
    /// The exchanges one of which caused this one, where nothing tells which.
    #[serde(default)]
    pub maybe_caused_by: Vec<u64>,
}

/// One side of an exchange, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// The first line of HTTP, without its end.
    pub line: Option<String>,
    /// The fields of its head, in their order and case. Values that must stay secret are `[redacted]`.
    pub headers: Vec<(String, String)>,
    /// Interim responses (1xx) that came before.
    pub interim: Vec<Interim>,
    /// Its body; `None` when it has none.
    pub body: Option<Body>,
    /// The fields behind the body.
    pub trailers: Vec<(String, String)>,
}

/// An interim response.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Interim {
    /// Its first line.
    pub line: String,
    /// Its fields.
    pub headers: Vec<(String, String)>,
}

/// A body, as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Body {
    /// Its bytes as they were sent, without chunks.
    pub size: u64,
    /// How many of them are kept.
    pub kept: u64,
    /// SHA-256 of all of them in hexadecimal; `None` when some were lost or changed by redaction.
    pub sha256: Option<String>,
    /// The media type that its head tells.
    pub media_type: Option<String>,
    /// The encodings that were taken off to show it, in the order in which they were put on: `gzip`.
    pub decoded: Vec<String>,
    /// What is shown, when it is text.
    pub text: Option<String>,
    /// The same in Base64, when it is not.
    pub base64: Option<String>,
    /// Why what is shown is not all of it.
    pub note: Option<String>,
}

/// A frame, an event, a message or a chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Piece {
    /// Milliseconds since the start of the exchange.
    pub at_ms: f64,
    /// Who sent it.
    pub from: Side,
    /// What it is: `text`, `binary`, `ping`, `close`, `event`, `message`, `bytes`.
    pub kind: String,
    /// Its bytes, all of them.
    pub size: u64,
    /// Its content, when it is text.
    pub text: Option<String>,
    /// The same in Base64, when it is not.
    pub base64: Option<String>,
}

/// What a fault did to an exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// The fault's name.
    pub fault: String,
    /// What it is: `latency`.
    pub kind: String,
    /// In which direction; `None` for both.
    pub from: Option<Side>,
    /// What it was to do, as a person reads it: `200 ms ± 50 ms`.
    pub asked: String,
    /// What came of it: `213.4 ms`, `reset`, `cut after 512 bytes`.
    pub delivered: String,
}

/// One end of an exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Party {
    /// Its address; `None` where the connection never came about.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub address: Option<SocketAddr>,
    /// The process; `None` when it could not be seen, or was gone by then.
    pub pid: Option<u32>,
    /// Its name.
    pub program: Option<String>,
    /// The name of its project.
    pub project: Option<String>,
}

/// What was spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP, of any version.
    Http,
    /// gRPC.
    Grpc,
    /// WebSocket, from its handshake on.
    Websocket,
    /// Server-Sent Events.
    Sse,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// Redis and what speaks like it.
    Redis,
    /// DNS.
    Dns,
    /// A connection that is not understood.
    Tcp,
    /// Datagrams that are not understood.
    Udp,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It goes on.
    Open,
    /// It was answered completely, whatever the answer says.
    Complete,
    /// The client left before the end.
    ClientLeft,
    /// The server left before the end, or its answer made no sense.
    ServerLeft,
    /// No server was reached: the answer, if there is one, is the gateway's.
    Unreached,
    /// A fault ended it.
    Fault,
    /// How it ended is not known: what would tell it was lost, or could not be read.
    Unknown,
}

/// Who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl Protocol {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Http,
        Self::Grpc,
        Self::Websocket,
        Self::Sse,
        Self::Postgres,
        Self::Mysql,
        Self::Redis,
        Self::Dns,
        Self::Tcp,
        Self::Udp,
    ];

    /// Its name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Websocket => "websocket",
            Self::Sse => "sse",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Redis => "redis",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// Whether its messages have heads of HTTP.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Grpc | Self::Websocket | Self::Sse)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|protocol| protocol.as_str() == text).ok_or(())
    }
}

impl Side {
    /// The one that it talks to.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_named_as_in_json() {
        for protocol in Protocol::ALL {
            assert_eq!(serde_json::to_value(protocol).unwrap(), protocol.as_str());
            assert_eq!(protocol.as_str().parse(), Ok(protocol));
        }
        assert_eq!("smtp".parse::<Protocol>(), Err(()));
    }
}
