//! Projects: from a `navyd.toml` or a `Procfile` to services that run, and routes to them.
//!
//! A file is read whole or not at all: with a mistake in it everything goes on as before. Deliberately absent:
//! running services, which is the supervisor's.

mod faults;
mod resolve;
mod routes;
mod watch;

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use navyd_model::{
    Service,
    config::{self, Config, Mistake},
    project::{NewProject, ProjectState},
};
use tokio::task::spawn_blocking;

use self::{
    resolve::{Resolved, Source},
    watch::Watch,
};
use crate::{
    api::Fault,
    book::recorded,
    house::House,
    os::files,
    supervisor::{RunError, Supervisor},
};
pub(crate) use routes::follow;

/// The projects that run.
pub(crate) struct Projects {
    pub(crate) supervisor: Supervisor,
    open: Mutex<BTreeMap<PathBuf, Open>>,
    /// One change at a time.
    turn: tokio::sync::Mutex<()>,
    names: routes::Names,
}

/// A project that runs.
struct Open {
    source: Source,
    name: String,
    mistake: Option<String>,
    /// Its routes that lead to none of its services and that it does not have, and why.
    notes: Vec<String>,
    /// Whether all of its services were asked for: then those that are written later run as well.
    whole: bool,
    _watch: Option<Watch>,
}

impl Projects {
    pub(crate) fn new(supervisor: Supervisor) -> Self {
        Self {
            supervisor,
            open: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            names: routes::Names::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets services of a project run.
///
/// # Errors
/// When its file has a mistake, or a service is not there; then nothing changes.
pub(crate) async fn up(house: &Arc<House>, new: NewProject) -> Result<ProjectState, Fault> {
    let _turn = house.projects.turn.lock().await;
    let file = PathBuf::from(&new.file);
    let root = match file.parent() {
        Some(root) if file.is_absolute() => root.to_owned(),
        _ => {
            let fault =
                Fault::new(StatusCode::UNPROCESSABLE_ENTITY, format!("`{}` is no whole path", new.file));
            return Err(fault.hint("navyd up"));
        }
    };
    let read = read(&file, &new.text).map_err(|mistakes| mistaken(&mistakes))?;
    config::needed(&read.0, &new.services).map_err(|unknown| {
        let fault = Fault::new(StatusCode::NOT_FOUND, unknown.to_string());
        fault.hint("navyd up")
    })?;
    // Else a terminal with other variables would start everything anew.
    let known = house.projects.open().get(&root).map(|open| open.source.environment.clone());
    let environment = known.unwrap_or(new.environment);
    let source = Source { file: file.clone(), root: root.clone(), environment };
    let Defined { name, notes } = define(house, &source, read).await?;
    let watching = house.projects.open().contains_key(&root);
    let watch = if watching { None } else { watch::start(house, &file) };
    {
        let mut open = house.projects.open();
        let whole = new.services.is_empty();
        match open.get_mut(&root) {
            Some(open) => {
                (open.source, open.mistake, open.notes) = (source, None, notes);
                open.name.clone_from(&name);
                open.whole |= whole;
            }
            None => {
                let name = name.clone();
                let open_now = Open { source, name, mistake: None, notes, whole, _watch: watch };
                open.insert(root.clone(), open_now);
            }
        }
    }
    let services = house.projects.supervisor.up(&root, &new.services).await.map_err(Fault::from)?;
    Ok(ProjectState {
        root: root.to_string_lossy().into_owned(),
        name,
        file: file.to_string_lossy().into_owned(),
        mistake: None,
        notes: self::notes(house, &root),
        services,
    })
}

/// Ends services of a project; without any name all of them, and then it is forgotten.
///
/// # Errors
/// When the project or a service is not there; then nothing changes.
pub(crate) async fn down(house: &Arc<House>, root: &Path, names: &[String]) -> Result<Vec<Service>, Fault> {
    let _turn = house.projects.turn.lock().await;
    let projects = &house.projects;
    if !projects.open().contains_key(root) {
        let fault = Fault::new(StatusCode::NOT_FOUND, format!("no project runs in `{}`", root.display()));
        return Err(fault.hint("navyd up"));
    }
    if !names.is_empty() {
        return projects.supervisor.stop(root, names).await.map_err(Fault::from);
    }
    let ended = projects.supervisor.down(root).await;
    projects.open().remove(root);
    let ids: Vec<String> = ended.iter().map(|service| service.id.clone()).collect();
    routes::forget(house, ids).await;
    routes::lease(house, owner(root), Vec::new()).await;
    // The only refusal left is that of a hub that ends, with which all faults go.
    let _ = lay(house, root, Vec::new()).await;
    Ok(ended)
}

/// The projects that run, with all their services.
pub(crate) fn list(house: &House) -> Vec<ProjectState> {
    let services = house.projects.supervisor.services();
    let open = house.projects.open();
    let state = |(root, open): (&PathBuf, &Open)| {
        let notes = of_open(house, open, &services, root);
        let root = root.to_string_lossy().into_owned();
        let is_its = |service: &&Service| service.project.as_deref() == Some(&*root);
        ProjectState {
            name: open.name.clone(),
            file: open.source.file.to_string_lossy().into_owned(),
            mistake: open.mistake.clone(),
            notes,
            services: services.iter().filter(is_its).cloned().collect(),
            root,
        }
    };
    open.iter().map(state).collect()
}

/// What a person should know of a project that runs.
fn notes(house: &House, root: &Path) -> Vec<String> {
    let services = house.projects.supervisor.services();
    house.projects.open().get(root).map_or_else(Vec::new, |open| of_open(house, open, &services, root))
}

fn of_open(house: &House, open: &Open, services: &[Service], root: &Path) -> Vec<String> {
    let is_its = |service: &&Service| service.project.as_deref().map(Path::new) == Some(root);
    let ids = services.iter().filter(is_its).map(|service| &service.id);
    routes::notes(house, ids).into_iter().chain(open.notes.iter().cloned()).collect()
}

/// Reads a project's file again, after it has changed.
async fn reload(house: &Arc<House>, root: &Path) {
    let _turn = house.projects.turn.lock().await;
    let Some((source, whole)) = house.projects.open().get(root).map(|open| (open.source.clone(), open.whole))
    else {
        return;
    };
    let file = source.file.clone();
    let text = spawn_blocking(move || text(&file)).await;
    let read = match text {
        Ok(Ok(text)) => read(&source.file, &text).map_err(|mistakes| mistaken(&mistakes)),
        // An editor that replaces the file removes it for a moment: the next change tells.
        Ok(Err(_)) | Err(_) => return,
    };
    let defined = match read {
        Ok(read) => define(house, &source, read).await,
        Err(fault) => Err(fault),
    };
    let up = || async { house.projects.supervisor.up(root, &[]).await.err().map(Fault::from) };
    let (fault, notes) = match defined {
        Ok(Defined { notes, .. }) if whole => (up().await, Some(notes)),
        Ok(Defined { notes, .. }) => (None, Some(notes)),
        Err(fault) => (Some(fault), None),
    };
    match &fault {
        // The log is a file, and the line of a mistake may hold a secret: it is told to who asks, and not kept.
        Some(fault) => house.log.say(format_args!("{}: everything runs as before", fault.what())),
        None => house.log.say(format_args!("`{}` was read again", source.file.display())),
    }
    if let Some(open) = house.projects.open().get_mut(root) {
        open.mistake = fault.map(|fault| fault.to_string());
        if let Some(notes) = notes {
            open.notes = notes;
        }
    }
}

/// A project that is as its configuration says.
struct Defined {
    name: String,
    /// On its routes that lead to none of its services.
    notes: Vec<String>,
}

/// Makes the services of a project be what its configuration says.
async fn define(
    house: &Arc<House>,
    source: &Source,
    (config, wanted): (Config, Vec<faults::Wanted>),
) -> Result<Defined, Fault> {
    let (supervisor, port) = (house.projects.supervisor.clone(), house.doors.port());
    let (root, source, places) = (source.root.clone(), source.clone(), house.places.clone());
    let resolve = move || resolve::resolve(&source, &config, &supervisor, port, &places);
    let resolved = spawn_blocking(resolve).await;
    let Resolved { name, project, entries, others } = resolved.map_err(|error| Fault::inner(&error))??;
    // Before anything else, because they are all that can be refused: they wait for their routes.
    let laid = faults::lay(&wanted, &entries, &others)?;
    lay(house, &root, laid).await?;
    let changed = house.projects.supervisor.define(project).await;
    routes::forget(house, changed.removed).await;
    routes::give(house, entries).await;
    let others = others.into_iter().map(|(route, capture)| recorded(route, capture)).collect();
    let notes = routes::lease(house, owner(&root), others).await;
    Ok(Defined { name, notes })
}

/// Makes these the faults of a project, instead of those that it has.
async fn lay(house: &Arc<House>, root: &Path, laid: Vec<navyd_model::fault::Fault>) -> Result<(), Fault> {
    let (house, owner) = (Arc::clone(house), owner(root));
    let laid = spawn_blocking(move || house.book.lay_all(&owner, laid)).await;
    Ok(laid.map_err(|error| Fault::inner(&error))??)
}

/// Who has the routes of a project that lead to none of its services. No service has a `/` in its id.
fn owner(root: &Path) -> String {
    root.to_string_lossy().into_owned()
}

/// What a file of a project says. Blocks.
///
/// # Errors
/// When it cannot be read, is no file or no text, or is larger than any that a person writes.
fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // It may grow while it is read.
    let read = files::open_regular(path)?.take(config::LARGEST as u64 + 1).read_to_string(&mut text)?;
    if read > config::LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {} bytes", config::LARGEST),
        ));
    }
    Ok(text)
}

