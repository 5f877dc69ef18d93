//! What the commands about services share: the project that is meant, what it is told, and lines as they are shown.
//!
//! Deliberately absent: what each command does, but for what `stop` and `restart` do alike.

use std::{
    collections::BTreeMap,
    env,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use navyd_model::{
    Line, Runner, Service, Stream,
    api::Document,
    config,
    hub::Services,
    project::{NewProject, ProjectList, ProjectState},
};

use serde::Serialize;

use super::{Format, Stage};
use crate::{
    client,
    exit::Exit,
    hub::{self, Client, Message, Method, segment},
    out::{Failure, Screen, Text, Tone},
};

/// The files that a project is written in, the first that is there.
const FILES: [&str; 2] = ["navyd.toml", "Procfile"];

/// The file of the project of the working directory: looked for from there up to the root of its project.
pub(super) fn file() -> Result<PathBuf, Failure> {
    let here = env::current_dir().map_err(|error| {
        Failure::new("the working directory is gone").cause(error.to_string()).hint("cd ~")
    })?;
    let top = client::project().map(|project| PathBuf::from(project.root));
    find(&here, top.as_deref(), |path| path.is_file()).ok_or_else(|| {
        Failure::new("there is no `navyd.toml` and no `Procfile`")
            .cause(format!("neither is in `{}` or above it in its project", here.display()))
            .hint("navyd run -- npm run dev")
    })
}

fn find(here: &Path, top: Option<&Path>, is_there: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    for directory in here.ancestors() {
        let found = FILES.iter().map(|name| directory.join(name)).find(|path| is_there(path));
        // Without a project only the directory itself is meant: what lies above is anybody's.
        if found.is_some() || top.is_none_or(|top| top == directory) {
            return found;
        }
    }
    None
}

/// The project that is to run, as the hub wants to hear it.
pub(super) fn new_project(file: &Path, services: Vec<String>) -> Result<NewProject, Failure> {
    let mut text = String::new();
    // The hub tells what is too large, as every mistake.
    let most = config::LARGEST as u64 + 1;
    let read = File::open(file).and_then(|opened| opened.take(most).read_to_string(&mut text));
    read.map_err(|error| {
        let failure = Failure::new(format!("`{}` cannot be read", file.display())).cause(error.to_string());
        failure.hint(format!("ls -l {}", file.display()))
    })?;
    // What is no text cannot be said in JSON, and is no variable that anybody means.
    let text_only = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    // The settings of navyd are for navyd.
    let is_theirs = |(name, _): &(String, String)| !name.starts_with("NAVYD_");
    let environment: BTreeMap<_, _> = env::vars_os().filter_map(text_only).filter(is_theirs).collect();
    Ok(NewProject { file: file.to_string_lossy().into_owned(), text, services, environment })
}

/// Says that there is nothing to do anything with: an answer, and no failure. `document` is that answer in JSON.
pub(super) fn nothing<T: Serialize>(document: &Document<T>, stage: &mut Stage) -> anyhow::Result<Exit> {
    match stage.format {
        Format::Text => stage.screen.fail(&why_nothing(file(), hub::running()?.is_some()))?,
        Format::Json => stage.screen.json(document)?,
        Format::Jsonl => {}
    }
    Ok(Exit::No)
}

/// Why nothing runs here. Pure.
fn why_nothing(file: Result<PathBuf, Failure>, has_hub: bool) -> Failure {
    match file {
        // What runs elsewhere may be what is meant.
        Err(failure) if has_hub => failure.hint("navyd ps --all"),
        Err(failure) => failure,
        Ok(file) => {
            let why = if has_hub {
                "is not running"
            } else {
                "is not running, nor is the hub, which runs services"
            };
            Failure::new("no project runs here").cause(format!("`{}` {why}", file.display())).hint("navyd up")
        }
    }
}

/// Tells services to `stop` or `restart`, and prints how each stands then.
pub(super) fn act(verb: &str, names: &[String], stage: &mut Stage) -> anyhow::Result<Exit> {
    let Some(hub) = hub::running()? else {
        return nothing(&Document::new("services", Services::default()), stage);
    };
    let chosen = chosen(&hub, names)?;
    if chosen.is_empty() {
        return nothing(&Document::new("services", Services::default()), stage);
    }
    let mut done = Vec::new();
    for service in chosen {
        let path = format!("/api/v1/services/{}/{verb}", segment(&service.id));
        let service: Service = hub.ask(Method::POST, &path, None::<&()>).map_err(Failure::from)?;
        if stage.format == Format::Text {
            stage.screen.line(&Text::plain(format!("{}: {}", service.name, service.phase.as_str())))?;
        }
        done.push(service);
    }
    match stage.format {
        Format::Text => {}
        Format::Json => {
            stage.screen.json(&Document::new("services", Services { services: done, notes: Vec::new() }))?;
        }
        Format::Jsonl => done.iter().try_for_each(|service| stage.screen.json_line(service))?,
    }
    Ok(Exit::Yes)
}

/// The services of the project of the working directory that have these names, or ids of any project; all that the hub
/// runs of the project without any name, which may be none.
pub(super) fn chosen(hub: &Client, names: &[String]) -> Result<Vec<Service>, Failure> {
    let all: Services = hub.ask(Method::GET, "/api/v1/services", None::<&()>)?;
    choose(&all.services, &roots(), names)
}

/// The projects that run.
pub(super) fn projects(hub: &Client) -> Result<Vec<ProjectState>, Failure> {
    let ProjectList { projects } = hub.ask(Method::GET, "/api/v1/projects", None::<&()>)?;
    Ok(projects)
}

/// Where the project of the working directory may be: where its file is, and where `navyd run` says that it is.
pub(super) fn roots() -> Vec<String> {
    let of_file = file().ok().and_then(|file| Some(file.parent()?.to_string_lossy().into_owned()));
    let here = || Some(env::current_dir().ok()?.to_string_lossy().into_owned());
    let of_run = client::project().map(|project| project.root).or_else(here);
    of_file.into_iter().chain(of_run).collect()
}

/// Says what a person should know of these projects.
pub(super) fn tell(projects: &[ProjectState], screen: &mut Screen) -> io::Result<()> {
    notes(projects).iter().try_for_each(|note| screen.note(note))
}

/// What a person should know of these projects: a mistake in their files, and names that others have.
pub(super) fn notes(projects: &[ProjectState]) -> Vec<String> {
    let of = |project: &ProjectState| {
        let mistake = project.mistake.as_ref().map(|mistake| format!("it runs as before, since {mistake}"));
        mistake.into_iter().chain(project.notes.clone()).collect::<Vec<_>>()
    };
    projects.iter().flat_map(of).collect()
}

/// Which of all services are meant. Commands in terminals are meant only by their names. Pure.
fn choose(all: &[Service], roots: &[String], names: &[String]) -> Result<Vec<Service>, Failure> {
    let is_here = |service: &&Service| service.project.as_ref().is_some_and(|root| roots.contains(root));
    if names.is_empty() {
        let here = all.iter().filter(is_here).filter(|service| service.run_by == Runner::Hub);
        return Ok(here.cloned().collect());
    }
    let find = |name: &String| {
        let here = all.iter().filter(is_here).find(|service| service.name == *name);
        let found = here.or_else(|| all.iter().find(|service| service.id == *name));
        // A name that only one service has is no riddle.
        let mut named = all.iter().filter(|service| service.name == *name);
        let found = found.or_else(|| named.next().filter(|_| named.next().is_none()));
        found.cloned().ok_or_else(|| {
            let here: Vec<String> =
                all.iter().filter(is_here).map(|service| format!("`{}`", service.name)).collect();
            let (those, hint) = if here.is_empty() {
                ("none runs here".to_owned(), "navyd up")
            } else {
                (format!("those here are {}", here.join(", ")), "navyd ps --all")
            };
            Failure::new(format!("there is no service `{name}`")).cause(those).hint(hint)
        })
    };
    names.iter().map(find).collect()
}

/// A name in front of each line, in a colour of its own, as wide as the widest.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    names: Vec<String>,
    width: usize,
}

