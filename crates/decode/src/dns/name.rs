//! Names of DNS, with their compression (RFC 1035 §4.1.4).

use crate::reader::Reader;

/// The longest name, with the lengths of its labels (RFC 1035 §2.3.4).
const LONGEST: usize = 255;

/// Reads the name that `body` begins with, the end of `message`, and takes it. The root is `.`.
pub(super) fn read<'a>(message: &'a [u8], body: &mut Reader<'a>) -> Option<String> {
    let (mut name, mut length) = (String::new(), 0);
    let mut reader = *body;
    // Where the name began that was pointed to last: each pointer must lead further back, so that none leads in a circle.
    let mut before = message.len() - body.0.len();
    let mut jumped = false;
    loop {
        let first = reader.u8()?;
        match first >> 6 {
            0 if first == 0 => break,
            0 => {
                let label = reader.bytes(first.into())?;
                length += label.len() + 1;
                if length >= LONGEST {
                    return None;
                }
                push(&mut name, label);
            }
            3 => {
                let place = usize::from(u16::from_be_bytes([first & 0x3f, reader.u8()?]));
                if !jumped {
                    *body = reader;
                    jumped = true;
                }
                if place >= before {
                    return None;
                }
                before = place;
                reader = Reader(message.get(place..)?);
            }
            _ => return None,
        }
    }
    if !jumped {
        *body = reader;
    }
    if name.is_empty() {
        name.push('.');
    }
    Some(name)
}

/// Writes a label as zone files do (RFC 1035 §5.1): a dot in it, and what cannot be seen, is escaped.
fn push(name: &mut String, label: &[u8]) {
    if !name.is_empty() {
        name.push('.');
    }
    for byte in label {
        match byte {
            b'.' | b'\\' => name.extend(['\\', char::from(*byte)]),
            b'!'..=b'~' => name.push(char::from(*byte)),
            _ => name.push_str(&format!("\\{byte:03}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_never_in_a_circle() {
        let rows: [(&[u8], usize, Option<&str>); 9] = [
            (b"\x01a\x02bc\0", 0, Some("a.bc")),
            (b"\0", 0, Some(".")),
            (b"\x01a\0\x01b\xc0\0", 3, Some("b.a")),
            (b"\x03a.b\x02\0\xff\0", 0, Some("a\\.b.\\000\\255")),
            (b"\xc0\0", 0, None),
            (b"\x01a\xc0\0", 0, None),
            (b"\xc0\x02\x01a\0", 0, None),
            (b"\x05a", 0, None),
            (b"\x40a\0", 0, None),
        ];
        for (message, at, expected) in rows {
            let mut body = Reader(&message[at..]);
            assert_eq!(read(message, &mut body).as_deref(), expected, "{message:?}");
        }
        let long = b"\x3faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(4);
        assert_eq!(read(&long, &mut Reader(&long)), None);
    }
}
