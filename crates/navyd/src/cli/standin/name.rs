//! A name in the hub for as long as the stand-in stands, whenever a hub runs: no stand-in starts one.

use std::{net::SocketAddr, path::Path, thread, time::Duration};

use navyd_model::{
    config::names::{self, Place},
    run::{Bound, NewRun},
};
use navyd_standin::Stopper;

use super::{flags::Flags, ready::Ready};
use crate::{
    client,
    hub::{self, Client, ClientError, Lease},
    out::Failure,
};

/// What became of the name.
#[derive(Default)]
pub(super) struct Named {
    /// It leads here, under this URL.
    pub(super) url: Option<String>,
    /// What is to be said of it besides.
    pub(super) notes: Vec<String>,
}

/// How often a hub that does not run is looked for, by a look at its socket.
const AGAIN: Duration = Duration::from_secs(1);

/// How long one that refuses is left alone.
const REFUSED: Duration = Duration::from_secs(30);

/// Leads the name here, and again whenever a hub is started; nothing is done where none was asked for. It goes with the
/// process, and `stopper` is told when somebody asks the hub to end what has the name.
pub(super) fn lead(flags: &Flags, ready: &Ready, stopper: &Stopper) -> Named {
    let Some(name) = flags.name.as_deref() else { return Named::default() };
    let said = |note: String| Named { url: None, notes: vec![format!("`{name}`: {note}")] };
    let first = ready.places.first();
    let Some(address) = first.and_then(|place| place.entrances().find_map(near)) else {
        return said("it leads nowhere: the hub leads to the loopback device alone".to_owned());
    };
    let new = wanted(name, ready.kind, address);
    let lease = match hub::running() {
        Ok(client) => client.map(|client| leased(client, &new, address)).transpose(),
        Err(failure) => Err(failure),
    };
    match lease {
        Err(failure) => said(failure.line()),
        Ok(lease) => {
            let named = match &lease {
                None => said("it leads here once a hub runs: `navyd hub` is one".to_owned()),
                Some(lease) => Named {
                    url: Some(lease.run.url.clone()),
                    notes: lease.run.taken.iter().map(|host| elsewhere(host)).collect(),
                },
            };
            let stopper = stopper.clone();
            // It ends with the process: nobody waits for it.
            thread::spawn(move || keep(lease, &new, address, &stopper));
            named
        }
    }
}

/// Keeps the name: in this hub, and in each one that comes after it.
fn keep(mut lease: Option<Lease>, new: &NewRun, address: SocketAddr, stopper: &Stopper) {
    loop {
        if let Some(lease) = lease.take() {
            lease.wait(|| stopper.stop());
        }
        thread::sleep(AGAIN);
        if let Ok(Some(client)) = hub::running() {
            lease = leased(client, new, address).ok();
            if lease.is_none() {
                // One that refuses may be followed by one that does not.
                thread::sleep(REFUSED);
            }
        }
    }
}

/// What the hub is asked for.
fn wanted(name: &str, kind: &str, address: SocketAddr) -> NewRun {
    let project = client::project();
    let root = project.as_ref().map(|project| project.root.clone());
    let default_branch = root.as_deref().and_then(|root| client::default_branch(Path::new(root)));
    let names = names::of_run(
        Some(name),
        &Place {
            project: project.as_ref().map_or(name, |project| &project.name),
            branch: project.as_ref().and_then(|project| project.branch.as_deref()),
            default_branch: default_branch.as_deref(),
        },
    );
    NewRun {
        id: names.id,
        hosts: names.hosts,
        name: name.to_owned(),
        project: root,
        branch: project.and_then(|project| project.branch),
        command: vec!["navyd".to_owned(), kind.to_owned()],
        pid: std::process::id(),
        port: address.port(),
        capture: true,
    }
}

fn leased(client: Client, new: &NewRun, address: SocketAddr) -> Result<Lease, Failure> {
    let lease = client.open_run(new).map_err(|error| match error {
        ClientError::Refused { .. } => {
            let failure: Failure = error.into();
            new.hosts.first().and_then(|host| holder(host)).into_iter().fold(failure, Failure::cause)
        }
        error => error.into(),
    })?;
    if let Some(client) = hub::running()? {
        client.bind_run(lease.run.run, Bound { address: Some(address) })?;
    }
    Ok(lease)
}

/// What is said of a host that is another's.
fn elsewhere(host: &str) -> String {
    match holder(host) {
        Some(holder) => format!("`{host}` leads elsewhere already: {holder}"),
        None => format!("`{host}` leads elsewhere already"),
    }
}

/// Whose a host is, as far as the hub says.
fn holder(host: &str) -> Option<String> {
    let routes = hub::running().ok()??.routes().ok()?.routes;
    let route = routes.into_iter().find(|route| route.from == host)?;
    Some(match route.service {
        Some(service) => format!("to `{}`, which is `{service}`", route.to),
        None => format!("to `{}`, by `navyd route`", route.to),
    })
}

/// The loopback address by which an address of ours is reached, if any.
fn near(address: SocketAddr) -> Option<SocketAddr> {
    let ip = address.ip().to_canonical();
    let near = match ip {
        ip if ip.is_unspecified() && ip.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
        ip if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    near.is_loopback().then(|| SocketAddr::new(near, address.port()))
}
