//! The keeper of one service: does what its course decides, and tells the course what happened.
//!
//! A task of its own for each service, which ends once the service has ended and nobody gives it orders any more.
//! Deliberately absent: decisions, which are in [`super::course`], [`super::order`] and [`super::ready`].

mod running;

use std::{
    collections::VecDeque,
    future::pending,
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use navyd_host::port::Held;
use navyd_model::{
    Ended, Phase, Service,
    config::{Check, StopSignal},
};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, ChildStdin},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{sleep_until, timeout},
};

use super::{
    course::{Action, Course, Event, Rules},
    log::Log,
    looker::Hurry,
    news,
    order::{Standing, holds},
    plan::{Definition, STARTS},
    shared::Shared,
    tree::Key,
};
use crate::os::Cgroup;

/// How long the rest of a service's output is waited for, once nothing of it runs: somebody outside of its tree may
/// hold its pipes open.
const REST: Duration = Duration::from_secs(1);

/// What a keeper is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Let it run. Answered once it is on its way.
    Start(oneshot::Sender<()>),
    /// Let it end.
    Stop,
    /// Let it end, and run again. Answered likewise.
    Restart(oneshot::Sender<()>),
    /// From now on it is to run like this. It is not restarted for that.
    Become(Box<Definition>),
    /// Write this into its standard input; whether somebody reads it is answered.
    Input(Vec<u8>, oneshot::Sender<bool>),
}

/// Keeps one service.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    key: Key,
    definition: Definition,
    course: Course,
    standing: watch::Sender<Standing>,
    log: Arc<Log>,
    alarm: Option<Instant>,
    run: Option<Run>,
    /// Asks it whether it is ready.
    asking: Option<JoinHandle<()>>,
    hold: Option<Held>,
    /// The socket that the service takes over: it stays open in between, so that nobody is refused.
    socket: Option<TcpListener>,
    hurry: Option<Hurry>,
    /// Whether the last run ended without listening at its port: then it may be one that cannot bind a held port.
    shy: bool,
}

/// A command that runs, or has left others running.
struct Run {
    child: Child,
    pid: u32,
    begun: Instant,
    exited: Option<Ended>,
    input: Option<ChildStdin>,
    pump: JoinHandle<()>,
    cgroup: Option<Cgroup>,
    listened: bool,
}

/// What a keeper waits for.
enum Heard {
    Order(Option<Order>),
    Due,
    Exited(std::io::Result<std::process::ExitStatus>),
    Seen,
    Said,
    Answered,
    Others,
}

impl Keeper {
    pub(super) fn new(
        shared: Arc<Shared>,
        key: Key,
        definition: Definition,
        standing: watch::Sender<Standing>,
        log: Arc<Log>,
    ) -> Self {
        let course = Course::new(rules(&definition, key));
        let held = hold(definition.port);
        Self {
            shared,
            key,
            definition,
            course,
            standing,
            log,
            alarm: None,
            run: None,
            asking: None,
            hold: held,
            socket: None,
            hurry: None,
            shy: false,
        }
    }

    /// Keeps it until `orders` end and it has ended. Never cancelled while the hub lives: whoever drops it leaves
    /// processes behind.
    pub(super) async fn keep(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut pictures = self.shared.looker.pictures();
        let mut bell = self.shared.bell.subscribe();
        let mut said = self.standing.subscribe();
        let mut leaving = false;
        loop {
            if self.course.waits() && self.is_fulfilled() {
                self.on(Event::Fulfilled).await;
                continue;
            }
            if leaving && self.run.is_none() {
                return;
            }
            let heard = tokio::select! {
                order = orders.recv(), if !leaving => Heard::Order(order),
                () = rung(self.alarm) => Heard::Due,
                ended = exit(&mut self.run) => Heard::Exited(ended),
                Ok(()) = pictures.changed(), if self.run.is_some() => Heard::Seen,
                Ok(_) = said.wait_for(|standing| standing.said), if self.awaits_a_line() => Heard::Said,
                () = answer(&mut self.asking) => Heard::Answered,
                Ok(()) = bell.changed(), if self.course.waits() => Heard::Others,
            };
            match heard {
                Heard::Order(Some(order)) => self.obey(order).await,
                Heard::Order(None) => {
                    leaving = true;
                    self.on(Event::Stop).await;
                }
                Heard::Due => {
                    self.alarm = None;
                    self.on(Event::Due).await;
                }
                Heard::Exited(status) => self.exited(status).await,
                Heard::Seen => {
                    let picture = Arc::clone(&pictures.borrow_and_update());
                    self.see(&picture).await;
                }
                Heard::Said | Heard::Answered => self.on(Event::Ready).await,
                Heard::Others => {}
            }
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Start(taken) => {
                self.on(Event::Wanted).await;
                // Whoever asked may have left.
                let _ = taken.send(());
            }
            Order::Stop => self.on(Event::Stop).await,
            Order::Restart(taken) => {
                self.on(Event::Restart).await;
                let _ = taken.send(());
            }
            Order::Become(definition) => {
                if definition.port != self.definition.port {
                    self.socket = None;
                    self.hold = hold(definition.port);
                }
                self.course.follow(rules(&definition, self.key));
                self.definition = *definition;
                self.publish();
            }
            Order::Input(bytes, taken) => {
                let input = self.run.as_mut().and_then(|run| run.input.as_mut());
                let written = match input {
                    // Whoever does not read would keep its keeper from everything else.
                    Some(input) => matches!(timeout(REST, input.write_all(&bytes)).await, Ok(Ok(()))),
                    None => false,
                };
                // Whoever asked may have left.
                let _ = taken.send(written);
            }
        }
    }

