//! The blocks of a pcapng file.

/// Packets begin with an IP header, of either version.
const LINKTYPE_RAW: u16 = 101;

/// The block that a file begins with.
pub(super) fn section() -> Vec<u8> {
    let mut body = 0x1A2B_3C4Du32.to_le_bytes().to_vec(); // tells the byte order
    body.extend(1u16.to_le_bytes());
    body.extend(0u16.to_le_bytes());
    body.extend((-1i64).to_le_bytes()); // the section is as long as the file
    option(&mut body, 4, format!("navyd {}", env!("CARGO_PKG_VERSION")).as_bytes());
    end_of_options(&mut body);
    block(0x0A0D_0D0A, &body)
}

/// The interface that all packets came by. Times are in microseconds, which is what no option says.
pub(super) fn interface() -> Vec<u8> {
    let mut body = LINKTYPE_RAW.to_le_bytes().to_vec();
    body.extend(0u16.to_le_bytes());
    body.extend(0u32.to_le_bytes()); // packets of any length
    option(&mut body, 2, b"navyd");
    end_of_options(&mut body);
    block(1, &body)
}

/// A packet, at so many microseconds since 1970.
pub(super) fn packet(at: i64, bytes: &[u8], comment: Option<&str>) -> Vec<u8> {
    let at = u64::try_from(at).unwrap_or_default();
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut body = 0u32.to_le_bytes().to_vec();
    body.extend(((at >> 32) as u32).to_le_bytes());
    body.extend((at as u32).to_le_bytes());
    body.extend(length.to_le_bytes());
    body.extend(length.to_le_bytes());
    padded(&mut body, bytes);
    if let Some(comment) = comment {
        option(&mut body, 1, comment.as_bytes());
        end_of_options(&mut body);
    }
    block(6, &body)
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX).to_le_bytes();
    [&kind.to_le_bytes(), &length, body, &length].concat()
}

/// An option; its length is of 16 bits, and what is longer is cut.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX) - 3)];
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    padded(body, value);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend([0; 4]);
}

fn padded(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend_from_slice(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
}
