//! `navyd trust install` and `navyd trust uninstall`: plans, says the plan, asks, acts, and looks at what came of it.

use std::path::PathBuf;

use jiff::Timestamp;
use navyd_gateway::tls::Authority;
use navyd_hub::{
    places::Places,
    trust::{Aim, Journal, Kept, Life, Outcome, Root, Step, ThisMachine, Work, carry_out, plan},
};
use navyd_model::api::Document;
use serde::Serialize;

use super::{Which, places, program, shown, unkept};
use crate::{
    cli::{Format, Stage, how::How},
    client,
    exit::Exit,
    hub,
    out::{Align, Answer, Column, Failure, Screen, Table, Text, Tone},
};

/// What is typed behind the verb.
#[derive(Debug, clap::Args)]
pub(super) struct Change {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    how: How,

    /// The root certificate that is meant, instead of this user's: for root, on behalf of a user
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

/// Where root remembers what it installed on behalf of users.
const SYSTEM: &str = "/var/lib/navyd";

/// The body of `navyd.trust-change/1`.
#[derive(Debug, Serialize)]
struct Report {
    action: &'static str,
    dry_run: bool,
    places: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    store: &'static str,
    place: Option<String>,
    outcome: Outcome,
    why: Option<String>,
    hint: Option<String>,
    steps: Vec<String>,
}

const COLUMNS: &[Column] = &[
    Column { header: "STORE", align: Align::Left, importance: 3, least: 5 },
    Column { header: "OUTCOME", align: Align::Left, importance: 2, least: 5 },
    Column { header: "PLACE", align: Align::Left, importance: 1, least: 10 },
];

impl Change {
    pub(super) fn install(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let places = places()?;
        let known = self.known(&places)?;
        let is_new = known.is_none();
        // What it will do is said of an authority that is never kept where there is none yet.
        let root = known.map_or_else(example, Ok)?;
        let stores = self.which.stores();
        let mut journal = self.journal(&places)?;
        let mut works = plan(&ThisMachine, &stores, Aim::Install(&root), &journal);
        let mut first = Vec::new();
        if is_new {
            let folder = shown(&places.authority());
            first.push(format!("make a local authority in {folder}, whose name in the stores is its own"));
        }
        if !self.agreed("install", &first, &works, stage)? {
            return Ok(Exit::No);
        }
        if is_new && !self.how.dry_run {
            let kept = Kept::renew(&places, Timestamp::now()).map_err(|error| unkept(&error, &places))?;
            if kept.new {
                tell_the_hub(stage)?;
            }
            let root = root_of(&kept.authority)?;
            works = plan(&ThisMachine, &stores, Aim::Install(&root), &journal);
        }
        self.act("install", works, &mut journal, &places, stage)
    }

    pub(super) fn uninstall(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let places = places()?;
        let known = match &self.authority {
            Some(file) => Some(read(file)?),
            // An authority that cannot be used is no reason to leave it where it is.
            None => Root::read(&places.root_certificate()).ok(),
        };
        let mut journal = self.journal(&places)?;
        let works = plan(&ThisMachine, &self.which.stores(), Aim::Uninstall(known.as_ref()), &journal);
        if !self.agreed("uninstall", &[], &works, stage)? {
            return Ok(Exit::No);
        }
        self.act("uninstall", works, &mut journal, &places, stage)
    }

    fn journal(&self, places: &Places) -> Result<Journal, Failure> {
        // On behalf of a user, root keeps what it did apart from both homes: `sudo` may show it either.
        let on_behalf = self.authority.is_some() && client::me().uid == Some(0);
        let path = if on_behalf { PathBuf::from(SYSTEM) } else { places.state.clone() }.join("trust.json");
        let journal = if self.how.dry_run { Journal::look(&path) } else { Journal::open(&path) };
        journal.map_err(|error| unwritten(&error))
    }

