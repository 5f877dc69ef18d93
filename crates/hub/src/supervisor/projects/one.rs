//! One service at a time: what is wanted of it, what it says, and how it stands.
//!
//! Deliberately absent: which services there are.

use std::sync::{Arc, PoisonError};

use navyd_model::{Phase, Service};
use tokio::sync::{broadcast, oneshot, watch};

use super::{
    super::{keeper::Order, log::Log},
    RunError, Shown, Supervisor,
};

/// What is wanted of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Let it run, with what it needs.
    Start,
    /// Let it end; answered once it has.
    Stop,
    /// Let it end and run again. One that does not run starts, with what it needs.
    Restart,
}

impl Supervisor {
    /// Lets one service run, end, or both.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn act(&self, id: &str, act: Act) -> Result<Service, RunError> {
        let shown = self.find(id)?;
        let mut standing = shown.standing.clone();
        // A keeper that has left has ended its service.
        match act {
            Act::Start => return self.start_one(id).await,
            // What it needs may not run either, and it would wait for that without an end.
            Act::Restart if has_ended(standing.borrow().service.phase) => return self.start_one(id).await,
            Act::Stop => {
                let _ = shown.orders.send(Order::Stop).await;
                let _ = standing.wait_for(|standing| standing.service.phase == Phase::Stopped).await;
            }
            Act::Restart => {
                let (taken, is_taken) = oneshot::channel();
                let _ = shown.orders.send(Order::Restart(taken)).await;
                let _ = is_taken.await;
            }
        }
        Ok(standing.borrow().service.clone())
    }

    /// Writes into the standard input of a service; whether it took that.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn input(&self, id: &str, bytes: Vec<u8>) -> Result<bool, RunError> {
        let shown = self.find(id)?;
        let (taken, answer) = oneshot::channel();
        let sent = shown.orders.send(Order::Input(bytes, taken)).await;
        Ok(sent.is_ok() && answer.await.unwrap_or(false))
    }

    /// Every service as it stands, project by project.
    pub fn services(&self) -> Vec<Service> {
        self.shown().iter().map(|shown| shown.standing.borrow().service.clone()).collect()
    }

    /// How one service stands, now and from now on: for whoever waits for it.
    pub fn service(&self, id: &str) -> Option<watch::Receiver<Service>> {
        let standing = self.find(id).ok()?.standing;
        let (show, shown) = watch::channel(standing.borrow().service.clone());
        // Ends when nobody looks any more, or the service is gone.
        tokio::spawn(async move {
            let mut standing = standing;
            while standing.changed().await.is_ok() {
                let service = standing.borrow_and_update().service.clone();
                if show.send(service).is_err() {
                    return;
                }
            }
        });
        Some(shown)
    }

    /// The log of a service.
    ///
    /// # Errors
    /// When it is not there.
    pub fn log(&self, id: &str) -> Result<Arc<Log>, RunError> {
        Ok(self.find(id)?.log)
    }

    /// Every change of a service from now on.
    pub fn changes(&self) -> broadcast::Receiver<Service> {
        self.0.shared.changes()
    }

    async fn start_one(&self, id: &str) -> Result<Service, RunError> {
        let (root, name) = {
            let projects = self.0.projects.lock().await;
            let all = projects.projects.values().flatten();
            let kept = all.into_iter().find(|kept| kept.definition.id == id);
            let kept = kept.ok_or_else(|| RunError::Unknown(id.to_owned()))?;
            (kept.definition.project.clone(), kept.definition.name.clone())
        };
        let services = self.up(&root, &[name]).await?;
        services.into_iter().find(|service| service.id == id).ok_or_else(|| RunError::Unknown(id.to_owned()))
    }

    fn shown(&self) -> Vec<Shown> {
        self.0.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn find(&self, id: &str) -> Result<Shown, RunError> {
        let found = self.shown().into_iter().find(|shown| shown.standing.borrow().service.id == id);
        found.ok_or_else(|| RunError::Unknown(id.to_owned()))
    }
}

/// Whether a service is to stay as it is.
fn has_ended(phase: Phase) -> bool {
    matches!(phase, Phase::Stopped | Phase::Failed)
}
