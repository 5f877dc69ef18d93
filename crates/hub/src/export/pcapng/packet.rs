//! IP packets with TCP segments and UDP datagrams in them.

use std::net::{IpAddr, SocketAddr};

/// The flags of a TCP segment (RFC 9293 §3.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) const SYN: Self = Self(0x02);
    pub(super) const SYN_ACK: Self = Self(0x12);
    pub(super) const ACK: Self = Self(0x10);
    pub(super) const PUSH: Self = Self(0x18);
    pub(super) const FIN: Self = Self(0x11);
    pub(super) const RESET: Self = Self(0x14);

    /// Whether it takes a sequence number of its own: the begin and the end of a direction.
    pub(super) fn counts(self) -> bool {
        self.0 & 0x03 != 0
    }
}

const TCP: u8 = 6;
const UDP: u8 = 17;

/// A segment from one address to another of the same family.
pub(super) fn tcp(
    from: SocketAddr,
    to: SocketAddr,
    sequence: u32,
    acknowledged: u32,
    flags: Flags,
    payload: &[u8],
) -> Vec<u8> {
    let mut segment = Vec::with_capacity(20 + payload.len());
    segment.extend(from.port().to_be_bytes());
    segment.extend(to.port().to_be_bytes());
    segment.extend(sequence.to_be_bytes());
    segment.extend(acknowledged.to_be_bytes());
    segment.extend([5 << 4, flags.0]); // a header of five words
    segment.extend(u16::MAX.to_be_bytes());
    segment.extend([0; 4]);
    segment.extend_from_slice(payload);
    let sum = checksum(from.ip(), to.ip(), TCP, &segment);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    ip(from.ip(), to.ip(), TCP, &segment)
}

/// A datagram.
pub(super) fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(8 + payload.len());
    datagram.extend(from.port().to_be_bytes());
    datagram.extend(to.port().to_be_bytes());
    datagram.extend(((payload.len() + 8) as u16).to_be_bytes());
    datagram.extend([0; 2]);
    datagram.extend_from_slice(payload);
    let sum = checksum(from.ip(), to.ip(), UDP, &datagram);
    // RFC 768: a sum of zero is sent as all ones, since zero says that there is none.
    let sum = if sum == 0 { u16::MAX } else { sum };
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    ip(from.ip(), to.ip(), UDP, &datagram)
}

fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(40 + payload.len());
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            packet.extend([0x45, 0]);
            packet.extend(((payload.len() + 20) as u16).to_be_bytes());
            packet.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
            packet.extend(from.octets());
            packet.extend(to.octets());
            let sum = folded(&packet, 0);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        (from, to) => {
            packet.extend([0x60, 0, 0, 0]);
            packet.extend((payload.len() as u16).to_be_bytes());
            packet.extend([protocol, 64]);
            packet.extend(six(from));
            packet.extend(six(to));
        }
    }
    packet.extend_from_slice(payload);
    packet
}

/// Over the addresses and what is sent (RFC 9293 §3.1, RFC 768).
fn checksum(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> u16 {
    let mut pseudo = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => [from.octets(), to.octets()].concat(),
        (from, to) => [six(from), six(to)].concat(),
    };
    pseudo.extend([0, protocol]);
    pseudo.extend((payload.len() as u16).to_be_bytes());
    let sum = pseudo.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    folded(payload, sum)
}

fn folded(bytes: &[u8], start: u32) -> u16 {
    let word =
        |pair: &[u8]| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or_default()]));
    let mut sum = bytes.chunks(2).map(word).fold(start, u32::wrapping_add);
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

fn six(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_come_out_even() {
        let (four, six) = (["127.0.0.1:1", "127.0.0.2:80"], ["[::1]:1", "[::2]:80"]);
        for [from, to] in [four, six].map(|pair| pair.map(|text| text.parse::<SocketAddr>().unwrap())) {
            for payload in [&b"odd"[..], b"even", b""] {
                let packet = tcp(from, to, 7, 9, Flags::PUSH, payload);
                let head = if from.is_ipv4() { 20 } else { 40 };
                // With the sum in its place, the sum over everything is zero.
                assert_eq!(checksum(from.ip(), to.ip(), TCP, &packet[head..]), 0);
                assert!(from.is_ipv6() || folded(&packet[..20], 0) == 0);
                let packet = udp(from, to, payload);
                assert_eq!(checksum(from.ip(), to.ip(), UDP, &packet[head..]), 0);
            }
        }
    }
}
