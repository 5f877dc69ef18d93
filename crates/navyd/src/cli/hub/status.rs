//! `navyd hub start` and `navyd hub status`: where the hub is.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use jiff::Timestamp;
use navyd_model::{
    api::Document,
    capture::{Capture, Exported},
    hub::{Hub, Link},
};
use serde::Serialize;

use super::super::{Format, Stage};
use crate::{
    exit::Exit,
    hub::{self, Client, ClientError, Endpoint},
    out::{Failure, Screen, Text, Tone, measure},
};

/// Start the hub in the background; one that runs stays
#[derive(Debug, clap::Args)]
pub(super) struct Start {
    /// Send each exchange to a collector of OpenTelemetry as well, as a span without secrets and bodies
    #[arg(long, value_name = "URL", env = "NAVYD_OTLP", hide_env = true)]
    otlp: Option<Endpoint>,

    /// What makes what faults choose repeatable: the same seed and the same traffic make the same `navyd fault log`
    #[arg(long, value_name = "N", env = "NAVYD_SEED", hide_env = true)]
    seed: Option<u64>,
}

/// Say where the hub is and what it has
#[derive(Debug, clap::Args)]
pub(super) struct Status {
    /// Also make a link that opens its pages in a browser, once and within a minute
    #[arg(long)]
    link: bool,
}

/// The body of `navyd.hub-status/1` as commands print it.
#[derive(Debug, Serialize)]
struct Report {
    running: bool,
    #[serde(flatten)]
    hub: Option<Hub>,
    link: Option<Link>,
}

impl Start {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let seed = self.seed.map(|seed| seed.to_string());
        let mut flags = Vec::new();
        flags.extend(self.otlp.iter().flat_map(|otlp| ["--otlp", otlp.url()]));
        flags.extend(seed.iter().flat_map(|seed| ["--seed", seed.as_str()]));
        let client = hub::ensure_with(&flags)?;
        let hub = client.status().map_err(Failure::from)?;
        let otherwise = |what: String| {
            let cause = format!("it runs already, as process {}, and was not told to", hub.pid);
            let again = format!("navyd hub stop && navyd hub start {}", flags.join(" "));
            Failure::new(what).cause(cause).hint(again)
        };
        if let Some(otlp) = &self.otlp {
            let url = otlp.to_string();
            let export = hub.capture.as_ref().and_then(|capture| capture.export.as_ref());
            if export.is_none_or(|export| export.to != url) {
                return Err(otherwise(format!("the hub does not send exchanges to `{url}`")).into());
            }
        }
        if let Some(seed) = self.seed {
            let is = client.faults().map_err(Failure::from)?.seed;
            if is != seed {
                return Err(otherwise(format!("the seed of the hub is `{is}`, and not `{seed}`")).into());
            }
        }
        answer(hub, None, stage)
    }
}

impl Status {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (client, hub) = match Client::look(&hub::places()?) {
            Ok(found) => found,
            Err(ClientError::NotRunning) => return none(stage),
            Err(error) => return Err(Failure::from(error).into()),
        };
        let link = if self.link { Some(client.link().map_err(Failure::from)?) } else { None };
        answer(hub, link, stage)
    }
}

/// No hub runs: an answer, and no failure.
fn none(stage: &mut Stage) -> anyhow::Result<Exit> {
    let report = Report { running: false, hub: None, link: None };
    match stage.format {
        Format::Text => {
            stage.screen.line(&"no hub runs".into())?;
            stage.screen.hint("navyd hub start")?;
        }
        Format::Json => stage.screen.json(&Document::new("hub-status", report))?,
        Format::Jsonl => stage.screen.json_line(&report)?,
    }
    Ok(Exit::No)
}

