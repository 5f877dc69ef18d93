//! Listeners of this machine, for the API: read when asked, and watched only while somebody follows the events.
//!
//! Deliberately absent: looking when nobody asks. An idle hub reads nothing.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use navyd_host::listeners::{Scope, listeners};
use navyd_model::{
    Change, Listener, Protocol,
    hub::{Happened, Listeners},
};
use tokio::{
    sync::Mutex,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use crate::house::House;

/// How old an answer may be: so that many readers cost one look.
const FRESH: Duration = Duration::from_millis(500);

/// How often it is looked while somebody follows.
const PERIOD: Duration = Duration::from_secs(1);

/// The last look.
#[derive(Default)]
pub(crate) struct Seen {
    last: Mutex<Option<(Instant, Arc<Listeners>)>>,
    watched: std::sync::Mutex<bool>,
}

impl Seen {
    /// The listeners, at most half a second old. An error is the kernel's, as a sentence.
    pub(crate) async fn now(&self) -> Result<Arc<Listeners>, String> {
        // Held across the look, so that who comes meanwhile waits for its answer instead of looking again.
        let mut last = self.last.lock().await;
        if let Some((at, seen)) = &*last
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(seen));
        }
        let look = || listeners(&Scope { unix: true, published: true, ..Scope::default() });
        let seen = spawn_blocking(look).await.map_err(|error| error.to_string())?;
        let seen = seen.map_err(|error| error.to_string())?;
        let seen = Arc::new(Listeners { listeners: seen.listeners, notes: seen.notes });
        *last = Some((Instant::now(), Arc::clone(&seen)));
        Ok(seen)
    }
}

/// Tells the changes of listeners as events, until nobody follows them any more. Call after subscribing.
pub(crate) fn watch(house: &Arc<House>) {
    {
        let mut watched = lock(&house.seen.watched);
        if *watched {
            return;
        }
        *watched = true;
    }
    let house = Arc::clone(house);
    // It ends with its last reader, or with the runtime.
    tokio::spawn(async move {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before: Option<Arc<Listeners>> = None;
        loop {
            ticks.tick().await;
            {
                // Decided under the same lock as starting, so that a reader who comes now is not forgotten.
                let mut watched = lock(&house.seen.watched);
                if !house.events.are_heard() {
                    *watched = false;
                    return;
                }
            }
            let Ok(now) = house.seen.now().await else { continue };
            if let Some(before) = &before {
                changes(&before.listeners, &now.listeners)
                    .into_iter()
                    .for_each(|what| house.events.tell(what));
            }
            before = Some(now);
        }
    });
}

fn lock(watched: &std::sync::Mutex<bool>) -> std::sync::MutexGuard<'_, bool> {
    watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What came, went and was replaced, told by the kernel's cookie where there is one.
fn changes(before: &[Listener], after: &[Listener]) -> Vec<Happened> {
    let known: HashMap<_, _> = before.iter().map(|listener| (socket(listener), listener)).collect();
    let there: HashMap<_, _> = after.iter().map(|listener| (socket(listener), ())).collect();
    let gone = before.iter().filter(|listener| !there.contains_key(&socket(listener)));
    let mut gone: Vec<&Listener> = gone.collect();
    let mut found = Vec::new();
    for listener in after.iter().filter(|listener| !known.contains_key(&socket(listener))) {
        let same = gone.iter().position(|old| place(old) == place(listener));
        let change = same.map_or(Change::Added, |at| {
            gone.swap_remove(at);
            Change::Replaced
        });
        found.push(Happened::Listener { change, listener: listener.clone() });
    }
    let gone = gone.into_iter().cloned();
    found.extend(gone.map(|listener| Happened::Listener { change: Change::Gone, listener }));
    found
}

fn place(listener: &Listener) -> (Protocol, String, Option<u64>) {
    (listener.proto, listener.place(), listener.netns.as_ref().and_then(|netns| netns.inode))
}

/// What makes a socket itself.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    /// The kernel's cookie.
    Cookie(u64),
    /// Where there is none: its inode, and its place, since inodes are used again.
    Place(Option<u64>, Protocol, String),
}

fn socket(listener: &Listener) -> Identity {
    match listener.cookie {
        Some(cookie) => Identity::Cookie(cookie),
        None => Identity::Place(listener.inode, listener.proto, listener.place()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_by_the_cookie() {
        let on = |port, cookie| Listener { cookie: Some(cookie), ..Listener::on(Protocol::Tcp, port) };
        let told = |before: &[Listener], after: &[Listener]| -> Vec<(Change, Option<u16>)> {
            let changes = changes(before, after).into_iter();
            changes
                .map(|what| match what {
                    Happened::Listener { change, listener } => (change, listener.port),
                    other => panic!("{other:?}"),
                })
                .collect()
        };
        assert_eq!(told(&[on(1, 1)], &[on(1, 1)]), []);
        assert_eq!(told(&[], &[on(1, 1)]), [(Change::Added, Some(1))]);
        assert_eq!(told(&[on(1, 1)], &[]), [(Change::Gone, Some(1))]);
        assert_eq!(told(&[on(1, 1)], &[on(1, 2)]), [(Change::Replaced, Some(1))]);
        assert_eq!(
            told(&[on(1, 1), on(2, 2)], &[on(2, 2), on(3, 3)]),
            [(Change::Added, Some(3)), (Change::Gone, Some(1))]
        );
    }
}
