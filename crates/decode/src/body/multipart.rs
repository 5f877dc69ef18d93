//! The parts of a multipart body (RFC 2046 §5.1), as a list: what each is called and how long it is.

use super::MediaType;

/// How many parts are listed.
const PARTS: usize = 64;
/// The longest boundary (RFC 2046 §5.1.1).
const BOUNDARY: usize = 70;
/// How much of the head of a part is read.
const HEAD: usize = 8 << 10;

/// A part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The name of the field of a form.
    pub name: Option<String>,
    /// The name of the file.
    pub filename: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its bytes, without its head.
    pub size: u64,
}

impl Part {
    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
        let name = format!("`{}`", self.name.as_deref().unwrap_or_default().escape_debug());
        let file = self.filename.as_ref().map(|file| format!("`{}`", file.escape_debug()));
        let media = self.media_type.as_ref().map(|media| media.escape_debug().to_string());
        let facts: Vec<_> = file.into_iter().chain(media).chain([format!("{} bytes", self.size)]).collect();
        format!("{name} ({})", facts.join(", "))
    }
}

/// Lists the parts; what stands before the first and behind the last is none.
pub(super) fn parts(boundary: &str, body: &[u8]) -> Vec<Part> {
    if boundary.is_empty() || boundary.len() > BOUNDARY {
        return Vec::new();
    }
    let mark = [b"--", boundary.as_bytes()].concat();
    let (mut parts, mut open, mut at) = (Vec::new(), None, 0);
    while parts.len() < PARTS {
        // A mark stands at the begin of a line, and the end of the line before belongs to it.
        let Some(found) = find(&body[at..], &mark).map(|found| at + found) else { break };
        let behind = found + mark.len();
        if found > 0 && body[found - 1] != b'\n' {
            at = behind;
            continue;
        }
        if let Some(begin) = open.take() {
            parts.push(part(&body[begin..line_end(body, found).max(begin)]));
        }
        if body[behind..].starts_with(b"--") {
            return parts;
        }
        let Some(end) = find(&body[behind..], b"\n") else { return parts };
        at = behind + end + 1;
        open = Some(at);
    }
    // The last one of a body that was cut.
    if let Some(begin) = open.filter(|_| parts.len() < PARTS) {
        parts.push(part(&body[begin..]));
    }
    parts
}

/// Where the line ends that stands before this place.
fn line_end(body: &[u8], at: usize) -> usize {
    match &body[..at] {
        [.., b'\r', b'\n'] => at - 2,
        [.., b'\n'] => at - 1,
        _ => at,
    }
}

fn part(bytes: &[u8]) -> Part {
    let mut part = Part::default();
    let mut rest = bytes;
    while let Some(end) = rest.iter().take(HEAD).position(|byte| *byte == b'\n') {
        let (line, behind) = rest.split_at(end + 1);
        rest = behind;
        let line = String::from_utf8_lossy(line.trim_ascii());
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-type") {
            part.media_type = Some(value.trim().to_owned());
        } else if name.eq_ignore_ascii_case("content-disposition") {
            let disposition = MediaType::parse(value);
            part.name = disposition.parameter("name").map(str::to_owned);
            part.filename = disposition.parameter("filename").map(str::to_owned);
        }
    }
    part.size = rest.len() as u64;
    part
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}
