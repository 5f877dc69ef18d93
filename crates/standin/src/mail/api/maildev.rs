//! maildev's API: `/email`.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::{
    Api, Said, Whole,
    answers::{foreign, json as document, not_found, refused},
    failed, input, view,
};
use crate::{
    http::{Answer, Head},
    mail::{
        limits,
        mime::{self, Mail, Part, head},
        relay::Relay,
        store::{Address, Selection},
    },
};

/// The longest end of a file's name that is kept, in bytes.
const EXTENSION: usize = 8;

/// Answers what stands behind `/email`. What is not there is a document as well.
pub(super) async fn route(api: &Api, method: &str, path: &[&str], head: &Head) -> Said {
    let said = answer(api, method, path, head).await;
    said.map_err(|answer| match answer.status {
        404 => Answer::json(404, r#"{"error":"Email was not found"}"#),
        _ => answer,
    })
}

async fn answer(api: &Api, method: &str, path: &[&str], head: &Head) -> Said {
    match (method, path) {
        ("GET", []) => list(api, head).await,
        ("DELETE", ["all"]) => remove(api, Selection::All).await,
        ("PATCH", ["read-all"]) => {
            let marked = api.store.ask(|shelf| shelf.mark(&Selection::All, true)).await.map_err(failed)?;
            Ok(document(&marked))
        }
        ("GET", [key]) => {
            let whole = api.find(key).await?;
            let which = Selection::Keys(vec![whole.facts.key.clone()]);
            api.store.ask(move |shelf| shelf.mark(&which, true)).await.map_err(failed)?;
            Ok(document(&email(&whole, &whole.read().await?)))
        }
        ("DELETE", [key]) => {
            api.find(key).await?;
            remove(api, Selection::Keys(vec![(*key).to_owned()])).await
        }
        ("GET", [key, "html"]) => {
            let whole = api.find(key).await?;
            Ok(view::html(&whole.facts.key, &whole.read().await?))
        }
        ("GET", [key, "source"]) => Ok(foreign("text/plain", key, api.find(key).await?.bytes)),
        ("GET", [key, "download"]) => {
            Ok(foreign("message/rfc822", &format!("{key}.eml"), api.find(key).await?.bytes))
        }
        ("GET", [key, "attachment", name]) => {
            let mail = api.find(key).await?.read().await?;
            let part = mail
                .parts
                .into_iter()
                .find(|part| generated(part) == *name || part.name == *name)
                .ok_or_else(not_found)?;
            Ok(foreign(&part.kind, &part.name, part.bytes))
        }
        ("POST", [key, "relay"]) => relay(api, key, None).await,
        ("POST", [key, "relay", to]) => relay(api, key, Some(to)).await,
        _ => Err(not_found()),
    }
}

/// What runs.
pub(super) fn config(api: &Api) -> Answer {
    let server = api.relay.as_ref().map(Relay::server);
    document(&json!({
        "version": env!("CARGO_PKG_VERSION"), "smtpPort": null, "isOutgoingEnabled": server.is_some(),
        "outgoingHost": server,
    }))
}

/// The newest messages, the oldest of them first, as far as the query has them.
async fn list(api: &Api, head: &Head) -> Said {
    let found = api.store.ask(|shelf| {
        let page = shelf.list(0, limits::PAGE as u64, None)?;
        let mut messages = Vec::new();
        for facts in page.messages.into_iter().rev() {
            if let Some((facts, bytes)) = shelf.find(&facts.key)? {
                messages.push(Whole { facts, bytes });
            }
        }
        Ok(messages)
    });
    let messages = found.await.map_err(failed)?;
    let wanted = input::parameters(head.query());
    let skip = input::number(head, "skip").unwrap_or(0) as usize;
    let mut list = Vec::new();
    for whole in messages.iter().skip(skip) {
        let email = email(whole, &whole.read().await?);
        let mut conditions = wanted.iter().filter(|(name, _)| name != "skip");
        if conditions.all(|(name, value)| has(&email, &name.split('.').collect::<Vec<_>>(), value)) {
            list.push(email);
        }
    }
    Ok(document(&list))
}

/// Whether a value stands at a path of names; any item of a list will do.
fn has(document: &Value, path: &[&str], value: &str) -> bool {
    if let Value::Array(items) = document {
        return items.iter().any(|item| has(item, path, value));
    }
    match path.split_first() {
        Some((name, rest)) => document.get(name).is_some_and(|inner| has(inner, rest, value)),
        None => match document {
            Value::String(text) => text == value,
            Value::Bool(known) => value.parse() == Ok(*known),
            Value::Number(number) => number.to_string() == value,
            _ => false,
        },
    }
}

async fn remove(api: &Api, which: Selection) -> Said {
    api.store.ask(move |shelf| shelf.delete(&which)).await.map_err(failed)?;
    Ok(document(&true))
}

async fn relay(api: &Api, key: &str, to: Option<&str>) -> Said {
    let relay =
        api.relay.as_ref().ok_or_else(|| refused(403, "there is no server to release to: see --relay"))?;
    let whole = api.find(key).await?;
    let to = to.map_or_else(|| whole.facts.known.recipients.clone(), |to| vec![to.to_owned()]);
    relay
        .send(&whole.facts.known.sender, &to, &whole.bytes, &api.away)
        .await
        .map_err(|error| refused(502, error))?;
    Ok(document(&true))
}

/// A message as maildev tells it: what it does not have is left out.
fn email(whole: &Whole, mail: &Mail) -> Value {
    let (facts, known) = (&whole.facts, &whole.facts.known);
    let fields = head::fields(&whole.bytes);
    let field = |name| head::value(&fields, name).unwrap_or_default();
    let headers: BTreeMap<_, _> =
        fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), mime::decoded(value))).collect();
    let written = known.date.and_then(|seconds| seconds.checked_mul(1000));
    // Secret are those whom the envelope has beside them.
    let secret: Vec<_> = known.bcc.iter().filter(|bcc| !mail.bcc.contains(bcc)).cloned().collect();
    let to: Vec<_> = known.recipients.iter().map(|to| json!({ "address": to, "args": false })).collect();
    let attachments: Vec<_> = mail.parts.iter().map(attachment).collect();
    let mut email = json!({
        "id": facts.key, "subject": facts.subject, "text": with_lf(&mail.text), "read": facts.read,
        "from": people(std::slice::from_ref(&known.from)), "to": people(&known.to), "calculatedBcc": people(&secret),
        "time": precise(written.unwrap_or(facts.received)), "priority": priority(&fields), "headers": headers,
        "size": facts.size, "sizeHuman": human(facts.size),
        "envelope": {
            "from": { "address": known.sender, "args": false }, "to": to, "host": "", "remoteAddress": "",
        },
        "attachments": if attachments.is_empty() { Value::Null } else { attachments.into() },
    });
    for (name, value) in [
        ("messageId", json!(field("message-id"))),
        ("html", json!(with_lf(&mail.html))),
        ("cc", json!(people(&known.cc))),
        ("bcc", json!(people(&mail.bcc))),
        ("replyTo", json!(people(&known.reply_to))),
        ("date", json!(written.map(precise).unwrap_or_default())),
        ("inReplyTo", json!(ids(field("in-reply-to")))),
        ("references", json!(ids(field("references")))),
    ] {
        if !matches!(&value, Value::String(text) if text.is_empty())
            && !matches!(&value, Value::Array(items) if items.is_empty())
        {
            email[name] = value;
        }
    }
    if email["messageId"].is_string() {
        email["messageId"] = json!(facts.message_id);
    }
    email
}

