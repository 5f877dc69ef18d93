//! `navyd traffic break`: exchanges are held on their way, shown, and go on as a person says.
//!
//! The hub holds them for as long as this command runs, however it ends; then they go on as they were. Deliberately
//! absent: what of a message may be changed, which the gateway decides and says.

use std::time::Duration;

use navyd_model::{
    api::Document,
    breakpoint::{Held, NewBreakpoint, Release, Released},
    exchange::Side,
};

use super::{
    super::{Format, Stage, duration, exchanges},
    edit,
};
use crate::{
    exit::Exit,
    hub::{self, Client, ClientError, Message},
    out::{Failure, Text, Tone},
};

/// Hold exchanges on their way: edit them, answer them yourself, or let them go on
///
/// Requests that match are held at the gateway before their server sees them, with `--response` their answers too,
/// until you have said what becomes of each, their time is over, or this command ends: then they go on as they were.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
        navyd traffic break method:POST path:/pay\n  \
        navyd traffic break host:shop --edit                   straight into your editor\n  \
        navyd traffic break 'status:>=500' --response          only answers that failed\n  \
        navyd traffic break path:/pay --json                   print what is held; release it through the API\n\n\
        A filter here: method: host: path: query: url: header.NAME: protocol: route:, and of answers status:.\n\
        An editor shows the head, an empty line and the body; lengths are put right. Bodies up to 8 MiB that come at\n\
        once are held; longer ones pass behind their heads.\n\n\
        Exit status: 0 you ended it with `q`, 2 wrong use or failure, 130 you pressed Control-C.")]
pub(super) struct Break {
    /// Which exchanges are held
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,

    /// Hold their answers as well
    #[arg(long)]
    response: bool,

    /// How long each is held before it goes on as it was
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration::parse)]
    timeout: Duration,

    /// Open each in `$VISUAL` or `$EDITOR` without asking
    #[arg(long)]
    edit: bool,
}

/// What a person wants with a held message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Edit,
    Release,
    Answer(u16),
    Abort,
    Quit,
}

/// What becomes of one message.
enum Turn {
    Sent(Release),
    Again,
    Quit,
}

impl Break {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let filter = exchanges::filter(&self.filter)?;
        let timeout_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        let new = NewBreakpoint { filter, response: self.response, timeout_ms: Some(timeout_ms) };
        let hub = hub::ensure()?;
        let lease = hub::ensure()?.set_breakpoint(&new).map_err(Failure::from)?;
        if stage.format == Format::Text {
            stage.screen.detail("waiting for what is to be held; Control-C ends it, and all goes on")?;
        } else {
            stage.screen.json_line(&Document::new("breakpoint", &lease.breakpoint))?;
            stage.screen.flush()?;
        }
        for message in lease {
            let message = message.map_err(Failure::from)?;
            if stage.format != Format::Text {
                print(&message, stage)?;
                continue;
            }
            match message.event.as_str() {
                "held" => {
                    let Ok(news) = serde_json::from_str::<Document<Held>>(&message.data) else { continue };
                    // One that went on while another was looked at is said to have.
                    let Ok(held) = hub.held(news.body.id) else { continue };
                    if !self.decide(&hub, &held, stage)? {
                        return Ok(Exit::Yes);
                    }
                }
                "released" => {
                    if let Ok(over) = serde_json::from_str::<Document<Released>>(&message.data) {
                        let Released { id, how } = over.body;
                        stage.screen.line(&Text::of(Tone::Dim, format!("{id}  {how}")))?;
                    }
                }
                _ => stage.screen.note("one more was meant, and passed: too many are held")?,
            }
            stage.screen.flush()?;
        }
        Err(Failure::new("the hub took the breakpoint away").hint("navyd hub status").into())
    }

    /// Shows a message and does with it what a person says; whether there is to be another.
    fn decide(&self, hub: &Client, held: &Held, stage: &mut Stage) -> anyhow::Result<bool> {
        stage.screen.line(&line(held))?;
        stage.screen.flush()?;
        loop {
            let wish = if self.edit { Some(Wish::Edit) } else { ask(stage)? };
            let turn = match wish {
                // Nobody answers any more: its time lets it go on, or somebody else does.
                None => return Ok(true),
                Some(wish) => turn(wish, held, stage)?,
            };
            let release = match turn {
                Turn::Sent(release) => release,
                Turn::Again => continue,
                Turn::Quit => return Ok(false),
            };
            match hub.release(held.id, &release) {
                Ok(_) => return Ok(true),
                Err(error @ ClientError::Refused { status: 404, .. }) => {
                    stage.screen.note(error.to_string())?;
                    return Ok(true);
                }
                // It is still held, and can be edited once more; without anybody to ask it goes on as it was.
                Err(error @ ClientError::Refused { .. }) => {
                    stage.screen.fail(&error.into())?;
                    if self.edit {
                        drop(hub.release(held.id, &Release::default()));
                        return Ok(true);
                    }
                }
                Err(error) => return Err(Failure::from(error).into()),
            }
        }
    }
}

