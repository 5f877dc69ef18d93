//! What a body says: fields of a form, files, or data.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    json::{Json, read},
    multipart::{self, parameter},
    question::Question,
    text::pairs,
};
use crate::http::Answer;

/// The most fields of a form: one of many short ones would need a hundred times the memory that it came with.
const FIELDS: usize = 100_000;

/// A body, sorted by what it says it is.
#[derive(Debug, Default)]
pub(super) struct Posted {
    form: Vec<(String, String)>,
    files: Vec<(String, String)>,
    data: String,
    json: Option<Json<'static>>,
}

impl Posted {
    /// The fields of a form.
    pub(super) fn form(&self) -> Json<'_> {
        Json::multi(&self.form)
    }

    /// Files by the names of their fields; of several with one name the first.
    pub(super) fn files(&self) -> Json<'_> {
        let mut files: Vec<(std::borrow::Cow<'_, str>, Json<'_>)> = Vec::new();
        for (name, content) in &self.files {
            if !files.iter().any(|(known, _)| known == name) {
                files.push((name.into(), content.as_str().into()));
            }
        }
        Json::Map(files)
    }

    /// The body where it is no form.
    pub(super) fn data(&self) -> Json<'_> {
        self.data.as_str().into()
    }

    /// The same, where it is JSON.
    pub(super) fn json(&self) -> Json<'_> {
        self.json.clone().unwrap_or(Json::Null)
    }

    /// # Errors
    /// The answer to a form with too many fields.
    pub(super) fn read(question: &Question<'_>) -> Result<Self, Answer> {
        let body = &question.body;
        let kind = question.field("content-type").unwrap_or_default();
        let name = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let boundary = parameter(&kind, "boundary");
        Ok(match (name.as_str(), boundary) {
            ("application/x-www-form-urlencoded", _) => {
                if body.iter().filter(|byte| **byte == b'&').count() >= FIELDS {
                    return Err(Answer::text(413, format!("the form has more than {FIELDS} fields\n")));
                }
                let form = if std::str::from_utf8(body).is_ok() { pairs(body) } else { vec![] };
                Self { form, ..Self::default() }
            }
            ("multipart/form-data", Some(boundary)) => {
                Self::of_parts(&multipart::parts(body, boundary.as_bytes()))
            }
            _ => {
                let json = std::str::from_utf8(body).ok().and_then(read);
                Self { data: safe(body, "application/octet-stream"), json, ..Self::default() }
            }
        })
    }

    fn of_parts(parts: &[multipart::Part<'_>]) -> Self {
        let mut posted = Self::default();
        for part in parts {
            let name = part.name.clone();
            if part.file {
                let kind = if part.kind.is_empty() { "application/octet-stream" } else { &part.kind };
                posted.files.push((name, safe(part.content, kind)));
            } else {
                posted.form.push((name, String::from_utf8_lossy(part.content).into_owned()));
            }
        }
        posted
    }
}

/// Bytes as text where they are, and else as an address that holds them.
fn safe(bytes: &[u8], kind: &str) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("data:{kind};base64,{}", STANDARD.encode(bytes)),
    }
}
