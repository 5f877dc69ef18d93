//! `navyd hub --ephemeral`: the gateway alone, in the foreground.
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
    Gateway, Limits, Observe, Plan, Routed, StartError, tap,
    tls::{AuthorityError, Certificates, Signer},
};
use navyd_model::{Entry, Route, RouteError, api::Document, hub::PORT};
use serde::Serialize;

use super::{
    super::{Format, Stage},
    Serve,
};
use crate::{
    exit::Exit,
    hub::{Capture, CaptureError},
    interrupt::Interrupt,
    out::{Failure, Screen, Text, Tone},
};

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

/// Runs it until it is told to end.
pub(super) fn run(serve: Serve, stage: &mut Stage) -> anyhow::Result<Exit> {
    let routes = serve.routes.iter().map(|text| text.parse()).collect::<Result<Vec<Route>, RouteError>>();
    let captured = serve.capture || serve.otlp.is_some();
    let observe = if captured { Observe::All } else { Observe::Not };
    let routed = |route| Routed { observe, ..Routed::from(route) };
    let routes = routes.map_err(Failure::from)?.into_iter().map(routed).collect();
    let limits = Limits::default();
    let (tap, keeper) = captured.then(|| tap::channel(&limits)).unzip();
    let workers = serve.workers();
    let listen = if serve.listen.is_empty() { usual() } else { serve.listen };
    // Before anything listens, so that no one can be let in and then cut off.
    let interrupt = Interrupt::new()?;
    let (tls, authority) = serve.tls.then(throwaway).transpose()?.unzip();
    let (reveal, otlp) = (serve.reveal, serve.otlp);
    let capture = keeper
        .map(|keeper| Capture::throwaway(reveal, otlp, keeper))
        .transpose()
        .map_err(|error| unkept(&error))?;
    let plan = Plan { listen, handed: Vec::new(), routes, workers, limits, home: None, tls, tap };
    let gateway = Gateway::start(plan).map_err(unstarted)?;
    match stage.format {
        Format::Text => render(&gateway, authority.is_some(), &mut stage.screen)?,
        Format::Json => stage.screen.json(&Document::new("hub", report(&gateway, workers, authority)))?,
        Format::Jsonl => stage.screen.json_line(&report(&gateway, workers, authority))?,
    }
    stage.screen.flush()?;
    while !interrupt.wait(Duration::MAX) {}
    end(gateway, &interrupt)?;
    if let Some(capture) = capture {
        capture.finish();
    }
    Ok(Exit::Yes)
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

/// Certificates of an authority that nobody trusts yet, and that is gone when this process is; and its root, in PEM.
fn throwaway() -> Result<(Arc<Certificates>, String), Failure> {
    let unmade = |error: AuthorityError| {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        Failure::new(error.to_string()).cause(cause).hint("navyd hub --ephemeral")
    };
    let (signer, root) = Signer::throwaway(Timestamp::now()).map_err(unmade)?;
    Ok((Arc::new(Certificates::new(signer, Timestamp::now)), root))
}

/// The port of navyd on both loopback addresses, as far as this machine has them.
fn usual() -> Vec<SocketAddr> {
    let has_six = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let six = has_six.then(|| SocketAddr::from((Ipv6Addr::LOCALHOST, PORT)));
    [SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))].into_iter().chain(six).collect()
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
        screen.line(&Text::of(Tone::Dim, hint))?;
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

fn unkept(error: &CaptureError) -> Failure {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    Failure::new(error.to_string()).cause(cause).hint("navyd hub --ephemeral --capture off")
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
        StartError::Fault { source, .. } => failure.cause(source.to_string()).hint("navyd hub --ephemeral"),
        StartError::Worker(source) | StartError::Handed(source) => {
            failure.cause(source.to_string()).hint("navyd hub --ephemeral --workers 1")
        }
    }
}
