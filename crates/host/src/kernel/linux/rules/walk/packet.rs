//! A packet as far as it is known by reading, and the comparisons of it with what rules write.
//!
//! A comparison has three outcomes: what cannot be told by reading, such as a mark, may match.

use std::{net::IpAddr, ops::RangeInclusive};

use serde_json::Value;

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tri {
    No,
    Maybe,
    Yes,
}

/// The first packet of a connection, or the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    /// The ports that it may come from.
    pub(super) source: RangeInclusive<u16>,
    /// The ports that it may go to.
    pub(super) destination: RangeInclusive<u16>,
    /// Whether it is the answer: SYN and ACK, of a connection that is known by then.
    pub(super) answer: bool,
    /// Whether the kernel keeps track of its connection, as far as no rule has said otherwise.
    pub(super) tracked: bool,
}

/// One thing of a packet that a rule may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// A number of which a range is known.
    Number(RangeInclusive<u64>),
    /// An address.
    Address(IpAddr),
    /// One of these words.
    Words(&'static [&'static str]),
    /// A device's name; empty where there is none.
    Device(&'a str),
    /// An address of another machine.
    Elsewhere,
    /// The packet has no such thing, so that no condition on it holds, not even a negated one.
    Absent,
    /// It cannot be told by reading.
    Unknown,
}

impl Tri {
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either.
    pub(super) fn or(self, other: Self) -> Self {
        self.max(other)
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl Packet {
    /// The flags of TCP that are set.
    pub(super) fn flags(&self) -> &'static [&'static str] {
        if self.answer { &["syn", "ack"] } else { &["syn"] }
    }
}

impl Subject<'_> {
    pub(super) fn port(ports: &RangeInclusive<u16>) -> Self {
        Self::Number(u64::from(*ports.start())..=u64::from(*ports.end()))
    }

    /// Whether it is this: a number, a word, an address, a prefix or a range. Lists and sets are the caller's.
    pub(super) fn is(&self, value: &Value) -> Tri {
        match self {
            Self::Absent => Tri::No,
            Self::Unknown => Tri::Maybe,
            Self::Number(known) => number(value).map_or(Tri::Maybe, |asked| within(known, &asked)),
            Self::Address(address) => is_address(*address, value),
            Self::Elsewhere => is_elsewhere(value),
            Self::Words(words) => value.as_str().map_or(Tri::Maybe, |asked| Tri::of(words.contains(&asked))),
            Self::Device(name) => value.as_str().map_or(Tri::Maybe, |asked| match asked.strip_suffix('*') {
                Some(start) => Tri::of(!name.is_empty() && name.starts_with(start)),
                None => Tri::of(*name == asked),
            }),
        }
    }

    /// How it compares with a number: `<`, `>`, `<=`, `>=`.
    pub(super) fn compares(&self, operator: &str, value: &Value) -> Tri {
        let (Self::Number(known), Some(asked)) = (self, value.as_u64()) else { return Tri::Maybe };
        let last = u64::MAX;
        let range = match operator {
            "<" => asked.checked_sub(1).map(|end| 0..=end),
            "<=" => Some(0..=asked),
            ">" => asked.checked_add(1).map(|start| start..=last),
            ">=" => Some(asked..=last),
            _ => return Tri::Maybe,
        };
        range.map_or(Tri::No, |range| within(known, &range))
    }
}

/// Whether a known range lies in the one asked for, beside it, or partly in it.
fn within(known: &RangeInclusive<u64>, asked: &RangeInclusive<u64>) -> Tri {
    if asked.start() <= known.start() && known.end() <= asked.end() {
        return Tri::Yes;
    }
    if known.end() < asked.start() || asked.end() < known.start() { Tri::No } else { Tri::Maybe }
}

/// A number, or a range of numbers.
fn number(value: &Value) -> Option<RangeInclusive<u64>> {
    if let Some(number) = value.as_u64() {
        return Some(number..=number);
    }
    let [first, last] = value["range"].as_array()?.as_slice() else { return None };
    Some(first.as_u64()?..=last.as_u64()?)
}

/// An address, or a prefix, of a machine that may be any but this one.
fn is_elsewhere(value: &Value) -> Tri {
    let prefix = &value["prefix"];
    let address = prefix["addr"].as_str().or_else(|| value.as_str());
    match address.and_then(|text| text.parse::<IpAddr>().ok()) {
        Some(address) if address.is_loopback() => Tri::No,
        Some(_) if prefix["len"] == 0 => Tri::Yes,
        _ => Tri::Maybe,
    }
}