/// The tones that names have, one after the other.
const TONES: [Tone; 5] = [Tone::Cyan, Tone::Green, Tone::Yellow, Tone::Bold, Tone::Dim];

impl Prefixes {
    /// For services with these names.
    pub(super) fn of<'s>(services: impl IntoIterator<Item = &'s Service>) -> Self {
        let names: Vec<String> = services.into_iter().map(|service| service.id.clone()).collect();
        let mut prefixes = Self { width: 0, names };
        prefixes.width = prefixes.names.iter().map(|id| short(id).chars().count()).max().unwrap_or(0);
        prefixes
    }

    /// A line with its name in front. Alone, a service needs no name.
    pub(super) fn show(&self, line: &Line, screen: &mut Screen) -> io::Result<()> {
        let mut front = Text::default();
        if self.names.len() > 1 {
            let at = self.names.iter().position(|id| *id == line.service).unwrap_or(0);
            let name = short(&line.service);
            front = Text::of(TONES[at % TONES.len()], format!("{name:<width$}", width = self.width))
                .then(Tone::Dim, " │ ");
        }
        let mut behind = Text::default();
        if line.cut > 0 {
            behind = Text::of(Tone::Dim, format!("… {} bytes more", line.cut));
        }
        match line.stream {
            // It coloured itself, as far as it may.
            Stream::Out | Stream::Err => screen.coloured(&front, &line.text, &behind),
            Stream::Navyd => screen.line(&front.then(Tone::Dim, format!("· {}", line.text))),
        }
    }
}

