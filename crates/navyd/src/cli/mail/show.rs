//! `navyd mail show`.

use std::time::Duration;

use navyd_model::api::Document;
use serde_json::Value;

use super::{
    Format, Stage,
    asked::{Server, encoded},
};
use crate::{
    exit::Exit,
    out::{Failure, Screen, Text, Tone, measure},
};

/// As typed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    navyd mail show latest\n  \
    navyd mail show 4oRBnPtCXgAqZniRhzLNmS --html > mail.html\n  \
    navyd mail show latest --raw\n\n\
    Exit status: 0 it is there, 1 there is no such message, 2 wrong use or failure.")]
pub(super) struct Show {
    /// The key of a message, or `latest`
    #[arg(value_name = "KEY", default_value = "latest")]
    key: String,

    /// Byte for byte as it was sent
    #[arg(long, conflicts_with = "html")]
    raw: bool,

    /// Its HTML alone
    #[arg(long)]
    html: bool,

    #[command(flatten)]
    server: Server,
}

impl Show {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let target = format!("/api/v1/message/{}", encoded(&self.key));
        if self.raw {
            let answer = self.server.ask("GET", &format!("{target}/raw"), None, Duration::ZERO)?;
            return match answer.status {
                200 => {
                    stage.screen.answer()?.write_all(&answer.body)?;
                    Ok(Exit::Yes)
                }
                404 => self.nothing(stage),
                _ => Err(self.server.surprised(&answer).into()),
            };
        }
        let Some(message) = self.server.document(&format!("{target}?inboxes=true"))? else {
            return self.nothing(stage);
        };
        if self.html {
            let html = message["HTML"].as_str().unwrap_or_default();
            stage.screen.answer()?.write_all(html.as_bytes())?;
            return Ok(if html.is_empty() { Exit::No } else { Exit::Yes });
        }
        told(&message, stage)?;
        Ok(Exit::Yes)
    }

    fn nothing(&self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let failure = Failure::new(format!("there is no message `{}`", self.key));
        let cause = if self.key == "latest" { "none has come yet" } else { "it was removed, or never came" };
        stage.screen.fail(&failure.cause(cause).hint("navyd mail ls"))?;
        Ok(Exit::No)
    }
}

/// Prints one message as the format wants it.
pub(super) fn told(message: &Value, stage: &mut Stage) -> anyhow::Result<()> {
    match stage.format {
        Format::Text => draw(message, &mut stage.screen)?,
        Format::Json => stage.screen.json(&Document::new("message", message))?,
        Format::Jsonl => stage.screen.json_line(message)?,
    }
    Ok(())
}

fn draw(message: &Value, screen: &mut Screen) -> std::io::Result<()> {
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let people = |name: &str| {
        let person = |person: &Value| {
            let (name, address) = (person["Name"].as_str().unwrap_or_default(), person["Address"].as_str());
            let address = address.unwrap_or_default();
            if name.is_empty() { address.to_owned() } else { format!("{name} <{address}>") }
        };
        match &message[name] {
            Value::Array(people) => people.iter().map(person).collect::<Vec<_>>().join(", "),
            Value::Object(_) => person(&message[name]),
            _ => String::new(),
        }
    };
    let words = |name: &str| {
        let words = message[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        words.collect::<Vec<_>>().join(", ")
    };
    for (name, value) in [
        ("Key", text("ID")),
        ("From", people("From")),
        ("To", people("To")),
        ("Cc", people("Cc")),
        ("Bcc", people("Bcc")),
        ("Reply-To", people("ReplyTo")),
        ("Subject", text("Subject")),
        ("Date", text("Date")),
        ("Inboxes", words("Inboxes")),
        ("Tags", words("Tags")),
        ("Size", measure::bytes(message["Size"].as_u64().unwrap_or_default())),
    ] {
        if !value.is_empty() {
            screen.line(&Text::of(Tone::Dim, format!("{name}: ")).then(Tone::Plain, value))?;
        }
    }
    for part in
        ["Inline", "Attachments"].iter().flat_map(|name| message[*name].as_array().into_iter().flatten())
    {
        let name = part["FileName"].as_str().filter(|name| !name.is_empty()).unwrap_or("(no name)");
        let kind = part["ContentType"].as_str().unwrap_or_default();
        let size = measure::bytes(part["Size"].as_u64().unwrap_or_default());
        screen.line(&Text::of(Tone::Dim, "File: ").then(Tone::Plain, format!("{name} ({kind}, {size})")))?;
    }
    screen.line(&Text::plain(""))?;
    text("Text").lines().try_for_each(|line| screen.line(&Text::plain(line)))
}
