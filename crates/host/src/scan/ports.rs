//! The ports of a scan, as people write them.

use navyd_model::{Protocol, ports};

/// What can be typed, for error messages and help.
const FORMS: &str = "write ports as `80`, `80,443`, `8000-9000`, `all` or `common`";

/// Why a text names no ports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` {what}; {FORMS}")]
pub struct PortsError {
    part: String,
    what: &'static str,
}

/// Reads `80,443,8000-9000`, `-1023`, `49152-`, `all`, `-` or `common`: each port once, in ascending order.
///
/// # Errors
/// When a part is neither a port from 1 to 65535, nor a range, nor one of those words.
pub fn parse(text: &str) -> Result<Vec<u16>, PortsError> {
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim) {
        match part {
            "all" | "-" => all.extend(1..=u16::MAX),
            "common" => all.extend(common()),
            _ => all.extend(range(part).map_err(|what| PortsError { part: part.to_owned(), what })?),
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The ports that have a usual meaning, and those below 1024 that are registered with IANA: about four
/// hundred, so that a distant machine is asked little.
pub fn common() -> impl Iterator<Item = u16> {
    (1..=u16::MAX).filter(|port| {
        let registered = *port < 1024 && ports::iana(*port, Protocol::Tcp).is_some();
        registered || ports::usual(*port, Protocol::Tcp).is_some()
    })
}

fn range(part: &str) -> Result<std::ops::RangeInclusive<u16>, &'static str> {
    let Some((first, last)) = part.split_once('-') else {
        return number(part).map(|port| port..=port);
    };
    let first = if first.is_empty() { 1 } else { number(first)? };
    let last = if last.is_empty() { u16::MAX } else { number(last)? };
    if first > last { Err("ends before it begins") } else { Ok(first..=last) }
}

fn number(text: &str) -> Result<u16, &'static str> {
    let text = text.trim();
    // The standard parser would take a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port != 0);
    port.ok_or("is not a port from 1 to 65535")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges() {
        for (text, expected) in [
            ("80", &[80][..]),
            ("443,80", &[80, 443]),
            ("80, 443 ,80", &[80, 443]),
            ("8000-8002,8001-8003", &[8000, 8001, 8002, 8003]),
            ("-3", &[1, 2, 3]),
            ("65534-", &[65534, 65535]),
            ("7 - 8", &[7, 8]),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn words() {
        for text in ["all", "-", "1-65535", "1-"] {
            let all = parse(text).unwrap();
            assert_eq!((all.len(), all[0], all[65_534]), (65_535, 1, 65_535), "{text}");
        }
        let common = parse("common,62893").unwrap();
        for port in [22, 80, 443, 3000, 5173, 5432, 8080, 62893] {
            assert!(common.contains(&port), "{port}");
        }
        assert!((200..1_000).contains(&common.len()), "{}", common.len());
    }

    #[test]
    fn what_names_no_ports_is_refused() {
        for (text, what) in [
            ("0", "is not a port"),
            ("65536", "is not a port"),
            ("abc", "is not a port"),
            ("", "is not a port"),
            ("80,,443", "is not a port"),
            ("9-8", "ends before it begins"),
            ("1-2-3", "is not a port"),
            ("+80", "is not a port"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.what.starts_with(what), "{text}: {error}");
        }
    }
}
