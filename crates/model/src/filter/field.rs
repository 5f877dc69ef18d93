//! The fields that a filter can name: one line each.

/// What of an exchange a term is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Its number.
    Id,
    /// What was spoken.
    Protocol,
    /// What was asked for in one word.
    Method,
    /// The status of the response.
    Status,
    /// The host that was asked for; every label of it as well.
    Host,
    /// The path of the URL, without its query.
    Path,
    /// The query of the URL, without `?`.
    Query,
    /// The whole URL, or the statement, key or name.
    Target,
    /// Where its route begins; every label of it as well.
    Route,
    /// A header of either side.
    Header,
    /// The body of either side.
    Body,
    /// The body of the request.
    RequestBody,
    /// The body of the response.
    ResponseBody,
    /// The client: its program, `pid:…` or `project:…`.
    From,
    /// The server, likewise.
    To,
    /// Milliseconds to its end.
    Took,
    /// Milliseconds to the first byte of the response.
    Wait,
    /// Bytes of both sides.
    Size,
    /// Bytes of the client.
    Sent,
    /// Bytes of the server.
    Received,
    /// Bytes that were not recorded.
    Lost,
    /// How it ended.
    Outcome,
    /// Why it failed.
    Error,
    /// A fault that hit it.
    Fault,
    /// The exchange that caused it.
    CausedBy,
    /// When it began, in milliseconds since 1970; from this time on.
    Since,
    /// The same, before this time.
    Until,
}

/// What a field is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number: `12`, `>100`, `10..20`.
    Number,
    /// A status: a number, or `5xx`.
    Status,
    /// A duration, in milliseconds: `200ms`, `>1.5s`.
    Duration,
    /// A size, in bytes: `512`, `>4kb`, `1mib`.
    Size,
    /// A time: `10m` ago, `2026-11-21T10:00:00Z`.
    Time,
    /// A text.
    Text,
}

/// Every field: as it is typed, what it is compared with, and one line of help.
pub const FIELDS: &[(&str, Field, Kind, &str)] = &[
    ("method", Field::Method, Kind::Text, "what was asked for: GET, query, HGETALL"),
    ("status", Field::Status, Kind::Status, "the status: 404, >=500, 5xx"),
    ("host", Field::Host, Kind::Text, "the host, or a label of it: api"),
    ("path", Field::Path, Kind::Text, "the path of the URL: /v1/*"),
    ("query", Field::Query, Kind::Text, "the query of the URL: *page=2*"),
    ("url", Field::Target, Kind::Text, "the whole URL"),
    ("target", Field::Target, Kind::Text, "the URL, statement, key or name"),
    ("route", Field::Route, Kind::Text, "where its route begins"),
    (
        "protocol",
        Field::Protocol,
        Kind::Text,
        "http, grpc, websocket, sse, postgres, mysql, redis, dns, tcp, udp",
    ),
    ("header", Field::Header, Kind::Text, "a header: header.content-type~json"),
    ("body", Field::Body, Kind::Text, "the body of either side: body~\"timeout\""),
    ("request.body", Field::RequestBody, Kind::Text, "the body of the request"),
    ("response.body", Field::ResponseBody, Kind::Text, "the body of the response"),
    ("from", Field::From, Kind::Text, "the client: its program, pid:812 or project:shop"),
    ("to", Field::To, Kind::Text, "the server: its program, pid:812 or project:shop"),
    ("took", Field::Took, Kind::Duration, "how long it took: >200ms"),
    ("wait", Field::Wait, Kind::Duration, "how long until the answer began"),
    ("size", Field::Size, Kind::Size, "bytes of both sides: >4kb"),
    ("sent", Field::Sent, Kind::Size, "bytes of the client"),
    ("received", Field::Received, Kind::Size, "bytes of the server"),
    ("lost", Field::Lost, Kind::Size, "bytes that were not recorded: >0"),
    (
        "outcome",
        Field::Outcome,
        Kind::Text,
        "open, complete, client_left, server_left, unreached, fault, unknown",
    ),
    ("error", Field::Error, Kind::Text, "why it failed: error:* for any"),
    ("fault", Field::Fault, Kind::Text, "a fault that hit it: fault:* for any"),
    ("id", Field::Id, Kind::Number, "its number: 12, 10..20"),
    ("caused_by", Field::CausedBy, Kind::Number, "the number of the exchange that caused it"),
    ("since", Field::Since, Kind::Time, "from then on: 10m, 2026-11-21T10:00:00Z"),
    ("until", Field::Until, Kind::Time, "before then"),
];

impl Field {
    /// Whether only a response tells it.
    pub(super) fn of_response(self) -> bool {
        matches!(
            self,
            Self::Status
                | Self::ResponseBody
                | Self::Took
                | Self::Wait
                | Self::Size
                | Self::Received
                | Self::Lost
                | Self::Outcome
                | Self::Error
                | Self::Fault
        )
    }

    /// Whether it is a body.
    pub(super) fn of_body(self) -> bool {
        matches!(self, Self::Body | Self::RequestBody | Self::ResponseBody)
    }
}