/// What a configuration says, and the faults in it, understood.
fn read(file: &Path, text: &str) -> Result<(Config, Vec<faults::Wanted>), Vec<Mistake>> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_toml = name.ends_with(".toml");
    let config = if is_toml { config::read(&name, text) } else { config::read_procfile(&name, text) }?;
    let wanted = faults::understand(&name, text, &config)?;
    Ok((config, wanted))
}

/// The first mistake, and a line for each other.
fn mistaken(mistakes: &[Mistake]) -> Fault {
    let fault = |mistake: &Mistake| {
        let others: String = mistakes[1..].iter().map(|other| format!("\nalso {}", other.message)).collect();
        Fault::new(StatusCode::UNPROCESSABLE_ENTITY, mistake.message.clone())
            .cause(format!("{}{others}", mistake.cause))
            .hint(mistake.hint.clone())
    };
    mistakes.first().map_or_else(|| Fault::inner(&"a mistake without a place"), fault)
}

impl From<RunError> for Fault {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Unknown(_) => Self::new(StatusCode::NOT_FOUND, error.to_string()).hint("navyd ps"),
            RunError::Directory { .. } => Self::inner(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_file_without_an_end_is_not_read_to_it() {
        let scratch = Scratch::new();
        let file = scratch.path().join(".env");
        fs::write(&file, "A=1").unwrap();
        assert_eq!(text(&file).unwrap(), "A=1");
        fs::write(&file, vec![b'#'; config::LARGEST + 1]).unwrap();
        assert_eq!(text(&file).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
