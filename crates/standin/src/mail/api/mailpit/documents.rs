//! Documents of messages, in Mailpit's words.

use std::fmt::Write as _;

use jiff::Timestamp;
use md5::{Digest as _, Md5};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::{Value, json};

use crate::mail::{
    api::Whole,
    mime::{self, Mail, Part},
    store::Facts,
};

/// What is said of this program.
pub(in crate::mail::api) const VERSION: &str = concat!("navyd ", env!("CARGO_PKG_VERSION"));

/// A message in a list.
pub(in crate::mail) fn summary(facts: &Facts) -> Value {
    let known = &facts.known;
    json!({
        "ID": facts.key, "MessageID": facts.message_id, "Read": facts.read,
        "From": known.from, "To": known.to, "Cc": known.cc, "Bcc": known.bcc, "ReplyTo": known.reply_to,
        "Subject": facts.subject, "Created": time(facts.received), "Username": known.user.as_deref().unwrap_or_default(),
        "Tags": facts.tags, "Size": facts.size, "Attachments": facts.attachments,
        "Snippet": known.snippet,
    })
}

/// A message with all that is in it.
pub(in crate::mail::api) fn detail(whole: &Whole, mail: &Mail) -> Value {
    let (facts, known) = (&whole.facts, &whole.facts.known);
    let parts = |inline: bool| -> Vec<Value> {
        mail.parts.iter().filter(|part| part.inline == inline).map(attachment).collect()
    };
    let written = known.date.and_then(|seconds| seconds.checked_mul(1000)).unwrap_or(facts.received);
    json!({
        "ID": facts.key, "MessageID": facts.message_id,
        "From": known.from, "To": known.to, "Cc": known.cc, "Bcc": known.bcc, "ReplyTo": known.reply_to,
        "ReturnPath": known.sender, "Subject": facts.subject, "ListUnsubscribe": unsubscribe(&whole.bytes),
        "Date": time(written), "Username": known.user.as_deref().unwrap_or_default(), "Tags": facts.tags, "Text": mail.text, "HTML": mail.html, "Size": facts.size,
        "Inline": parts(true), "Attachments": parts(false),
    })
}

/// The same with its inboxes, and whether it was read: Mailpit does not tell that, and clients that take its documents
/// exactly are told only when they ask.
pub(in crate::mail::api) fn with_inboxes(mut document: Value, facts: &Facts) -> Value {
    document["Read"] = facts.read.into();
    document["Inboxes"] = json!(facts.known.inboxes);
    document
}

/// Milliseconds since 1970 as RFC 3339 writes them.
pub(in crate::mail::api) fn time(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default().to_string()
}

fn attachment(part: &Part) -> Value {
    json!({
        "PartID": part.number.to_string(), "FileName": if part.name.is_empty() { &part.id } else { &part.name }, "ContentType": part.kind, "ContentID": part.id,
        "Size": part.bytes.len(),
        "Checksums": {
            "MD5": hex(Md5::digest(&part.bytes).as_ref()),
            "SHA1": hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &part.bytes).as_ref()),
            "SHA256": hex(digest(&SHA256, &part.bytes).as_ref()),
        },
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How one leaves the list that a message came from (RFC 2369 and RFC 8058).
fn unsubscribe(bytes: &[u8]) -> Value {
    let fields = mime::head::fields(bytes);
    let header = mime::head::value(&fields, "list-unsubscribe").unwrap_or_default();
    let post = mime::head::value(&fields, "list-unsubscribe-post").unwrap_or_default();
    let mut links = Vec::new();
    let mut rest = header;
    while let Some((_, behind)) = rest.split_once('<') {
        let Some((link, behind)) = behind.split_once('>') else { break };
        links.push(link.trim());
        rest = behind;
    }
    let errors =
        if !header.is_empty() && links.is_empty() { "there is no link in angle brackets" } else { "" };
    json!({ "Header": header, "HeaderPost": post, "Links": links, "Errors": errors })
}
