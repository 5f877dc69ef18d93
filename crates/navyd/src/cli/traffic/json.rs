//! JSON, indented. Names keep their order and numbers their digits, which parsing it and writing it again would lose.

use serde::de::IgnoredAny;

/// How long the indented text may become: deep nesting multiplies it.
const MOST: usize = 16 << 20;

/// The same array or object with a line for each member. `None` when it is neither, or becomes too long.
pub(super) fn indented(text: &str) -> Option<String> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    // This bounds the depth too.
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut out = String::with_capacity((text.len() * 2).min(MOST));
    let mut depth = 0;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if out.len() > MOST {
            return None;
        }
        let length = match letter {
            '"' => string(rest),
            ' ' | '\t' | '\n' | '\r' => {
                rest = &rest[1..];
                continue;
            }
            '{' | '[' => {
                let inside = rest[1..].trim_start();
                out.push(letter);
                if inside.starts_with(['}', ']']) {
                    out.push_str(&inside[..1]);
                    rest = &inside[1..];
                } else {
                    depth += 1;
                    line(&mut out, depth);
                    rest = inside;
                }
                continue;
            }
            '}' | ']' => {
                depth -= 1;
                line(&mut out, depth);
                1
            }
            _ => letter.len_utf8(),
        };
        let (taken, behind) = rest.split_at(length);
        out.push_str(taken);
        match letter {
            ',' => line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
        rest = behind;
    }
    Some(out)
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// How long the string is that begins here, with its quotes.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_does_not_multiply() {
        let deep = |width: usize| format!("{}{}1{}", "[".repeat(100), "1,".repeat(width), "]".repeat(100));
        assert_eq!(indented(&deep(1 << 20)), None);
        assert!(indented(&deep(1 << 10)).is_some_and(|text| text.len() > 200 << 10));
    }
}
