//! `navyd route`: names and ports that lead to services, kept by the hub.
//!
//! Deliberately absent: what a route is, which the model reads, and who keeps it.

mod sync_hosts;

use std::{io, net::SocketAddr};

use navyd_model::{
    Route as ModelRoute,
    api::Document,
    hub::{Keeper, NewRoute, RouteEntry, Routes},
};

use super::{Command, Format, Stage, entry::entry};
use crate::{
    exit::Exit,
    hub::{self, ClientError},
    out::{Align, Column, Failure, Screen, Table, Text, Tone},
};

/// Give a service on this machine a name or another port
///
/// Routes are kept until they are removed. The hub is started when none runs.
#[derive(Debug, clap::Parser)]
#[command(
    name = "route",
    disable_help_subcommand = true,
    arg_required_else_help = false,
    after_long_help = "Examples:\n  \
        navyd route add shop 3000                        http://shop.localhost:62893 leads to port 3000\n  \
        navyd route add shop/api http://localhost:4000   its paths below /api lead elsewhere\n  \
        navyd route add '*.shop.localhost' 3000          and so does every name below it\n  \
        navyd route add 127.0.0.1:15432=tcp://127.0.0.1:5432\n  \
        navyd route ls\n  \
        navyd route rm shop\n  \
        sudo navyd route sync-hosts shop.localhost       for programs that do not know such names\n\n\
        Exit status: 0 yes, 1 no such route or no hub runs, 2 wrong use or failure."
)]
pub(super) struct Route {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a route, and keep it
    Add {
        /// A name or address, or both ends as FROM=URL
        #[arg(value_name = "NAME")]
        from: String,
        /// Where it leads: a URL, an address or a port of this machine
        #[arg(value_name = "URL")]
        to: Option<String>,
        /// Do not record what passes
        #[arg(long)]
        no_capture: bool,
    },
    /// Remove a route
    Rm {
        /// Where it begins
        #[arg(value_name = "NAME")]
        from: String,
    },
    /// List the routes
    Ls,
    SyncHosts(sync_hosts::SyncHosts),
}

const COLUMNS: &[Column] = &[
    Column { header: "FROM", align: Align::Left, importance: 9, least: 16 },
    Column { header: "TO", align: Align::Left, importance: 8, least: 16 },
    Column { header: "KEPT BY", align: Align::Left, importance: 3, least: 8 },
];

impl Command for Route {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        match self.action {
            Action::Add { from, to, no_capture } => add(&from, to.as_deref(), !no_capture, stage),
            Action::Rm { from } => remove(&from, stage),
            Action::Ls => list(stage),
            Action::SyncHosts(sync) => sync.run(stage),
        }
    }
}

fn add(from: &str, to: Option<&str>, capture: bool, stage: &mut Stage) -> anyhow::Result<Exit> {
    let wanted = NewRoute { capture, ..wanted(from, to)? };
    let added = hub::ensure()?.add_route(&wanted).map_err(Failure::from)?;
    answer(&added, stage)?;
    Ok(Exit::Yes)
}

fn remove(from: &str, stage: &mut Stage) -> anyhow::Result<Exit> {
    match hub::ensure()?.remove_route(&entry(from)) {
        Ok(removed) => {
            answer(&removed, stage)?;
            Ok(Exit::Yes)
        }
        Err(error @ ClientError::Refused { status: 404, .. }) => {
            stage.screen.fail(&error.into())?;
            Ok(Exit::No)
        }
        Err(error) => Err(Failure::from(error).into()),
    }
}

fn list(stage: &mut Stage) -> anyhow::Result<Exit> {
    let (routes, is_running) = match hub::running()? {
        Some(hub) => (hub.routes().map_err(Failure::from)?, true),
        None => (Routes::default(), false),
    };
    let exit = if routes.routes.is_empty() { Exit::No } else { Exit::Yes };
    match stage.format {
        Format::Text if !is_running => {
            stage.screen.note("no hub runs, and only the hub knows its routes")?;
            stage.screen.hint("navyd hub start")?;
        }
        Format::Text if exit == Exit::No => stage.screen.hint("navyd route add shop 3000")?,
        Format::Text => draw(&routes, &mut stage.screen)?,
        Format::Json => stage.screen.json(&Document::new("routes", routes))?,
        Format::Jsonl => routes.routes.iter().try_for_each(|route| stage.screen.json_line(route))?,
    }
    Ok(exit)
}

