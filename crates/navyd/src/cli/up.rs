//! `navyd up`: the services of this directory's project run.
//!
//! The hub runs them. In the foreground this command shows what they say and ends them with itself; when it is killed,
//! they go on, and `navyd down` ends them. Deliberately absent: reading the project's file, which the hub does.

mod news;
mod together;

use std::{
    collections::BTreeMap,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use navyd_model::{
    Line, Phase, Service, Stream,
    api::Document,
    hub::{RouteEntry, Services},
    project::ProjectState,
};

use super::{Command, Format, Stage, services};
use crate::{
    exit::Exit,
    hub::{self, Client, Method},
    interrupt::Interrupt,
    out::{Align, Column, Failure, Table, Text, Tone},
};
use news::{News, listen, read, stop};
use together::{Together, awaited, ended, ready};

/// Run the services of this directory's project
///
/// They are written in `navyd.toml` or a `Procfile`, which is watched: what is changed there runs anew. Each has a name
/// and a port that stay the same. In the foreground, Control-C ends them.
#[derive(Debug, clap::Parser)]
#[command(
    name = "up",
    after_long_help = "Examples:\n  \
        navyd up               all services, with what they say\n  \
        navyd up web           one, with what it needs\n  \
        navyd up -d            in the background; returns once they are ready\n\n\
        Exit status: 0 all are ready, or ended well; 1 one failed; 2 wrong use or failure; 130 interrupted."
)]
pub(super) struct Up {
    /// The services; all of the project without any
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// Return once they are ready, and let them run
    #[arg(long, short)]
    detach: bool,
}

const COLUMNS: &[Column] = &[
    Column { header: "NAME", align: Align::Left, importance: 9, least: 8 },
    Column { header: "PHASE", align: Align::Left, importance: 8, least: 8 },
    Column { header: "URL", align: Align::Left, importance: 7, least: 16 },
];

/// How often an interrupt is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// After how long it is said what is waited for.
const SOON: Duration = Duration::from_secs(3);

/// How long those that have ended may have something to say that is still on its way. Where the whole project ended,
/// their silence is told.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How much news waits for a terminal that stands still. Behind it the hub's own queues fill, which tell what they drop.
const AHEAD: usize = 1024;

impl Command for Up {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let project = services::new_project(&services::file()?, self.services.clone())?;
        let hub = hub::ensure()?;
        // Before anything runs, so that nothing is left behind.
        let interrupt = Interrupt::new()?;
        let (tell, news) = sync_channel(AHEAD);
        let begun = Timestamp::now();
        listen(tell.clone())?;
        let state: ProjectState =
            hub.ask(Method::POST, "/api/v1/projects", Some(&project)).map_err(Failure::from)?;
        let mut standing: BTreeMap<String, Service> =
            state.services.iter().map(|service| (service.id.clone(), service.clone())).collect();
        if self.detach {
            return detached(&hub, &state, &mut standing, &interrupt, &news, stage);
        }
        read(&state.services, begun, tell.clone())?;
        self.foreground(&state, &mut standing, &interrupt, &news, &tell, stage)
    }
}

impl Up {
    fn foreground(
        &self,
        state: &ProjectState,
        standing: &mut BTreeMap<String, Service>,
        interrupt: &Interrupt,
        news: &Receiver<News>,
        tell: &SyncSender<News>,
        stage: &mut Stage,
    ) -> anyhow::Result<Exit> {
        let prefixes = services::Prefixes::of(&state.services);
        if stage.format == Format::Text {
            services::tell(std::slice::from_ref(state), &mut stage.screen)?;
        }
        for service in state.services.iter().filter(|service| service.phase == Phase::Ready) {
            say_where(service, &prefixes, stage)?;
        }
        let (mut interrupted, mut all_ended, mut is_silent, mut patience) = (false, false, false, LOOK);
        loop {
            if all_ended && is_silent {
                return answer(state, standing, Exit::Interrupted, stage);
            }
            if interrupt.wait(Duration::ZERO) {
                if interrupted {
                    return Ok(Exit::Interrupted);
                }
                interrupted = true;
                stop(state, self.services.clone(), tell.clone());
            }
            match news.recv_timeout(patience) {
                Ok(News::Line(line)) => match stage.format {
                    Format::Text => prefixes.show(&line, &mut stage.screen)?,
                    Format::Jsonl => stage.screen.json_line(&line)?,
                    Format::Json => {}
                },
                Ok(News::Missed) => {
                    stage.screen.note("some lines were said too fast, and are missing here")?;
                }
                Ok(News::Service(service)) => {
                    if becomes_ready(standing, &service) {
                        say_where(&service, &prefixes, stage)?;
                    }
                    take(standing, *service);
                }
                Ok(News::Over { in_order }) => return Err(over(in_order).into()),
                Ok(News::Ended(ended)) => {
                    ended?;
                    (all_ended, patience) = (true, LAST_WORDS);
                }
                Ok(News::Silence) => is_silent = true,
                Err(RecvTimeoutError::Timeout) if interrupted && !all_ended => stage.screen.flush()?,
                Err(_) if interrupted => return answer(state, standing, Exit::Interrupted, stage),
                // Whatever was said before is shown by now.
                Err(_) => {
                    stage.screen.flush()?;
                    match ended(standing) {
                        Together::Coming => {}
                        Together::Well => return answer(state, standing, Exit::Yes, stage),
                        Together::Badly => return answer(state, standing, Exit::No, stage),
                    }
                }
            }
        }
    }
}

