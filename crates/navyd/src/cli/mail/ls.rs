//! `navyd mail ls`.

use std::time::Duration;

use jiff::Timestamp;
use navyd_model::api::Document;
use serde::Serialize;
use serde_json::Value;

use super::{
    Format, Stage,
    asked::{Server, encoded},
};
use crate::{
    exit::Exit,
    out::{Align, Column, Table, Text, Tone, measure},
};

/// As typed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    navyd mail ls\n  \
    navyd mail ls 'from:shop is:unread'\n  \
    navyd mail ls inbox:signup --json\n\n\
    Exit status: 0 there are some, 1 there are none, 2 wrong use or failure.")]
pub(super) struct Ls {
    /// Those that this search finds: from: to: cc: bcc: reply-to: addressed: subject: message-id: tag: inbox: before:
    /// after: larger: smaller: is:read is:unread is:tagged has:attachment has:inline, and - before what must not be
    #[arg(value_name = "QUERY")]
    query: Vec<String>,

    /// At most so many, the newest first
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    limit: u16,

    #[command(flatten)]
    server: Server,
}

const COLUMNS: &[Column] = &[
    Column { header: "KEY", align: Align::Left, importance: 6, least: 22 },
    Column { header: "AGE", align: Align::Right, importance: 7, least: 3 },
    Column { header: "FROM", align: Align::Left, importance: 8, least: 12 },
    Column { header: "TO", align: Align::Left, importance: 5, least: 12 },
    Column { header: "SUBJECT", align: Align::Left, importance: 9, least: 16 },
    Column { header: "SIZE", align: Align::Right, importance: 3, least: 6 },
];

/// The body of `navyd.mail/1`.
#[derive(Debug, Serialize)]
struct Report {
    messages: Vec<Value>,
    found: u64,
}

impl Ls {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let words = self.query.join(" ");
        let target = if words.trim().is_empty() {
            format!("/api/v1/messages?limit={}", self.limit)
        } else {
            format!("/api/v1/search?limit={}&query={}", self.limit, encoded(&words))
        };
        let answer = self.server.ask("GET", &target, None, Duration::ZERO)?;
        let mut document = answer.document(&self.server)?;
        let found = document["messages_count"].as_u64().unwrap_or_default();
        let messages = match document["messages"].take() {
            Value::Array(messages) => messages,
            _ => return Err(self.server.surprised(&answer).into()),
        };
        let exit = if messages.is_empty() { Exit::No } else { Exit::Yes };
        match stage.format {
            Format::Text if messages.is_empty() => stage.screen.note("no messages")?,
            Format::Text => {
                let mut table = Table::new(COLUMNS);
                let now = Timestamp::now();
                messages.iter().for_each(|message| table.push(row(message, now)));
                let drawn = table.draw(&stage.screen.look());
                stage.screen.print(&drawn)?;
                if found > messages.len() as u64 {
                    stage.screen.note(format!("{found} in all: -n shows more"))?;
                }
            }
            Format::Json => stage.screen.json(&Document::new("mail", Report { messages, found }))?,
            Format::Jsonl => messages.iter().try_for_each(|message| stage.screen.json_line(message))?,
        }
        Ok(exit)
    }
}

fn row(message: &Value, now: Timestamp) -> Vec<Text> {
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let tone = if message["Read"].as_bool().unwrap_or_default() { Tone::Plain } else { Tone::Bold };
    let created = text("Created");
    let age = created.parse::<Timestamp>().map(|time| measure::age(now.duration_since(time).unsigned_abs()));
    let to =
        message["To"].as_array().into_iter().flatten().chain(message["Bcc"].as_array().into_iter().flatten());
    let to: Vec<_> = to.filter_map(|one| one["Address"].as_str()).collect();
    vec![
        Text::of(Tone::Dim, text("ID")),
        Text::plain(age.unwrap_or_default()).piped(created),
        Text::plain(message["From"]["Address"].as_str().unwrap_or_default()),
        Text::plain(to.join(", ")),
        Text::of(tone, text("Subject")),
        Text::plain(measure::bytes(message["Size"].as_u64().unwrap_or_default())),
    ]
}
