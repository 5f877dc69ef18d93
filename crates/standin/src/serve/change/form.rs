//! A form with files, as it comes (RFC 7578): pure. Bytes in; files, piece by piece, out.
//!
//! What is kept of it is a head, or as many bytes as might be a boundary. Deliberately absent: fields that are no files,
//! which are passed over.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

/// The longest head of a part, in bytes.
const HEAD: usize = 8 * 1024;

/// RFC 2046 §5.1.1: "no longer than 70 characters".
const BOUNDARY: usize = 70;

/// A form that is being read.
pub(in super::super) struct Form {
    /// A line end, two dashes, and the boundary.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    state: State,
    /// Whether the end of a part has still to be told.
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In front of the first boundary.
    Before,
    /// Right behind a boundary.
    Bounded,
    /// In the head of a part.
    Head,
    /// In the content of a part.
    Content,
    /// Behind the last boundary.
    Behind,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Event {
    /// A part begins: the name of its file, where it is one.
    Part(Option<String>),
    /// Bytes of it.
    Content(Bytes),
    /// It ends.
    End,
    /// The form ends.
    Done,
}

/// The boundary that a Content-Type names.
pub(in super::super) fn boundary(value: &str) -> Option<String> {
    let (kind, rest) = value.split_once(';')?;
    let boundary = parameter(rest, "boundary")?;
    let fits = (1..=BOUNDARY).contains(&boundary.len());
    (kind.trim().eq_ignore_ascii_case("multipart/form-data") && fits).then_some(boundary)
}

impl Form {
    pub(in super::super) fn new(boundary: &str) -> Self {
        // The first boundary may stand at the very beginning: as if there were a line end in front of it.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            buffer,
            state: State::Before,
            ended: false,
        }
    }

    /// Takes what has come.
    pub(in super::super) fn feed(&mut self, bytes: &[u8]) {
        if self.state != State::Behind {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// How many bytes wait for more.
    pub(in super::super) fn kept(&self) -> usize {
        self.buffer.len()
    }

    /// The next thing; `None` where more has to come.
    ///
    /// # Errors
    /// When it is no form.
    pub(in super::super) fn next(&mut self) -> Result<Option<Event>, &'static str> {
        if std::mem::take(&mut self.ended) {
            return Ok(Some(Event::End));
        }
        loop {
            match self.state {
                State::Before | State::Content => {
                    let in_part = self.state == State::Content;
                    let (passed, found) = self.passed();
                    if in_part && !passed.is_empty() {
                        // The end of the part is told by the next call.
                        self.ended = found;
                        self.state = if found { State::Bounded } else { State::Content };
                        return Ok(Some(Event::Content(passed)));
                    }
                    if !found {
                        return Ok(None);
                    }
                    self.state = State::Bounded;
                    if in_part {
                        return Ok(Some(Event::End));
                    }
                }
                State::Bounded => match self.buffer.get(..2) {
                    None => return Ok(None),
                    Some(b"--") => self.state = State::Behind,
                    Some(_) => self.state = State::Head,
                },
                State::Head => {
                    // The line of the boundary ends here as well, perhaps behind spaces.
                    let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") else {
                        let is_long = self.buffer.len() > HEAD;
                        return if is_long { Err("the head of a part is too long") } else { Ok(None) };
                    };
                    if end > HEAD {
                        return Err("the head of a part is too long");
                    }
                    let head = self.buffer.split_to(end + 4);
                    self.state = State::Content;
                    return Ok(Some(Event::Part(file_name(&head))));
                }
                State::Behind => return Ok(Some(Event::Done)),
            }
        }
    }

    /// What stands in front of the next boundary, or may be taken before that is known.
    fn passed(&mut self) -> (Bytes, bool) {
        if let Some(at) = memmem::find(&self.buffer, &self.delimiter) {
            let passed = self.buffer.split_to(at).freeze();
            let _ = self.buffer.split_to(self.delimiter.len());
            return (passed, true);
        }
        // The last bytes may be the beginning of a boundary.
        let free = (self.buffer.len() + 1).saturating_sub(self.delimiter.len());
        (self.buffer.split_to(free).freeze(), false)
    }
}

