//! Bodies in parts (RFC 7578).

/// The most parts that are read.
const PARTS: usize = 1000;

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// The name of its field.
    pub(super) name: String,
    /// Whether it is a file.
    pub(super) file: bool,
    /// The type that it says to have; empty where it says none.
    pub(super) kind: String,
    /// What it holds.
    pub(super) content: &'a [u8],
}

/// The parts between these boundaries, up to where the body is cut. A line may end with a line feed alone, as in what
/// people write by hand.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<Part<'a>> {
    let mut delimiter = b"--".to_vec();
    delimiter.extend_from_slice(boundary);
    let mut parts = Vec::new();
    let Some(mut rest) = behind_delimiter(body, &delimiter) else { return parts };
    // The line end in front of a boundary belongs to the boundary (RFC 2046 §5.1.1).
    delimiter.insert(0, b'\n');
    while parts.len() < PARTS && !rest.starts_with(b"--") {
        let Some(line) = find(rest, b"\n") else { break };
        let Some(end) = find(&rest[line..], &delimiter) else { break };
        // From the end of the boundary's line to the end of the last line, which is not part of it.
        let part = &rest[line..line + end];
        rest = &rest[line + end + delimiter.len()..];
        let (head, content) = match (find(part, b"\n\r\n"), find(part, b"\n\n")) {
            (Some(blank), bare) if bare.is_none_or(|bare| blank < bare) => part.split_at(blank + 3),
            (_, Some(blank)) => part.split_at(blank + 2),
            _ => continue,
        };
        parts.extend(of(head, content.strip_suffix(b"\r").unwrap_or(content)));
    }
    parts
}

/// A parameter of a field's value, in quotes or not.
pub(super) fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (key, behind) = rest.split_once('=')?;
        let (read, behind) = token(behind);
        if key.trim_matches([' ', '\t', ';']).eq_ignore_ascii_case(name) {
            return Some(read);
        }
        rest = behind;
    }
}

fn of<'a>(head: &[u8], content: &'a [u8]) -> Option<Part<'a>> {
    let head = String::from_utf8_lossy(head);
    let field = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(field, _)| field.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    let disposition = field("content-disposition")?;
    let file = ["filename", "filename*"].iter().any(|name| parameter(&disposition, name).is_some());
    // A name that is missing is shown as httpbin shows it, and the quotes that browsers write as `%22` (the HTML
    // standard, on multipart form data) are quotes again.
    let name = parameter(&disposition, "name").map_or("null".to_owned(), |name| name.replace("%22", "\""));
    Some(Part { name, file, kind: field("content-type").unwrap_or_default(), content })
}

/// A token, or a text in quotes, and what is behind it.
fn token(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim_end().to_owned(), &text[end..]);
    };
    let mut read = String::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (read, &inside[at + 1..]),
            '\\' => read.extend(letters.next().map(|(_, letter)| letter)),
            letter => read.push(letter),
        }
    }
    (read, "")
}

fn behind_delimiter<'a>(body: &'a [u8], delimiter: &[u8]) -> Option<&'a [u8]> {
    find(body, delimiter).map(|at| &body[at + delimiter.len()..])
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_between_boundaries() {
        let body = b"preamble\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--B\r\n\
            content-disposition: form-data; filename=\"x;\\\"y\"; name=f\r\nContent-Type: text/plain\r\n\r\n\r\n--b\r\n\r\n\
            --B\r\nX: no name\r\n\r\nlost\r\n--B--\r\nepilogue";
        let part = |name: &str, file, kind: &str, content| Part {
            name: name.to_owned(),
            file,
            kind: kind.to_owned(),
            content,
        };
        let expected = [part("a", false, "", &b"one"[..]), part("f", true, "text/plain", b"\r\n--b\r\n")];
        assert_eq!(parts(body, b"B"), expected);
        for cut in 0..body.len() {
            let read = parts(&body[..cut], b"B");
            assert!(expected.starts_with(&read), "cut at {cut}: {read:?}");
        }
        assert!(parts(b"", b"").is_empty());
    }

    #[test]
    fn parameters_are_read() {
        for (value, expected) in [
            ("a; boundary=b", Some("b")),
            ("a; x=\"1;boundary=2\"; Boundary=\"b c\"", Some("b c")),
            ("a; boundary=", Some("")),
            ("boundary=b", None),
            ("a; boundary", None),
            ("a; x=\"", None),
        ] {
            assert_eq!(parameter(value, "boundary").as_deref(), expected, "{value}");
        }
    }
}
