//! What navyd may have put on this machine: looked for where it would be, and taken back.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use navyd_hub::{
    hosts,
    low_ports::Way,
    trust::{Aim, Call, Journal, Outcome, Root, STORES, Step, Store, ThisMachine, Work, carry_out, plan},
};

use crate::{
    client,
    hub::{self, Client, Ended, Places},
    out::Failure,
};

/// One thing that is there.
pub(super) struct Part {
    /// What it is.
    pub(super) name: &'static str,
    /// What is done to take it back, as a person reads it.
    pub(super) steps: Vec<String>,
    pub(super) task: Task,
}

/// How it is taken back.
pub(super) enum Task {
    /// One step after the other.
    Steps(Vec<Step>),
    /// The hub is told to end.
    Stop(Client, Places),
    /// The authority leaves the stores that this journal and this root tell of.
    Trust(PathBuf, Option<Root>),
    /// The hosts file becomes this.
    Hosts(PathBuf, Vec<u8>),
    /// A directory of navyd's own is removed.
    Remove(PathBuf),
}

/// Where root remembers what it installed on behalf of users.
const SYSTEM: &str = "/var/lib/navyd/trust.json";

/// How long the hub may finish what is in flight.
const PATIENCE: Duration = Duration::from_secs(20);

/// The most that is read of a hosts file.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Everything that is there, in the order in which it is taken back; with `data`, navyd's own directories as well.
pub(super) fn find(data: bool) -> Result<Vec<Part>, Failure> {
    // Root acts for somebody then, whose hub and directories are their own.
    let is_own = std::env::var_os("SUDO_USER").is_none();
    let places = hub::places()?;
    let mut parts = Vec::new();
    if is_own {
        parts.extend(service()?);
        parts.extend(hub::running()?.map(|client| Part {
            name: "the hub",
            steps: vec!["end it, once what is in flight has finished".into()],
            task: Task::Stop(client, places.clone()),
        }));
    }
    parts.extend(low_ports()?);
    parts.extend(hosts_block());
    if is_own {
        // An authority that cannot be used is no reason to leave it where it is.
        parts.extend(trust(places.state.join("trust.json"), Root::read(&places.root_certificate()).ok())?);
    }
    if client::me().uid == Some(0) {
        parts.extend(trust(SYSTEM.into(), None)?);
    }
    if data && is_own {
        let mut own = vec![places.runtime, places.state, places.data, places.config];
        own.dedup();
        own.retain(|path| path.is_dir());
        parts.extend(own.into_iter().map(|path| Part {
            name: "its own directory",
            steps: vec![format!("remove {}", path.display())],
            task: Task::Remove(path),
        }));
    }
    Ok(parts)
}

impl Task {
    /// Takes it back; returns what is left, and why.
    pub(super) fn undo(self) -> Vec<String> {
        match self {
            // Each is tried: a manager that does not run must not keep its file.
            Self::Steps(steps) => steps
                .iter()
                .filter_map(|step| step.carry_out(&ThisMachine).err())
                .map(|e| e.to_string())
                .collect(),
            Self::Stop(client, places) => match client.stop(&places, PATIENCE) {
                Ok(Ended::Gone) => Vec::new(),
                Ok(Ended::Draining) => vec!["the hub still finishes what is in flight".into()],
                Err(error) => vec![format!("the hub: {error}")],
            },
            Self::Trust(journal, root) => leave_stores(&journal, root.as_ref()),
            Self::Hosts(file, after) => failed(&file, hosts::write(&file, &after)),
            Self::Remove(path) => failed(&path, fs::remove_dir_all(&path)),
        }
    }
}

fn failed(path: &Path, result: io::Result<()>) -> Vec<String> {
    result.err().map(|error| format!("`{}`: {error}", path.display())).into_iter().collect()
}

fn of_steps(name: &'static str, steps: Vec<Step>) -> Option<Part> {
    let shown = steps.iter().map(Step::shown).collect();
    (!steps.is_empty()).then_some(Part { name, steps: shown, task: Task::Steps(steps) })
}

fn service() -> Result<Option<Part>, Failure> {
    let Some(unit) = hub::own_unit()?.filter(|unit| unit.path.exists()) else { return Ok(None) };
    let run = |commands: &[Vec<String>]| -> Vec<Step> {
        let commands = commands.iter().filter_map(|command| command.split_first());
        commands.map(|(program, arguments)| Step::Run(Call::new(program, arguments))).collect()
    };
    let mut steps = run(&unit.disable);
    steps.push(Step::Remove(unit.path));
    steps.extend(run(&unit.forget));
    Ok(of_steps("the service of the hub", steps))
}

fn low_ports() -> Result<Option<Part>, Failure> {
    let program = hub::program()?;
    let done = Way::ALL.into_iter().filter(|way| way.is_done(&ThisMachine, &program) == Some(true));
    Ok(of_steps("low ports", done.flat_map(|way| way.undo(&ThisMachine, &program)).collect()))
}

fn hosts_block() -> Option<Part> {
    use io::Read as _;
    let file = std::env::var_os("NAVYD_HOSTS_FILE").map_or_else(hosts::file, PathBuf::from);
    let mut before = Vec::new();
    fs::File::open(&file).ok()?.take(LONGEST + 1).read_to_end(&mut before).ok()?;
    let after = hosts::edit(&before, &[]);
    (before.len() as u64 <= LONGEST && before != after).then(|| Part {
        name: "the hosts file",
        steps: vec![format!("remove the block of navyd from {}", file.display())],
        task: Task::Hosts(file, after),
    })
}

fn trust(journal: PathBuf, root: Option<Root>) -> Result<Option<Part>, Failure> {
    let read = Journal::look(&journal).map_err(|error| {
        Failure::new("the `journal` of what is installed cannot be used").cause(error.to_string())
    })?;
    let works = works(&read, root.as_ref());
    let steps: Vec<String> = works.iter().filter(|work| !work.steps.is_empty()).flat_map(shown).collect();
    Ok((!steps.is_empty()).then_some(Part {
        name: "the local authority in stores",
        steps,
        task: Task::Trust(journal, root),
    }))
}

fn works(journal: &Journal, root: Option<&Root>) -> Vec<Work> {
    let stores: Vec<&'static dyn Store> = STORES.to_vec();
    plan(&ThisMachine, &stores, Aim::Uninstall(root), journal)
}

fn shown(work: &Work) -> Vec<String> {
    let place = work.place.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
    let needs = if work.outcome == Outcome::NeedsRoot { " (needs root)" } else { "" };
    let steps = work.steps.iter().map(|step| format!("  {}", step.shown()));
    [format!("{} in {place}{needs}", work.store.name())].into_iter().chain(steps).collect()
}

fn leave_stores(path: &Path, root: Option<&Root>) -> Vec<String> {
    let mut journal = match Journal::open(path) {
        Ok(journal) => journal,
        Err(error) => return vec![error.to_string()],
    };
    let mut left = Vec::new();
    for mut work in works(&journal, root) {
        if let Err(error) = carry_out(&ThisMachine, &mut work, &mut journal) {
            left.push(error.to_string());
        }
        let place = work.place.as_deref().map(|path| path.display().to_string()).unwrap_or_default();
        match work.outcome {
            Outcome::Failed => left.push(format!("`{place}`: {}", work.why.unwrap_or_default())),
            Outcome::NeedsRoot => left.push(format!("`{place}` needs root")),
            Outcome::Planned | Outcome::Done | Outcome::Already | Outcome::NotHere | Outcome::Unable => {}
        }
    }
    left
}
