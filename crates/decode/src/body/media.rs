//! Media types, and texts by their charset.

/// A media type with its parameters (RFC 9110 §8.3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaType {
    kind: String,
    subtype: String,
    parameters: Vec<(String, String)>,
}

/// Types of applications that are text.
const TEXTS: [&str; 12] = [
    "ecmascript",
    "graphql",
    "javascript",
    "json",
    "ld+json",
    "sql",
    "toml",
    "x-javascript",
    "x-ndjson",
    "x-www-form-urlencoded",
    "xml",
    "yaml",
];

impl MediaType {
    /// Reads one. What makes no sense is left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = split(text);
        let essence = parts.next().unwrap_or_default();
        let (kind, subtype) = essence.split_once('/').unwrap_or((essence.as_str(), ""));
        let parameter = |part: String| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim();
            let value = match value.strip_prefix('"') {
                Some(quoted) => unquoted(quoted),
                None => value.to_owned(),
            };
            Some((name.trim().to_ascii_lowercase(), value))
        };
        Self {
            kind: kind.trim().to_ascii_lowercase(),
            subtype: subtype.trim().to_ascii_lowercase(),
            parameters: parts.filter_map(parameter).collect(),
        }
    }

    /// The value of a parameter, by its name in small letters.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is what stands before the slash.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.kind.is_empty() || (self.kind == "application" && self.subtype == "octet-stream")
    }

    /// A picture, save the one that is text.
    pub(super) fn is_image(&self) -> bool {
        self.kind == "image" && self.subtype != "svg+xml"
    }

    pub(super) fn is_json(&self) -> bool {
        self.subtype == "json" || self.subtype.ends_with("+json")
    }

    pub(super) fn is_text(&self) -> bool {
        let known = self.kind == "application"
            && (TEXTS.contains(&self.subtype.as_str()) || self.subtype.starts_with("graphql"));
        self.kind == "text"
            || self.is_json()
            || known
            || self.subtype.ends_with("+xml")
            || self.subtype.ends_with("+yaml")
    }

    /// UTF-8 where nothing else is told: what nearly everybody sends.
    pub(super) fn charset(&self) -> &str {
        self.parameter("charset").unwrap_or("utf-8")
    }
}

/// The parts between semicolons that do not stand in quotes.
fn split(text: &str) -> impl Iterator<Item = String> {
    let (mut parts, mut part, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for letter in text.chars() {
        match letter {
            ';' if !quoted => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
        part.push(letter);
    }
    parts.push(part);
    parts.into_iter()
}

fn unquoted(text: &str) -> String {
    let (mut value, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => value.extend(letters.next()),
            letter => value.push(letter),
        }
    }
    value
}

/// The text of these bytes, or the bytes and why they are none. Only the last letter may be incomplete: a body may have
/// been cut.
pub(super) fn text(charset: &str, bytes: Vec<u8>) -> Result<String, (Vec<u8>, String)> {
    match charset.to_ascii_lowercase().as_str() {
        "iso-8859-1" | "latin1" => Ok(bytes.into_iter().map(char::from).collect()),
        "utf-8" | "utf8" | "us-ascii" | "ascii" => match String::from_utf8(bytes) {
            Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
            Err(error) if error.utf8_error().error_len().is_none() => {
                let end = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
            }
            Err(error) => Err((error.into_bytes(), "it is not the text that its type says".to_owned())),
        },
        other => Err((bytes, format!("the charset `{}` is not understood", other.escape_debug()))),
    }
}
