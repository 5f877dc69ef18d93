//! Records: what a name leads to, as `dig` prints it.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::name;
use crate::{reader::Reader, shown};

/// How much of one record is shown.
const DATA: usize = 1 << 10;

/// The names of types; a number where there is none (RFC 3597 §5).
pub(super) fn kind(kind: u16) -> String {
    let name = match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        10 => "NULL",
        12 => "PTR",
        13 => "HINFO",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        35 => "NAPTR",
        39 => "DNAME",
        41 => "OPT",
        43 => "DS",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        50 => "NSEC3",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        other => return format!("TYPE{other}"),
    };
    name.to_owned()
}

/// The data of a record, which ends the message as it is given here: names in it point to what stands before. In
/// hexadecimal where its type is not known, or it is not what its type says.
pub(super) fn data(message: &[u8], kind: u16, data: &[u8]) -> String {
    known(message, kind, data).unwrap_or_else(|| {
        let cut = if data.len() > DATA / 2 { "…" } else { "" };
        shown::hexadecimal(&data[..data.len().min(DATA / 2)]) + cut
    })
}

fn known<'a>(message: &'a [u8], kind: u16, data: &'a [u8]) -> Option<String> {
    let mut body = Reader(data);
    let name = |body: &mut Reader<'a>| name::read(message, body);
    let text = match kind {
        1 => Ipv4Addr::from(body.array::<4>()?).to_string(),
        28 => Ipv6Addr::from(body.array::<16>()?).to_string(),
        2 | 5 | 12 | 39 => name(&mut body)?,
        6 => {
            let (server, mail) = (name(&mut body)?, name(&mut body)?);
            let mut numbers = Vec::new();
            for _ in 0..5 {
                numbers.push(body.u32()?.to_string());
            }
            format!("{server} {mail} {}", numbers.join(" "))
        }
        15 => format!("{} {}", body.u16()?, name(&mut body)?),
        33 => format!("{} {} {} {}", body.u16()?, body.u16()?, body.u16()?, name(&mut body)?),
        16 => {
            let mut texts = Vec::new();
            while !body.0.is_empty() {
                let length = body.u8()?;
                let text = shown::whole(body.bytes(length.into())?, DATA);
                texts.push(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
            }
            texts.join(" ")
        }
        257 => {
            let (flags, length) = (body.u8()?, body.u8()?);
            let tag = shown::whole(body.bytes(length.into())?, DATA);
            format!("{flags} {tag} \"{}\"", shown::whole(body.up_to(usize::MAX), DATA))
        }
        _ => return None,
    };
    body.0.is_empty().then_some(text)
}