/// The name of the file that the head of a part gives. Bias: without a name a part is a field, whatever its type is.
fn file_name(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let value = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, value)| name.trim().eq_ignore_ascii_case("content-disposition").then_some(value))?;
    let name = parameter(value.split_once(';')?.1, "filename")?;
    // HTML §4.10.21.8: browsers write these three, and no others, in this way.
    Some(name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
}

/// A parameter of a field, in quotes or not. Bias: a backslash in quotes is one, as browsers of Windows send it, unless a
/// quote or another backslash follows.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (name, behind) = rest.split_once('=')?;
        let (value, next) = value(behind);
        if name.trim_matches([' ', '\t', ';']).eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = next;
    }
}

fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push(c),
            },
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where the bytes come in pieces of this length, with contents joined.
    fn read(bytes: &[u8], length: usize) -> Result<Vec<Event>, &'static str> {
        let mut form = Form::new("X");
        let (mut events, mut pieces) = (Vec::new(), bytes.chunks(length));
        loop {
            match form.next()? {
                Some(Event::Done) => return Ok(events),
                Some(Event::Content(more)) => match events.last_mut() {
                    Some(Event::Content(content)) => *content = [&content[..], &more].concat().into(),
                    _ => events.push(Event::Content(more)),
                },
                Some(event) => events.push(event),
                None => form.feed(pieces.next().ok_or("cut")?),
            }
        }
    }

    #[test]
    fn however_it_is_cut_it_is_the_same_form() {
        let bytes = b"preamble\r\n--X  \r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n\
            Content-Type: text/plain\r\n\r\none\r\n--x\r\n--\r\n\r\n--X\r\nContent-Disposition: form-data; \
            name=note\r\n\r\nhello\r\n--X\r\ncontent-disposition: form-data; filename=\"\"\r\n\r\n\r\n--X--\r\nepilogue";
        let name = |name: &str| Event::Part(Some(name.to_owned()));
        let content = |text: &'static str| Event::Content(Bytes::from_static(text.as_bytes()));
        let expected = vec![
            name("a b.txt"),
            content("one\r\n--x\r\n--\r\n"),
            Event::End,
            Event::Part(None),
            content("hello"),
            Event::End,
            name(""),
            Event::End,
        ];
        for length in 1..=bytes.len() {
            assert_eq!(read(bytes, length).as_ref(), Ok(&expected), "in pieces of {length}");
        }
        for cut in 0..bytes.len() - 12 {
            assert_eq!(read(&bytes[..cut], 7), Err("cut"), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut form = Form::new("X");
        form.feed(b"--X\r\n");
        form.feed(&[b'a'; HEAD + 10]);
        assert!(form.next().is_err());
        let mut form = Form::new("X");
        for _ in 0..100 {
            form.feed(&[b'\r'; 10_000]);
            while form.next() != Ok(None) {}
            assert!(form.kept() < form.delimiter.len());
        }
    }

    #[test]
    fn boundaries_and_names() {
        for (value, expected) in [
            ("multipart/form-data; boundary=X", Some("X")),
            ("Multipart/Form-Data; charset=x; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=X", None),
        ] {
            assert_eq!(boundary(value).as_deref(), expected, "{value}");
        }
        assert_eq!(boundary(&format!("multipart/form-data; boundary={}", "x".repeat(71))), None);
        for (head, expected) in [
            ("Content-Disposition: form-data; name=a; filename=b", Some("b")),
            (
                "Content-Disposition: form-data; name=\"filename=x\"; filename=\"a;b%22\\\"\\c\"",
                Some("a;b\"\"\\c"),
            ),
            ("Content-Disposition: form-data; name=a", None),
            ("Content-Type: text/plain; filename=x", None),
            ("", None),
        ] {
            assert_eq!(file_name(head.as_bytes()).as_deref(), expected, "{head}");
        }
    }
}
