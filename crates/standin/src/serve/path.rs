//! What the path of a request names below the root: pure.
//!
//! A path is decoded once and taken apart at its slashes; a part that would mean anything but one entry of a folder,
//! on any system, names nothing. Deliberately absent: resolving `..`. Clients do that before they ask (RFC 3986
//! §5.2.4), so that one that arrives was meant to escape.

use std::path::{Path, PathBuf};

use super::change::is_part;
use crate::os;

/// The longest path that any system opens, in bytes (Linux: PATH_MAX).
const LONGEST: usize = 4096;

/// What a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its parts, decoded.
    parts: Vec<String>,
    /// Whether a slash stands at the end: then it is a folder.
    pub(super) folder: bool,
}

impl Wanted {
    /// Reads the path of a request; `None` where it can name nothing here.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        if path.len() > LONGEST {
            return None;
        }
        let mut parts = Vec::new();
        // A slash that was written as `%2f` is none between parts, and no part has one.
        for part in rest.split('/').filter(|part| !part.is_empty()) {
            let part = decode(part)?;
            if !is_entry(&part) || is_part(&part) {
                return None;
            }
            parts.push(part);
        }
        Some(Self { parts, folder: rest.is_empty() || rest.ends_with('/') })
    }

    /// The file with this name in the root.
    pub(super) fn file(name: &str) -> Self {
        Self { parts: vec![name.to_owned()], folder: false }
    }

    /// Where it stands below the root; `.` for the root itself.
    pub(super) fn path(&self) -> PathBuf {
        if self.parts.is_empty() { PathBuf::from(".") } else { self.parts.iter().collect() }
    }

    /// Whether a part begins with a dot.
    pub(super) fn is_hidden(&self) -> bool {
        self.parts.iter().any(|part| part.starts_with('.'))
    }

    /// Its last part; `None` of the root.
    pub(super) fn name(&self) -> Option<&str> {
        self.parts.last().map(String::as_str)
    }

    /// Its parts, as links write them, a slash in front of each.
    pub(super) fn link(&self) -> String {
        self.parts.iter().fold(String::new(), |link, part| link + "/" + &encode(part))
    }

    /// Its parts, decoded.
    pub(super) fn parts(&self) -> &[String] {
        &self.parts
    }
}

/// A name as a part of a link: everything but letters, digits and `-._~` is written in hexadecimal (RFC 3986 §2.3).
pub(super) fn encode(name: &str) -> String {
    let mut link = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                link.push(char::from(byte));
            }
            _ => link.push_str(&format!("%{byte:02X}")),
        }
    }
    link
}

/// The text behind `%`; `None` where that is no text in UTF-8, or a `%` has no two digits behind it.
pub(super) fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let digits = behind.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether a name is that of one entry of a folder, on every system: backslashes part folders on some, and a colon
/// names a drive or a stream there.
pub(super) fn is_entry(name: &str) -> bool {
    let strange = |byte: u8| matches!(byte, 0 | b'/' | b'\\') || os::PARTING.contains(&byte);
    !name.bytes().any(strange) && Path::new(name).components().count() == 1 && name != "." && name != ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_paths_name() {
        for (path, expected) in [
            ("/", Some((".", true))),
            ("/a", Some(("a", false))),
            ("/a/", Some(("a", true))),
            ("//a//b", Some(("a/b", false))),
            ("/a%20b/%C3%A9.txt", Some(("a b/é.txt", false))),
            ("/%41", Some(("A", false))),
            ("/a%252e", Some(("a%2e", false))),
            ("/...", Some(("...", false))),
            ("/.navyd-1.part", None),
            ("/a/%2enavyd-1.PART/b", None),
            ("", None),
            ("*", None),
            ("a", None),
            ("/..", None),
            ("/../etc/passwd", None),
            ("/a/../b", None),
            ("/a/./b", None),
            ("/%2e%2e/etc/passwd", None),
            ("/%2E%2E%2fetc", None),
            ("/..%2fetc", None),
            ("/a%2fb", None),
            ("/a%5cb", None),
            ("/..%5c..%5cetc", None),
            ("/a\\b", None),
            ("/a%00.txt", None),
            ("/%ff", None),
            ("/%c0%ae%c0%ae/", None),
            ("/%e", None),
            ("/%zz", None),
            ("/%", None),
            ("/%+1", None),
        ] {
            let wanted = Wanted::parse(path).map(|wanted| (wanted.path(), wanted.folder));
            let expected = expected.map(|(path, folder)| (PathBuf::from(path), folder));
            assert_eq!(wanted, expected, "{path}");
        }
        assert_eq!(Wanted::parse(&format!("/{}", "a/".repeat(3000))), None);
    }

    #[test]
    fn dots_are_hidden_and_links_lead_back() {
        for (path, hidden) in [("/.git/config", true), ("/a/.env", true), ("/a.b", false), ("/", false)] {
            assert_eq!(Wanted::parse(path).map(|wanted| wanted.is_hidden()), Some(hidden), "{path}");
        }
        let wanted = Wanted::parse("/a%20b/%C3%A9%23.txt").expect("it names a file");
        assert_eq!(wanted.link(), "/a%20b/%C3%A9%23.txt");
        assert_eq!(Wanted::parse(&wanted.link()), Some(wanted));
    }
}
