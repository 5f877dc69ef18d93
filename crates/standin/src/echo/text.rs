//! Text of requests, decoded as forms and paths are.

/// The bytes behind `%` and two digits; anything else stays. `plus`: a `+` is a space, as in forms.
pub(super) fn percent_decoded(text: &[u8], plus: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        let digits = if *first == b'%' { behind.first_chunk::<2>() } else { None };
        let byte = digits.and_then(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
        rest = if byte.is_some() { &behind[2..] } else { behind };
        decoded.push(byte.unwrap_or(if plus && *first == b'+' { b' ' } else { *first }));
    }
    decoded
}

/// The value of a hexadecimal digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

/// Names and values of `a=b&c=d`, in order. A name without `=` has an empty value, and bytes that are not UTF-8 stay
/// written with `%`.
pub(super) fn pairs(query: &[u8]) -> Vec<(String, String)> {
    let parts = query.split(|byte| *byte == b'&').filter(|part| !part.is_empty());
    let pairs = parts.map(|part| {
        let equals = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let value = part.get(equals + 1..).unwrap_or_default();
        (form_text(&part[..equals]), form_text(value))
    });
    pairs.collect()
}

fn form_text(bytes: &[u8]) -> String {
    escaped(percent_decoded(bytes, true))
}

/// As text, with a `%` and two digits for each byte that is none.
fn escaped(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => error.as_bytes().utf8_chunks().fold(String::new(), |mut text, chunk| {
            text.push_str(chunk.valid());
            chunk.invalid().iter().for_each(|byte| escape(*byte, &mut text));
            text
        }),
    }
}

/// `text` with a `%` and two digits for each byte that is neither a letter, a digit, one of `-._~`, nor in `safe`.
pub(super) fn quoted(text: &str, safe: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut quoted, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || safe.as_bytes().contains(&byte) {
            quoted.push(byte as char);
        } else {
            escape(byte, &mut quoted);
        }
        quoted
    })
}

/// An address as people read it: what is quoted is decoded where it is text, and stays where it would mean something
/// else, as do spaces, what is below them, `%`, and what is in `kept`.
pub(super) fn readable(quoted: &str, kept: &str) -> String {
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = quoted.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = if *first == b'%' { behind.first_chunk::<2>() } else { None };
        let byte = digits.and_then(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
        let stays = |byte: &u8| *byte > b' ' && !b"%\x7f".contains(byte) && !kept.as_bytes().contains(byte);
        let byte = byte.filter(stays);
        rest = if byte.is_some() { &behind[2..] } else { behind };
        bytes.push(byte.unwrap_or(*first));
    }
    escaped(bytes)
}

/// Text that can stand in HTML, between tags and in quotes.
pub(super) fn html(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, letter| {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&#34;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
        safe
    })
}

/// Each byte as the letter of that number: how fields of a head are read (RFC 9110 §5.5).
pub(super) fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn escape(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(DIGITS[usize::from(byte >> 4)] as char);
    out.push(DIGITS[usize::from(byte & 15)] as char);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_as_forms_are() {
        for (query, expected) in [
            ("", &[][..]),
            ("a=1&b=2&a=3", &[("a", "1"), ("b", "2"), ("a", "3")]),
            ("a&b=&=c&&d=e=f", &[("a", ""), ("b", ""), ("", "c"), ("d", "e=f")]),
            ("a+b=c%20d&%C3%A9=%26", &[("a b", "c d"), ("é", "&")]),
            ("a=%ff%4&b=%zz%", &[("a", "%FF%4"), ("b", "%zz%")]),
        ] {
            let pairs = pairs(query.as_bytes());
            let read: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(read, expected, "{query}");
        }
    }

    #[test]
    fn what_is_not_safe_is_quoted() {
        assert_eq!(quoted("/a b/é?x", "/"), "/a%20b/%C3%A9%3Fx");
        assert_eq!(html("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&#34;");
        assert_eq!(percent_decoded(b"a+%2B%2", false), b"a++%2");
        assert_eq!(readable("%41%20%26%C3%A9%ff%25%4", "&"), "A%20%26é%FF%25%4");
    }
}
