//! Who may ask the hub for what, when it asks through the gateway's port.
//!
//! Any page in any browser can send requests there, and any user of this machine. So: exactly our own host, or
//! a page that has bound its name to 127.0.0.1 would pass for us; no word of another origin, not even of the same
//! site, since every server of `localhost` is that; and for the API the token of a session. Commands come over
//! the socket, where the kernel vouches for them, and need none of this.
//!
//! Deliberately absent: cookies, and Cross-Origin Resource Sharing: no other origin is ever allowed anything.

mod tokens;

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, StatusCode, header};
use navyd_model::hub::is_own_host;

pub(crate) use tokens::{LINK, SESSION, Token, Tokens};

/// What is said with every answer: nothing is loaded, framed, guessed, shared or kept.
pub(crate) const FIELDS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("cache-control", "no-store"),
];

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// It asks for another host.
    Host,
    /// Another origin asks.
    Origin,
    /// It has no session.
    Token,
}

impl Denied {
    /// The status: 421 as RFC 9110 §15.5.20 has it, "unwilling or unable to produce an authoritative response
    /// for the target URI".
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
        }
    }
}

/// Decides about a request that came through the gateway. `listen` is where the hub is reached, and
/// `admits` knows the tokens of sessions.
pub(crate) fn judge(
    method: &Method,
    path: &str,
    fields: &HeaderMap,
    listen: &[SocketAddr],
    admits: impl FnOnce(&[u8]) -> bool,
) -> Result<(), Denied> {
    let host = only(fields, header::HOST).and_then(|host| std::str::from_utf8(host).ok());
    let host = host.filter(|host| is_own(host, listen)).ok_or(Denied::Host)?;
    if is_foreign(fields, host) {
        return Err(Denied::Origin);
    }
    if !is_open(method, path) && !bearer(fields).is_some_and(admits) {
        return Err(Denied::Token);
    }
    Ok(())
}

/// What anybody on this machine may read, and the door to a session.
fn is_open(method: &Method, path: &str) -> bool {
    let read = [Method::GET, Method::HEAD].contains(method);
    match path {
        "/api/v1/session" => *method == Method::POST,
        "/api/v1/openapi.json" => read,
        path => read && path != "/api" && !path.starts_with("/api/"),
    }
}

fn is_own(host: &str, listen: &[SocketAddr]) -> bool {
    // What is left out of a URL is the port of its scheme.
    let (name, written) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let reached = match written {
        Some(text) => listen.iter().any(|address| address.port().to_string() == text),
        None => listen.iter().any(|address| matches!(address.port(), 80 | 443)),
    };
    reached && is_own_host(name, listen)
}

fn is_foreign(fields: &HeaderMap, host: &str) -> bool {
    let own = |value: &str| {
        let rest = value.strip_prefix("http://").or_else(|| value.strip_prefix("https://"));
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
    };
    let origin_of = |value: &str| -> String { value.splitn(4, '/').take(3).collect::<Vec<_>>().join("/") };
    let all = |name, allowed: &dyn Fn(&str) -> bool| {
        fields.get_all(name).iter().all(|value| std::str::from_utf8(value.as_bytes()).is_ok_and(allowed))
    };
    let origins = all(header::ORIGIN, &|value| own(value));
    let referers = all(header::REFERER, &|value| own(&origin_of(value)));
    // https://w3c.github.io/webappsec-fetch-metadata/: same-site is every other port of this host.
    let sites = all(SEC_FETCH_SITE, &|value| matches!(value, "same-origin" | "none"));
    !(origins && referers && sites)
}

const SEC_FETCH_SITE: header::HeaderName = header::HeaderName::from_static("sec-fetch-site");

/// The value of a field that stands there once.
fn only(fields: &HeaderMap, name: header::HeaderName) -> Option<&[u8]> {
    let mut values = fields.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first.as_bytes())
}

/// RFC 6750 §2.1: `Authorization: Bearer` and the token.
fn bearer(fields: &HeaderMap) -> Option<&[u8]> {
    let value = only(fields, header::AUTHORIZATION)?;
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

#[cfg(test)]
mod tests;
