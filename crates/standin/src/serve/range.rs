//! Which bytes of a file are asked for (RFC 9110 §14). Pure.

/// The most ranges that one request gets; who asks for more gets the whole.
const MOST: usize = 64;

/// Some bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first one.
    pub from: u64,
    /// How many; at least one.
    pub length: u64,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// All of it: no range, or one that may be ignored.
    Whole,
    /// These, at least one.
    Ranges(Vec<Range>),
    /// Nothing that is there, or nothing that can be read.
    Nothing,
}

/// Reads the value of a Range field for a file of this length.
pub fn asked(value: &[u8], length: u64) -> Asked {
    const UNIT: &[u8] = b"bytes=";
    let Some((unit, set)) = value.split_at_checked(UNIT.len()) else { return Asked::Whole };
    // RFC 9110 §14.2: "An origin server MUST ignore a Range header field that contains a range unit it does not
    // understand."
    if !unit.eq_ignore_ascii_case(UNIT) {
        return Asked::Whole;
    }
    // Of nothing there is no part; who asks for all of it from its first byte on has it all the same.
    if length == 0 {
        return Asked::Whole;
    }
    let mut ranges = Vec::new();
    for spec in set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|spec| !spec.is_empty()) {
        match one(spec, length) {
            None => return Asked::Nothing,
            Some(None) => {}
            Some(Some(_)) if ranges.len() == MOST => return Asked::Whole,
            Some(Some(range)) => ranges.push(range),
        }
    }
    let all = ranges.iter().try_fold(0_u64, |sum, range| sum.checked_add(range.length));
    match ranges.len() {
        0 => Asked::Nothing,
        // Ranges that overlap so much that they are more than the whole are an attack (RFC 9110 §17.15), or a mistake.
        2.. if all.is_none_or(|all| all > length) => Asked::Whole,
        _ => Asked::Ranges(ranges),
    }
}

/// One range; the outer `None` where it is none at all, the inner one where nothing of it is there.
fn one(spec: &[u8], length: u64) -> Option<Option<Range>> {
    let text = std::str::from_utf8(spec).ok()?;
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim_end(), last.trim_start());
    let range = |from: u64, end: u64| (from < end).then(|| Range { from, length: end - from });
    if first.is_empty() {
        // The last so many bytes.
        let last = number(last)?;
        return Some(range(length.saturating_sub(last), length));
    }
    let first = number(first)?;
    if last.is_empty() {
        return Some(range(first, length));
    }
    let last = number(last)?;
    // RFC 9110 §14.1.1: "An int-range is invalid if the last-pos value is present and less than first-pos."
    if last < first {
        return None;
    }
    Some(range(first, last.saturating_add(1).min(length)))
}

/// A number of digits alone; what is larger than any file counts as that.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let range = |from, length| Range { from, length };
        let some = |ranges: &[Range]| Asked::Ranges(ranges.to_vec());
        for (value, length, expected) in [
            ("bytes=0-0", 10, some(&[range(0, 1)])),
            ("bytes=0-9", 10, some(&[range(0, 10)])),
            ("bytes=0-", 10, some(&[range(0, 10)])),
            ("bytes=9-", 10, some(&[range(9, 1)])),
            ("bytes=5-100", 10, some(&[range(5, 5)])),
            ("bytes=-3", 10, some(&[range(7, 3)])),
            ("bytes=-30", 10, some(&[range(0, 10)])),
            ("BYTES=1-2", 10, some(&[range(1, 2)])),
            ("bytes=0-1, 3-4", 10, some(&[range(0, 2), range(3, 2)])),
            ("bytes=0-1,,3-4,", 10, some(&[range(0, 2), range(3, 2)])),
            ("bytes=3-4,0-1", 10, some(&[range(3, 2), range(0, 2)])),
            ("bytes=0-1,20-30", 10, some(&[range(0, 2)])),
            ("bytes=1 - 2", 10, some(&[range(1, 2)])),
            ("bytes=0-99999999999999999999999", 10, some(&[range(0, 10)])),
            ("bytes=0-18446744073709551615", 10, some(&[range(0, 10)])),
            ("bytes=10-", 10, Asked::Nothing),
            ("bytes=-0", 10, Asked::Nothing),
            ("bytes=0-", 0, Asked::Whole),
            ("bytes=-1", 0, Asked::Whole),
            ("bytes=", 10, Asked::Nothing),
            ("bytes=,", 10, Asked::Nothing),
            ("bytes=a-b", 10, Asked::Nothing),
            ("bytes=-", 10, Asked::Nothing),
            ("bytes=5", 10, Asked::Nothing),
            ("bytes=5-4", 10, Asked::Nothing),
            ("bytes=0-1,5-4", 10, Asked::Nothing),
            ("bytes=+1-2", 10, Asked::Nothing),
            ("bytes=1-2-3", 10, Asked::Nothing),
            ("bytes=99999999999999999999-", 10, Asked::Nothing),
            ("", 10, Asked::Whole),
            ("lines=0-1", 10, Asked::Whole),
            ("bytes 0-1", 10, Asked::Whole),
            ("bytes=0-9,0-9", 10, Asked::Whole),
        ] {
            assert_eq!(asked(value.as_bytes(), length), expected, "{value}");
        }
        assert_eq!(asked(b"bytes=\xff-1", 10), Asked::Nothing);
        let many = format!("bytes={}", "0-0,".repeat(65));
        assert_eq!(asked(many.as_bytes(), 1000), Asked::Whole);
    }

    #[test]
    fn no_range_leaves_the_file() {
        let numbers = ["", "0", "1", "9", "10", "11", "18446744073709551615", "18446744073709551616"];
        for length in [0, 1, 10, u64::MAX] {
            for (first, last) in numbers.iter().flat_map(|first| numbers.map(|last| (first, last))) {
                let Asked::Ranges(ranges) = asked(format!("bytes={first}-{last}").as_bytes(), length) else {
                    continue;
                };
                for range in ranges {
                    let end = range.from.checked_add(range.length).expect("it fits");
                    assert!(range.length > 0 && end <= length, "{first}-{last} of {length}: {range:?}");
                }
            }
        }
    }
}
