//! `navyd ps`: which services there are, and how they stand.

use jiff::Timestamp;
use navyd_model::{
    Ended, Phase, Service,
    api::Document,
    hub::{RouteEntry, Routes, Services},
};

use super::{Command, Format, Stage, services};
use crate::{
    exit::Exit,
    hub::{self, Method},
    out::{Align, Column, Failure, Screen, Table, Text, Tone, measure},
};

/// List the services of this directory's project, and its commands of `navyd run`
#[derive(Debug, clap::Parser)]
#[command(
    name = "ps",
    after_long_help = "Examples:\n  \
        navyd ps\n  \
        navyd ps --all           of every project\n  \
        navyd ps --json | jq -r '.services[] | select(.phase == \"failed\") | .name'\n\n\
        Exit status: 0 there are some, 1 there are none, 2 wrong use or failure."
)]
pub(super) struct Ps {
    /// Of every project
    #[arg(long, short)]
    all: bool,
}

const COLUMNS: &[Column] = &[
    Column { header: "NAME", align: Align::Left, importance: 9, least: 8 },
    Column { header: "PHASE", align: Align::Left, importance: 8, least: 8 },
    Column { header: "SINCE", align: Align::Right, importance: 5, least: 5 },
    Column { header: "PID", align: Align::Right, importance: 4, least: 5 },
    Column { header: "PORT", align: Align::Right, importance: 6, least: 5 },
    Column { header: "URL", align: Align::Left, importance: 7, least: 16 },
    Column { header: "RESTARTS", align: Align::Right, importance: 3, least: 3 },
    Column { header: "ENDED", align: Align::Left, importance: 2, least: 6 },
];

impl Command for Ps {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let (mut found, mut routes, mut projects) = (Vec::new(), Routes::default(), Vec::new());
        if let Some(hub) = hub::running()? {
            let here = services::roots();
            let all: Services =
                hub.ask(Method::GET, "/api/v1/services", None::<&()>).map_err(Failure::from)?;
            found = all.services;
            found.retain(|service| {
                self.all || service.project.as_ref().is_some_and(|root| here.contains(root))
            });
            projects = services::projects(&hub)?;
            projects.retain(|project| self.all || here.contains(&project.root));
            routes = hub.routes().map_err(Failure::from)?;
        }
        let exit = if found.is_empty() { Exit::No } else { Exit::Yes };
        match stage.format {
            _ if found.is_empty() && !self.all => {
                return services::nothing(&Document::new("services", Services::default()), stage);
            }
            Format::Text if found.is_empty() => {
                let failure =
                    Failure::new("no service runs").cause("no project does, and no command of `navyd run`");
                stage.screen.fail(&failure.hint("navyd up"))?;
            }
            Format::Text => {
                render(&found, &routes.routes, self.all, &mut stage.screen)?;
                services::tell(&projects, &mut stage.screen)?;
            }
            Format::Json => {
                let notes = services::notes(&projects);
                stage.screen.json(&Document::new("services", Services { services: found, notes }))?;
            }
            Format::Jsonl => found.iter().try_for_each(|service| stage.screen.json_line(service))?,
        }
        Ok(exit)
    }
}

fn render(found: &[Service], routes: &[RouteEntry], all: bool, screen: &mut Screen) -> std::io::Result<()> {
    let mut table = Table::new(COLUMNS);
    let now = Timestamp::now();
    for service in found {
        let url =
            routes.iter().find(|route| route.service.as_ref() == Some(&service.id) && route.url.is_some());
        let port = service.listens.first().map(std::net::SocketAddr::port).or(service.port);
        let tone = match service.phase {
            Phase::Ready => Tone::Green,
            Phase::Failed => Tone::Red,
            Phase::Restarting => Tone::Yellow,
            _ => Tone::Plain,
        };
        table.push(vec![
            Text::of(Tone::Bold, if all { &service.id } else { &service.name }),
            Text::of(tone, service.phase.as_str()),
            Text::plain(measure::age(now.duration_since(service.since).unsigned_abs()))
                .piped(format!("{:.3}", service.since)),
            number(service.pid),
            number(port.map(u32::from)),
            Text::plain(url.and_then(|route| route.url.as_deref()).unwrap_or_default()),
            number(Some(service.restarts).filter(|restarts| *restarts > 0)),
            Text::plain(service.ended.map(ended).unwrap_or_default()),
        ]);
    }
    let drawn = table.draw(&screen.look());
    screen.print(&drawn)
}

fn number(value: Option<u32>) -> Text {
    Text::plain(value.map(|value| value.to_string()).unwrap_or_default())
}

fn ended(ended: Ended) -> String {
    match ended {
        Ended::Status(status) => format!("status {status}"),
        Ended::Signal(signal) => format!("signal {signal}"),
    }
}