    /// The root that is meant, when there is one that need not be made or renewed.
    fn known(&self, places: &Places) -> Result<Option<Root>, Failure> {
        if let Some(file) = &self.authority {
            return read(file).map(Some);
        }
        if std::env::var_os("SUDO_USER").is_some() {
            return Err(Failure::new("under `sudo`, the authority that is meant is not known")
                .cause("every user has one of their own, and root's signs nothing that you see")
                .hint("navyd trust install, which prints the line for root"));
        }
        let found = Kept::find(places).map_err(|error| unkept(&error, places))?;
        let now = Timestamp::now();
        let lasting = found.filter(|authority| Life::at(now, authority.expires()) == Life::Young);
        lasting.as_ref().map(root_of).transpose()
    }

    /// Says what would be done, and asks. With nothing to do, or in a dry run, there is nothing to agree to.
    fn agreed(
        &self,
        verb: &str,
        first: &[String],
        works: &[Work],
        stage: &mut Stage,
    ) -> anyhow::Result<bool> {
        let lines = describe(first, works);
        let screen = &mut stage.screen;
        if self.how.dry_run {
            if stage.format == Format::Text {
                lines.iter().try_for_each(|line| screen.line(line))?;
            }
            return Ok(true);
        }
        let planned = works.iter().filter(|work| work.outcome == Outcome::Planned).count();
        if planned == 0 {
            return Ok(true);
        }
        lines.iter().try_for_each(|line| screen.say(line))?;
        if self.how.yes {
            return Ok(true);
        }
        let noun = if planned == 1 { "this place" } else { "these places" };
        match screen.ask(&format!("{verb} in {noun}?"))? {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Nobody => Err(Failure::new("nothing was changed: there is no terminal to ask on")
                .hint(format!("navyd trust {verb} --yes"))
                .into()),
        }
    }

