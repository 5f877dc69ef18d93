//! `navyd route sync-hosts`: the names of routes in the hosts file, for programs that do not know that `.localhost` is
//! this machine.
//!
//! Deliberately absent: what is written, which the hub's room decides purely, and becoming root.

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use navyd_hub::hosts::{self, HostName};
use navyd_model::{Entry, Route, api::Document};
use serde::Serialize;

use crate::{
    cli::{Format, Stage, how::How},
    exit::Exit,
    hub,
    out::{Answer, Failure, Text, Tone},
};

/// Write the names of routes into the hosts file
///
/// Browsers know that every name below `localhost` is this machine; many other programs do not. Only the block between
/// `# navyd begin` and `# navyd end` is touched. Wildcards cannot stand in a hosts file.
#[derive(Debug, clap::Args)]
pub(super) struct SyncHosts {
    /// Names instead of those of the hub's routes
    #[arg(value_name = "NAME", conflicts_with = "remove")]
    names: Vec<String>,

    /// Remove the block
    #[arg(long)]
    remove: bool,

    #[command(flatten)]
    how: How,

    /// The hosts file
    #[arg(long, value_name = "FILE", env = "NAVYD_HOSTS_FILE", default_value_os_t = hosts::file(), hide_env = true)]
    file: PathBuf,
}

/// The most that is read of a hosts file. Those that block advertisements have a few MiB.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The body of `navyd.hosts/1`.
#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    file: String,
    names: Vec<String>,
    /// Whether the file is, or in a dry run would be, another than before.
    changed: bool,
}

impl SyncHosts {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let names = self.names()?;
        let before = read(&self.file).map_err(|error| self.unread(&error))?;
        let after = hosts::edit(&before, &names);
        let changed = before != after;
        if changed && !self.how.dry_run {
            if !self.agreed(&names, stage)? {
                return Ok(Exit::No);
            }
            hosts::write(&self.file, &after).map_err(|error| self.unwritten(&error, &names))?;
        }
        let report = Report {
            dry_run: self.how.dry_run,
            file: self.file.display().to_string(),
            names: names.iter().map(ToString::to_string).collect(),
            changed,
        };
        match stage.format {
            Format::Text => self.render(&report, stage)?,
            Format::Json => stage.screen.json(&Document::new("hosts", report))?,
            Format::Jsonl => stage.screen.json_line(&report)?,
        }
        Ok(Exit::Yes)
    }

    /// The names that are meant, sorted, each once.
    fn names(&self) -> Result<Vec<HostName>, Failure> {
        if self.remove {
            return Ok(Vec::new());
        }
        let names: BTreeSet<HostName> = if self.names.is_empty() {
            of_routes()?
        } else {
            let parsed = self.names.iter().map(|name| name.parse::<HostName>()).collect::<Result<_, _>>();
            parsed.map_err(|error| {
                Failure::new(error.to_string()).hint("navyd route sync-hosts shop.localhost")
            })?
        };
        Ok(names.into_iter().collect())
    }

    fn agreed(&self, names: &[HostName], stage: &mut Stage) -> anyhow::Result<bool> {
        let (file, screen) = (self.file.display(), &mut stage.screen);
        screen.say(&Text::of(Tone::Bold, format!("write {file}: {}", block(names))))?;
        for name in names {
            screen.say(&Text::of(Tone::Dim, format!("  {name}")))?;
        }
        if self.how.yes {
            return Ok(true);
        }
        match screen.ask("write it?")? {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Nobody => Err(Failure::new("nothing was written: there is no terminal to ask on")
                .hint("navyd route sync-hosts --yes")
                .into()),
        }
    }

    fn render(&self, report: &Report, stage: &mut Stage) -> io::Result<()> {
        let said = match (report.changed, report.dry_run) {
            (false, _) => "is as it should be",
            (true, true) => "would be written",
            (true, false) => "is written",
        };
        stage.screen.line(&Text::plain(format!("{} {said}", report.file)))?;
        report.names.iter().try_for_each(|name| stage.screen.line(&Text::plain(format!("  {name}"))))
    }

    fn unread(&self, error: &io::Error) -> Failure {
        let file = self.file.display();
        Failure::new(format!("`{file}` cannot be read"))
            .cause(error.to_string())
            .hint(format!("ls -l {file}"))
    }

    fn unwritten(&self, error: &io::Error, names: &[HostName]) -> Failure {
        let file = self.file.display();
        // Root has another hub, so the names are spelt out.
        let program = hub::program().map_or_else(|_| "navyd".into(), |path| path.display().to_string());
        let words: Vec<&str> = names.iter().map(HostName::as_str).collect();
        let words = if self.remove { "--remove".to_owned() } else { words.join(" ") };
        let failure = Failure::new(format!("`{file}` cannot be written")).cause(error.to_string());
        failure.hint(format!("sudo {program} route sync-hosts --yes --file {file} {words}"))
    }
}

fn block(names: &[HostName]) -> String {
    match names.len() {
        0 => "remove the block of navyd".into(),
        1 => "a block with this name".into(),
        count => format!("a block with these {count} names"),
    }
}

/// The names of the routes that the hub has, as far as they can stand in a hosts file.
fn of_routes() -> Result<BTreeSet<HostName>, Failure> {
    let Some(client) = hub::running()? else {
        return Err(Failure::new("no hub runs, and only the hub knows its routes")
            .hint("navyd hub start, or navyd route sync-hosts shop.localhost"));
    };
    let routes = client.routes().map_err(Failure::from)?.routes;
    let name = |text: &str, to: &str| match format!("{text}={to}").parse::<Route>().ok()?.entry {
        Entry::Name(name) if !name.wildcard => name.host.parse().ok(),
        _ => None,
    };
    Ok(routes.iter().filter_map(|route| name(&route.from, &route.to)).collect())
}

fn read(file: &std::path::Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other("it is too large to be a hosts file"));
    }
    Ok(bytes)
}
