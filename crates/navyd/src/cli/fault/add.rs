//! `navyd fault add`: a fault from flags.

use navyd_model::fault::{Direction, Fault};

use super::{
    super::{Format, Stage, entry::entry, exchanges},
    answer,
    flags::Kind,
};
use crate::{exit::Exit, hub, out::Failure};

/// Lay a fault on a route
#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// Where the route begins: a name or an address
    #[arg(value_name = "ROUTE")]
    route: String,

    /// The share of connections, exchanges or datagrams that it hits: from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share)]
    toxicity: f64,

    /// Which way the bytes go that it hits: up, down (from the server) or both
    #[arg(long, value_name = "WAY", default_value = "down", value_parser = direction)]
    direction: Direction,

    /// What it is called; one of that name on the route gives way
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,

    /// Only these exchanges, in the filter language
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,

    /// When it is on: `at 10s for 5s every 60s`
    #[arg(long, value_name = "TIMES")]
    schedule: Option<String>,

    /// Begin a new run of all faults with this seed: the same one and the same traffic make the same `navyd fault log`
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    #[command(flatten)]
    kind: Kind,
}

impl Add {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        if let Some(filter) = &self.filter {
            exchanges::filter(std::slice::from_ref(filter))?;
        }
        let fault = Fault {
            name: self.name,
            route: entry(&self.route),
            kind: self.kind.name.to_owned(),
            attributes: self.kind.attributes()?,
            direction: self.direction,
            toxicity: self.toxicity,
            filter: self.filter,
            schedule: self.schedule,
        };
        let hub = hub::ensure()?;
        let mut laid = hub.add_fault(&fault).map_err(Failure::from)?;
        if let Some(seed) = self.seed {
            laid = hub.seed_faults(seed).map_err(Failure::from)?;
        }
        if stage.format == Format::Text {
            laid.faults.retain(|other| other.route == fault.route);
        }
        answer(&laid, stage)?;
        Ok(Exit::Yes)
    }
}

fn share(typed: &str) -> Result<f64, String> {
    let share = typed.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "it is a number from 0 to 1: 0.3".into())
}

fn direction(typed: &str) -> Result<Direction, String> {
    match typed {
        "up" => Ok(Direction::Up),
        "down" => Ok(Direction::Down),
        "both" => Ok(Direction::Both),
        _ => Err("it is one of `up`, `down`, `both`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_from_0_to_1_and_a_way_is_a_word() {
        for (typed, expected) in [("0.3", Some(0.3)), ("0", Some(0.0)), ("1", Some(1.0)), ("1.1", None)] {
            assert_eq!(share(typed).ok(), expected);
        }
        assert!(share("NaN").is_err() && share("30%").is_err() && direction("left").is_err());
        assert_eq!(direction("up"), Ok(Direction::Up));
    }
}