fn is_address(address: IpAddr, value: &Value) -> Tri {
    if let Some(text) = value.as_str() {
        return text.parse::<IpAddr>().map_or(Tri::Maybe, |asked| Tri::of(asked == address));
    }
    let bits = |address: IpAddr| match address {
        IpAddr::V4(four) => (u128::from(four.to_bits()), 32_u64),
        IpAddr::V6(six) => (six.to_bits(), 128),
    };
    let (own, width) = bits(address);
    let same_family = |text: &Value| {
        let (other, family) = bits(text.as_str()?.parse().ok()?);
        (family == width).then_some(other)
    };
    let prefix = &value["prefix"];
    if let (Some(network), Some(length)) = (same_family(&prefix["addr"]), prefix["len"].as_u64()) {
        let Some(shift) = width.checked_sub(length) else { return Tri::Maybe };
        let shift = u32::try_from(shift).unwrap_or(u32::MAX);
        // A shift by all 128 bits is a prefix of length 0, which every address has.
        let top = |bits: u128| bits.checked_shr(shift).unwrap_or(0);
        return Tri::of(top(network) == top(own));
    }
    if let Some([first, last]) = value["range"].as_array().map(Vec::as_slice)
        && let (Some(first), Some(last)) = (same_family(first), same_family(last))
    {
        return Tri::of((first..=last).contains(&own));
    }
    Tri::Maybe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_is_compared_with_what_is_written() {
        let port = |ports| Subject::port(&ports);
        let address = |text: &str| Subject::Address(text.parse().unwrap());
        for (subject, value, expected) in [
            (port(80..=80), json!(80), Tri::Yes),
            (port(80..=80), json!(81), Tri::No),
            (port(80..=80), json!("http"), Tri::Maybe),
            (port(80..=80), json!({"range": [1, 1000]}), Tri::Yes),
            (port(80..=80), json!({"range": [1]}), Tri::Maybe),
            (port(32768..=60999), json!({"range": [1, 1000]}), Tri::No),
            (port(32768..=60999), json!({"range": [1, 40000]}), Tri::Maybe),
            (port(32768..=60999), json!({"range": [0, 65535]}), Tri::Yes),
            (address("127.0.0.1"), json!("127.0.0.1"), Tri::Yes),
            (address("127.0.0.1"), json!("::1"), Tri::No),
            (address("127.0.0.1"), json!({"prefix": {"addr": "127.0.0.0", "len": 8}}), Tri::Yes),
            (address("127.0.0.1"), json!({"prefix": {"addr": "10.0.0.0", "len": 8}}), Tri::No),
            (address("127.0.0.1"), json!({"prefix": {"addr": "0.0.0.0", "len": 0}}), Tri::Yes),
            (address("127.0.0.1"), json!({"prefix": {"addr": "0.0.0.0", "len": 99}}), Tri::Maybe),
            (address("::1"), json!({"prefix": {"addr": "::", "len": 0}}), Tri::Yes),
            (address("::1"), json!({"prefix": {"addr": "::", "len": 127}}), Tri::Yes),
            (address("::1"), json!({"prefix": {"addr": "0.0.0.0", "len": 0}}), Tri::Maybe),
            (address("127.1.1.5"), json!({"range": ["127.1.1.1", "127.1.1.9"]}), Tri::Yes),
            (address("127.1.2.5"), json!({"range": ["127.1.1.1", "127.1.1.9"]}), Tri::No),
            (address("127.0.0.1"), json!("localhost"), Tri::Maybe),
            (Subject::Device("lo"), json!("lo"), Tri::Yes),
            (Subject::Device("lo"), json!("l*"), Tri::Yes),
            (Subject::Device("lo"), json!("eth*"), Tri::No),
            (Subject::Device(""), json!("*"), Tri::No),
            (Subject::Device("lo"), json!(1), Tri::Maybe),
            (Subject::Words(&["tcp"]), json!("udp"), Tri::No),
            (Subject::Absent, json!("tcp"), Tri::No),
            (Subject::Unknown, json!("tcp"), Tri::Maybe),
        ] {
            assert_eq!(subject.is(&value), expected, "{subject:?} {value}");
        }
    }

    #[test]
    fn ports_have_an_order() {
        for (known, operator, value, expected) in [
            (80..=80, "<", 1024, Tri::Yes),
            (80..=80, "<", 80, Tri::No),
            (80..=80, "<=", 80, Tri::Yes),
            (80..=80, ">", 79, Tri::Yes),
            (80..=80, ">=", 81, Tri::No),
            (80..=80, "<", 0, Tri::No),
            (80..=80, ">", u64::MAX, Tri::No),
            (80..=90, ">", 85, Tri::Maybe),
            (80..=80, "~", 80, Tri::Maybe),
        ] {
            assert_eq!(
                Subject::port(&known).compares(operator, &json!(value)),
                expected,
                "{known:?} {operator} {value}"
            );
        }
    }
}
