//! The name of a command, as long as its helper lives: asked for, led to where the command listens, and asked for
//! again when the hub was started anew.

use std::{
    fs::File,
    net::SocketAddr,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use navyd_hub::client::Lease;
use navyd_model::run::{Bound, NewRun};

use super::beside::Ask;
use crate::{
    hub::{self, Client, ClientError},
    out::Failure,
};

/// What the thread that talks to the hub is told.
pub(super) enum Order {
    /// Where the command listens now.
    Lead(Option<SocketAddr>),
    /// The hub has gone.
    Lost,
}

/// What the thread tells.
pub(super) enum News {
    /// The command has a name.
    Named {
        /// What a person opens.
        url: String,
        /// Hosts that it wanted, and others have.
        taken: Vec<String>,
    },
    /// Its name leads there from now on.
    Leads(SocketAddr),
    /// It has none.
    Unnamed(String),
    /// Somebody asks it to end.
    Stop,
}

/// How often a hub that has gone is looked for.
const AGAIN: Duration = Duration::from_secs(1);

/// Keeps the name. Returns when nobody gives orders any more, or the hub refuses.
pub(super) fn keep(
    ask: &Ask,
    port: u16,
    orders: &Receiver<Order>,
    lost: &Sender<Order>,
    tell: &Sender<News>,
) {
    let new = NewRun {
        id: ask.id.clone(),
        hosts: ask.hosts.clone(),
        name: ask.name.clone(),
        project: Some(ask.project.clone()),
        branch: ask.branch.clone(),
        command: ask.command.clone(),
        pid: ask.pid,
        port,
        capture: ask.capture,
    };
    let mut led = None;
    // The hub is started once. Who stops it later does not want it to come back.
    let mut hub = hub::ensure();
    loop {
        let client = match hub {
            Ok(client) => client,
            Err(failure) => return say(tell, News::Unnamed(told(&failure))),
        };
        let lease = match client.open_run(&new) {
            Ok(lease) => lease,
            Err(ClientError::NotRunning) => match again(&mut led, orders) {
                Some(client) => {
                    hub = Ok(client);
                    continue;
                }
                None => return,
            },
            Err(error) => return say(tell, News::Unnamed(told(&error.into()))),
        };
        let (run, url, taken) = (lease.run.run, lease.run.url.clone(), lease.run.taken.clone());
        watch(lease, lost.clone(), tell.clone());
        say(tell, News::Named { url, taken });
        let mut is_led = lead(run, led, tell);
        loop {
            // What the hub did not take is said again.
            let wait = if is_led { Duration::MAX } else { AGAIN };
            match orders.recv_timeout(wait) {
                Ok(Order::Lead(address)) => led = address,
                Ok(Order::Lost) => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            is_led = lead(run, led, tell);
        }
        match again(&mut led, orders) {
            Some(client) => hub = Ok(client),
            None => return,
        }
    }
}

/// Those who choose a port do so one after the other, as long as this is kept; `None` where that cannot be, and then
/// two who start at the very same moment may have the same port.
pub(super) fn turn() -> Option<File> {
    let places = hub::places().ok()?;
    hub::prepare(&places).ok()?;
    let file = File::create(places.runtime.join("ports.lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// Tells when the command is asked to end, and when the hub has gone. It ends then, or with the process.
fn watch(lease: Lease, lost: Sender<Order>, tell: Sender<News>) {
    thread::spawn(move || {
        lease.wait(|| say(&tell, News::Stop));
        let _ = lost.send(Order::Lost);
    });
}

/// Leads the name to where the command listens; whether the hub took it.
fn lead(run: u64, address: Option<SocketAddr>, tell: &Sender<News>) -> bool {
    let Ok(Some(client)) = hub::running() else { return false };
    if client.bind_run(run, Bound { address }).is_err() {
        return false;
    }
    if let Some(address) = address {
        say(tell, News::Leads(address));
    }
    true
}

/// The hub, once it runs again. Orders are heard meanwhile; `None` when there will be no more.
fn again(led: &mut Option<SocketAddr>, orders: &Receiver<Order>) -> Option<Client> {
    loop {
        match orders.recv_timeout(AGAIN) {
            Ok(Order::Lead(address)) => *led = address,
            Ok(Order::Lost) => {}
            Err(RecvTimeoutError::Timeout) => {
                if let Ok(Some(client)) = hub::running() {
                    return Some(client);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

fn say(tell: &Sender<News>, news: News) {
    // The one who hears it ends with the process.
    let _ = tell.send(news);
}

/// A failure on one line.
fn told(failure: &Failure) -> String {
    failure.line()
}
