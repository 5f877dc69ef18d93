//! A name in the hub for as long as the stand-in stands, where a hub runs: no stand-in starts one.

use std::{net::SocketAddr, path::Path, thread};

use navyd_model::{
    config::names::{self, Place},
    run::{Bound, NewRun},
};
use navyd_standin::Stopper;

use super::{flags::Flags, ready::Ready};
use crate::{client, hub, out::Failure};

/// What became of the name.
pub(super) enum Named {
    /// It leads here, under this URL.
    Url(String),
    /// It does not, and why.
    Not(String),
}

/// Leads the name here; nothing is done where none was asked for. It goes with the process, and `stopper` is told when
/// somebody asks the hub to end what has the name.
pub(super) fn lead(flags: &Flags, ready: &Ready, stopper: &Stopper) -> Option<Named> {
    let name = flags.name.as_deref()?;
    if flags.tls {
        return Some(Named::Not(
            "with `--tls` it leads nowhere: the hub has certificates of its own".to_owned(),
        ));
    }
    Some(match leased(name, ready, stopper.clone()) {
        Ok(Some(url)) => Named::Url(url),
        Ok(None) => Named::Not("it leads nowhere while no hub runs: start one with `navyd hub`".to_owned()),
        Err(failure) => Named::Not(failure.line()),
    })
}

fn leased(name: &str, ready: &Ready, stopper: Stopper) -> Result<Option<String>, Failure> {
    let addresses = ready.places.iter().take(1).flat_map(|place| &place.addresses);
    let Some(address) = addresses.copied().find_map(near) else {
        return Err(Failure::new(format!("`{name}` leads nowhere")).cause("it is not on a loopback address"));
    };
    let Some(client) = hub::running()? else { return Ok(None) };
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
    let lease = client.open_run(&NewRun {
        id: names.id,
        hosts: names.hosts,
        name: name.to_owned(),
        project: root,
        branch: project.and_then(|project| project.branch),
        command: vec!["navyd".to_owned(), ready.kind.to_owned()],
        pid: std::process::id(),
        port: address.port(),
        capture: true,
    })?;
    if let Some(client) = hub::running()? {
        client.bind_run(lease.run.run, Bound { address: Some(address) })?;
    }
    let url = lease.run.url.clone();
    // It ends with the hub, or with the process: nobody waits for it.
    thread::spawn(move || lease.wait(|| stopper.stop()));
    Ok(Some(url))
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
