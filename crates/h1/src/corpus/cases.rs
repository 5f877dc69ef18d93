//! The texts of the corpus, as cases. It knows nothing else of this crate.

/// One case.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) verdict: String,
    pub(crate) bytes: Vec<u8>,
}

/// The requests, with chunks behind a head of their own.
pub(crate) fn requests() -> Vec<Case> {
    let files = [include_str!("framing.txt"), include_str!("lines.txt"), include_str!("fields.txt")];
    files.into_iter().flat_map(cases).chain(chunks()).collect()
}

/// The responses.
pub(crate) fn responses() -> Vec<Case> {
    cases(include_str!("responses.txt"))
}

fn chunks() -> Vec<Case> {
    const HEAD: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let behind_head = |case: Case| Case { bytes: [HEAD, &case.bytes].concat(), ..case };
    cases(include_str!("chunks.txt")).into_iter().map(behind_head).collect()
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("= ") {
            let (name, verdict) = title.split_once(' ').expect("a case has a name and a verdict");
            let verdict = verdict.trim_matches('\'').to_owned();
            cases.push(Case { name: name.to_owned(), verdict, bytes: Vec::new() });
        } else if let Some(bytes) = line.strip_prefix('|') {
            let case = cases.last_mut().expect("bytes belong to a case");
            let (bytes, end) = match bytes.strip_suffix('\\') {
                Some(open) if !open.ends_with('\\') => (open, &b""[..]),
                _ => (bytes, &b"\r\n"[..]),
            };
            unescape(bytes, &mut case.bytes);
            case.bytes.extend_from_slice(end);
        }
    }
    cases
}

fn unescape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.extend_from_slice(plain.as_bytes());
        let (byte, length) = match escape.as_bytes().first().expect("a backslash is followed by something") {
            b'r' => (b'\r', 1),
            b'n' => (b'\n', 1),
            b't' => (b'\t', 1),
            b'0' => (b'\0', 1),
            b'\\' => (b'\\', 1),
            b'x' => (u8::from_str_radix(&escape[1..3], 16).expect("two hexadecimal digits"), 3),
            other => panic!("an unknown escape \\{}", char::from(*other)),
        };
        out.push(byte);
        rest = &escape[length..];
    }
    out.extend_from_slice(rest.as_bytes());
}
