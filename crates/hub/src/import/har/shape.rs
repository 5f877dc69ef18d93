//! What an archive may look like: the fields of HAR 1.2 that are read, and those with `_` that browsers and this
//! program write. Every field that some writer leaves out, or writes as `null` or otherwise, may be missing.
//!
//! What no head may contain is refused while it is read, so that a mistake has its line and column.

use std::fmt;

use jiff::Timestamp;
use navyd_model::exchange::{Hit, Outcome, Party};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, SeqAccess, Visitor},
};
use serde_json::Value;

use super::MOST_ENTRIES;

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) log: Log,
}

#[derive(Deserialize)]
pub(super) struct Log {
    #[serde(deserialize_with = "bounded")]
    pub(super) entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) started_date_time: Timestamp,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) time: Option<f64>,
    #[serde(deserialize_with = "request")]
    pub(super) request: Head,
    #[serde(default)]
    pub(super) response: Option<Head>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) timings: Option<Timings>,
    #[serde(default, rename = "serverIPAddress", deserialize_with = "lenient")]
    pub(super) server_address: Option<String>,
    #[serde(default, rename = "_serverPort", deserialize_with = "lenient")]
    pub(super) server_port: Option<u16>,
    #[serde(default, rename = "_id", deserialize_with = "lenient")]
    pub(super) id: Option<u64>,
    #[serde(default, rename = "_route", deserialize_with = "lenient")]
    pub(super) route: Option<String>,
    #[serde(default, rename = "_outcome", deserialize_with = "lenient")]
    pub(super) outcome: Option<Outcome>,
    #[serde(default, rename = "_client", deserialize_with = "lenient")]
    pub(super) client: Option<Party>,
    #[serde(default, rename = "_server", deserialize_with = "lenient")]
    pub(super) server: Option<Party>,
    #[serde(default, rename = "_error", deserialize_with = "lenient")]
    pub(super) error: Option<String>,
    #[serde(default, rename = "_lost", deserialize_with = "lenient")]
    pub(super) lost: Option<u64>,
    #[serde(default, rename = "_faults", deserialize_with = "lenient")]
    pub(super) faults: Option<Vec<Hit>>,
    #[serde(default, rename = "_resourceType", deserialize_with = "lenient")]
    pub(super) resource: Option<String>,
    #[serde(default, rename = "_webSocketMessages", deserialize_with = "lenient")]
    pub(super) messages: Option<Vec<Frame>>,
}

/// A request or a response: what only one of them has is missing in the other.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    #[serde(default)]
    pub(super) method: Option<Word>,
    #[serde(default)]
    pub(super) url: Option<Word>,
    #[serde(default)]
    pub(super) post_data: Option<PostData>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<u16>,
    #[serde(default)]
    pub(super) status_text: Option<Line>,
    #[serde(default)]
    pub(super) content: Option<Content>,
    #[serde(default)]
    pub(super) http_version: Option<Line>,
    #[serde(default)]
    pub(super) headers: Option<Vec<Field>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) headers_size: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) body_size: Option<i64>,
    #[serde(default, rename = "_line")]
    pub(super) line: Option<Line>,
    #[serde(default, rename = "_trailers")]
    pub(super) trailers: Option<Vec<Field>>,
    #[serde(default, rename = "_interim")]
    pub(super) interim: Option<Vec<Interim>>,
    #[serde(default, rename = "_error", deserialize_with = "lenient")]
    pub(super) error: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Interim {
    #[serde(rename = "_line")]
    pub(super) line: Line,
    #[serde(default)]
    pub(super) headers: Vec<Field>,
}

#[derive(Deserialize)]
pub(super) struct Field {
    pub(super) name: Name,
    #[serde(default)]
    pub(super) value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostData {
    #[serde(default)]
    pub(super) mime_type: Option<String>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default, alias = "encoding", rename = "_encoding", deserialize_with = "lenient")]
    pub(super) encoding: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) params: Option<Vec<Param>>,
}

#[derive(Deserialize)]
pub(super) struct Param {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) size: Option<i64>,
    #[serde(default)]
    pub(super) mime_type: Option<String>,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) encoding: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) comment: Option<String>,
    #[serde(default, rename = "_sent", deserialize_with = "lenient")]
    pub(super) sent: Option<String>,
}

/// Milliseconds, or -1 for what did not happen. The time for TLS is part of `connect`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Timings {
    pub(super) blocked: Option<f64>,
    pub(super) dns: Option<f64>,
    pub(super) connect: Option<f64>,
    pub(super) send: Option<f64>,
    pub(super) wait: Option<f64>,
    pub(super) receive: Option<f64>,
}

/// A message of WebSocket, as Chromium writes it.
#[derive(Deserialize)]
pub(super) struct Frame {
    #[serde(rename = "type")]
    pub(super) direction: String,
    pub(super) time: f64,
    pub(super) opcode: u8,
    #[serde(default)]
    pub(super) data: Option<String>,
}

/// A method or a URL: something, with neither spaces nor control characters.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Word(pub(super) String);

/// A text that does not end its line.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Line(pub(super) String);

/// The name of a field (RFC 9110 §5.1), or of HTTP/2's, which begin with a colon (RFC 9113 §8.3).
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(pub(super) String);

impl TryFrom<String> for Word {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let spaced = |c: char| c.is_whitespace() || c.is_control();
        if text.is_empty() || text.contains(spaced) {
            return Err(format!("`{}` is empty, or has a space in it", text.escape_debug()));
        }
        Ok(Self(text))
    }
}

impl TryFrom<String> for Line {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.contains(['\r', '\n', '\0']) {
            return Err(format!("`{}` is more than one line", text.escape_debug()));
        }
        Ok(Self(text))
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let token = text.strip_prefix(':').unwrap_or(&text);
        let is_letter = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if token.is_empty() || !token.bytes().all(is_letter) {
            return Err(format!("`{}` is no name of a header", text.escape_debug()));
        }
        Ok(Self(text))
    }
}

/// A value that is read where it is what it should be, and else is missing.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(reader: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(reader)?).ok())
}

fn request<'de, D: Deserializer<'de>>(reader: D) -> Result<Head, D::Error> {
    let head = Head::deserialize(reader)?;
    match (&head.method, &head.url) {
        (None, _) => Err(D::Error::missing_field("method")),
        (_, None) => Err(D::Error::missing_field("url")),
        _ => Ok(head),
    }
}

/// No more entries than are taken.
fn bounded<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<Entry>, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<Entry>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of entries")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Entry>, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = list.next_element()? {
                if entries.len() == MOST_ENTRIES {
                    return Err(A::Error::custom(format_args!("more than {MOST_ENTRIES} entries")));
                }
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    reader.deserialize_seq(Entries)
}