    /// Tells the course what happened, and does what it wants, until it wants nothing more.
    async fn on(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let before = self.course.phase();
            for action in self.course.on(event, Instant::now()) {
                match action {
                    Action::Alarm(at) => self.alarm = Some(at),
                    Action::Quiet => self.alarm = None,
                    Action::Spawn => events.extend(self.spawn().await),
                    Action::Terminate => self.end(self.definition.stop.signal).await,
                    Action::Kill => self.end(StopSignal::Kill).await,
                }
            }
            self.tell(before, event).await;
            self.publish();
        }
    }

    fn is_fulfilled(&self) -> bool {
        self.definition.after.iter().all(|after| {
            let other = self.shared.standing(&self.definition.project, &after.service);
            other.is_some_and(|other| holds(after.condition, &other.borrow()))
        })
    }

    fn awaits_a_line(&self) -> bool {
        self.course.starts() && matches!(self.definition.ready.check, Check::Log(_))
    }

    /// Writes into the log what a person wonders about.
    async fn tell(&self, before: Phase, event: Event) {
        // While something of it still runs, the alarm is for that.
        let until = self.alarm.filter(|_| self.run.is_none());
        let pause = until.map(|at| at.saturating_duration_since(Instant::now()));
        let ready_within = self.definition.ready.timeout;
        if let Some(text) = news::of(event, before, self.course.phase(), pause, ready_within) {
            self.say(text).await;
        }
    }

    async fn say(&self, text: String) {
        let lines = self.log.say(text);
        self.log.keep(lines).await;
    }

    /// Shows everybody how it stands now.
    fn publish(&mut self) {
        let phase = self.course.phase();
        let in_between =
            self.run.is_some() && matches!(phase, Phase::Starting | Phase::Stopping | Phase::Restarting);
        // Also while something of it is left behind by its first process.
        let in_between = in_between || self.run.as_ref().is_some_and(|run| run.exited.is_some());
        match in_between {
            true if self.hurry.is_none() => self.hurry = Some(self.shared.looker.hurry()),
            false => self.hurry = None,
            true => {}
        }
        let (definition, run) = (&self.definition, self.run.as_ref());
        let restarts = self.course.restarts();
        self.standing.send_modify(|Standing { service, .. }| {
            if service.phase != phase {
                service.since = Timestamp::now();
            }
            *service = Service {
                phase,
                restarts,
                pid: run.filter(|run| run.exited.is_none()).map(|run| run.pid),
                command: definition.command.clone(),
                port: definition.port,
                log: self.log.last(),
                ..service.clone()
            };
        });
        self.shared.changed(&self.standing.borrow().service);
    }
}

fn rules(definition: &Definition, seed: u64) -> Rules {
    Rules {
        restart: definition.restart,
        starts: STARTS,
        ready_within: definition.ready.timeout,
        late: definition.ready.late,
        stop_within: definition.stop.timeout,
        seed,
    }
}

/// Holds a port, as far as it can be held: a service that cannot have it says so itself.
fn hold(port: Option<u16>) -> Option<Held> {
    port.and_then(|port| Held::on(port).ok())
}

async fn rung(alarm: Option<Instant>) {
    match alarm {
        Some(at) => sleep_until(at.into()).await,
        None => pending().await,
    }
}

async fn exit(run: &mut Option<Run>) -> std::io::Result<std::process::ExitStatus> {
    match run {
        Some(run) if run.exited.is_none() => run.child.wait().await,
        _ => pending().await,
    }
}

/// Until the answer of a service that is asked is good. It is not asked again then.
async fn answer(asking: &mut Option<JoinHandle<()>>) {
    let Some(question) = asking else { return pending().await };
    // A question that ended by a fault of ours is no answer.
    let good = question.await.is_ok();
    *asking = None;
    if !good {
        pending::<()>().await;
    }
}