fn answer(hub: Hub, link: Option<Link>, stage: &mut Stage) -> anyhow::Result<Exit> {
    match stage.format {
        Format::Text => {
            addresses(&hub, &mut stage.screen)?;
            facts(&hub, &mut stage.screen)?;
            if let Some(link) = &link {
                stage.screen.line(&Text::of(Tone::Green, &link.url))?;
            }
            for note in &hub.notes {
                stage.screen.note(note)?;
            }
        }
        format => {
            let report = Report { running: true, hub: Some(hub), link };
            match format {
                Format::Jsonl => stage.screen.json_line(&report)?,
                _ => stage.screen.json(&Document::new("hub-status", report))?,
            }
        }
    }
    Ok(Exit::Yes)
}

/// A line for each address.
pub(super) fn addresses(hub: &Hub, screen: &mut Screen) -> io::Result<()> {
    hub.listen.iter().try_for_each(|address| screen.line(&Text::of(Tone::Bold, origin(*address))))
}

/// An address as a browser shows it. Every one speaks HTTP and TLS; at port 443 nobody looks for HTTP.
fn origin(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    match address.port() {
        80 => format!("http://{host}"),
        443 => format!("https://{host}"),
        port => format!("http://{host}:{port}"),
    }
}

/// What else there is to say, in one line.
fn facts(hub: &Hub, screen: &mut Screen) -> io::Result<()> {
    let count = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let age = measure::age(Timestamp::now().duration_since(hub.started).unsigned_abs());
    let facts = [
        format!("pid {}", hub.pid),
        format!("navyd {}", hub.version),
        format!("up {age}"),
        count(hub.routes, "route"),
        count(hub.services, "service"),
    ];
    screen.line(&Text::of(Tone::Dim, facts.join(" · ")))?;
    recorded(hub.capture.as_ref(), screen)
}

/// What it records, in one line; more only where something is amiss.
fn recorded(capture: Option<&Capture>, screen: &mut Screen) -> io::Result<()> {
    let Some(capture) = capture else {
        return screen.line(&Text::of(Tone::Dim, "nothing is recorded"));
    };
    let Capture { recorded, bytes, lost, .. } = capture;
    let plural = if *recorded == 1 { "" } else { "s" };
    let size = measure::bytes(*bytes);
    screen
        .line(&Text::of(Tone::Dim, format!("{recorded} exchange{plural} recorded · {size} on the disk")))?;
    let lost = [(lost.flows + lost.exchanges, "exchanges"), (lost.bytes, "bytes")];
    let lost: Vec<String> = lost
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !lost.is_empty() {
        let text = format!("{} passed and were not recorded", lost.join(" and "));
        screen.line(&Text::of(Tone::Yellow, text))?;
    }
    if let Some(trouble) = &capture.trouble {
        screen.line(&Text::of(Tone::Red, format!("the capture cannot write: {trouble}")))?;
    }
    capture.export.as_ref().map_or(Ok(()), |export| exported(export, screen))
}

/// What it sends to a collector, in one line; what is lost and why in another.
fn exported(export: &Exported, screen: &mut Screen) -> io::Result<()> {
    let Exported { to, sent, lost, error } = export;
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let text = format!("{sent} exchange{} sent to {to}", plural(*sent));
    screen.line(&Text::of(Tone::Dim, text))?;
    if *lost > 0 {
        let text = format!("{lost} exchange{} not sent to {to}", plural(*lost));
        screen.line(&Text::of(Tone::Yellow, text))?;
    }
    match error {
        Some(error) => screen.line(&Text::of(Tone::Yellow, format!("the collector: {error}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_as_a_browser_shows_it() {
        for (address, shown) in [
            ("127.0.0.1:62893", "http://127.0.0.1:62893"),
            ("[::1]:62893", "http://[::1]:62893"),
            ("127.0.0.1:80", "http://127.0.0.1"),
            ("[::1]:80", "http://[::1]"),
            ("127.0.0.1:443", "https://127.0.0.1"),
            ("[::1]:443", "https://[::1]"),
        ] {
            assert_eq!(origin(address.parse().unwrap()), shown);
        }
    }
}
