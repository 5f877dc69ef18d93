//! A hub that runs, and how it ends.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use navyd_model::hub::{Happened, Hub};
use tokio::{
    runtime::Runtime,
    sync::watch,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use crate::{capture::Capture, discovery, error::HubError, house::House, lock::Lock};

/// How long answers to commands may take once the gateway is closed.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A running hub.
pub struct Running {
    runtime: Runtime,
    house: Arc<House>,
    answers: Answers,
    discovery: PathBuf,
    // Given back last of all.
    _locks: [Lock; 2],
}

/// The task that answers at the socket.
pub(crate) struct Answers {
    /// Set to end it.
    pub(crate) end: watch::Sender<bool>,
    pub(crate) task: JoinHandle<io::Result<()>>,
}

impl Running {
    pub(crate) fn new(
        runtime: Runtime,
        house: Arc<House>,
        answers: Answers,
        discovery: PathBuf,
        locks: [Lock; 2],
    ) -> Self {
        Self { runtime, house, answers, discovery, _locks: locks }
    }

    /// As it stands.
    pub fn status(&self) -> Hub {
        self.house.status()
    }

    /// Where tasks of the hub run.
    pub fn runtime(&self) -> &tokio::runtime::Handle {
        self.runtime.handle()
    }

    /// Serves until its bell is rung. Then what is in flight finishes; when it is rung again, that is cut off.
    ///
    /// # Errors
    /// When a part of it failed while it ran.
    pub fn serve(self) -> Result<(), HubError> {
        let Self { runtime, house, answers, discovery, _locks } = self;
        let ended = runtime.block_on(end(&house, answers));
        house.log.say("the hub has ended");
        // Neither is in the way of the next hub: what cannot be removed stays.
        let _ = discovery::remove(&discovery);
        let _ = std::fs::remove_file(house.places.socket());
        runtime.shutdown_background();
        ended.map_err(HubError::System)
    }
}

async fn end(house: &Arc<House>, mut answers: Answers) -> io::Result<()> {
    let mut bell = house.bell.told();
    tokio::select! {
        () = bell.times(1) => {}
        failed = &mut answers.task => return failed.unwrap_or_else(|error| Err(io::Error::other(error))),
    }
    house.log.say("the hub ends: what is in flight finishes");
    house.events.tell(Happened::Stopping);
    house.ending.send_replace(true);
    let closing = Arc::clone(house);
    // The gateway first: what it has in flight may lead to our own pages.
    let mut closed = spawn_blocking(move || closing.doors.close());
    let closed = tokio::select! {
        closed = &mut closed => closed.unwrap_or_else(|error| Err(io::Error::other(error))),
        () = bell.times(2) => {
            house.log.say("the hub is told to end at once: what is in flight is cut off");
            house.doors.hurry();
            closed.await.unwrap_or_else(|error| Err(io::Error::other(error)))
        }
    };
    let finishing = Arc::clone(house);
    // A disk or a collector that is slow holds up nobody else.
    let _ = spawn_blocking(move || finishing.capture.as_ref().map(Capture::finish)).await;
    // Whoever started them is still answered meanwhile.
    house.projects.supervisor.end().await;
    house.ended.send_replace(true);
    answers.end.send_replace(true);
    // Who does not read its answer in time does not get it.
    let _ = timeout(LAST_ANSWERS, answers.task).await;
    closed
}
