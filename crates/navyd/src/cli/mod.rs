//! The command line: a file for each command, and their list.
//!
//! A command is one leaf: a type that clap derives its arguments, help, man page and completions from, and
//! [`Command::run`]. It knows [`Stage`] and never another leaf. Deliberately absent here: what any command does.

mod attach;
mod audit;
mod completions;
mod doctor;
mod down;
mod duration;
mod echo;
mod entry;
mod exchanges;
mod fault;
#[cfg(test)]
mod fixture;
mod free;
mod ftp;
mod global;
mod how;
mod hub;
mod listen_exec;
mod logs;
mod ls;
mod mail;
mod man;
mod named;
mod port;
mod probe;
mod ps;
mod restart;
mod route;
mod run;
mod scan;
mod serve;
mod services;
mod sink;
mod standin;
mod stop;
mod stub;
mod tap;
mod toxiproxy;
mod traffic;
mod trust;
mod uninstall;
mod up;
mod usage;
mod wait;
mod why;

use std::{ffi::OsString, io};

use clap::{ArgMatches, FromArgMatches as _};

use crate::{
    exit::Exit,
    out::{Color, Failure, Screen, Talk},
};

pub(crate) use global::Format;
use global::Global;

/// Every command, in the order of `--help`.
const COMMANDS: &[Leaf] = &[
    Leaf::of::<ls::Ls>("ls"),
    Leaf::of::<why::Why>("why"),
    Leaf::of::<free::Free>("free"),
    Leaf::of::<port::Port>("port"),
    Leaf::of::<wait::Wait>("wait"),
    Leaf::of::<scan::Scan>("scan"),
    Leaf::of::<audit::Audit>("audit"),
    Leaf::of::<doctor::Doctor>("doctor"),
    Leaf::of::<run::Run>("run"),
    Leaf::of::<up::Up>("up"),
    Leaf::of::<down::Down>("down"),
    Leaf::of::<ps::Ps>("ps"),
    Leaf::of::<logs::Logs>("logs"),
    Leaf::of::<restart::Restart>("restart"),
    Leaf::of::<stop::Stop>("stop"),
    Leaf::of::<attach::Attach>("attach"),
    Leaf::of::<route::Route>("route"),
    Leaf::of::<tap::Tap>("tap"),
    Leaf::of::<traffic::Traffic>("traffic"),
    Leaf::of::<fault::Fault>("fault"),
    Leaf::of::<serve::Serve>("serve"),
    Leaf::of::<echo::Echo>("echo"),
    Leaf::of::<sink::Sink>("sink"),
    Leaf::of::<stub::Stub>("stub"),
    Leaf::of::<mail::Mail>("mail"),
    Leaf::of::<ftp::Ftp>("ftp"),
    Leaf::of::<toxiproxy::Serve>("toxiproxy"),
    Leaf::of::<hub::Hub>("hub"),
    Leaf::of::<trust::Trust>("trust"),
    Leaf::of::<uninstall::Uninstall>("uninstall"),
    Leaf::of::<completions::Completions>("completions"),
    Leaf::of::<man::Man>("man"),
    Leaf::of::<listen_exec::ListenExec>("listen-exec"),
];

/// What `navyd` alone is short for.
const ALONE: &[&str] = &["ls", "--attention"];

/// A command.
pub(crate) trait Command: clap::Parser {
    /// Does the work and prints the answer. An error is printed by the caller, and means [`Exit::Failure`].
    fn run(self, stage: &mut Stage) -> anyhow::Result<Exit>;
}

/// What every command works on.
pub(crate) struct Stage {
    /// Where it prints.
    pub(crate) screen: Screen,
    /// How the answer is wanted.
    pub(crate) format: Format,
}

/// A line of [`COMMANDS`]: a command without its type.
struct Leaf {
    /// What is typed for it: that of its definition.
    name: &'static str,
    define: fn() -> clap::Command,
    run: fn(&ArgMatches, &mut Stage) -> anyhow::Result<Exit>,
}

impl Leaf {
    const fn of<C: Command>(name: &'static str) -> Self {
        Self { name, define: C::command, run: |matches, stage| C::from_arg_matches(matches)?.run(stage) }
    }
}

/// Runs navyd with these arguments, the program's name first.
pub(crate) fn main(args: Vec<OsString>) -> Exit {
    let mut stage = Stage { screen: Screen::new(Color::Auto, Talk::Normal), format: Format::Text };
    let ended = dispatch(args, &mut stage).and_then(|exit| {
        stage.screen.flush()?;
        Ok(exit)
    });
    match ended {
        Ok(exit) => exit,
        // Whoever read stdout has had enough: that is no failure of ours.
        Err(error) if is_broken_pipe(&error) => Exit::Yes,
        Err(error) => {
            // When stderr is gone as well, the exit status is all that is left to say it.
            drop(stage.screen.fail(&Failure::of(&error)));
            Exit::Failure
        }
    }
}

