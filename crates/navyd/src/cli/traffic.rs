//! `navyd traffic`: what passed through the gateway, as the hub records it.
//!
//! Deliberately absent: what is recorded and what a filter means, which the hub and the model know.

mod body;
mod breakpoint;
mod compare;
mod details;
mod diff;
mod drawn;
mod edit;
mod export;
mod import;
mod json;
mod ls;
mod remove;
mod replay;
mod show;
mod stats;

use std::sync::mpsc::sync_channel;

use super::{Command, Stage, exchanges};
use crate::{exit::Exit, interrupt::Interrupt, out::Failure};

/// Show what passes through the hub, and what has passed
///
/// Without a command below, exchanges are shown as they pass, until you press Control-C. A filter says which are meant.
#[derive(Debug, clap::Parser)]
#[command(
    name = "traffic",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_long_help = "Examples:\n  \
        navyd traffic                               follow what passes\n  \
        navyd traffic method:POST status:>=500      only that\n  \
        navyd traffic ls 'took:>200ms' --limit 5\n  \
        navyd traffic ls 'protocol:postgres error:*'\n  \
        navyd traffic show 42                       one, with all that is kept of it\n  \
        navyd traffic search 'out of stock'         words in URLs, headers and bodies\n  \
        navyd traffic stats since:10m               how long, how often, how much, by route\n  \
        navyd traffic diff 42 57\n  \
        navyd traffic replay 42 --times 3\n  \
        navyd traffic replay 42 --edit --to http://127.0.0.1:3001\n  \
        navyd traffic break method:POST path:/pay    hold, edit, release\n  \
        navyd traffic export --har -o shop.har host:shop\n  \
        navyd traffic export --curl 42 | sh\n  \
        navyd traffic import shop.har\n  \
        navyd traffic rm 42 43\n  \
        navyd traffic rm 'path:/health' --dry-run\n\n\
        A filter: method: status: host: path: query: url: protocol: header.NAME: body: from: to: took: wait: size:\n\
        fault: error: outcome: since: until: and more, each with a value; `~` finds a part, `*` is anything; terms side\n\
        by side must all hold, `or`, `not` and parentheses do as they say. A word alone is searched for everywhere.\n\n\
        Into a pipe: one exchange a line, tabs between the columns, no header, times in RFC 3339.\n\
        Exit status: 0 there are some, 1 there are none or no hub runs, 2 wrong use or failure,\n\
        130 Control-C."
)]
pub(super) struct Traffic {
    #[command(subcommand)]
    action: Option<Action>,

    /// Which exchanges are meant
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Ls(ls::Ls),
    Show(show::Show),
    Search(ls::Search),
    Stats(stats::Stats),
    Diff(diff::Diff),
    Replay(replay::Replay),
    Break(breakpoint::Break),
    Export(export::Export),
    Import(import::Import),
    Rm(remove::Remove),
}

/// Events that wait to be printed. Behind them the hub's own queue fills, which tells what it drops.
const AHEAD: usize = 64;

impl Command for Traffic {
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        match self.action {
            None => follow(&self.filter, stage),
            Some(Action::Ls(ls)) => ls.run(stage),
            Some(Action::Show(show)) => show.run(stage),
            Some(Action::Search(search)) => search.run(stage),
            Some(Action::Stats(stats)) => stats.run(stage),
            Some(Action::Diff(diff)) => diff.run(stage),
            Some(Action::Replay(replay)) => replay.run(stage),
            Some(Action::Break(point)) => point.run(stage),
            Some(Action::Export(export)) => export.run(stage),
            Some(Action::Import(import)) => import.run(stage),
            Some(Action::Rm(remove)) => remove.run(stage),
        }
    }
}

fn follow(filter: &[String], stage: &mut Stage) -> anyhow::Result<Exit> {
    let filter = exchanges::filter(filter)?;
    let Some(hub) = exchanges::hub(stage)? else { return Ok(Exit::No) };
    let stream = hub.follow_exchanges(&filter).map_err(Failure::from)?;
    stage.screen.detail("waiting for what passes; Control-C ends it")?;
    let (tell, news) = sync_channel(AHEAD);
    let stop = tell.clone();
    // Whoever is told has gone when this fails.
    Interrupt::calling(move || drop(stop.try_send(exchanges::News::Stop)))?;
    exchanges::watch(stream, tell);
    let (exit, _) = exchanges::show(&news, None, stage)?;
    Ok(exit)
}
