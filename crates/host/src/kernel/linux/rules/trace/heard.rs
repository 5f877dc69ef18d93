//! What nf_tables tells of a packet that is traced (`enum nft_trace_attributes` of `linux/netfilter/nf_tables.h`).

use super::super::super::netlink::attributes;
use crate::kernel::filter::Did;

/// `NFT_MSG_TRACE` of the subsystem `NFNL_SUBSYS_NFTABLES`.
pub(in crate::kernel::linux) const TRACE: u16 = 10 << 8 | 17;

const TABLE: u16 = 1;
const CHAIN: u16 = 2;
const RULE_HANDLE: u16 = 3;
const TYPE: u16 = 4;
const VERDICT: u16 = 5;
const TRANSPORT_HEADER: u16 = 9;
const POLICY: u16 = 16;
const VERDICT_CODE: u16 = 1;

/// `struct nfgenmsg`, before the attributes.
const HEADER: usize = 4;

/// One station of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kernel::linux) struct Station {
    /// The family of the table, as `nft` writes it.
    pub(super) family: &'static str,
    pub(super) table: String,
    pub(super) chain: String,
    /// The rule; `None` for the chain's policy.
    pub(super) handle: Option<u64>,
    /// What it did; `None` where the packet merely went on.
    pub(super) did: Option<Did>,
    /// The source port of TCP or UDP. Told with the first station of each hook only.
    pub(super) source: Option<u16>,
}

/// Reads one message. Numbers are in the network's order.
pub(in crate::kernel::linux) fn heard(body: &[u8]) -> Option<Station> {
    let rest = body.get(HEADER..)?;
    let of = |wanted: u16| attributes(rest).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let text = |wanted| {
        let value = of(wanted)?;
        Some(String::from_utf8_lossy(value.split(|byte| *byte == 0).next()?).into_owned())
    };
    let source =
        of(TRANSPORT_HEADER).and_then(|head| head.first_chunk()).map(|port| u16::from_be_bytes(*port));
    let did = match number(of(TYPE)?)? {
        // NFT_TRACETYPE_POLICY, _RETURN and _RULE.
        1 => said(number(of(POLICY)?)?.cast_signed()),
        2 | 3 => {
            let code = attributes(of(VERDICT)?).find(|(kind, _)| *kind == VERDICT_CODE)?.1;
            said(number(code)?.cast_signed())
        }
        _ => None,
    };
    Some(Station {
        family: family(*body.first()?)?,
        table: text(TABLE)?,
        chain: text(CHAIN)?,
        handle: of(RULE_HANDLE).and_then(|value| value.first_chunk()).map(|bytes| u64::from_be_bytes(*bytes)),
        did,
        source,
    })
}

fn number(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*value.first_chunk()?))
}

/// `NF_DROP`, `NF_ACCEPT`, and those that hand the packet on; `NFT_CONTINUE` and `NFT_BREAK` are no news.
fn said(code: i32) -> Option<Did> {
    match code {
        0 => Some(Did::Dropped),
        1 => Some(Did::Accepted),
        -1 | -2 => None,
        _ => Some(Did::Passed),
    }
}

/// `NFPROTO_…` by the word of `nft`.
fn family(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "inet",
        2 => "ip",
        3 => "arp",
        5 => "netdev",
        7 => "bridge",
        10 => "ip6",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len() + 4).unwrap();
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message(kind: u32, code: i32) -> Vec<u8> {
        let verdict = attribute(VERDICT_CODE, &code.to_be_bytes());
        [
            vec![2, 0, 0, 0],
            attribute(TABLE, b"t\0"),
            attribute(CHAIN, b"in\0"),
            attribute(RULE_HANDLE, &7u64.to_be_bytes()),
            attribute(TYPE, &kind.to_be_bytes()),
            attribute(VERDICT, &verdict),
            attribute(POLICY, &code.to_be_bytes()),
            attribute(TRANSPORT_HEADER, &[0x9c, 0x40, 0x0b, 0xb8]),
        ]
        .concat()
    }

    #[test]
    fn a_station_is_read_as_the_kernel_tells_it() {
        for (kind, code, did) in [
            (3, 0, Some(Did::Dropped)),
            (3, 1, Some(Did::Accepted)),
            (3, -1, None),
            (3, -3, Some(Did::Passed)),
            (1, 0, Some(Did::Dropped)),
            (2, -5, Some(Did::Passed)),
            (9, 0, None),
        ] {
            let station = heard(&message(kind, code)).unwrap();
            assert_eq!(
                (station.did, station.handle, station.source),
                (did, Some(7), Some(40000)),
                "{kind} {code}"
            );
            assert_eq!((station.family, station.table.as_str(), station.chain.as_str()), ("ip", "t", "in"));
        }
    }

    #[test]
    fn what_is_no_station_is_none() {
        let whole = message(3, 0);
        for length in 0..whole.len() - 12 {
            // Cut anywhere, it is either nothing or the beginning of the same.
            let cut = heard(&whole[..length]);
            assert!(cut.is_none_or(|station| station.table == "t"), "{length}");
        }
        assert_eq!(heard(&[]), None);
        assert_eq!(heard(&[99, 0, 0, 0]), None);
    }
}
