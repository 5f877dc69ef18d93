//! Media types, and texts by their charset.

/// A media type with its parameters (RFC 9110 §8.3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaType {
    kind: String,
    subtype: String,
    parameters: Vec<(String, String)>,
}

/// How many pieces of characters a cut may leave: at most three bytes on either side.
const TORN: usize = 6;

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

    /// A picture, save the one that is text.
    pub(super) fn is_image(&self) -> bool {
        self.kind == "image" && self.subtype != "svg+xml"
    }

    fn is_json(&self) -> bool {
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

/// The text of these bytes, or the bytes and why they are none. Where some are missing, what was left of a character on
/// either side does not make it another; else a text is what was sent, byte for byte.
pub(super) fn text(charset: &str, bytes: Vec<u8>, cut: bool) -> Result<String, (Vec<u8>, String)> {
    let text = match charset.to_ascii_lowercase().as_str() {
        "iso-8859-1" | "latin1" => Ok(bytes.into_iter().map(char::from).collect::<String>()),
        "utf-8" | "utf8" | "us-ascii" | "ascii" => match String::from_utf8(bytes) {
            Err(error) if cut => {
                let bytes = error.into_bytes();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                match text.matches(char::REPLACEMENT_CHARACTER).take(TORN + 1).count() {
                    0..=TORN => Ok(text),
                    _ => Err(bytes),
                }
            }
            read => read.map_err(std::string::FromUtf8Error::into_bytes),
        },
        other => return Err((bytes, format!("the charset `{}` is not understood", other.escape_debug()))),
    };
    match text {
        Ok(text) if text.contains('\0') => Err(text.into_bytes()),
        read => read,
    }
    .map_err(|bytes| (bytes, "it is not the text that its type says".to_owned()))
}
