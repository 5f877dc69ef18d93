//! Every service of every project: which there are, and what people want of them.
//!
//! Deliberately absent: keeping a service, which its keeper does, and turning a configuration into definitions.

mod one;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use navyd_host::port::Rules;
use navyd_model::{Phase, Service};
use tokio::{
    sync::{Mutex, mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
};

use super::{
    keeper::{Keeper, Order},
    leftover,
    log::Log,
    logfile::LogFile,
    looker::Looker,
    order::{Standing, endings},
    plan::{Definition, Project},
    ports::{Called, Ports},
    shared::Shared,
    tree::Key,
};
use crate::os;
pub use one::Act;

/// How many orders a service may be behind with.
const ORDERS: usize = 64;

/// Runs services. Clones are the same supervisor.
#[derive(Debug, Clone)]
pub struct Supervisor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    logs: PathBuf,
    /// Whether orphans come to the hub: what is left of them is ended with it.
    adopts: bool,
    /// One change of the set of services at a time.
    projects: Mutex<Projects>,
    /// The same for those who only look, and never wait.
    shown: RwLock<Vec<Shown>>,
}

#[derive(Debug, Default)]
struct Projects {
    last_key: Key,
    projects: BTreeMap<PathBuf, Vec<Kept>>,
}

/// A service and its keeper.
#[derive(Debug)]
struct Kept {
    definition: Definition,
    orders: mpsc::Sender<Order>,
    standing: watch::Receiver<Standing>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct Shown {
    standing: watch::Receiver<Standing>,
    orders: mpsc::Sender<Order>,
    log: Arc<Log>,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is no such service.
    #[error("there is no service `{0}`")]
    Unknown(String),
    /// Services have nowhere to leave their logs.
    #[error("`{path}` cannot be made: {reason}")]
    Directory {
        /// Where they would be.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// What became of a project's services when its definitions changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Began to be there, by id.
    pub added: Vec<String>,
    /// Have other definitions than before, and were restarted if they ran.
    pub changed: Vec<String>,
    /// Are gone.
    pub removed: Vec<String>,
}

impl Supervisor {
    /// One that keeps its files in `state`, and hands sockets over by way of `navyd`. Whatever an earlier one left
    /// running is ended first. Needs a tokio runtime.
    ///
    /// # Errors
    /// When its directories cannot be made.
    pub async fn start(state: &Path, navyd: PathBuf) -> Result<Self, RunError> {
        let logs = state.join("logs");
        for path in [state, &logs] {
            os::private_directory(path)
                .map_err(|why| RunError::Directory { path: path.to_owned(), reason: why.to_string() })?;
        }
        let owner = format!("{}#", state.display());
        let of_earlier = owner.clone();
        // A fault of ours there leaves something running, and keeps nothing from starting.
        let _ = tokio::task::spawn_blocking(move || leftover::end(&of_earlier)).await;
        let ports = Ports::with(state.join("ports.json"), Rules::here());
        let adopts = os::adopt_orphans();
        let shared = Arc::new(Shared::new(Looker::start(owner), ports, navyd));
        let (projects, shown) = (Mutex::default(), RwLock::default());
        Ok(Self(Arc::new(Inner { shared, logs, adopts, projects, shown })))
    }

    /// The port of a service: its own by name, or the one it asks for.
    ///
    /// # Errors
    /// When there is none left.
    pub fn port(
        &self,
        id: &str,
        project: &str,
        service: &str,
        branch: Option<&str>,
        fixed: Option<u16>,
    ) -> io::Result<u16> {
        let ports = &self.0.shared.ports;
        match fixed {
            Some(port) => {
                ports.claim(id, port);
                Ok(port)
            }
            None => ports.choose(Called { id, project, service, branch }),
        }
    }

    /// Makes a project be what it is defined as: new services are there, those whose definition changed run anew if
    /// they ran, those that are not named any more end. Nothing else is touched, and nothing new is started.
    pub async fn define(&self, project: Project) -> Changed {
        let mut projects = self.0.projects.lock().await;
        let mut before = projects.projects.remove(&project.root).unwrap_or_default();
        let mut changed = Changed::default();
        let gone: Vec<Kept> = before
            .extract_if(.., |kept| project.services.iter().all(|new| new.id != kept.definition.id))
            .collect();
        changed.removed = gone.iter().map(|kept| kept.definition.id.clone()).collect();
        self.leave(gone).await;
        let mut after = Vec::new();
        for definition in project.services {
            let known = before.iter().position(|kept| kept.definition.id == definition.id);
            let mut kept = match known {
                Some(at) => before.remove(at),
                None => {
                    changed.added.push(definition.id.clone());
                    projects.last_key += 1;
                    self.keep(projects.last_key, definition.clone())
                }
            };
            if kept.definition != definition {
                changed.changed.push(definition.id.clone());
                kept.become_(definition).await;
            }
            after.push(kept);
        }
        projects.projects.insert(project.root, after);
        self.show(&projects);
        changed
    }

    /// Lets services of a project run, with what they need; all without any name. Answers with each as it stands.
    ///
    /// # Errors
    /// When one of them is not there; then none is started.
    pub async fn up(&self, root: &Path, names: &[String]) -> Result<Vec<Service>, RunError> {
        let projects = self.0.projects.lock().await;
        let kept = projects.projects.get(root).map_or(&[][..], Vec::as_slice);
        let wanted = needed(kept, names)?;
        for at in &wanted {
            let (taken, is_taken) = oneshot::channel();
            kept[*at].order(Order::Start(taken)).await;
            // A keeper that has left takes none.
            let _ = is_taken.await;
        }
        Ok(wanted.into_iter().map(|at| kept[at].service()).collect())
    }

    /// Ends services of a project, those first that need others; all without any name. Those that end stay defined.
    ///
    /// # Errors
    /// When one of them is not there; then none is ended.
    pub async fn stop(&self, root: &Path, names: &[String]) -> Result<Vec<Service>, RunError> {
        let projects = self.0.projects.lock().await;
        let kept = projects.projects.get(root).map_or(&[][..], Vec::as_slice);
        if let Some(name) = names.iter().find(|name| kept.iter().all(|kept| kept.definition.name != **name)) {
            return Err(RunError::Unknown(name.clone()));
        }
        let is_meant = |kept: &&Kept| names.is_empty() || names.contains(&kept.definition.name);
        end(kept.iter().filter(is_meant).collect()).await;
        Ok(kept.iter().filter(is_meant).map(Kept::service).collect())
    }

    /// Ends a project, and forgets it. Answers with its services as they ended.
    pub async fn down(&self, root: &Path) -> Vec<Service> {
        let mut projects = self.0.projects.lock().await;
        let kept = projects.projects.remove(root).unwrap_or_default();
        let standing: Vec<_> = kept.iter().map(|kept| kept.standing.clone()).collect();
        self.leave(kept).await;
        self.show(&projects);
        standing.iter().map(|standing| standing.borrow().service.clone()).collect()
    }

    /// Ends everything. What it adopted and belongs to nobody ends as well.
    pub async fn end(&self) {
        let mut projects = self.0.projects.lock().await;
        let all = std::mem::take(&mut projects.projects);
        let mut leaving = JoinSet::new();
        for kept in all.into_values() {
            let this = self.clone();
            leaving.spawn(async move { this.leave(kept).await });
        }
        leaving.join_all().await;
        self.show(&projects);
        if self.0.adopts {
            let picture = self.0.shared.looker.fresh().await;
            let left = picture.sorted.trees.values().flatten().chain(&picture.sorted.strays);
            let strays: Vec<_> = left.copied().collect();
            let kill = move || super::stop::signal(navyd_model::config::StopSignal::Kill, None, &strays, &[]);
            // The hub ends anyway.
            let _ = tokio::task::spawn_blocking(kill).await;
        }
    }

    fn keep(&self, key: Key, definition: Definition) -> Kept {
        let shared = &self.0.shared;
        let file = LogFile::at(self.0.logs.join(format!("{}.log", safe(&definition.id))));
        let log = Arc::new(Log::new(definition.id.clone(), file));
        let standing = watch::Sender::new(Standing { service: never_ran(&definition), said: false });
        let watch = standing.subscribe();
        shared.introduce(&definition.project, &definition.name, watch.clone());
        let (orders, taken) = mpsc::channel(ORDERS);
        let keeper = Keeper::new(Arc::clone(shared), key, definition.clone(), standing, Arc::clone(&log));
        let task = tokio::spawn(keeper.keep(taken));
        let shown = Shown { standing: watch.clone(), orders: orders.clone(), log };
        self.0.shown.write().unwrap_or_else(PoisonError::into_inner).push(shown);
        Kept { definition, orders, standing: watch, task }
    }

    /// Ends services and their keepers, in order.
    async fn leave(&self, kept: Vec<Kept>) {
        end(kept.iter().collect()).await;
        for kept in kept {
            let Kept { definition, orders, task, .. } = kept;
            self.0.shared.forget(&definition.project, &definition.name);
            self.0.shared.ports.release(&definition.id);
            let is_other = |shown: &Shown| !shown.orders.same_channel(&orders);
            self.0.shown.write().unwrap_or_else(PoisonError::into_inner).retain(is_other);
            // Without orders to come, the keeper leaves.
            drop(orders);
            // A keeper that panicked has ended as well.
            let _ = task.await;
        }
    }

    /// Puts those who are shown into the order of their projects.
    fn show(&self, projects: &Projects) {
        let order: Vec<&mpsc::Sender<Order>> =
            projects.projects.values().flatten().map(|kept| &kept.orders).collect();
        let mut shown = self.0.shown.write().unwrap_or_else(PoisonError::into_inner);
        shown.sort_by_key(|shown| order.iter().position(|orders| orders.same_channel(&shown.orders)));
    }
}

impl Kept {
    async fn order(&self, order: Order) {
        // A keeper that has left has ended its service.
        let _ = self.orders.send(order).await;
    }

    async fn become_(&mut self, definition: Definition) {
        self.definition = definition.clone();
        self.order(Order::Become(Box::new(definition))).await;
        if !matches!(self.standing.borrow().service.phase, Phase::Stopped) {
            let (taken, is_taken) = oneshot::channel();
            self.order(Order::Restart(taken)).await;
            let _ = is_taken.await;
        }
    }

    fn service(&self) -> Service {
        self.standing.borrow().service.clone()
    }
}

/// Stops services, those first that need others, and waits until they have ended.
async fn end(kept: Vec<&Kept>) {
    let definitions: Vec<&Definition> = kept.iter().map(|kept| &kept.definition).collect();
    for group in endings(&definitions) {
        for at in &group {
            kept[*at].order(Order::Stop).await;
        }
        for at in group {
            let mut standing = kept[at].standing.clone();
            // A keeper that is gone has nothing that runs.
            let _ = standing.wait_for(|standing| standing.service.phase == Phase::Stopped).await;
        }
    }
}

fn needed(kept: &[Kept], names: &[String]) -> Result<Vec<usize>, RunError> {
    let definitions: Vec<&Definition> = kept.iter().map(|kept| &kept.definition).collect();
    super::order::needed(&definitions, names).map_err(RunError::Unknown)
}

/// A service's id as a part of a path: whatever it is made of, it is one name.
fn safe(id: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = id.chars().map(safe).collect();
    name.trim_start_matches('.').to_owned()
}

fn never_ran(definition: &Definition) -> Service {
    Service {
        project: Some(definition.project.to_string_lossy().into_owned()),
        branch: definition.branch.clone(),
        command: definition.command.clone(),
        port: definition.port,
        ..Service::new(&definition.id, &definition.name, Phase::Stopped, jiff::Timestamp::now())
    }
}
