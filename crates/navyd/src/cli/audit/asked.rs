//! `--probe` and `--show-probes`: asking what cannot be seen, and every byte of it beforehand.
//!
//! What is asked, how, and who is left alone is decided by the host.

use std::{
    io,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use navyd_model::api::Document;
use serde::Serialize;

use super::Form;
use crate::{
    client::{self, AuditPlan, Facts},
    out::{Screen, Text},
};

/// How often the progress line is drawn.
const TICK: Duration = Duration::from_millis(200);

/// The body of `navyd.audit-probes/1`.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    listeners: Vec<Listener<'a>>,
}

/// What one listener would be sent, or why it is sent nothing.
#[derive(Debug, Serialize)]
struct Listener<'a> {
    address: &'a str,
    silent: Option<&'a str>,
    questions: Vec<Question<'a>>,
}

/// One request; its bytes are written as in source code, because they need not be text.
#[derive(Debug, Serialize)]
struct Question<'a> {
    to: String,
    checks: &'a [&'static str],
    sends: String,
    /// What ends the talk where one has begun; `null` for what needs no end.
    ends: Option<String>,
}

/// Prints every byte: to the answer where nothing else is one, beside it where listeners are asked as well.
pub(super) fn show(plans: &[AuditPlan], beside: bool, form: Form, screen: &mut Screen) -> io::Result<()> {
    match form {
        _ if beside => lines(plans).iter().try_for_each(|line| screen.note(line)),
        Form::Json | Form::Jsonl | Form::Sarif => screen.json(&document(plans)),
        Form::Text | Form::Markdown => {
            lines(plans).iter().try_for_each(|line| screen.line(&line.as_str().into()))
        }
    }
}

/// The plans as a document.
fn document(plans: &[AuditPlan]) -> Document<Shown<'_>> {
    let listeners = plans.iter().map(|plan| Listener {
        address: &plan.place,
        silent: plan.silent.as_deref(),
        questions: plan.questions.iter().map(Question::from).collect(),
    });
    Document::new("audit-probes", Shown { listeners: listeners.collect() })
}

/// The plans as lines.
fn lines(plans: &[AuditPlan]) -> Vec<String> {
    let mut lines = Vec::new();
    for plan in plans {
        if let Some(why) = &plan.silent {
            lines.push(format!("{} is not asked: {why}", plan.place));
        }
        for (number, question) in (1..).zip(&plan.questions) {
            let Question { to, checks, sends, ends } = Question::from(question);
            let checks = if checks.is_empty() { String::new() } else { format!(" for {}", checks.join(" ")) };
            let sends =
                if sends.is_empty() { "nothing, it speaks first".to_owned() } else { format!("\"{sends}\"") };
            let ends = ends.map_or_else(String::new, |ends| {
                format!("; and where that begins a talk, its end: \"{ends}\"")
            });
            lines.push(format!(
                "{} {number}/{} to {to}{checks}: {sends}{ends}",
                plan.place,
                plan.questions.len()
            ));
        }
    }
    lines
}

/// Sends what the plans say, and says how far it is.
pub(super) fn ask(facts: &mut Facts, plans: &[AuditPlan], screen: &mut Screen) -> io::Result<()> {
    let started = Instant::now();
    let (tell, told) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            // Whoever waited may have failed to draw, and does not wait any more.
            client::ask_audit(facts, plans, |done, all| tell.send((done, all)).unwrap_or_default());
        });
        let mut text = Text::plain("asking listeners");
        loop {
            match told.recv_timeout(TICK) {
                Ok((done, all)) => text = Text::plain(format!("asked {done} of {all} listeners")),
                Err(RecvTimeoutError::Timeout) => screen.progress(started.elapsed(), &text)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    })
}

impl<'a> From<&'a client::AuditQuestion> for Question<'a> {
    fn from(question: &'a client::AuditQuestion) -> Self {
        let written = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let ends = Some(written(question.farewell)).filter(|ends| !ends.is_empty());
        Self { to: question.to.to_string(), checks: &question.checks, sends: written(&question.bytes), ends }
    }
}
