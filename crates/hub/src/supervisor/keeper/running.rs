//! One run of a service: from its start until nothing of it runs any more.
//!
//! Deliberately absent: what is done when, which is its course's, and waiting for what happens, which is its keeper's.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::ExitStatus,
    sync::Arc,
    time::Instant,
};

use navyd_model::{
    Ended,
    config::{Check, StopSignal},
};
use tokio::time::timeout;

use super::{
    super::{
        course::Event,
        looker::Picture,
        pump::pump,
        ready::{self, Question},
        spawn::spawn,
        stop::signal,
    },
    Keeper, REST, Run, hold,
};
use crate::os::{self, Cgroup};

impl Keeper {
    /// Starts its command; what happened by that.
    pub(super) async fn spawn(&mut self) -> Option<Event> {
        self.standing.send_modify(|standing| {
            standing.said = false;
            standing.service.ended = None;
        });
        if std::mem::take(&mut self.shy) {
            self.hold = None;
        }
        let socket = match self.socket() {
            Ok(socket) => socket,
            Err(error) => {
                self.say(format!("its socket cannot be opened: {error}")).await;
                return Some(Event::Unstartable);
            }
        };
        let shared = Arc::clone(&self.shared);
        let spawned = spawn(&self.definition, self.key, &shared.looker, &shared.navyd, socket).await;
        let mut spawned = match spawned {
            Ok(spawned) => spawned,
            Err(error) => {
                let program = self.definition.command.first().map_or("", String::as_str);
                self.say(format!("`{program}` cannot be started: {error}")).await;
                return Some(Event::Unstartable);
            }
        };
        let awaited = match &self.definition.ready.check {
            Check::Log(text) => Some(text.clone()),
            _ => None,
        };
        let (Some(out), Some(err)) = (spawned.child.stdout.take(), spawned.child.stderr.take()) else {
            return Some(Event::Unstartable);
        };
        let pump = tokio::spawn(pump(out, err, Arc::clone(&self.log), awaited, self.standing.clone()));
        let (port, standing) = (self.definition.port, &self.standing);
        let ask = |question| tokio::spawn(ready::ask(question, port, standing.subscribe()));
        self.asking = match &self.definition.ready.check {
            Check::Tcp => Some(ask(Question::Accept)),
            Check::Http(path) => Some(ask(Question::Get(path.clone()))),
            Check::Started => Some(tokio::spawn(ready::stands(self.definition.ready.timeout))),
            Check::Listens | Check::Log(_) => None,
        };
        self.run = Some(Run {
            pid: spawned.pid,
            begun: Instant::now(),
            exited: None,
            input: spawned.child.stdin.take(),
            pump,
            cgroup: spawned.cgroup,
            listened: false,
            child: spawned.child,
        });
        None
    }

    /// The socket that it takes over, opened once for all its runs.
    fn socket(&mut self) -> std::io::Result<Option<TcpListener>> {
        let Some(port) = self.definition.port.filter(|_| self.definition.listen_fds) else { return Ok(None) };
        if self.socket.is_none() {
            self.socket = Some(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?);
            self.hold = None;
        }
        self.socket.as_ref().map(TcpListener::try_clone).transpose()
    }

    pub(super) async fn exited(&mut self, status: std::io::Result<ExitStatus>) {
        let Some(run) = &mut self.run else { return };
        // One that cannot be waited for is not there any more; what is left of its tree says the rest.
        let ended = status.map_or(Ended::Status(-1), os::ended);
        run.exited = Some(ended);
        self.shared.looker.dismiss(run.pid);
        let left = self.lives().await;
        if !left {
            self.finish().await;
        }
        self.standing.send_modify(|standing| standing.service.ended = Some(ended));
        self.on(Event::Exited { ended, left }).await;
    }

    /// Whether something of it lives. A process that hands over to its child while it is looked for is seen by the
    /// second look, unless its child does the same just then.
    async fn lives(&self) -> bool {
        for _ in 0..2 {
            if self.shared.looker.fresh().await.sorted.lives(self.key) {
                return true;
            }
        }
        false
    }

    /// Takes what the looker saw.
    pub(super) async fn see(&mut self, picture: &Picture) {
        let Some(run) = &self.run else { return };
        if run.exited.is_some() && !picture.sorted.lives(self.key) {
            if self.lives().await {
                return;
            }
            self.finish().await;
            self.on(Event::Gone).await;
            return;
        }
        let Some(run) = &mut self.run else { return };
        let told = self.definition.port;
        let found = picture.listens.get(&self.key).cloned().unwrap_or_default();
        if found.iter().any(|address| Some(address.port()) == told) {
            run.listened = true;
            // Whoever looks at this machine should see one listener at this port and not two.
            self.hold = None;
        }
        let (running, listens) = (run.begun.elapsed(), ready::leading(found, told));
        let is_ready =
            self.definition.ready.check == Check::Listens && ready::listens(&listens, told, running);
        let changed = self.standing.send_if_modified(|standing| {
            std::mem::replace(&mut standing.service.listens, listens) != standing.service.listens
        });
        if is_ready && self.course.starts() {
            self.on(Event::Ready).await;
        } else if changed {
            self.publish();
        }
    }

    /// Nothing of it runs any more.
    async fn finish(&mut self) {
        let Some(mut run) = self.run.take() else { return };
        self.shy = !run.listened;
        if timeout(REST, &mut run.pump).await.is_err() {
            run.pump.abort();
        }
        self.ask_no_more();
        if self.socket.is_none() {
            self.hold = hold(self.definition.port);
        }
        self.standing.send_modify(|standing| {
            standing.service.pid = None;
            standing.service.listens = Vec::new();
        });
    }

    /// Sends a signal to everything that runs of it.
    pub(super) async fn end(&mut self, wanted: StopSignal) {
        // Its end is asked for: whether it is ready is of no interest any more.
        self.ask_no_more();
        let Some(run) = &self.run else { return };
        let leader = run.exited.is_none().then_some(run.pid);
        let cgroup = run.cgroup.as_ref();
        if wanted == StopSignal::Kill && cgroup.is_some_and(Cgroup::kill) {
            return;
        }
        let inside = cgroup.map(Cgroup::members).unwrap_or_default();
        let picture = self.shared.looker.fresh().await;
        let tree = picture.sorted.trees.get(&self.key).cloned().unwrap_or_default();
        // It opens files of each process: it may block shortly.
        let _ = tokio::task::spawn_blocking(move || signal(wanted, leader, &tree, &inside)).await;
    }

    fn ask_no_more(&mut self) {
        if let Some(asking) = self.asking.take() {
            asking.abort();
        }
    }
}
