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
    /// As it was when there was news last.
    mark: Cell<Mark>,
}

/// What tells that a service is not the one that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(Phase, jiff::Timestamp, Option<u32>);

impl Mark {
    fn of(service: &Service) -> Self {
        Self(service.phase, service.since, service.pid)
    }
}

impl Standing {
    /// The service that is told of there.
    pub(crate) fn new(mut told: watch::Receiver<Service>) -> Self {
        let mark = Mark::of(&told.borrow_and_update());
        Self { told: RefCell::new(told), mark: Cell::new(mark) }
    }

    /// Whether both are told of by the same.
    pub(crate) fn is_of(&self, told: &watch::Receiver<Service>) -> bool {
        self.told.borrow().same_channel(told)
    }

    /// Whether requests should wait for it. While nothing has changed this reads one number in memory.
    pub(crate) fn is_coming(&self) -> bool {
        // Without a sender nothing changes any more, and nothing comes.
        self.refresh() && self.mark.get().0.is_coming()
    }

    /// By what it is known now; as cheap.
    pub(crate) fn mark(&self) -> Mark {
        self.refresh();
        self.mark.get()
    }

    /// Takes news in; whether there can be more.
    fn refresh(&self) -> bool {
        let mut told = self.told.borrow_mut();
        let changed = told.has_changed();
        if matches!(changed, Ok(true)) {
            self.mark.set(Mark::of(&told.borrow_and_update()));
        }
        changed.is_ok()
    }

    /// What the service does now.
    pub(crate) fn phase(&self) -> Phase {
        self.mark().0
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

    /// Waits at most that long for news of it since it was known by `before`; what it writes is none. Whether there
    /// were any.
    pub(crate) async fn stirs(&self, before: Mark, time: Duration) -> bool {
        let mut told = self.told.borrow().clone();
        let news = told.wait_for(|service| Mark::of(service) != before);
        matches!(timeout(time, news).await, Ok(Ok(_)))
    }
}

/// A service that does this.
#[cfg(test)]
pub(crate) fn sample(phase: Phase) -> Service {
    Service::new("web.shop", "web", phase, jiff::Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn news_are_a_change_of_the_service_and_not_of_its_log() {
        let (tell, told) = watch::channel(sample(Phase::Ready));
        let standing = Standing::new(told);
        assert!(!standing.is_coming());
        tell.send_modify(|service| service.log.push("a line".to_owned()));
        let (news, ()) = tokio::join!(standing.stirs(standing.mark(), Duration::from_secs(1)), async {
            tell.send_modify(|service| service.log.push("a line".to_owned()));
        });
        assert!(!news);
        let (news, ()) = tokio::join!(standing.stirs(standing.mark(), Duration::from_secs(1)), async {
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