fn ask(stage: &mut Stage) -> anyhow::Result<Option<Wish>> {
    loop {
        let question = "(e)dit, (r)elease, a status to answer with, (a)bort or (q)uit?";
        let Some(typed) = stage.screen.ask_word(question)? else { return Ok(None) };
        if let Some(wish) = wish(&typed) {
            return Ok(Some(wish));
        }
        stage.screen.note(format!("`{typed}` is none of them"))?;
    }
}

/// What was typed; Return alone releases.
fn wish(typed: &str) -> Option<Wish> {
    Some(match typed.trim().to_ascii_lowercase().as_str() {
        "" | "r" | "release" => Wish::Release,
        "e" | "edit" => Wish::Edit,
        "a" | "abort" => Wish::Abort,
        "q" | "quit" => Wish::Quit,
        status => Wish::Answer(status.parse().ok().filter(|status| (200..600).contains(status))?),
    })
}

fn turn(wish: Wish, held: &Held, stage: &mut Stage) -> anyhow::Result<Turn> {
    Ok(match wish {
        Wish::Release => Turn::Sent(Release::default()),
        Wish::Answer(status) => Turn::Sent(Release { status: Some(status), ..Release::default() }),
        Wish::Abort => Turn::Sent(Release { abort: true, ..Release::default() }),
        Wish::Quit => Turn::Quit,
        Wish::Edit => {
            let Some(before) = text(held) else {
                stage.screen.note("its head is no text, and cannot be edited")?;
                return Ok(Turn::Again);
            };
            if let Some(why) = unshown(held) {
                stage.screen.note(format!("only its head can be edited: {why}"))?;
            }
            match edit::edit(&before)? {
                Some(after) => Turn::Sent(changed(&before, &after, unshown(held).is_none())),
                None => {
                    stage.screen.note("nothing is left of it: it goes on as it was")?;
                    Turn::Sent(Release::default())
                }
            }
        }
    })
}

/// A message in one line.
fn line(held: &Held) -> Text {
    let (id, size) = (held.id, held.size);
    let what = match (held.from, held.status) {
        (Side::Server, Some(status)) => format!("{status} to {}", held.request),
        _ => held.request.clone(),
    };
    let body = match &held.passes {
        Some(_) => "its body passes".to_owned(),
        None => format!("{size} bytes"),
    };
    Text::of(Tone::Bold, format!("{id}  {what}")).then(Tone::Dim, format!("  {}, {body}", held.route))
}

/// The message as it is edited: as `navyd traffic replay --edit` shows a request.
fn text(held: &Held) -> Option<String> {
    let head = held.head.as_ref()?.replace("\r\n", "\n");
    let mut lines = head.trim_start_matches('\n').lines();
    let line = lines.next()?;
    let fields = lines.filter_map(|line| line.split_once(':'));
    let body = held.body.as_ref().filter(|_| unshown(held).is_none());
    Some(edit::message(line, fields.map(|(name, value)| (name, value.trim())), body))
}

