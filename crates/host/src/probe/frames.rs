//! HTTP/2 frames (RFC 9113 §4.1), read for every protocol that lies behind HTTP/2.

/// GOAWAY, stream 0 the last, no error: the peaceful end.
pub(super) const GOAWAY: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The types of the frames read here (RFC 9113 §6).
pub(super) const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;

/// RFC 9113 §3.4: "The server connection preface consists of a potentially empty SETTINGS frame that MUST be
/// the first frame the server sends." On stream 0, no acknowledgement, six bytes for each setting.
pub(super) fn starts_with_settings(bytes: &[u8]) -> bool {
    let Some((head, _)) = bytes.split_first_chunk::<9>() else { return false };
    // No server is known to send more than twenty settings; the bound keeps noise away.
    head[..2] == [0, 0] && head[2] <= 120 && head[2] % 6 == 0 && head[3..] == [SETTINGS, 0, 0, 0, 0, 0]
}

/// The payloads of the frames of one type, the last perhaps cut.
pub(super) fn frames(mut bytes: &[u8], kind: u8) -> Vec<&[u8]> {
    let mut payloads = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = &rest[..length.min(rest.len())];
        if head[3] == kind {
            payloads.push(payload);
        }
        bytes = &rest[payload.len()..];
    }
    payloads
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) const SETTINGS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x80";

    #[test]
    fn frames_of_a_type() {
        let bytes = [SETTINGS, b"\0\0\x02\x01\x04\0\0\0\x01ab", b"\0\0\x09\x01\x04\0\0\0\x01cut"].concat();
        assert_eq!(frames(&bytes, HEADERS), [&b"ab"[..], b"cut"]);
    }
}