fn answer(route: &RouteEntry, stage: &mut Stage) -> io::Result<()> {
    match stage.format {
        Format::Text => {
            let from = route.url.as_ref().unwrap_or(&route.from);
            stage.screen.line(&Text::of(Tone::Bold, from).then(Tone::Plain, format!(" → {}", route.to)))
        }
        Format::Json => stage.screen.json(&Document::new("route", route)),
        Format::Jsonl => stage.screen.json_line(route),
    }
}

fn draw(routes: &Routes, screen: &mut Screen) -> io::Result<()> {
    let mut table = Table::new(COLUMNS);
    for route in &routes.routes {
        let from = Text::plain(route.url.as_ref().unwrap_or(&route.from));
        let kept = match (&route.service, route.kept_by) {
            _ if !route.open => Text::of(Tone::Yellow, "nobody yet: its address was taken"),
            (Some(service), _) => Text::plain(service),
            (None, Keeper::Service) => Text::plain("a run"),
            (None, Keeper::Person) => Text::plain("you"),
        };
        table.push(vec![from, Text::plain(&route.to), kept]);
    }
    let drawn = table.draw(&screen.look());
    screen.print(&drawn)
}

/// What was typed as a route that the hub reads; refused here when nothing could be one.
fn wanted(from: &str, to: Option<&str>) -> Result<NewRoute, Failure> {
    let (from, to) = match (to, from.split_once('=')) {
        (Some(to), _) => (from, to),
        (None, Some((from, to))) => (from, to),
        (None, None) => {
            return Err(Failure::new(format!("`{from}` does not say where it leads"))
                .hint(format!("navyd route add {from} http://127.0.0.1:3000")));
        }
    };
    let wanted = NewRoute { from: entry(from), to: upstream(to), capture: true };
    let read = format!("{}={}", wanted.from, wanted.to).parse::<ModelRoute>();
    read.map(|_| wanted).map_err(|error| {
        let example = if error.hint.contains('=') { error.hint } else { format!("{from} {}", error.hint) };
        Failure::new(error.message).hint(format!("navyd route add {example}"))
    })
}

/// A port or an address speaks HTTP, unless something else is said.
fn upstream(typed: &str) -> String {
    if let Ok(port) = typed.strip_prefix(':').unwrap_or(typed).parse::<u16>() {
        return format!("http://localhost:{port}");
    }
    match typed.parse::<SocketAddr>() {
        Ok(address) => format!("http://{address}"),
        Err(_) if typed.starts_with("localhost:") => format!("http://{typed}"),
        Err(_) => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_made_whole() {
        for (from, to, expected) in [
            ("shop", Some("3000"), "shop.localhost=http://localhost:3000"),
            ("shop/api", Some(":4000"), "shop.localhost/api=http://localhost:4000"),
            ("Shop.localhost", Some("127.0.0.1:3000"), "Shop.localhost=http://127.0.0.1:3000"),
            ("shop.test", Some("[::1]:3000"), "shop.test=http://[::1]:3000"),
            ("*.shop.localhost", Some("localhost:3000"), "*.shop.localhost=http://localhost:3000"),
            ("8000", Some("tcp://127.0.0.1:5432"), "8000=tcp://127.0.0.1:5432"),
            ("127.0.0.1:8000=3000", None, "127.0.0.1:8000=http://localhost:3000"),
            ("http://shop.localhost:62893/api", Some("3000"), "shop.localhost/api=http://localhost:3000"),
            ("http://127.0.0.1:8000", Some("3000"), "127.0.0.1:8000=http://localhost:3000"),
            ("my_shop", Some("3000"), "my_shop.localhost=http://localhost:3000"),
            ("shop=http://127.0.0.1:1", None, "shop.localhost=http://127.0.0.1:1"),
        ] {
            let wanted = wanted(from, to).unwrap();
            assert_eq!(format!("{}={}", wanted.from, wanted.to), expected);
        }
    }

    #[test]
    fn what_is_no_route_is_told_with_a_line_to_type() {
        for (from, to) in [
            ("shop", None),
            ("shop", Some("https://x")),
            ("shop", Some("http://192.0.2.1:80")),
            ("a b", Some("1")),
        ] {
            let failure = format!("{:?}", wanted(from, to).unwrap_err());
            assert!(failure.contains("navyd route add"), "{failure}");
        }
    }
}