fn answer(
    state: &ProjectState,
    standing: &BTreeMap<String, Service>,
    exit: Exit,
    stage: &mut Stage,
) -> anyhow::Result<Exit> {
    if stage.format == Format::Json {
        let found = standing.values().cloned().collect();
        let notes = services::notes(std::slice::from_ref(state));
        stage.screen.json(&Document::new("services", Services { services: found, notes }))?;
    }
    Ok(exit)
}

/// Whether it is one of these, and has become ready by now.
fn becomes_ready(standing: &BTreeMap<String, Service>, service: &Service) -> bool {
    let before = standing.get(&service.id).map(|service| service.phase);
    service.phase == Phase::Ready && before.is_some_and(|phase| phase != Phase::Ready)
}

/// Says between the lines of services where one is, when it has a URL.
fn say_where(service: &Service, prefixes: &services::Prefixes, stage: &mut Stage) -> anyhow::Result<()> {
    if stage.format != Format::Text {
        return Ok(());
    }
    // One that ends says so itself.
    let Some(hub) = hub::running()? else { return Ok(()) };
    let routes = hub.routes().map_err(Failure::from)?.routes;
    let Some(url) = url(&routes, service) else { return Ok(()) };
    let (at, text) = (Timestamp::now(), format!("ready at {url}"));
    let line = Line { service: service.id.clone(), at, stream: Stream::Navyd, text, raw: None, cut: 0 };
    prefixes.show(&line, &mut stage.screen)?;
    Ok(())
}

/// What a browser opens.
fn url<'r>(routes: &'r [RouteEntry], service: &Service) -> Option<&'r str> {
    let own = |route: &&RouteEntry| route.service.as_ref() == Some(&service.id) && route.url.is_some();
    routes.iter().find(own).and_then(|route| route.url.as_deref())
}

/// Waits until they are ready, and says where they are.
fn detached(
    hub: &Client,
    state: &ProjectState,
    standing: &mut BTreeMap<String, Service>,
    interrupt: &Interrupt,
    news: &Receiver<News>,
    stage: &mut Stage,
) -> anyhow::Result<Exit> {
    let mut told = Some(Instant::now() + SOON);
    let together = loop {
        match ready(standing.values()) {
            Together::Coming => {}
            together => break together,
        }
        if interrupt.wait(Duration::ZERO) {
            stage.screen.note("they go on starting")?;
            stage.screen.hint("navyd down")?;
            return Ok(Exit::Interrupted);
        }
        if told.is_some_and(|at| Instant::now() >= at) {
            told = None;
            stage.screen.note(awaited(standing.values()))?;
            stage.screen.flush()?;
        }
        match news.recv_timeout(LOOK) {
            Ok(News::Service(service)) => take(standing, *service),
            Ok(News::Over { in_order }) => return Err(over(in_order).into()),
            Ok(News::Line(_) | News::Missed | News::Silence | News::Ended(_)) | Err(_) => {}
        }
    };
    let found: Vec<Service> =
        state.services.iter().filter_map(|service| standing.get(&service.id).cloned()).collect();
    match stage.format {
        Format::Json => {
            let state = ProjectState { services: found, ..state.clone() };
            stage.screen.json(&Document::new("project", state))?;
        }
        Format::Jsonl => found.iter().try_for_each(|service| stage.screen.json_line(service))?,
        Format::Text => {
            render(hub, &found, stage)?;
            services::tell(std::slice::from_ref(state), &mut stage.screen)?;
        }
    }
    Ok(if together == Together::Well { Exit::Yes } else { Exit::No })
}

fn render(hub: &Client, services: &[Service], stage: &mut Stage) -> anyhow::Result<()> {
    let routes = hub.routes().map_err(Failure::from)?.routes;
    let mut table = Table::new(COLUMNS);
    for service in services {
        let url = url(&routes, service).unwrap_or_default();
        let tone = match service.phase {
            Phase::Ready => Tone::Green,
            Phase::Failed => Tone::Red,
            _ => Tone::Plain,
        };
        let phase = Text::of(tone, service.phase.as_str());
        table.push(vec![Text::of(Tone::Bold, &service.name), phase, Text::plain(url)]);
    }
    let drawn = table.draw(&stage.screen.look());
    stage.screen.print(&drawn)?;
    let failed = |service: &&Service| matches!(service.phase, Phase::Failed | Phase::Restarting);
    if let Some(failed) = services.iter().find(failed) {
        stage.screen.hint(&format!("navyd logs {}", failed.name))?;
    }
    Ok(())
}

fn take(standing: &mut BTreeMap<String, Service>, service: Service) {
    if let Some(known) = standing.get_mut(&service.id) {
        *known = service;
    }
}

fn over(in_order: bool) -> Failure {
    if in_order {
        return Failure::new("the hub has ended, and its services with it").hint("navyd hub logs");
    }
    Failure::new("the hub was killed")
        .cause("what its services have started may still run; the next hub ends that first")
        .hint("navyd up")
}