/// The whole command line: global flags and every command.
fn define() -> clap::Command {
    define_with(COMMANDS)
}

/// Global flags and these commands.
fn define_with(leaves: &[Leaf]) -> clap::Command {
    let root = <Global as clap::Args>::augment_args(clap::Command::new("navyd"));
    root.version(env!("CARGO_PKG_VERSION"))
        .about("The localhost workbench: see, explain and free what listens on this machine")
        .after_help(
            "Examples:\n  \
             navyd               the map of this machine's localhost\n  \
             navyd ls 3000       what listens on port 3000\n  \
             navyd ls --watch    what comes and goes\n\n\
             Environment: NAVYD_JSON, NAVYD_JSONL, NAVYD_QUIET, NAVYD_VERBOSE and NAVYD_COLOR are the same as the\n\
             flags; NO_COLOR and CLICOLOR_FORCE are heeded.\n\n\
             Exit status: 0 yes or clean, 1 no or nothing found, 2 wrong use or failure, 130 interrupted.",
        )
        .styles(usage::STYLES)
        .disable_help_subcommand(true)
        .subcommands(leaves.iter().map(|leaf| usage::with_examples((leaf.define)())))
}

fn dispatch(args: Vec<OsString>, stage: &mut Stage) -> anyhow::Result<Exit> {
    let mut args = toxiproxy::spelled(args);
    let mut matches = match understand(&args) {
        Ok(matches) => matches,
        Err(error) => return usage::explain(&error, &help_for(&args), &mut stage.screen),
    };
    if matches.subcommand().is_none() {
        args.extend(ALONE.iter().map(OsString::from));
        matches = match understand(&args) {
            Ok(matches) => matches,
            Err(error) => return usage::explain(&error, &help_for(&args), &mut stage.screen),
        };
    }
    let global = Global::from_arg_matches(&matches)?;
    stage.screen = Screen::new(global.color, global.talk());
    stage.format = global.format();
    let leaf = matches
        .subcommand()
        .and_then(|(name, inner)| Some((COMMANDS.iter().find(|leaf| leaf.name == name)?, inner)));
    match leaf {
        Some((leaf, inner)) => (leaf.run)(inner, stage),
        None => Err(Failure::new("no command was given").hint("navyd --help").into()),
    }
}

/// What these arguments mean. Defining every command takes longer than most answers do: where the first word is one, it
/// is tried alone, and what it does not understand is explained by all of them.
fn understand(args: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let first = args.get(1).map_or(ALONE[0].as_ref(), OsString::as_os_str);
    let named = COMMANDS.iter().position(|leaf| first == leaf.name);
    let alone = named.and_then(|at| define_with(&COMMANDS[at..=at]).try_get_matches_from(args).ok());
    alone.map_or_else(|| define().try_get_matches_from(args), Ok)
}

/// The line to type for help with what these arguments meant.
fn help_for(args: &[OsString]) -> String {
    let (mut line, mut level) = ("navyd".to_owned(), define());
    // Bias: the value of a flag may look like a command; then the help is that of another, and never of none.
    for word in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if let Some(next) = level.find_subcommand(word).cloned() {
            line = format!("{line} {word}");
            level = next;
        }
    }
    line + " --help"
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|source| source.downcast_ref::<io::Error>())
        .any(|source| source.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_contradict_nothing() {
        define().debug_assert();
    }

    #[test]
    fn what_navyd_alone_is_short_for_exists() {
        let typed = ["navyd"].iter().chain(ALONE);
        let matches = define().try_get_matches_from(typed).unwrap();
        assert_eq!(matches.subcommand_name(), Some("ls"));
    }

    #[test]
    fn every_command_says_what_it_does_and_gives_examples() {
        for leaf in COMMANDS {
            let command = (leaf.define)();
            let name = command.get_name().to_owned();
            assert_eq!(name, leaf.name);
            assert!(command.get_about().is_some(), "{name}");
            let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            assert!(examples.contains(&format!("navyd {name}")), "{name}");
        }
    }

    #[test]
    fn help_is_offered_for_the_command_that_was_meant() {
        for (typed, expected) in [
            ("navyd ls --zzz", "navyd ls --help"),
            ("navyd --json man x y", "navyd man --help"),
            ("navyd hub logs --zzz", "navyd hub logs --help"),
            ("navyd route add stop --zzz", "navyd route add --help"),
            ("navyd zzz", "navyd --help"),
        ] {
            let args: Vec<OsString> = typed.split(' ').map(OsString::from).collect();
            assert_eq!(help_for(&args), expected);
        }
    }

    #[test]
    fn a_reader_who_has_enough_is_no_failure() {
        let broken = io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&anyhow::Error::from(broken).context("cannot print")));
        assert!(!is_broken_pipe(&Failure::new("cannot print").into()));
    }
}
