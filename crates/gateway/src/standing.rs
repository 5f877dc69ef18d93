//! What a worker knows of a service, without a lock on the way of a request.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use navyd_model::{Phase, Service};
use tokio::{sync::watch, time::timeout};

/// A service as it stands.
pub(crate) struct Standing {
    told: RefCell<watch::Receiver<Service>>,
    coming: Cell<bool>,
}

/// What tells that a service is not the one that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark(Phase, jiff::Timestamp, Option<u32>, Vec<std::net::SocketAddr>);

impl Mark {
    fn of(service: &Service) -> Self {
        Self(service.phase, service.since, service.pid, service.listens.clone())
    }
}

impl Standing {
    /// The service that is told of there.
    pub(crate) fn new(mut told: watch::Receiver<Service>) -> Self {
        let coming = told.borrow_and_update().phase.is_coming();
        Self { told: RefCell::new(told), coming: Cell::new(coming) }
    }

    /// Whether both are told of by the same.
    pub(crate) fn is_of(&self, told: &watch::Receiver<Service>) -> bool {
        self.told.borrow().same_channel(told)
    }

    /// Whether requests should wait for it. While nothing has changed this reads one number in memory.
    pub(crate) fn is_coming(&self) -> bool {
        let mut told = self.told.borrow_mut();
        // Without a sender nothing changes any more, and nothing comes.
        match told.has_changed() {
            Ok(false) => self.coming.get(),
            Ok(true) => {
                self.coming.set(told.borrow_and_update().phase.is_coming());
                self.coming.get()
            }
            Err(_) => false,
        }
    }

    /// The service now.
    pub(crate) fn service(&self) -> Service {
        self.told.borrow().borrow().clone()
    }

    /// Waits until it is no longer coming, whatever it is then.
    pub(crate) async fn settled(&self) {
        let mut told = self.told.borrow().clone();
        // Nobody tells any more: it is not coming either.
        let _ = told.wait_for(|service| !service.phase.is_coming()).await;
    }

    /// Waits at most that long for news of it; what it writes is none. Whether there were any.
    pub(crate) async fn stirs(&self, time: Duration) -> bool {
        let mut told = self.told.borrow().clone();
        let before = Mark::of(&told.borrow());
        let news = told.wait_for(|service| Mark::of(service) != before);
        matches!(timeout(time, news).await, Ok(Ok(_)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    pub(crate) fn service(phase: Phase) -> Service {
        Service {
            id: "web.shop".to_owned(),
            name: "web".to_owned(),
            project: None,
            branch: None,
            command: Vec::new(),
            phase,
            since: Timestamp::UNIX_EPOCH,
            pid: None,
            port: None,
            listens: Vec::new(),
            restarts: 0,
            ended: None,
            log: Vec::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn news_are_a_change_of_the_service_and_not_of_its_log() {
        let (tell, told) = watch::channel(service(Phase::Ready));
        let standing = Standing::new(told);
        assert!(!standing.is_coming());
        tell.send_modify(|service| service.log.push("a line".to_owned()));
        let (news, ()) = tokio::join!(standing.stirs(Duration::from_secs(1)), async {
            tell.send_modify(|service| service.log.push("a line".to_owned()));
        });
        assert!(!news);
        let (news, ()) = tokio::join!(standing.stirs(Duration::from_secs(1)), async {
            tell.send_modify(|service| service.phase = Phase::Restarting);
        });
        assert!(news && standing.is_coming());
        tokio::join!(standing.settled(), async {
            tell.send_modify(|service| service.phase = Phase::Failed);
        });
        assert!(!standing.is_coming());
        tell.send_modify(|service| service.phase = Phase::Starting);
        assert!(standing.is_coming());
        drop(tell);
        standing.settled().await;
        assert!(!standing.is_coming());
    }
}
