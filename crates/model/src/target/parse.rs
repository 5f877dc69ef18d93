//! From a text to a target: first the form (URL, bare word, place), then its parts.

use super::{
    Host, Target,
    error::{HINT, TargetError},
    host::place,
    paste::tidied,
    scheme,
};
use crate::{listener::Protocol, ports::by_name};

/// Reads any text, as a person typed or pasted it.
pub(super) fn target(text: &str) -> Result<Target, TargetError> {
    let text = tidied(text);
    if text.is_empty() {
        return Err(TargetError::empty());
    }
    match scheme::split(&text) {
        Some((scheme, rest)) => url(scheme, rest),
        None => plain(&text),
    }
}

fn url(scheme: String, rest: &str) -> Result<Target, TargetError> {
    if scheme::names_a_path(&scheme) {
        return Err(path(&format!("{scheme}://")));
    }
    // RFC 3986 §3.2: "The authority component is preceded by a double slash ("//") and is terminated by the
    // next slash ("/"), question mark ("?"), or number sign ("#") character, or by the end of the URI."
    let authority = without_user(rest.split(['/', '?', '#']).next().unwrap_or(rest));
    let (host, port) = place(authority)?;
    let port = match port {
        Some(port) => Some(number(port)?),
        None => scheme::default_port(&scheme),
    };
    if host.is_none() && (authority.is_empty() || port.is_none()) {
        return Err(TargetError::about(&format!("{scheme}://"), "names no host", HINT));
    }
    Ok(Target { host, port, proto: scheme::protocol(&scheme), scheme: Some(scheme) })
}

/// `host:port`, either of them, or a name; with `/tcp`, `/udp` or a path behind it.
fn plain(text: &str) -> Result<Target, TargetError> {
    let (head, tail) = text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()));
    if head.is_empty() {
        return Err(path(text));
    }
    let suffix = tail.trim_matches('/');
    let behind = protocol(suffix);
    let (before, head) = prefixed(without_user(head));
    if let (Some(before), Some(behind)) = (before, behind)
        && before != behind
    {
        return Err(TargetError::about(
            without_user(text),
            "names two protocols",
            "type one, such as `53/udp`",
        ));
    }
    let (host, port, implied) =
        if head.contains([':', '.', '*', '[']) { explicit(head)? } else { bare(head)? };
    // A path belongs behind a place, as in `localhost:3000/login`, and never behind a port alone.
    let unseen = matches!(suffix.to_ascii_lowercase().as_str(), "sctp" | "dccp" | "quic");
    if behind.is_none() && !suffix.is_empty() && (unseen || host.is_none()) {
        return Err(TargetError::about(
            suffix,
            "is not a protocol that navyd reads",
            "type `/tcp` or `/udp`",
        ));
    }
    Ok(Target { host, port, proto: behind.or(before).or(implied), scheme: None })
}

type Parts = (Option<Host>, Option<u16>, Option<Protocol>);

fn explicit(text: &str) -> Result<Parts, TargetError> {
    let (host, given) = place(text)?;
    let Some(given) = given else {
        return match host {
            // A final dot or colon makes no host of a word: `abc.` is read as `abc`.
            Some(Host::Name(name)) if !name.contains('.') => bare(&name),
            Some(host) => Ok((Some(host), None, None)),
            None => Err(TargetError::about(text, "names neither a host nor a port", HINT)),
        };
    };
    let (port, implied) = match named(given) {
        Some(found) => found,
        None => (number(given)?, None),
    };
    Ok((host, Some(port), implied))
}

/// A word alone is a port, by number or by name. It is no host, because `abc` more often is a slip.
fn bare(word: &str) -> Result<Parts, TargetError> {
    if word.eq_ignore_ascii_case("localhost") {
        return Ok((Some(Host::Name("localhost".to_owned())), None, None));
    }
    if let Some((port, implied)) = named(word) {
        return Ok((None, Some(port), implied));
    }
    if word.starts_with(|first: char| first.is_numeric() || "+-".contains(first)) {
        return Ok((None, Some(number(word)?), None));
    }
    if word.is_empty() {
        return Err(TargetError::empty());
    }
    Err(TargetError::about(word, "is neither a port nor a service that navyd knows", HINT))
}

/// The port that has this name, and its protocol where that is not TCP, which is what people mean.
fn named(text: &str) -> Option<(u16, Option<Protocol>)> {
    let (port, proto) = by_name(text)?;
    Some((port, (proto != Protocol::Tcp).then_some(proto)))
}

fn number(text: &str) -> Result<u16, TargetError> {
    let hint = "type a number from 1 to 65535, such as `3000`";
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TargetError::about(text, "is not a port", hint));
    }
    match text.parse::<u16>() {
        Ok(0) => Err(TargetError::about(
            text,
            "is no port: to a kernel it means any free one",
            "find a free one with `navyd port`",
        )),
        Ok(port) => Ok(port),
        // Only digits: the one way to fail is to be too large.
        Err(_) => Err(TargetError::about(text, "is above 65535, the last port", hint)),
    }
}

/// RFC 3986 §3.2.1: "The user information, if present, is followed by a commercial at-sign ("@") that delimits
/// it from the host." It may hold a password, so it goes before anything is repeated in a message.
fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_user, rest)| rest)
}

/// `udp:53`, as `lsof -i` takes it.
fn prefixed(head: &str) -> (Option<Protocol>, &str) {
    match head.split_once(':') {
        Some((before, rest)) if protocol(before).is_some() => (protocol(before), rest),
        _ => (None, head),
    }
}

fn protocol(text: &str) -> Option<Protocol> {
    scheme::protocol(&text.to_ascii_lowercase())
}

fn path(text: &str) -> TargetError {
    TargetError::about(text, "is a path, and has no port", "list unix sockets with `navyd ls --unix`")
}
