//! `navyd sink`: takes all that comes, and says how much it was.
//!
//! Deliberately absent: what takes it, which is `standin::raw`.

use std::{rc::Rc, time::Instant};

use navyd_model::api::Document;
use navyd_standin::{
    Stand,
    http::{Hosts, Manners, Server},
    raw::{Gone, Sink as Bytes, Tally, sinking},
};
use serde::Serialize;

use super::{
    Command, Format, Stage,
    standin::{self, Flags, Place, Ready},
};
use crate::{exit::Exit, out::Text};

/// Take all that comes, and count it
///
/// For a client that must not wait for an answer. How much has come is said when it ends, and with --log for each
/// connection.
#[derive(Debug, clap::Parser)]
#[command(
    name = "sink",
    after_long_help = "Examples:\n  \
        navyd sink --port 9000             takes bytes\n  \
        navyd sink --udp --ttl 10s         takes datagrams for ten seconds, and says how many\n  \
        navyd sink --http --log            answers each request with 204\n\n\
        Exit status: 0 it ended when it was told to, 2 wrong use or failure."
)]
pub(super) struct Sink {
    /// Take bytes: what it does if not told otherwise
    #[arg(long, group = "way")]
    tcp: bool,

    /// Take datagrams
    #[arg(long, group = "way")]
    udp: bool,

    /// Take requests of HTTP
    #[arg(long, group = "way")]
    http: bool,

    #[command(flatten)]
    flags: Flags,
}

/// The body of `navyd.sink/1`, said at the end.
#[derive(Debug, Serialize)]
struct Taken {
    /// What was counted: `connections`, `datagrams` or `requests`.
    unit: &'static str,
    messages: u64,
    /// Bytes that came: of requests without their heads.
    bytes: u64,
    /// From ready to the end.
    took_ms: u64,
}

impl Command for Sink {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (tally, began) = (Tally::default(), Instant::now());
        let (unit, exit) = match (self.udp, self.http) {
            (true, _) => ("datagrams", datagrams(&self.flags, stage, tally.clone())?),
            (_, true) => ("requests", requests(&self.flags, stage, tally.clone())?),
            _ => ("connections", connections(&self.flags, stage, tally.clone())?),
        };
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let taken = Taken { unit, messages: tally.messages(), bytes: tally.bytes(), took_ms };
        match stage.format {
            Format::Json => stage.screen.json(&Document::new("sink", &taken))?,
            Format::Jsonl => stage.screen.json_line(&Document::new("sink", &taken))?,
            Format::Text => stage.screen.line(&Text::plain(said(&taken)))?,
        }
        Ok(exit)
    }
}

/// The same for a person.
fn said(taken: &Taken) -> String {
    let unit = if taken.messages == 1 { taken.unit.trim_end_matches('s') } else { taken.unit };
    let bytes = if taken.bytes == 1 { "byte" } else { "bytes" };
    format!("took {} {bytes} in {} {unit}", taken.bytes, taken.messages)
}

fn ready(place: Place) -> Ready {
    Ready { kind: "sink", does: "takes all that comes".to_owned(), reach: "fill it", places: vec![place] }
}

fn connections(flags: &Flags, stage: &mut Stage, tally: Tally) -> anyhow::Result<Exit> {
    flags.heeded("sink", &["--tls", "--error-rate"])?;
    let door = flags.door(None, "sink", None)?;
    let tls = flags.tls(&[&door], stage)?;
    let (ready, manner) =
        (ready(Place::of(if tls.is_some() { "tls" } else { "tcp" }, &door)), flags.manner());
    standin::stand(flags, stage, &ready, move |log| {
        Stand::new().answering(door, tls, Rc::new(Bytes { tally, manner, told: log.ends() }))
    })
}

fn datagrams(flags: &Flags, stage: &mut Stage, tally: Tally) -> anyhow::Result<Exit> {
    flags.heeded("sink --udp", &[])?;
    let packets = flags.packets("sink")?;
    let ready = ready(Place::datagrams(&packets));
    standin::stand(flags, stage, &ready, move |log| Stand::new().beside(sinking(packets, tally, log.ends())))
}

fn requests(flags: &Flags, stage: &mut Stage, tally: Tally) -> anyhow::Result<Exit> {
    let door = flags.door(None, "sink", None)?;
    let clear = flags.clear("sink")?;
    let tls = flags.tls(&[&door], stage)?;
    let manners = Manners { hosts: Hosts::Any, ..flags.manners()? };
    let place = Place::of(if tls.is_some() { "https" } else { "http" }, &door).led(clear.as_ref());
    standin::stand(flags, stage, &ready(place), move |log| {
        let server = Server { site: Rc::new(Gone { tally }), manners, told: log.exchanges() };
        standin::web(door, tls, clear, server)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_counted_in_words() {
        for (messages, bytes, expected) in [
            (0, 0, "took 0 bytes in 0 requests"),
            (1, 1, "took 1 byte in 1 request"),
            (2, 30, "took 30 bytes in 2 requests"),
        ] {
            assert_eq!(said(&Taken { unit: "requests", messages, bytes, took_ms: 0 }), expected);
        }
    }
}