/// Why the body is not shown; `None` when it is, or there is none.
fn unshown(held: &Held) -> Option<String> {
    let is_text = held.body.as_ref().is_none_or(|body| body.text.is_some());
    held.passes.clone().or_else(|| (!is_text).then(|| "its body is no text".to_owned()))
}

/// What was changed: a head or a body that is as it was shown stays as it was sent.
fn changed(before: &str, after: &str, with_body: bool) -> Release {
    let (was, is) = (edit::request(before, before), edit::request(after, before));
    let parts = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        (head.to_owned(), body.to_owned())
    };
    let ((old_head, old_body), (head, body)) = (parts(&was), parts(&is));
    Release {
        head: (head != old_head).then_some(head),
        body: (with_body && body != old_body).then_some(body),
        ..Release::default()
    }
}

fn print(message: &Message, stage: &mut Stage) -> anyhow::Result<()> {
    // What the hub says is a document already; it is one line, whatever it says.
    if let Ok(document) = serde_json::from_str::<serde_json::Value>(&message.data) {
        stage.screen.json_line(&document)?;
        stage.screen.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use navyd_model::exchange::Body;

    use super::*;

    fn held(head: &str, body: Option<Body>) -> Held {
        Held {
            id: 3,
            breakpoint: 1,
            from: Side::Client,
            route: "shop.localhost/".to_owned(),
            request: "POST /pay HTTP/1.1".to_owned(),
            status: None,
            since: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
            size: 2,
            passes: None,
            head: Some(head.replace('|', "\r\n")),
            body,
        }
    }

    #[test]
    fn a_word_says_what_becomes_of_a_message() {
        for (typed, expected) in [
            ("", Some(Wish::Release)),
            ("E\n", Some(Wish::Edit)),
            ("abort", Some(Wish::Abort)),
            ("q", Some(Wish::Quit)),
            ("503", Some(Wish::Answer(503))),
            ("99", None),
            ("600", None),
            ("x", None),
        ] {
            assert_eq!(wish(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn only_what_was_edited_is_sent() {
        let body = Body { text: Some("hi".to_owned()), decoded: vec!["gzip".to_owned()], ..Body::default() };
        let head = "POST /pay HTTP/1.1|Host: shop|Content-Encoding: gzip|Content-Length: 22||";
        let before = text(&held(head, Some(body))).unwrap();
        assert_eq!(before, "POST /pay HTTP/1.1\nHost: shop\n\nhi");
        let release = |head: Option<&str>, body: Option<&str>| Release {
            head: head.map(str::to_owned),
            body: body.map(str::to_owned),
            ..Release::default()
        };
        for (after, with_body, expected) in [
            (before.as_str(), true, release(None, None)),
            // What an editor adds at the end is no change.
            ("POST /pay HTTP/1.1\nHost: shop\n\nhi\n", true, release(None, None)),
            ("POST /pay HTTP/1.1\nHost: shop\n\nho", true, release(None, Some("ho"))),
            ("GET / HTTP/1.1\nHost: shop\n\nhi", true, release(Some("GET / HTTP/1.1\r\nHost: shop"), None)),
            ("POST /pay HTTP/1.1\nHost: shop", true, release(None, Some(""))),
            ("POST /pay HTTP/1.1\nHost: shop\n\nho", false, release(None, None)),
        ] {
            assert_eq!(changed(&before, after, with_body), expected, "{after:?}");
        }
        let binary = held(head, Some(Body { base64: Some("AAEC".to_owned()), ..Body::default() }));
        assert_eq!(
            text(&binary).as_deref(),
            Some("POST /pay HTTP/1.1\nHost: shop\nContent-Encoding: gzip\n\n")
        );
        assert!(unshown(&binary).is_some());
        assert_eq!(text(&Held { head: None, ..binary }), None);
    }
}
