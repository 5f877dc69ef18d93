//! `navyd trust status`: which stores hold the authority, and which clients trust it when they are asked.

use std::time::Instant;

use jiff::Timestamp;
use navyd_hub::{
    places::Places,
    trust::{
        Asked, CLIENTS, Finding, Kept, Life, Root, State, ThisMachine, Verdict, check, environment, look,
    },
};
use navyd_model::api::Document;
use serde::Serialize;

use super::{Which, places, shown, unkept};
use crate::{
    cli::{Format, Stage},
    exit::Exit,
    out::{Align, Column, Failure, Screen, Table, Text, Tone},
};

/// What is typed behind the verb.
#[derive(Debug, clap::Args)]
pub(super) struct Status {
    #[command(flatten)]
    which: Which,

    /// Ask browsers as well, which are slow to start. Firefox is not asked: what its profiles hold is read
    #[arg(long)]
    browsers: bool,

    /// Only look into the stores, and start no client
    #[arg(long, conflicts_with = "browsers")]
    no_check: bool,
}

/// The body of `navyd.trust/1`.
#[derive(Debug, Serialize)]
struct Report {
    authority: Option<Authority>,
    stores: Vec<Finding>,
    clients: Vec<Asked>,
}

#[derive(Debug, Serialize)]
struct Authority {
    /// Where the root certificate is.
    root: String,
    /// What stores call it.
    name: String,
    expires: Timestamp,
    /// How much of its life is over.
    life: Life,
    /// Whether the next one is due, which must be installed anew.
    due: bool,
}

const STORES: &[Column] = &[
    Column { header: "STORE", align: Align::Left, importance: 4, least: 5 },
    Column { header: "STATE", align: Align::Left, importance: 3, least: 5 },
    Column { header: "PLACE", align: Align::Left, importance: 2, least: 10 },
    Column { header: "READ BY", align: Align::Left, importance: 1, least: 10 },
];

const CHECKED: &[Column] = &[
    Column { header: "CLIENT", align: Align::Left, importance: 4, least: 5 },
    Column { header: "HANDSHAKE", align: Align::Left, importance: 3, least: 5 },
    Column { header: "AS A SERVICE", align: Align::Left, importance: 2, least: 5 },
    Column { header: "WHY", align: Align::Left, importance: 1, least: 10 },
];

impl Status {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let places = places()?;
        let kept = Kept::find(&places).map_err(|error| unkept(&error, &places))?;
        let root = kept.as_ref().and_then(|authority| Root::of(authority.root()));
        let stores = look(&ThisMachine, &self.which.stores(), root.as_ref());
        let mut clients = Vec::new();
        if let Some(authority) = kept.as_ref().filter(|_| !self.no_check) {
            let asked = CLIENTS.iter().filter(|client| self.browsers || !client.is_browser());
            let asked: Vec<_> = asked.copied().collect();
            let begun = Instant::now();
            let mut waiting = |late: &[&str]| {
                if late.is_empty() {
                    return;
                }
                let text = format!("waiting for {}", late.join(", "));
                // A screen that is gone stops nothing.
                drop(stage.screen.progress(begun.elapsed(), &text.as_str().into()));
            };
            let environment = environment(&places);
            clients =
                check(&ThisMachine, authority, &asked, &environment, &mut waiting).map_err(|error| {
                    Failure::new("clients cannot be asked")
                        .cause(error.to_string())
                        .hint("navyd trust status --no-check")
                })?;
        }
        let now = Timestamp::now();
        let authority = kept.as_ref().zip(root.as_ref()).map(|(authority, root)| {
            let life = Life::at(now, authority.expires());
            Authority {
                root: shown(&places.root_certificate()),
                name: root.name().to_owned(),
                expires: authority.expires(),
                life,
                due: life.is_due(),
            }
        });
        let report = Report { authority, stores, clients };
        let exit = exit(&report);
        match stage.format {
            Format::Text => {
                render(&report, &places, &mut stage.screen)?;
                if self.browsers && report.stores.iter().any(is_firefox) {
                    stage.screen.note("Firefox is not asked: what its profiles hold is read")?;
                }
            }
            Format::Json => stage.screen.json(&Document::new("trust", report))?,
            Format::Jsonl => {
                report.stores.iter().try_for_each(|finding| stage.screen.json_line(finding))?;
                report.clients.iter().try_for_each(|asked| stage.screen.json_line(asked))?;
            }
        }
        Ok(exit)
    }
}

