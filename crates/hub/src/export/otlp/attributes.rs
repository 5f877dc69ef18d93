//! What a span says, by the semantic conventions.

use std::net::SocketAddr;

use navyd_model::exchange::{Exchange, Protocol, Summary};
use serde_json::{Value, json};

use super::is_whole;

/// The methods that the convention knows; any other is `_OTHER`.
const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The longest value, in bytes.
const LONGEST: usize = 8 * 1024;

/// A name that few spans share and not each has for itself: the operation, and where its route begins.
pub(super) fn name(summary: &Summary) -> String {
    let operation = match summary.protocol {
        protocol if protocol.is_http() => method(&summary.method).to_owned(),
        _ => operation(summary).unwrap_or_else(|| summary.protocol.to_string()),
    };
    format!("{operation} {}", summary.route)
}

/// All attributes of a span.
pub(super) fn of(exchange: &Exchange) -> Vec<Value> {
    let summary = &exchange.summary;
    let mut all = vec![number("navyd.exchange", summary.id)];
    match summary.protocol {
        protocol if protocol.is_http() => http(exchange, &mut all),
        Protocol::Dns => all.push(text("dns.question.name", &summary.target)),
        _ => database(exchange, &mut all),
    }
    let transport = if matches!(summary.protocol, Protocol::Udp | Protocol::Dns) { "udp" } else { "tcp" };
    all.push(text("network.transport", transport));
    address(summary.server.address, "network.peer.address", "network.peer.port", &mut all);
    address(summary.client.address, "client.address", "client.port", &mut all);
    if let Some(error) = error(exchange) {
        all.push(text("error.type", &error));
    }
    all
}

/// What `error.type` says: how it failed, or the status of a server's fault. What a client did wrong is no error of who
/// answered.
pub(super) fn error(exchange: &Exchange) -> Option<String> {
    let summary = &exchange.summary;
    if !is_whole(summary.outcome) {
        return Some(summary.outcome.as_str().to_owned());
    }
    match (summary.protocol, summary.status) {
        (protocol, Some(status)) if protocol.is_http() && status >= 500 => Some(status.to_string()),
        (protocol, _) if protocol.is_http() => None,
        _ => summary.error.as_ref().map(|error| code(exchange).unwrap_or_else(|| first_word(error))),
    }
}

fn http(exchange: &Exchange, all: &mut Vec<Value>) {
    let summary = &exchange.summary;
    all.push(text("http.request.method", method(&summary.method)));
    if method(&summary.method) != summary.method {
        all.push(text("http.request.method_original", &summary.method));
    }
    all.push(text("url.full", &summary.target));
    if let Some((scheme, rest)) = summary.target.split_once("://") {
        all.push(text("url.scheme", scheme));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let target = rest.get(authority.len()..).and_then(|target| target.split('#').next());
        let (path, query) = target.unwrap_or_default().split_once('?').unzip();
        all.push(text("url.path", path.or(target).unwrap_or_default()));
        all.extend(query.map(|query| text("url.query", query)));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, None),
        };
        let usual = if matches!(scheme, "https" | "wss") { 443 } else { 80 };
        all.push(text("server.address", host.trim_matches(['[', ']'])));
        all.push(number("server.port", port.unwrap_or(usual)));
    }
    all.extend(summary.status.map(|status| number("http.response.status_code", status.into())));
    let line = exchange.response.as_ref().and_then(|response| response.line.as_deref());
    let line = line.or(exchange.request.line.as_deref().and_then(|line| line.rsplit(' ').next()));
    if let Some(version) = line.and_then(|line| line.strip_prefix("HTTP/")) {
        all.push(text("network.protocol.name", "http"));
        all.push(text("network.protocol.version", &first_word(version)));
    }
    let mut headers = exchange.request.headers.iter();
    let agent = headers.find(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
    all.extend(agent.map(|(_, agent)| text("user_agent.original", agent)));
    let size = |message: &navyd_model::exchange::Message| message.body.as_ref().map(|body| body.size);
    all.extend(size(&exchange.request).map(|size| number("http.request.body.size", size)));
    let received = exchange.response.as_ref().and_then(size);
    all.extend(received.map(|size| number("http.response.body.size", size)));
    if summary.protocol == Protocol::Grpc {
        let path = summary.target.rsplitn(3, '/').collect::<Vec<_>>();
        all.push(text("rpc.system", "grpc"));
        if let [method, service, _] = path[..] {
            all.extend([text("rpc.service", service), text("rpc.method", method)]);
        }
    }
}

fn database(exchange: &Exchange, all: &mut Vec<Value>) {
    let summary = &exchange.summary;
    address(summary.server.address, "server.address", "server.port", all);
    let system = match summary.protocol {
        Protocol::Postgres => "postgresql",
        Protocol::Mysql => "mysql",
        Protocol::Redis => "redis",
        _ => return,
    };
    all.push(text("db.system.name", system));
    all.extend(operation(summary).map(|operation| text("db.operation.name", &operation)));
    if !summary.target.is_empty() {
        let statement = match summary.protocol {
            Protocol::Redis => format!("{} {}", summary.method, summary.target),
            _ => summary.target.clone(),
        };
        all.push(text("db.query.text", &statement));
    }
    all.extend(code(exchange).map(|code| text("db.response.status_code", &code)));
}

/// `SELECT` of a statement, `HGETALL` of a command.
fn operation(summary: &Summary) -> Option<String> {
    let word = match summary.protocol {
        Protocol::Postgres | Protocol::Mysql => first_word(&summary.target),
        Protocol::Tcp | Protocol::Udp => return None,
        _ => summary.method.clone(),
    };
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    is_word.then(|| word.to_ascii_uppercase())
}

/// What a database calls the failure: PostgreSQL's SQLSTATE, MySQL's number, the first word of Redis.
fn code(exchange: &Exchange) -> Option<String> {
    let error = exchange.summary.error.as_ref()?;
    let told = ["/error/code", "/code", "/sqlstate"];
    let told = told.into_iter().find_map(|at| exchange.details.pointer(at)).and_then(|code| match code {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    });
    told.or_else(|| (exchange.summary.protocol == Protocol::Redis).then(|| first_word(error)))
}

fn method(method: &str) -> &str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or("_OTHER")
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().trim_end_matches([':', ';', '(']).to_owned()
}

fn address(of: Option<SocketAddr>, name: &str, port: &str, all: &mut Vec<Value>) {
    if let Some(of) = of {
        all.extend([text(name, &of.ip().to_string()), number(port, of.port().into())]);
    }
}

/// An attribute that is a text; what is too long is cut.
pub(super) fn text(key: &str, value: &str) -> Value {
    let mut end = value.len().min(LONGEST);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    json!({"key": key, "value": {"stringValue": &value[..end]}})
}

/// An attribute that is a number: of 64 bits, which is a text in JSON.
fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}
