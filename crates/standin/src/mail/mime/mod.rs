//! What is in a message: the one place that knows the library that takes MIME apart.
//!
//! - [`read`]: bytes in, a [`Mail`] out; never an error, since whatever was sent is shown somehow
//! - [`head`]: the fields of a head as they stand there, unfolded
//! - [`pieces`]: the parts as they stand there, still encoded
//!
//! A message that is made to be expensive (parts in parts, a boundary that never comes) is not taken apart: its head
//! is understood, and the rest is its text. See `bomb`.

mod address;
mod bomb;
pub mod head;
mod pieces;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

pub use address::Address;
pub use pieces::{Piece, pieces};

use super::limits;

/// Made once: it holds a table of what each field is read as.
static PARSER: LazyLock<MessageParser> = LazyLock::new(MessageParser::default);

/// A message, understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mail {
    /// The subject; empty where there is none.
    pub subject: String,
    /// The first of the authors.
    pub from: Option<Address>,
    /// To whom it says it is.
    pub to: Vec<Address>,
    /// To whom it is a copy.
    pub cc: Vec<Address>,
    /// To whom it says it is a secret copy.
    pub bcc: Vec<Address>,
    /// Who wants the answers.
    pub reply_to: Vec<Address>,
    /// Its Message-ID, without brackets.
    pub id: String,
    /// When it says it was written, in seconds since 1970.
    pub date: Option<i64>,
    /// The tags that it asks for with X-Tags, with commas between them.
    pub tags: String,
    /// Its text; that of its HTML where it has no other.
    pub text: String,
    /// Its HTML; empty where it has none.
    pub html: String,
    /// What is attached to it, or shown within.
    pub parts: Vec<Part>,
}

/// An attachment, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Which it is among all parts of the message.
    pub number: usize,
    /// Its media type.
    pub kind: String,
    /// Its file's name; empty where it has none.
    pub name: String,
    /// Its Content-ID without brackets; empty where it has none.
    pub id: String,
    /// Whether it is shown within the message.
    pub inline: bool,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Takes a message apart.
#[must_use]
pub fn read(bytes: &[u8]) -> Mail {
    let head = head::end(bytes);
    let cautious = bomb::is_one(bytes, head);
    let parsed =
        if cautious { PARSER.parse_headers(&bytes[..head.min(limits::HEAD)]) } else { PARSER.parse(bytes) };
    let Some(message) = parsed else {
        let text = String::from_utf8_lossy(bytes).into_owned();
        return Mail { text, ..Mail::default() };
    };
    let mut mail = of_head(&message);
    if cautious {
        mail.text = String::from_utf8_lossy(&bytes[head..]).into_owned();
    } else {
        bodies(&message, &mut mail);
    }
    mail
}

/// The value of a field with its encoded words undone (RFC 2047).
#[must_use]
pub fn decoded(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let field = format!("Subject: {value}\r\n\r\n");
    let parsed = PARSER.parse_headers(field.as_bytes());
    parsed.as_ref().and_then(Message::subject).unwrap_or(value).to_owned()
}

fn of_head(message: &Message<'_>) -> Mail {
    let list = |address| address::list(address);
    Mail {
        subject: message.subject().unwrap_or_default().to_owned(),
        from: list(message.from()).into_iter().next(),
        to: list(message.to()),
        cc: list(message.cc()),
        bcc: list(message.bcc()),
        reply_to: list(message.reply_to()),
        id: message.message_id().unwrap_or_default().to_owned(),
        date: message.date().map(mail_parser::DateTime::to_timestamp),
        tags: message.header_raw("X-Tags").unwrap_or_default().trim().to_owned(),
        ..Mail::default()
    }
}

fn bodies(message: &Message<'_>, mail: &mut Mail) {
    let parts = |numbers: &[u32]| -> Vec<&MessagePart<'_>> {
        numbers.iter().filter_map(|number| message.part(*number)).collect()
    };
    let html = parts(&message.html_body).into_iter().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.as_ref()),
        _ => None,
    });
    mail.html = html.unwrap_or_default().to_owned();
    let texts = parts(&message.text_body).into_iter().filter_map(|part| match &part.body {
        PartType::Text(text) => Some(text.as_ref()),
        _ => None,
    });
    mail.text = texts.collect::<Vec<_>>().join("\n");
    if mail.text.is_empty() && !mail.html.is_empty() {
        mail.text = mail_parser::decoders::html::html_to_text(&mail.html);
    }
    let attached = message.attachments.iter().filter_map(|number| {
        let part = message.part(*number)?;
        Some(part_of(*number as usize, part))
    });
    mail.parts = attached.collect();
}

fn part_of(number: usize, part: &MessagePart<'_>) -> Part {
    let kind = part.content_type().map_or_else(
        || if part.is_text() { "text/plain".to_owned() } else { "application/octet-stream".to_owned() },
        |kind| match kind.subtype() {
            Some(subtype) => format!("{}/{subtype}", kind.ctype()),
            None => kind.ctype().to_owned(),
        },
    );
    let id = part.content_id().unwrap_or_default().to_owned();
    let attachment = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
    let stated = part.content_disposition().is_some_and(mail_parser::ContentType::is_inline);
    let bytes = match &part.body {
        PartType::Message(message) => message.raw_message().to_vec(),
        _ => part.contents().to_vec(),
    };
    let name = part.attachment_name().unwrap_or_default().to_owned();
    Part { number, kind, name, inline: !attachment && (stated || !id.is_empty()), id, bytes }
}
