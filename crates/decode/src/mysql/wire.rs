//! Packets, and numbers as MySQL writes them: the least significant byte first.

use crate::{frames::Wrong, reader::Reader};

/// The length of a packet, and its number.
pub(super) const HEAD: usize = 4;
/// The size of a packet that is full, so that its message goes on in the next.
pub(super) const FULL: u64 = 0x00ff_ffff + HEAD as u64;

pub(super) fn length(head: &[u8]) -> Result<Option<u64>, Wrong> {
    Ok(match head {
        [one, two, three, _, ..] => {
            Some(u64::from(u32::from_le_bytes([*one, *two, *three, 0])) + HEAD as u64)
        }
        _ => None,
    })
}

pub(super) fn u16(body: &mut Reader<'_>) -> Option<u16> {
    body.array().map(u16::from_le_bytes)
}

pub(super) fn u32(body: &mut Reader<'_>) -> Option<u32> {
    body.array().map(u32::from_le_bytes)
}

/// A number whose first byte tells how long it is.
pub(super) fn number(body: &mut Reader<'_>) -> Option<u64> {
    Some(match body.u8()? {
        0xfc => u16(body)?.into(),
        0xfd => {
            let [one, two, three] = body.array()?;
            u32::from_le_bytes([one, two, three, 0]).into()
        }
        0xfe => u64::from_le_bytes(body.array()?),
        // Null, and an error.
        0xfb | 0xff => return None,
        short => short.into(),
    })
}

/// A text with its length before it: as much as is here, and how long it really is.
pub(super) fn text<'a>(body: &mut Reader<'a>) -> Option<(&'a [u8], u64)> {
    let length = number(body)?;
    Some((body.up_to(usize::try_from(length).unwrap_or(usize::MAX)), length))
}
