//! Packets for Wireshark and its kin: a capture file in which each exchange is a TCP connection or datagrams.
//!
//! The packets are made up around the bytes that passed, so that dissectors, display filters and "follow stream" work
//! on them. The file is pcapng (draft-ietf-opsawg-pcapng §4) with the link type RAW: packets begin with the IP header.
//! Deliberately absent: what the wire really looked like, which nobody recorded.

mod block;
mod packet;
mod stream;

use std::io::{self, Write};

use super::{Format, Raw};

pub(super) const FORMAT: Format = Format {
    name: "pcapng",
    help: "packets, for Wireshark and tshark",
    media_type: "application/x-pcapng",
    write,
};

fn write(all: &[Raw], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&block::section())?;
    out.write_all(&block::interface())?;
    for raw in all {
        let mut comment = Some(comment(raw));
        for packet in stream::packets(raw) {
            out.write_all(&block::packet(packet.at, &packet.bytes, comment.take().as_deref()))?;
        }
    }
    Ok(())
}

fn comment(raw: &Raw) -> String {
    let summary = &raw.exchange.summary;
    format!("navyd exchange {} by {}: {} {}", summary.id, summary.route, summary.method, summary.target)
}