fn with_lf(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// Milliseconds since 1970 as programs of JavaScript write them.
fn precise(milliseconds: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    format!("{time:.3}")
}

/// The names of messages in a field of such.
fn ids(value: &str) -> Vec<&str> {
    value.split_whitespace().map(|id| id.trim_matches(['<', '>'])).filter(|id| !id.is_empty()).collect()
}

fn priority(fields: &[(String, String)]) -> &'static str {
    let names = ["x-priority", "x-msmail-priority", "importance"];
    let said =
        names.iter().find_map(|name| head::value(fields, name)).unwrap_or_default().to_ascii_lowercase();
    match said.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default() {
        "1" | "2" | "high" | "urgent" => "high",
        "4" | "5" | "low" => "low",
        _ => "normal",
    }
}

fn human(size: u64) -> String {
    let size = size as f64;
    match size {
        ..1024.0 => format!("{size} bytes"),
        ..1_048_576.0 => format!("{:.2} KB", size / 1024.0),
        _ => format!("{:.2} MB", size / 1_048_576.0),
    }
}

fn people(addresses: &[Address]) -> Vec<Value> {
    addresses.iter().map(|one| json!({ "address": one.address, "name": one.name })).collect()
}

fn attachment(part: &Part) -> Value {
    json!({
        "fileName": part.name, "generatedFileName": generated(part), "contentType": part.kind, "contentId": part.id,
        "checksum": format!("{:x}", Md5::digest(&part.bytes)), "transformed": true,
        "length": part.bytes.len(), "contentDisposition": if part.inline { "inline" } else { "attachment" },
    })
}

/// A name that no other part of the message has, of letters that mean themselves in an address.
fn generated(part: &Part) -> String {
    let end = part.name.rsplit_once('.').map_or("", |(_, end)| end);
    let plain = (1..=EXTENSION).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { format!("part-{}.{end}", part.number) } else { format!("part-{}", part.number) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{has, human, ids, precise, priority};

    #[test]
    fn figures_and_words_are_maildevs() {
        assert_eq!([0, 1023, 1505, 3 << 20].map(human), ["0 bytes", "1023 bytes", "1.47 KB", "3.00 MB"]);
        assert_eq!(precise(1_751_356_800_000), "2025-07-01T08:00:00.000Z");
        assert_eq!(ids(" <a@b>\t<c@d> "), ["a@b", "c@d"]);
        for (name, value, expected) in [
            ("X-Priority", "1 (Highest)", "high"),
            ("Importance", "Low", "low"),
            ("X-MSMail-Priority", "Normal", "normal"),
            ("Subject", "high", "normal"),
        ] {
            assert_eq!(priority(&[(name.to_owned(), value.to_owned())]), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_path_of_names_is_followed() {
        let email = json!({"subject": "Hi", "to": [{"address": "a@b"}, {"address": "c@d"}], "read": false});
        for (path, value, expected) in [
            ("subject", "Hi", true),
            ("subject", "H", false),
            ("to.address", "c@d", true),
            ("to.address", "e@f", false),
            ("read", "false", true),
            ("nothing.at.all", "x", false),
        ] {
            assert_eq!(has(&email, &path.split('.').collect::<Vec<_>>(), value), expected, "{path}={value}");
        }
    }
}
