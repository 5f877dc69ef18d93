//! The host in front of a port, and where one ends and the other begins.
//!
//! The rule that matters: what any program might read as an address is an address here, or refused, and never
//! a name. Otherwise `127.1` would be looked up in the DNS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    Host,
    error::{HINT, TargetError},
};

/// The host and the text of the port. No host, or `*`, is every address.
pub(super) fn place(text: &str) -> Result<(Option<Host>, Option<&str>), TargetError> {
    if let Some(rest) = text.strip_prefix('[') {
        return bracketed(text, rest);
    }
    if let Some(address) = ipv6(text) {
        if text.strip_prefix("::1:").is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit())) {
            let hint = format!("type `[::1]:{}`, or `[{text}]` for the address", &text[4..]);
            return Err(TargetError::about(text, "can be read in two ways", &hint));
        }
        return Ok((Some(Host::Address(address)), None));
    }
    // macOS and BSD `netstat` put a dot before the port: `127.0.0.1.3000`, `::1.3000`, `*.3000`.
    if let Some((left, port)) = text.rsplit_once('.')
        && is_number(port)
    {
        if left == "*" {
            return Ok((None, Some(port)));
        }
        if let Some(address) = ipv6(left).or_else(|| left.parse::<Ipv4Addr>().ok().map(IpAddr::V4)) {
            return Ok((Some(Host::Address(address)), Some(port)));
        }
    }
    let Some((left, port)) = text.rsplit_once(':') else {
        return Ok((host(text)?, None));
    };
    let host = match ipv6(left) {
        // Older `netstat` writes `:::3000` and `::ffff:127.0.0.1:3000`.
        Some(address) => Some(Host::Address(address)),
        None if left.contains(':') => return Err(not_ipv6(text)),
        None => host(left)?,
    };
    Ok((host, (!port.is_empty()).then_some(port)))
}

fn bracketed<'a>(text: &str, rest: &'a str) -> Result<(Option<Host>, Option<&'a str>), TargetError> {
    let (inside, after) = rest.split_once(']').ok_or_else(|| not_ipv6(text))?;
    let host = Host::Address(ipv6(inside).ok_or_else(|| not_ipv6(inside))?);
    match after.strip_prefix(':') {
        Some(port) if !port.is_empty() => Ok((Some(host), Some(port))),
        None if !after.is_empty() => Err(not_ipv6(text)),
        _ => Ok((Some(host), None)),
    }
}

fn host(text: &str) -> Result<Option<Host>, TargetError> {
    if text.is_empty() || text == "*" {
        return Ok(None);
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    // The URL Standard, "ends in a number checker": such a host is an IPv4 address or a failure.
    let last = text.rsplit('.').next().unwrap_or(text);
    if is_number(last) || last.starts_with("0x") || last.starts_with("0X") {
        let hint = "type four numbers from 0 to 255, such as `127.0.0.1`";
        let address = ipv4(text).ok_or_else(|| TargetError::about(text, "is not an IPv4 address", hint))?;
        return Ok(Some(Host::Address(IpAddr::V4(address))));
    }
    name(text).map(|name| Some(Host::Name(name)))
}

/// RFC 1123 §2.1: labels of letters, digits and hyphens. Underscores too, because container engines name
/// hosts with them. RFC 1035 §2.3.4 limits a label to 63 bytes, and a name to what 253 characters hold.
fn name(text: &str) -> Result<String, TargetError> {
    if text.chars().any(|char| !char.is_ascii() && char.is_alphanumeric()) {
        return Err(TargetError::about(text, "is not ASCII", "type its ASCII form, which has `xn--` in it"));
    }
    let letters =
        |label: &str| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !text.split('.').all(letters) {
        return Err(TargetError::about(text, "has a character that is in no host name", HINT));
    }
    if text.len() > 253 || text.split('.').any(|label| label.len() > 63) {
        return Err(TargetError::about(text, "is too long for a host name", HINT));
    }
    if text.split('.').any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-')) {
        return Err(TargetError::about(text, "is not a host name", HINT));
    }
    Ok(text.to_ascii_lowercase())
}

/// Four numbers; or two or three as `inet_aton` reads them, where the last fills the bytes that are left:
/// `127.1` is 127.0.0.1. Hexadecimal and leading zeros are refused, since programs differ on them.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let (last, leading) = parts.split_last()?;
    if !matches!(leading.len(), 1 | 2)
        || parts.iter().any(|part| !is_number(part) || (part.len() > 1 && part.starts_with('0')))
    {
        return None;
    }
    let mut address = 0u32;
    for part in leading {
        address = (address << 8) | u32::from(part.parse::<u8>().ok()?);
    }
    let bits = 32 - 8 * leading.len() as u32;
    let last = last.parse::<u32>().ok().filter(|last| *last < 1 << bits)?;
    Some(Ipv4Addr::from((address << bits) | last))
}

/// With or without a zone (RFC 4007 §11), which RFC 6874 writes `%25` in URLs.
fn ipv6(text: &str) -> Option<IpAddr> {
    let (address, zone) = text.split_once('%').unwrap_or((text, "any"));
    if zone.is_empty() || !zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)) {
        return None;
    }
    Some(IpAddr::V6(address.parse::<Ipv6Addr>().ok()?).to_canonical())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn not_ipv6(text: &str) -> TargetError {
    TargetError::about(text, "is not an IPv6 address", "put brackets around it: `[::1]:3000`")
}
