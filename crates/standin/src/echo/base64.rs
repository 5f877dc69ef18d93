//! Base64 as Python reads it: what belongs to no alphabet is passed over, and nothing behind the padding counts.

/// The bytes that the text stands for, in either alphabet (RFC 4648 §4 and §5); `None` where it is cut.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    // How many of four letters have come, what they say, and how many times `=` stands behind them.
    let (mut letters, mut bits, mut padding) = (0_u32, 0_u32, 0_u32);
    for letter in text {
        if *letter == b'=' {
            padding += u32::from(letters >= 2);
            if letters >= 2 && letters + padding >= 4 {
                return Some(bytes);
            }
            continue;
        }
        let Some(value) = value(*letter) else { continue };
        padding = 0;
        bits = bits << 6 | value;
        letters = (letters + 1) % 4;
        if letters != 1 {
            // Whole bytes are written as soon as their last bit has come: after 12, 18 and 24 bits.
            let left = [0, 0, 4, 2][letters as usize];
            bytes.push((bits >> left & 0xff) as u8);
        }
    }
    (letters == 0).then_some(bytes)
}

fn value(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn what_python_reads_is_read() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("YWJj", Some(b"abc")),
            ("YWI=", Some(b"ab")),
            ("YQ==", Some(b"a")),
            ("YR==", Some(b"a")),
            ("YW\nJj", Some(b"abc")),
            ("YWJj====", Some(b"abc")),
            ("YW=Jj", Some(b"abc")),
            ("YQ==YQ==", Some(b"a")),
            ("YWI=c", Some(b"ab")),
            ("=", Some(b"")),
            ("-_+/", Some(b"\xfb\xff\xbf")),
            ("Y", None),
            ("YQ", None),
            ("YWI", None),
            ("YQ=", None),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }
}