/// The line of an event; `None` for one that says that some are missing.
pub(super) fn line(message: &Message) -> Option<Line> {
    (message.event == "line")
        .then(|| serde_json::from_str::<Document<Line>>(&message.data).ok())
        .flatten()
        .map(|line| line.body)
}

/// The text without what colours it.
pub(super) fn plain(text: &str) -> String {
    crate::out::output(text, false)
}

/// The name of a service in its id.
fn short(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_there_is_nothing_is_told_with_what_to_type() {
        let file = || Ok(PathBuf::from("/srv/navyd.toml"));
        let none = || Err(Failure::new("no file").cause("none").hint("navyd run"));
        for (file, has_hub, what, cause, hint) in [
            (file(), true, "no project runs here", "`/srv/navyd.toml` is not running", "navyd up"),
            (
                file(),
                false,
                "no project runs here",
                "`/srv/navyd.toml` is not running, nor is the hub, which runs services",
                "navyd up",
            ),
            (none(), true, "no file", "none", "navyd ps --all"),
            (none(), false, "no file", "none", "navyd run"),
        ] {
            assert_eq!(why_nothing(file, has_hub), Failure::new(what).cause(cause).hint(hint));
        }
    }

    #[test]
    fn the_file_is_the_nearest_up_to_the_root_of_the_project() {
        let there =
            |paths: &'static [&str]| move |path: &Path| paths.iter().any(|known| path == Path::new(known));
        for (here, top, paths, expected) in [
            ("/srv/shop", None, &["/srv/shop/Procfile"][..], Some("/srv/shop/Procfile")),
            ("/srv/shop", None, &["/srv/navyd.toml"], None),
            ("/srv/shop/web", Some("/srv/shop"), &["/srv/shop/navyd.toml"], Some("/srv/shop/navyd.toml")),
            ("/srv/shop/web", Some("/srv/shop"), &["/srv/navyd.toml"], None),
            (
                "/srv/shop",
                Some("/srv/shop"),
                &["/srv/shop/Procfile", "/srv/shop/navyd.toml"],
                Some("/srv/shop/navyd.toml"),
            ),
        ] {
            let found = find(Path::new(here), top.map(Path::new), there(paths));
            assert_eq!(found, expected.map(PathBuf::from), "{here} {paths:?}");
        }
    }
}
