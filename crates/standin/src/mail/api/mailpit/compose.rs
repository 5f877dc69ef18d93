//! `POST /api/v1/send`: a message made of a document (RFC 5322, RFC 2045).

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use serde_json::json;

use crate::{
    http::{Answer, Asked, Body},
    mail::{
        api::{
            Api, Said,
            answers::{json as document, refused},
            input,
        },
        smtp::{Letter, NotKept},
        store::clean_tag,
    },
};

/// Base64 in a document is longer by a third, and the document has more in it than that.
const LONGER: usize = 2;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Wanted {
    from: Person,
    to: Vec<Person>,
    cc: Vec<Person>,
    bcc: Vec<String>,
    reply_to: Vec<Person>,
    subject: String,
    text: String,
    #[serde(rename = "HTML")]
    html: String,
    attachments: Vec<File>,
    tags: Vec<String>,
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Person {
    name: String,
    email: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct File {
    content: String,
    filename: String,
    content_type: String,
    #[serde(rename = "ContentID")]
    content_id: String,
}

/// Sends one; what is wrong with it is told in a document.
pub(super) async fn send(api: &Api, asked: &mut Asked<'_>) -> Said {
    let said = made(api, asked).await;
    said.map_err(|answer| match &answer.body {
        Body::Bytes(text) => {
            let error = String::from_utf8_lossy(text);
            Answer { status: answer.status, ..document(&json!({ "Error": error.trim_end() })) }
        }
        _ => answer,
    })
}

async fn made(api: &Api, asked: &mut Asked<'_>) -> Said {
    let wanted: Wanted = input::document(asked, api.rules.largest.saturating_mul(LONGER)).await?;
    let text = wanted.write(&unique()?, Timestamp::now())?;
    if text.len() > api.rules.largest {
        return Err(refused(413, format!("a message has at most {} bytes", api.rules.largest)));
    }
    let people = wanted.to.iter().chain(&wanted.cc).map(|person| person.email.clone());
    let letter = Letter {
        sender: wanted.from.email.clone(),
        recipients: people.chain(wanted.bcc.iter().cloned()).collect(),
        user: api.rules.login.as_ref().map(|login| login.user().to_owned()),
        door: None,
        bytes: Bytes::from(text),
    };
    let key = api.store.keep(letter).await.map_err(|error| match error {
        NotKept::Full => refused(507, error),
        NotKept::Failed => refused(500, error),
    })?;
    Ok(document(&json!({ "ID": key })))
}

impl Wanted {
    /// The message. `unique` marks its parts, and stands nowhere in them.
    fn write(&self, unique: &str, now: Timestamp) -> Result<String, Answer> {
        self.check()?;
        let mut text = String::new();
        field(&mut text, "From", &self.from.written());
        for (name, people) in [("To", &self.to), ("Cc", &self.cc), ("Reply-To", &self.reply_to)] {
            if !people.is_empty() {
                field(&mut text, name, &people.iter().map(Person::written).collect::<Vec<_>>().join(", "));
            }
        }
        field(&mut text, "Subject", &word(&self.subject));
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default();
        field(&mut text, "Date", &date.replace("GMT", "+0000"));
        if !self.headers.keys().any(|name| name.eq_ignore_ascii_case("message-id")) {
            field(&mut text, "Message-ID", &format!("<{unique}@navyd>"));
        }
        if !self.tags.is_empty() {
            field(&mut text, "X-Tags", &word(&self.tags.join(", ")));
        }
        for (name, value) in &self.headers {
            field(&mut text, name, &word(value));
        }
        field(&mut text, "MIME-Version", "1.0");
        self.body(&mut text, unique)?;
        Ok(text)
    }

    /// Addresses and names of fields must not bring lines of their own.
    fn check(&self) -> Result<(), Answer> {
        let people = [&self.to, &self.cc, &self.reply_to].into_iter().flatten().chain([&self.from]);
        let addresses = people.map(|person| &person.email).chain(&self.bcc);
        for address in addresses {
            let parts = address.rsplit_once('@');
            let whole = parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
            if !whole
                || address
                    .chars()
                    .any(|letter| letter.is_control() || matches!(letter, ' ' | '<' | '>' | ','))
            {
                return Err(refused(400, format!("`{address}` is no address")));
            }
        }
        if self.to.is_empty() && self.cc.is_empty() && self.bcc.is_empty() {
            return Err(refused(400, "nobody is named to send to"));
        }
        for name in self.headers.keys() {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
                return Err(refused(400, format!("`{name}` is no name of a field")));
            }
        }
        match self.tags.iter().find(|tag| clean_tag(tag).as_deref() != Some(tag.trim())) {
            Some(tag) => Err(refused(400, format!("`{tag}` is no tag"))),
            None => Ok(()),
        }
    }

    fn body(&self, text: &mut String, unique: &str) -> Result<(), Answer> {
        if self.attachments.is_empty() {
            self.texts(text, unique);
            return Ok(());
        }
        let mark = format!("{unique}-files");
        field(text, "Content-Type", &format!("multipart/mixed; boundary=\"{mark}\""));
        text.push_str(&format!("\r\n--{mark}\r\n"));
        self.texts(text, unique);
        for file in &self.attachments {
            text.push_str(&format!("--{mark}\r\n"));
            file.write(text)?;
        }
        text.push_str(&format!("--{mark}--\r\n"));
        Ok(())
    }

    fn texts(&self, text: &mut String, unique: &str) {
        if self.html.is_empty() || self.text.is_empty() {
            let (kind, body) =
                if self.html.is_empty() { ("plain", &self.text) } else { ("html", &self.html) };
            return part(text, &format!("text/{kind}; charset=utf-8"), body.as_bytes());
        }
        let mark = format!("{unique}-texts");
        field(text, "Content-Type", &format!("multipart/alternative; boundary=\"{mark}\""));
        text.push_str("\r\n");
        for (kind, body) in [("plain", &self.text), ("html", &self.html)] {
            text.push_str(&format!("--{mark}\r\n"));
            part(text, &format!("text/{kind}; charset=utf-8"), body.as_bytes());
        }
        text.push_str(&format!("--{mark}--\r\n"));
    }
}

impl Person {
    fn written(&self) -> String {
        match self.name.as_str() {
            "" => self.email.clone(),
            name => format!("{} <{}>", phrase(name), self.email),
        }
    }
}

impl File {
    fn write(&self, text: &mut String) -> Result<(), Answer> {
        let Ok(bytes) = STANDARD.decode(self.content.trim()) else {
            return Err(refused(400, format!("the content of `{}` is no base64", self.filename)));
        };
        let guessed =
            || mime_guess::from_path(&self.filename).first_raw().unwrap_or("application/octet-stream");
        let kind = if self.content_type.is_empty() { guessed() } else { &self.content_type };
        let clean = |text: &str| text.replace(|letter: char| letter.is_control() || letter == '"', "_");
        let shown = if self.content_id.is_empty() { "attachment" } else { "inline" };
        field(
            text,
            "Content-Disposition",
            &format!("{shown}; filename=\"{}\"", word(&clean(&self.filename))),
        );
        if !self.content_id.is_empty() {
            field(text, "Content-ID", &format!("<{}>", clean(&self.content_id)));
        }
        part(text, &clean(kind), &bytes);
        Ok(())
    }
}

fn part(text: &mut String, kind: &str, bytes: &[u8]) {
    field(text, "Content-Type", kind);
    field(text, "Content-Transfer-Encoding", "base64");
    text.push_str("\r\n");
    // "The encoded output stream must be represented in lines of no more than 76 characters each."
    let encoded = STANDARD.encode(bytes);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(76));
        text.push_str(line);
        text.push_str("\r\n");
        rest = behind;
    }
}

