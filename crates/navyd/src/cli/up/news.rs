//! What is heard while services run: how they change and what they say, each on a thread of its own.

use std::{sync::mpsc::SyncSender, thread};

use jiff::Timestamp;
use navyd_model::{
    Line, Service,
    api::Document,
    hub::{Happened, HubEvent, Services},
    project::{ProjectState, Stopped},
};

use super::services;
use crate::{
    hub::{self, Method, segment},
    out::Failure,
};

/// What happens while services run.
pub(super) enum News {
    Line(Line),
    Missed,
    /// They will say nothing more.
    Silence,
    Service(Box<Service>),
    /// The hub says nothing more; whether it had said that it ends.
    Over {
        /// Services end with a hub that ends in order.
        in_order: bool,
    },
    /// They were told to end, and have; or that failed.
    Ended(Result<(), Failure>),
}

/// Hears how services change, from now on.
pub(super) fn listen(tell: SyncSender<News>) -> anyhow::Result<()> {
    let events = hub::ensure()?.follow("/api/v1/events").map_err(Failure::from)?;
    // It ends with the hub or the process.
    thread::spawn(move || {
        let mut in_order = false;
        for message in events.map_while(Result::ok) {
            let Ok(event) = serde_json::from_str::<Document<HubEvent>>(&message.data) else { continue };
            let services = match event.body.what {
                Happened::Service { service } => vec![service],
                // While the terminal stood still.
                Happened::Lagged { .. } => all(),
                Happened::Stopping => {
                    in_order = true;
                    break;
                }
                _ => continue,
            };
            if services.into_iter().any(|service| tell.send(News::Service(Box::new(service))).is_err()) {
                return;
            }
        }
        // Nobody listens when the command has ended.
        let _ = tell.send(News::Over { in_order });
    });
    Ok(())
}

/// How every service stands now; none where the hub is gone, which its events tell.
fn all() -> Vec<Service> {
    let Ok(Some(hub)) = hub::running() else { return Vec::new() };
    hub.ask::<Services>(Method::GET, "/api/v1/services", None::<&()>)
        .map_or_else(|_| Vec::new(), |all| all.services)
}

/// Hears what services say, since they were asked for.
pub(super) fn read(services: &[Service], begun: Timestamp, tell: SyncSender<News>) -> anyhow::Result<()> {
    let ids: Vec<String> = services.iter().map(|service| segment(&service.id)).collect();
    let path = format!("/api/v1/services/{}/logs?follow=true", ids.join(","));
    let lines = hub::ensure()?.follow(&path).map_err(Failure::from)?;
    // It ends with the services or the process.
    thread::spawn(move || {
        for message in lines.map_while(Result::ok) {
            let news = match services::line(&message) {
                Some(line) if line.at < begun => continue,
                Some(line) => News::Line(line),
                None => News::Missed,
            };
            if tell.send(news).is_err() {
                return;
            }
        }
        // Nobody listens when the command has ended.
        let _ = tell.send(News::Silence);
    });
    Ok(())
}

/// Tells services to end, while what they say is shown.
pub(super) fn stop(state: &ProjectState, names: Vec<String>, tell: SyncSender<News>) {
    let path = format!("/api/v1/projects/{}/stop", segment(&state.root));
    thread::spawn(move || {
        let ended = hub::ensure().and_then(|hub| {
            let ended = hub.ask::<Services>(Method::POST, &path, Some(&Stopped { services: names }));
            ended.map(drop).map_err(Failure::from)
        });
        // Nobody listens when the command was interrupted again.
        let _ = tell.send(News::Ended(ended));
    });
}