    fn act(
        &self,
        verb: &'static str,
        mut works: Vec<Work>,
        journal: &mut Journal,
        places: &Places,
        stage: &mut Stage,
    ) -> anyhow::Result<Exit> {
        if !self.how.dry_run {
            for work in &mut works {
                carry_out(&ThisMachine, work, journal).map_err(|error| unwritten(&error))?;
            }
        }
        let exit = if self.how.dry_run { Exit::Yes } else { exit(&works, !self.which.names.is_empty()) };
        let line =
            root_line(verb, &works, &self.authority.clone().unwrap_or_else(|| places.root_certificate()));
        for work in works.iter_mut().filter(|work| work.outcome == Outcome::NeedsRoot) {
            work.hint.clone_from(&line);
        }
        let report =
            Report { action: verb, dry_run: self.how.dry_run, places: works.iter().map(row).collect() };
        match stage.format {
            Format::Text => render(&report, &mut stage.screen)?,
            Format::Json => stage.screen.json(&Document::new("trust-change", report))?,
            Format::Jsonl => report.places.iter().try_for_each(|row| stage.screen.json_line(row))?,
        }
        Ok(exit)
    }
}

/// A hub that runs signs with the new authority from now on. One that cannot does so when it starts the next time.
fn tell_the_hub(stage: &mut Stage) -> anyhow::Result<()> {
    let told = match hub::running() {
        Ok(None) => return Ok(()),
        Ok(Some(client)) => client.reload_authority().map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    if told.is_err() {
        stage.screen.note("the hub that runs still signs with the authority before")?;
        stage.screen.hint("navyd hub stop")?;
    }
    Ok(())
}

/// A root of an authority that is gone when this returns.
fn example() -> Result<Root, Failure> {
    let made = Authority::create(Timestamp::now());
    root_of(&made.map_err(|error| Failure::new("an authority cannot be made").cause(error.to_string()))?)
}

fn root_of(authority: &Authority) -> Result<Root, Failure> {
    Root::of(authority.root()).ok_or_else(|| Failure::new("the `local authority` has no root"))
}

fn read(file: &std::path::Path) -> Result<Root, Failure> {
    Root::read(file).map_err(|error| Failure::new(error.to_string()).hint(format!("ls -l {}", shown(file))))
}

fn unwritten(error: &navyd_hub::trust::JournalError) -> Failure {
    Failure::new("the `journal` of what is installed cannot be used").cause(error.to_string())
}

/// The plan: each place, and below it what is written and run there.
fn describe(first: &[String], works: &[Work]) -> Vec<Text> {
    let mut lines: Vec<Text> = first.iter().map(Text::plain).collect();
    for work in works {
        let (Some(place), false) = (&work.place, work.steps.is_empty()) else { continue };
        let mut head =
            Text::of(Tone::Bold, work.store.name()).then(Tone::Plain, format!(" in {}", shown(place)));
        if work.outcome == Outcome::NeedsRoot {
            head = head.then(Tone::Yellow, " (needs root: left out)");
        }
        lines.push(head);
        lines.extend(work.steps.iter().map(|step| Text::of(Tone::Dim, format!("  {}", step.shown()))));
    }
    lines
}

fn row(work: &Work) -> Row {
    Row {
        store: work.store.name(),
        place: work.place.as_deref().map(shown),
        outcome: work.outcome,
        why: work.why.clone(),
        hint: work.hint.clone(),
        steps: work.steps.iter().map(Step::shown).collect(),
    }
}

fn render(report: &Report, screen: &mut Screen) -> anyhow::Result<()> {
    let here: Vec<&Row> = report.places.iter().filter(|row| row.outcome != Outcome::NotHere).collect();
    if !report.dry_run {
        let mut table = Table::new(COLUMNS);
        for row in &here {
            let (tone, word) = word(report.action, row.outcome);
            let place = row.place.clone().unwrap_or_default();
            table.push(vec![row.store.into(), Text::of(tone, word), place.into()]);
        }
        let drawn = table.draw(&screen.look());
        screen.print(&drawn)?;
    }
    if here.is_empty() {
        screen.note("none of these stores is on this machine")?;
    }
    let mut said: Vec<&str> = Vec::new();
    for row in here {
        if let (Some(why), true) = (&row.why, row.outcome != Outcome::NeedsRoot) {
            screen.note(format!("{}: {why}", row.store))?;
        }
        // One line for root does for all that needs root.
        if let Some(hint) = row.hint.as_deref().filter(|hint| !said.contains(hint)) {
            screen.hint(hint)?;
            said.push(hint);
        }
    }
    Ok(())
}

fn word(action: &str, outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Planned => (Tone::Plain, "planned"),
        Outcome::Done if action == "install" => (Tone::Green, "installed"),
        Outcome::Done => (Tone::Green, "removed"),
        Outcome::Already if action == "install" => (Tone::Green, "was installed"),
        Outcome::Already => (Tone::Plain, "was not there"),
        Outcome::NeedsRoot => (Tone::Yellow, "needs root"),
        Outcome::NotHere => (Tone::Dim, "not here"),
        Outcome::Unable => (Tone::Yellow, "cannot be changed"),
        Outcome::Failed => (Tone::Red, "failed"),
    }
}

/// The line that root types for what this user may not do.
fn root_line(verb: &str, works: &[Work], root: &std::path::Path) -> Option<String> {
    let mut stores: Vec<&str> = works
        .iter()
        .filter(|work| work.outcome == Outcome::NeedsRoot)
        .map(|work| work.store.name())
        .collect();
    stores.dedup();
    if stores.is_empty() {
        return None;
    }
    let stores: Vec<String> = stores.iter().map(|store| format!("--store {store}")).collect();
    let program = program();
    Some(format!("sudo {} trust {verb} {} --authority {}", shown(&program), stores.join(" "), shown(root)))
}

/// 0 when all is as asked, 1 when some is not, 2 when nothing is. A store that is not on this machine, or that no
/// program can change, counts only where it was named.
fn exit(works: &[Work], named: bool) -> Exit {
    let counts = |work: &&Work| named || !matches!(work.outcome, Outcome::NotHere | Outcome::Unable);
    let good = |work: &&Work| matches!(work.outcome, Outcome::Done | Outcome::Already);
    let asked = works.iter().filter(counts).count();
    match works.iter().filter(good).count() {
        good if good == asked => Exit::Yes,
        0 => Exit::Failure,
        _ => Exit::No,
    }
}