/// One field. Line ends in its value go out as spaces: no value becomes a field.
fn field(text: &mut String, name: &str, value: &str) {
    let value = value.replace(|letter: char| letter.is_control(), " ");
    text.push_str(&format!("{name}: {value}\r\n"));
}

/// A name beside an address: quoted, where its letters could mean something there.
fn phrase(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ' ' | '-' | '_' | '\'');
    if text.is_ascii() && !text.chars().all(plain) {
        let text = text.replace(|letter: char| letter.is_control() || matches!(letter, '"' | '\\'), " ");
        return format!("\"{text}\"");
    }
    word(text)
}

/// A text that may have any letters, as RFC 2047 writes it.
fn word(text: &str) -> String {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.contains("=?") {
        return text.to_owned();
    }
    // "An encoded-word may not be more than 75 characters long": 42 bytes become 56 letters, beside twelve of others.
    let mut words = Vec::new();
    let mut piece = String::new();
    for letter in text.chars() {
        if piece.len() + letter.len_utf8() > 42 {
            words.push(std::mem::take(&mut piece));
        }
        piece.push(letter);
    }
    words.push(piece);
    words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect::<Vec<_>>().join(" ")
}

fn unique() -> Result<String, Answer> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| refused(500, "the system has no random numbers"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::mime;

    #[test]
    fn what_is_written_is_read_again() {
        let wanted: Wanted = serde_json::from_value(json!({
            "From": {"Email": "j@a.example", "Name": "Jürgen, the \u{7}first"},
            "To": [{"Email": "ann@b.example", "Name": "Ann"}, {"Email": "bob@c.example"}],
            "Bcc": ["hidden@d.example"],
            "Subject": "Grüße ".repeat(20),
            "Text": "text \u{20ac}", "HTML": "<p>html</p>",
            "Headers": {"X-Evil": "a\r\nX-Planted: b"},
            "Tags": ["one"],
            "Attachments": [
                {"Content": "aGVsbG8=", "Filename": "ü.txt", "ContentType": "text/csv"},
                {"Content": "iVBORw0KGgo=", "Filename": "logo.png", "ContentType": "image/png", "ContentID": "logo"},
            ],
        }))
        .unwrap();
        let text = wanted.write("0123", Timestamp::UNIX_EPOCH).map_err(|answer| answer.status).unwrap();
        let mail = mime::read(text.as_bytes());
        assert_eq!(mail.subject.trim(), "Grüße ".repeat(20).trim());
        assert_eq!(mail.to.len(), 2);
        assert_eq!((mail.text.trim(), mail.html.trim()), ("text \u{20ac}", "<p>html</p>"));
        let parts: Vec<_> =
            mail.parts.iter().map(|part| (&part.name[..], part.inline, part.bytes.len())).collect();
        assert_eq!(parts, [("ü.txt", false, 5), ("logo.png", true, 8)]);
        let fields = mime::head::fields(text.as_bytes());
        assert_eq!(mime::head::value(&fields, "X-Planted"), None);
        assert!(!text.contains("hidden@d.example"));
        assert_eq!(mail.date, Some(0));
    }

    #[test]
    fn what_cannot_be_sent_is_said() {
        let to = json!([{"Email": "a@b"}]);
        for document in [
            json!({"To": to}),
            json!({"From": {"Email": "a@b"}}),
            json!({"From": {"Email": "a@b"}, "To": [{"Email": "a"}]}),
            json!({"From": {"Email": "a@b"}, "To": [{"Email": "a@b>\r\nX: y"}]}),
            json!({"From": {"Email": "a@b"}, "To": to, "Headers": {"A:b": "c"}}),
            json!({"From": {"Email": "a@b"}, "To": to, "Tags": ["<"]}),
            json!({"From": {"Email": "a@b"}, "To": to, "Attachments": [{"Filename": "x", "Content": "%"}]}),
        ] {
            let wanted: Wanted = serde_json::from_value(document.clone()).unwrap();
            let refusal = wanted.write("0123", Timestamp::UNIX_EPOCH).map_err(|answer| answer.status);
            assert_eq!(refusal, Err(400), "{document}");
        }
    }
}
