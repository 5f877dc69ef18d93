//! `navyd why`: one screen that ends the search.
//!
//! The host looks and judges; here the answer is drawn. Deliberately absent: any judgement, and acting on it.

mod draw;
mod route;

use jiff::Timestamp;
use navyd_model::{CauseId, Target, Why as Answer, api::Document, target::Host};
use serde::Serialize;

use super::{Command, Format, Stage, probe};
use crate::{
    client,
    exit::Exit,
    out::{Failure, Look},
};

/// The port of a URL without one (RFC 9110 §4.2.1).
const HTTP: u16 = 80;

/// Say why a port can or cannot be bound and reached
///
/// Every form of the address is bound for real and closed at once, loopback is connected to for real, and the
/// kernel is asked which socket answered. No byte is sent unless --probe is given.
#[derive(Debug, clap::Parser)]
#[command(
    name = "why",
    after_long_help = "Examples:\n  \
        navyd why 3000                    who has it, or what is in the way\n  \
        navyd why http://localhost:5173   how the name resolves, and which address answers\n  \
        navyd why shop.localhost          where its route leads, and who answers there; without one, port 80\n  \
        navyd why web                     the same for a service that navyd runs\n  \
        navyd why [::1]:3000              only that address\n  \
        navyd why 53/udp                  UDP\n\n\
        Exit status: 0 the port is free, or a listener has it and nothing is wrong; 1 something is in the way or\n\
        wrong; 2 wrong use or failure."
)]
pub(super) struct Why {
    /// A port, an address with a port, a URL, or the name of a route or service
    target: String,

    /// Ask the listeners what they speak, with harmless bytes; debuggers and one-shot listeners are never touched
    #[arg(long, env = "NAVYD_PROBE", value_parser = clap::builder::BoolishValueParser::new(), hide_env = true)]
    probe: bool,

    /// Show every byte that --probe would send, and send none
    #[arg(long, conflicts_with = "probe")]
    show_probes: bool,
}

/// The body of `navyd.why/1`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    /// The route that was asked about; the rest is about its upstream.
    route: Option<&'a route::Led>,
}

impl Command for Why {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (led, target) = match route::find(&self.target) {
            Some((led, upstream)) => (Some(led), upstream),
            None => (None, with_port(self.target.parse().map_err(Failure::from)?)?),
        };
        let mut answer = client::why(&target)?;
        if let Some(led) = &led {
            led.advise(&mut answer);
        }
        if self.show_probes {
            let planned = probe::plan(&answer.listeners);
            match stage.format {
                Format::Json | Format::Jsonl => stage.screen.json(&probe::document(&planned))?,
                // Every byte is promised: the lines may be wider than the terminal.
                Format::Text => {
                    let drawn = probe::draw(&planned, &Look { width: None, ..stage.screen.look() });
                    stage.screen.print(if planned.is_empty() { "" } else { &drawn })?;
                }
            }
            return Ok(if planned.is_empty() { Exit::No } else { Exit::Yes });
        }
        if self.probe {
            probe::ask(&mut answer.listeners, &mut stage.screen)?;
        }
        match stage.format {
            Format::Json => {
                stage.screen.json(&Document::new("why", Report { answer: &answer, route: led.as_ref() }))?;
            }
            Format::Jsonl => {
                stage
                    .screen
                    .json_line(&Document::new("why", Report { answer: &answer, route: led.as_ref() }))?;
            }
            Format::Text => {
                let look = stage.screen.look();
                for line in led.iter().flat_map(route::Led::lines) {
                    stage.screen.line(&line)?;
                }
                let width = look.width.filter(|_| look.terminal);
                for line in draw::lines(&answer, &client::me(), Timestamp::now(), width) {
                    stage.screen.line(&line)?;
                }
                for note in &answer.unknown {
                    stage.screen.note(note)?;
                }
            }
        }
        Ok(exit(&answer, led.as_ref()))
    }
}

/// A name alone is what a person types into a browser, which then asks port 80. An address alone names nothing.
fn with_port(target: Target) -> Result<Target, Failure> {
    match (target.port, &target.host) {
        (None, Some(Host::Name(_))) => Ok(Target { port: Some(HTTP), ..target }),
        (None, _) => Err(Failure::new(format!("`{target}` names no port"))
            .hint(format!("navyd why {target}:{HTTP}, or navyd ls {target}"))),
        (Some(_), _) => Ok(target),
    }
}

/// A port that is free is no upstream.
fn exit(answer: &Answer, led: Option<&route::Led>) -> Exit {
    let leads = led.is_none_or(|led| led.is_well() && answer.verdict != CauseId::Free);
    if answer.verdict.is_clean() && leads { Exit::Yes } else { Exit::No }
}
