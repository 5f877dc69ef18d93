//! `navyd mail rm`.

use std::time::Duration;

use navyd_model::api::Document;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Format, Stage,
    asked::{Server, encoded},
};
use crate::{
    exit::Exit,
    out::{Answer, Failure, Text},
};

/// As typed.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_long_help = "Examples:\n  \
    navyd mail rm 4oRBnPtCXgAqZniRhzLNmS\n  \
    navyd mail rm --query 'from:shop' --dry-run\n  \
    navyd mail rm --all --yes\n\n\
    Exit status: 0 removed, 1 there was nothing to remove or you said no, 2 wrong use or failure."
)]
pub(super) struct Rm {
    /// The keys of messages
    #[arg(value_name = "KEY", required_unless_present_any = ["query", "all"], conflicts_with_all = ["query", "all"])]
    keys: Vec<String>,

    /// Those that this search finds
    #[arg(long, value_name = "QUERY", conflicts_with = "all")]
    query: Option<String>,

    /// All of them
    #[arg(long)]
    all: bool,

    /// Only say how many would go
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,

    #[command(flatten)]
    server: Server,
}

/// The body of `navyd.mail_removed/1`.
#[derive(Debug, Serialize)]
struct Report {
    messages: u64,
    dry_run: bool,
}

impl Rm {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let messages = self.meant()?;
        let exit = if messages == 0 { Exit::No } else { Exit::Yes };
        if messages > 0 && !self.dry_run {
            if !self.agreed(messages, stage)? {
                return Ok(Exit::No);
            }
            self.remove()?;
        }
        match stage.format {
            Format::Text => {
                let word = if self.dry_run { "would be removed" } else { "removed" };
                stage.screen.line(&Text::plain(format!("{messages} {word}")))?;
            }
            Format::Json => {
                let report = Report { messages, dry_run: self.dry_run };
                stage.screen.json(&Document::new("mail_removed", report))?;
            }
            Format::Jsonl => stage.screen.json_line(&Report { messages, dry_run: self.dry_run })?,
        }
        Ok(exit)
    }

    /// Whether they may go. Messages that were named one by one are not asked about.
    fn agreed(&self, messages: u64, stage: &mut Stage) -> anyhow::Result<bool> {
        if self.yes || !self.keys.is_empty() {
            return Ok(true);
        }
        match stage.screen.ask(&format!("remove {messages} messages?"))? {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Nobody => Err(Failure::new("nothing was removed: there is no terminal to ask on")
                .cause("several messages go only with your word, or `--yes`")
                .hint("navyd mail rm --all --yes")
                .into()),
        }
    }

    /// How many messages are meant.
    fn meant(&self) -> anyhow::Result<u64> {
        if !self.keys.is_empty() {
            let mut there = 0;
            for key in &self.keys {
                // The head says whether it is there, and does not count as reading it.
                let target = format!("/api/v1/message/{}/headers", encoded(key));
                there += u64::from(self.server.document(&target)?.is_some());
            }
            return Ok(there);
        }
        let target = match &self.query {
            Some(query) => format!("/api/v1/search?limit=0&query={}", encoded(query)),
            None => "/api/v1/messages?limit=0".to_owned(),
        };
        let answer = self.server.ask("GET", &target, None, Duration::ZERO)?;
        Ok(answer.document(&self.server)?["messages_count"].as_u64().unwrap_or_default())
    }

    fn remove(&self) -> anyhow::Result<()> {
        let (target, body): (String, Option<Value>) = match &self.query {
            Some(query) => (format!("/api/v1/search?query={}", encoded(query)), None),
            None => ("/api/v1/messages".to_owned(), Some(json!({ "IDs": self.keys }))),
        };
        let answer = self.server.ask("DELETE", &target, body.as_ref(), Duration::ZERO)?;
        if answer.status == 200 { Ok(()) } else { Err(self.server.surprised(&answer).into()) }
    }
}