/// Yes when every store that is here holds it and every client that is here trusts it, by itself or as a service.
fn exit(report: &Report) -> Exit {
    let stores =
        report.stores.iter().all(|finding| matches!(finding.state, State::Installed | State::NotHere));
    let clients = report.clients.iter().all(trusts);
    let lasting = report.authority.as_ref().is_some_and(|authority| !authority.due);
    if stores && clients && lasting { Exit::Yes } else { Exit::No }
}

/// Whether it is a profile of Firefox, which shakes hands only for whoever steers it, and takes seconds for that.
fn is_firefox(finding: &Finding) -> bool {
    finding.store == "firefox" && finding.state != State::NotHere
}

fn trusts(asked: &Asked) -> bool {
    let good = |verdict| matches!(verdict, Verdict::Trusted | Verdict::NotHere);
    good(asked.verdict) || asked.as_service.is_some_and(good)
}

fn render(report: &Report, places: &Places, screen: &mut Screen) -> anyhow::Result<()> {
    match &report.authority {
        None => screen.note(format!("there is no authority in {} yet", shown(&places.authority())))?,
        Some(authority) => {
            let line = Text::of(Tone::Bold, &authority.name)
                .then(Tone::Plain, format!(" valid until {} in {}", authority.expires, authority.root));
            screen.line(&line)?;
            authority.life.advice(authority.expires).map_or(Ok(()), |advice| screen.note(advice))?;
        }
    }
    let mut table = Table::new(STORES);
    for finding in report.stores.iter().filter(|finding| finding.state != State::NotHere) {
        let (tone, word) = match finding.state {
            State::Installed => (Tone::Green, "installed"),
            State::Partly => (Tone::Yellow, "in part"),
            State::Missing => (Tone::Yellow, "missing"),
            State::Unknown => (Tone::Yellow, "unknown"),
            State::NotHere => (Tone::Dim, "not here"),
            State::Unable => (Tone::Yellow, "unknown"),
        };
        let place = finding.place.clone().or_else(|| finding.why.clone()).unwrap_or_default();
        table.push(vec![finding.store.into(), Text::of(tone, word), place.into(), finding.readers.into()]);
    }
    let drawn = table.draw(&screen.look());
    screen.print(&drawn)?;
    if !report.clients.is_empty() {
        let mut table = Table::new(CHECKED);
        for asked in &report.clients {
            let service = asked.as_service.map_or_else(Text::default, word);
            let why = asked.why.clone().unwrap_or_default();
            table.push(vec![asked.client.into(), word(asked.verdict), service, why.into()]);
        }
        let drawn = table.draw(&screen.look());
        screen.print(&drawn)?;
    }
    for hint in report.stores.iter().filter_map(|finding| finding.hint.as_deref()) {
        screen.hint(hint)?;
    }
    let due = report.authority.as_ref().is_none_or(|authority| authority.due);
    let missing = |finding: &Finding| matches!(finding.state, State::Missing | State::Partly);
    if due || report.stores.iter().any(missing) {
        screen.hint("navyd trust install")?;
    }
    Ok(())
}

fn word(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Trusted => Text::of(Tone::Green, "trusted"),
        Verdict::Untrusted => Text::of(Tone::Red, "untrusted"),
        Verdict::NotHere => Text::of(Tone::Dim, "not here"),
        Verdict::Unknown => Text::of(Tone::Yellow, "unknown"),
    }
}
