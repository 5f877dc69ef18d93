//! `navyd fault profile`: connections that people have, as faults of a route.

use navyd_gateway::fault::profile::{PROFILES, Profile};
use navyd_model::{api::Document, fault::Faults};
use serde::Serialize;

use super::{
    super::{Format, Stage, entry::entry},
    answer,
};
use crate::{
    exit::Exit,
    hub,
    out::{Align, Column, Failure, Table, Text},
};

/// Make a route like a connection that people have, or list those that there are
#[derive(Debug, clap::Args)]
pub(super) struct Lay {
    /// Its name: 3g, edge, dsl
    #[arg(value_name = "NAME", requires = "route")]
    name: Option<String>,

    /// Where the route begins
    #[arg(value_name = "ROUTE")]
    route: Option<String>,
}

const COLUMNS: &[Column] = &[
    Column { header: "NAME", align: Align::Left, importance: 9, least: 6 },
    Column { header: "DOWN", align: Align::Right, importance: 8, least: 8 },
    Column { header: "UP", align: Align::Right, importance: 7, least: 8 },
    Column { header: "ROUND TRIP", align: Align::Right, importance: 6, least: 8 },
];

/// A line of `navyd.fault-profiles/1`.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    down_kbit_per_second: u32,
    up_kbit_per_second: u32,
    round_trip_ms: u32,
}

/// The body of `navyd.fault-profiles/1`.
#[derive(Debug, Serialize)]
struct Rows {
    profiles: Vec<Row>,
}

impl Lay {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (Some(name), Some(route)) = (self.name, self.route) else { return list(stage) };
        let Some(profile) = Profile::of(&name) else {
            let known: Vec<String> = PROFILES.iter().map(|profile| format!("`{}`", profile.name)).collect();
            return Err(Failure::new(format!("`{name}` is no profile"))
                .cause(format!("it is one of {}", known.join(", ")))
                .hint("navyd fault profile")
                .into());
        };
        let (hub, route) = (hub::ensure()?, entry(&route));
        let mut laid = Faults::default();
        for fault in profile.faults(&route) {
            laid = hub.add_fault(&fault).map_err(Failure::from)?;
        }
        if stage.format == Format::Text {
            laid.faults.retain(|fault| fault.route == route);
        }
        answer(&laid, stage)?;
        Ok(Exit::Yes)
    }
}

fn list(stage: &mut Stage) -> anyhow::Result<Exit> {
    let row = |profile: &Profile| Row {
        name: profile.name,
        down_kbit_per_second: profile.down,
        up_kbit_per_second: profile.up,
        round_trip_ms: profile.round_trip,
    };
    let mut rows = PROFILES.iter().map(row);
    match stage.format {
        Format::Text => {
            let mut table = Table::new(COLUMNS);
            for row in rows {
                table.push(vec![
                    Text::plain(row.name),
                    rate(row.down_kbit_per_second),
                    rate(row.up_kbit_per_second),
                    Text::plain(format!("{} ms", row.round_trip_ms)).piped(row.round_trip_ms.to_string()),
                ]);
            }
            let drawn = table.draw(&stage.screen.look());
            stage.screen.print(&drawn)?;
        }
        Format::Json => {
            stage.screen.json(&Document::new("fault-profiles", Rows { profiles: rows.collect() }))?;
        }
        Format::Jsonl => rows.try_for_each(|row| stage.screen.json_line(&row))?,
    }
    Ok(Exit::Yes)
}

fn rate(kilobits: u32) -> Text {
    Text::plain(format!("{kilobits} kbit/s")).piped(kilobits.to_string())
}
