//! `navyd hub`: the daemon in the foreground, and what can be done with one that runs.
//!
//! Deliberately absent: what a hub is, which the room of that name knows.

mod ephemeral;
mod foreground;
mod install;
mod logs;
mod low_ports;
mod status;
mod stop;

use std::{net::SocketAddr, thread, time::Duration};

use super::{Command, Stage};
use crate::{
    exit::Exit,
    hub::{CaptureLimits, Endpoint, Recording},
};

/// Run the hub, which gives services their names, and the gateway to them
///
/// It runs until it is interrupted or terminated; then what is in flight finishes, unless it is told so twice. There
/// is one for each user: a second one says where the first is.
#[derive(Debug, clap::Parser)]
#[command(
    name = "hub",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_long_help = "Examples:\n  \
        navyd hub                      in the foreground\n  \
        navyd hub start                in the background; commands that need it do that by themselves\n  \
        navyd hub status --link        where it is, with a link for a browser\n  \
        navyd hub logs -f\n  \
        navyd hub install              start it whenever you log in\n  \
        navyd hub install --low-ports  the ways to URLs without a port\n  \
        navyd hub --ephemeral --route shop.localhost=http://127.0.0.1:3000\n  \
        navyd hub --ephemeral --tls --route shop.localhost/api=http://localhost:4000\n  \
        navyd hub --ephemeral --route 127.0.0.1:8000=http://127.0.0.1:3000\n  \
        navyd hub --ephemeral --route 15432=tcp://127.0.0.1:5432\n  \
        navyd hub --ephemeral --route 127.0.0.1:5354=udp://127.0.0.1:53\n  \
        navyd hub start --otlp http://localhost:4318   spans for a collector of OpenTelemetry\n\n\
        Exit status: 0 it ended in order or yes, 1 no or none runs, 2 wrong use or failure."
)]
pub(super) struct Hub {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    serve: Serve,
}

/// How a hub is to run.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Keep nothing on disk, discover nothing and install nothing
    #[arg(long)]
    ephemeral: bool,

    /// Where names and the status page are served; may be repeated (default: port 62893 of 127.0.0.1 and ::1, or the
    /// next one that is free; of a hub that is not ephemeral, also 80 and 443 where they are free and allowed)
    #[arg(long, value_name = "ADDR", env = "NAVYD_HUB_LISTEN", value_delimiter = ',', hide_env = true)]
    listen: Vec<SocketAddr>,

    /// A way from an address or name to an upstream on this machine; may be repeated
    #[arg(long = "route", value_name = "FROM=URL", requires = "ephemeral")]
    routes: Vec<String>,

    /// Answer TLS as well wherever HTTP is served, with certificates of an authority that lives as long as this runs
    #[arg(long, requires = "ephemeral")]
    tls: bool,

    /// Record what passes, in a directory that lives as long as this runs
    #[arg(long, value_name = "on|off", requires = "ephemeral", default_value = "off",
        action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
    capture: bool,

    /// Record nothing of what passes
    #[arg(long, conflicts_with_all = ["ephemeral", "reveal"], env = "NAVYD_NO_CAPTURE", hide_env = true,
        value_parser = clap::builder::BoolishValueParser::new())]
    no_capture: bool,

    /// Record secrets as well, for as long as this runs: passwords, tokens, cookies
    #[arg(long)]
    reveal: bool,

    /// Send each exchange to a collector of OpenTelemetry as well, as a span without secrets and bodies; without a path
    /// to /v1/traces. With --ephemeral it turns the capture on
    #[arg(long, value_name = "URL", conflicts_with = "no_capture", env = "NAVYD_OTLP", hide_env = true)]
    otlp: Option<Endpoint>,

    /// How many MiB the capture may have on the disk (default: 1024)
    #[arg(long, value_name = "MIB", conflicts_with = "ephemeral", env = "NAVYD_CAPTURE_SIZE", hide_env = true,
        value_parser = clap::value_parser!(u32).range(1..))]
    capture_size: Option<u32>,

    /// How long the capture keeps an exchange, as in 24h (default: seven days)
    #[arg(long, value_name = "TIME", conflicts_with = "ephemeral", env = "NAVYD_CAPTURE_AGE", hide_env = true,
        value_parser = super::duration::parse)]
    capture_age: Option<Duration>,

    /// What makes what faults choose repeatable: the same seed and the same traffic make the same `navyd fault log`
    #[arg(long, value_name = "N", conflicts_with = "ephemeral", env = "NAVYD_SEED", hide_env = true)]
    seed: Option<u64>,

    /// How many cores are used (default: all)
    #[arg(long, value_name = "N", env = "NAVYD_HUB_WORKERS", hide_env = true,
        value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,

    /// Leave the terminal, and write into the log what there is to say: how a hub is started by others
    #[arg(long, hide = true, conflicts_with = "ephemeral")]
    background: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Start(status::Start),
    Stop(stop::Stop),
    Status(status::Status),
    Logs(logs::Logs),
    Install(install::Install),
    Uninstall(install::Uninstall),
}

impl Command for Hub {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        match self.action {
            None if self.serve.ephemeral => ephemeral::run(self.serve, stage),
            None => foreground::run(&self.serve, stage),
            Some(Action::Start(start)) => start.run(stage),
            Some(Action::Stop(stop)) => stop.run(stage),
            Some(Action::Status(status)) => status.run(stage),
            Some(Action::Logs(logs)) => logs.run(stage),
            Some(Action::Install(install)) => install.run(stage),
            Some(Action::Uninstall(uninstall)) => uninstall.run(stage),
        }
    }
}

impl Serve {
    /// What is recorded.
    fn recording(&self) -> Option<Recording> {
        let usual = CaptureLimits::default();
        let bytes = self.capture_size.map_or(usual.bytes, |size| u64::from(size) << 20);
        let limits = CaptureLimits { bytes, age: self.capture_age.unwrap_or(usual.age), ..usual };
        let export = self.otlp.clone();
        (!self.no_capture).then_some(Recording { limits, reveal: self.reveal, export })
    }

    /// How many cores; all when nothing was said.
    fn workers(&self) -> usize {
        // Unknown, one worker does.
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        self.workers.map_or_else(cores, usize::from)
    }
}
