//! `navyd hub`: the gateway in the foreground.
//!
//! Arguments as written become a [`Plan`] once. Deliberately absent: moving bytes, which the gateway does on its
//! own threads, while this one waits to be told to end.

use std::{
    error::Error as _,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread,
    time::Duration,
};

use jiff::Timestamp;
use navyd_gateway::{
    Gateway, Limits, Plan, Routed, StartError,
    tls::{Authority, AuthorityError, Certificates},
};
use navyd_model::{Entry, Route, RouteError, api::Document};
use serde::Serialize;

use super::{Command, Format, Stage};
use crate::{
    exit::Exit,
    interrupt::Interrupt,
    out::{Failure, Screen, Text, Tone},
};

/// Run the gateway: names and ports that lead to services
///
/// It runs until it is interrupted or terminated; then what is in flight finishes, unless it is told so twice.
#[derive(Debug, clap::Parser)]
#[command(
    name = "hub",
    after_long_help = "Examples:\n  \
        navyd hub --ephemeral --route shop.localhost=http://127.0.0.1:3000\n  \
        navyd hub --ephemeral --route shop.localhost=http://localhost:3000 --route shop.localhost/api=http://localhost:4000\n  \
        navyd hub --ephemeral --route 127.0.0.1:8000=http://127.0.0.1:3000 --route 15432=tcp://127.0.0.1:5432\n  \
        navyd hub --ephemeral --route 127.0.0.1:5354=udp://127.0.0.1:53\n\n\
        Exit status: 0 it ended in order, 2 wrong use or failure."
)]
pub(super) struct Hub {
    /// Keep nothing on disk, discover nothing and install nothing
    #[arg(long, required = true)]
    ephemeral: bool,

    /// Where names and the status page are served; may be repeated (default: port 62893 of 127.0.0.1 and ::1)
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,

    /// A way from an address or name to an upstream on this machine; may be repeated
    #[arg(long = "route", value_name = "FROM=URL")]
    routes: Vec<String>,

    /// Answer TLS as well wherever HTTP is served, with certificates of an authority that lives as long as this runs
    #[arg(long)]
    tls: bool,

    /// How many cores are used (default: all)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
}

/// What runs, for programs.
#[derive(Debug, Serialize)]
struct Report {
    listen: Vec<String>,
    workers: usize,
    routes: Vec<ReportRoute>,
    /// The root certificate that a client has to trust, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
}

#[derive(Debug, Serialize)]
struct ReportRoute {
    from: String,
    to: String,
}

impl Command for Hub {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        debug_assert!(self.ephemeral);
        let routes = self.routes.iter().map(|text| text.parse()).collect::<Result<Vec<Route>, RouteError>>();
        let routes = routes.map_err(Failure::from)?.into_iter().map(Routed::from).collect();
        let listen = if self.listen.is_empty() { usual() } else { self.listen };
        let workers = self.workers.map_or_else(cores, usize::from);
        // Before anything listens, so that no one can be let in and then cut off.
        let interrupt = Interrupt::new()?;
        let tls = self.tls.then(throwaway).transpose()?;
        let authority = tls.as_ref().map(|tls| tls.authority().root().to_owned());
        let plan = Plan { listen, routes, workers, limits: Limits::default(), home: None, tls };
        let gateway = Gateway::start(plan).map_err(unstarted)?;
        match stage.format {
            Format::Text => render(&gateway, authority.is_some(), &mut stage.screen)?,
            Format::Json => stage.screen.json(&Document::new("hub", report(&gateway, workers, authority)))?,
            Format::Jsonl => stage.screen.json_line(&report(&gateway, workers, authority))?,
        }
        stage.screen.flush()?;
        while !interrupt.wait(Duration::MAX) {}
        end(gateway, &interrupt)?;
        Ok(Exit::Yes)
    }
}

/// Finishes what is in flight, unless it is told to stop once more.
fn end(gateway: Gateway, interrupt: &Interrupt) -> io::Result<()> {
    let (hurry, teller) = (gateway.hurry(), interrupt.teller());
    let draining = thread::spawn(move || {
        let ended = gateway.drain();
        // Nobody waits any more if it was told to stop.
        let _ = teller.send(());
        ended
    });
    while !interrupt.wait(Duration::MAX) {}
    hurry.now();
    draining.join().unwrap_or_else(|_| Err(io::Error::other("the gateway panicked")))
}

/// The port of navyd on both loopback addresses, as far as this machine has them.
fn usual() -> Vec<SocketAddr> {
    const PORT: u16 = 62893;
    let has_six = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let six = has_six.then(|| SocketAddr::from((Ipv6Addr::LOCALHOST, PORT)));
    [SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))].into_iter().chain(six).collect()
}

/// Certificates of an authority that nobody trusts yet, and that is gone when this process is.
fn throwaway() -> Result<Arc<Certificates>, Failure> {
    let unmade = |error: AuthorityError| {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        Failure::new(error.to_string()).cause(cause).hint("navyd hub --ephemeral")
    };
    let authority = Authority::create(Timestamp::now()).map_err(unmade)?;
    Ok(Arc::new(Certificates::new(authority, Timestamp::now)))
}

fn cores() -> usize {
    // Unknown, one worker does.
    thread::available_parallelism().map_or(1, usize::from)
}

fn render(gateway: &Gateway, tls: bool, screen: &mut Screen) -> io::Result<()> {
    let scheme = if tls { "https" } else { "http" };
    for listen in gateway.listen() {
        screen.line(&Text::of(Tone::Bold, format!("{scheme}://{listen}")))?;
    }
    let port = gateway.listen().first().map_or(80, SocketAddr::port);
    for route in gateway.routes() {
        let from = match &route.entry {
            Entry::Address(address) => address.to_string(),
            Entry::Name(name) => {
                format!("{scheme}://{}{}:{port}{}", star(name.wildcard), name.host, name.path)
            }
        };
        screen.line(&Text::plain(format!("{from} → {}", route.upstream)))?;
    }
    if tls {
        let hint =
            "http answers there, too; with --json, `authority` is the certificate for clients to trust";
        screen.line(&Text::of(Tone::Dim, hint.to_owned()))?;
    }
    Ok(())
}

fn star(wildcard: bool) -> &'static str {
    if wildcard { "*." } else { "" }
}

fn report(gateway: &Gateway, workers: usize, authority: Option<String>) -> Report {
    let routes = gateway.routes().into_iter();
    let routes =
        routes.map(|route| ReportRoute { from: route.entry.to_string(), to: route.upstream.to_string() });
    let listen = gateway.listen().iter().map(SocketAddr::to_string).collect();
    Report { listen, workers, routes: routes.collect(), authority }
}

fn unstarted(error: StartError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        StartError::Listen { address, source } => {
            let cause = match source.kind() {
                io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
                io::ErrorKind::PermissionDenied => "ports below 1024 need a permission".to_owned(),
                io::ErrorKind::AddrNotAvailable => "the address is not one of this machine".to_owned(),
                _ => source.to_string(),
            };
            failure.cause(cause).hint(format!("navyd ls {}", address.port()))
        }
        StartError::Tls(source) => failure.cause(source.to_string()).hint("navyd hub --ephemeral"),
        StartError::Worker(source) => {
            failure.cause(source.to_string()).hint("navyd hub --ephemeral --workers 1")
        }
    }
}
