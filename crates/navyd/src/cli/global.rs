//! The flags that every command takes, as written and as resolved.

use clap::{ArgAction, builder::BoolishValueParser};

use crate::out::{Color, Talk};

/// As written.
//
// Each has an environment variable of the same meaning; `--help` says so once instead of at every flag.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Global {
    /// Print one JSON document
    #[arg(long, global = true, env = "NAVYD_JSON", value_parser = BoolishValueParser::new(), hide_env = true)]
    json: bool,

    /// Print one JSON value on each line
    #[arg(long, global = true, env = "NAVYD_JSONL", value_parser = BoolishValueParser::new(), hide_env = true)]
    jsonl: bool,

    /// Print nothing but the answer and errors
    #[arg(short, long, global = true, env = "NAVYD_QUIET", value_parser = BoolishValueParser::new(), hide_env = true)]
    quiet: bool,

    /// Also say how it was done
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "quiet",
        env = "NAVYD_VERBOSE", value_parser = BoolishValueParser::new(), hide_env = true)]
    verbose: bool,

    /// When to colour
    #[arg(
        long,
        global = true,
        value_name = "auto|always|never",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        env = "NAVYD_COLOR",
        hide_env = true
    )]
    pub(super) color: Color,
}

/// How the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For a person, or for `cut` and `awk` when piped.
    Text,
    /// One document.
    Json,
    /// One value on each line.
    Jsonl,
}

impl Global {
    /// One answer has one form: lines win, because whoever asks for them reads line by line.
    pub(super) fn format(&self) -> Format {
        match (self.jsonl, self.json) {
            (true, _) => Format::Jsonl,
            (false, true) => Format::Json,
            (false, false) => Format::Text,
        }
    }

    /// How much conversation is wanted.
    pub(super) fn talk(&self) -> Talk {
        match (self.quiet, self.verbose) {
            (true, _) => Talk::Quiet,
            (false, true) => Talk::Verbose,
            (false, false) => Talk::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    fn resolved(typed: &str) -> (Format, Talk, Color) {
        let matches = super::super::define().try_get_matches_from(typed.split(' ')).unwrap();
        let global = Global::from_arg_matches(&matches).unwrap();
        (global.format(), global.talk(), global.color)
    }

    #[test]
    fn flags_stand_before_or_behind_the_command() {
        for (typed, expected) in [
            ("navyd ls", (Format::Text, Talk::Normal, Color::Auto)),
            ("navyd --json ls", (Format::Json, Talk::Normal, Color::Auto)),
            ("navyd ls --json -v", (Format::Json, Talk::Verbose, Color::Auto)),
            ("navyd ls --json --jsonl", (Format::Jsonl, Talk::Normal, Color::Auto)),
            ("navyd -q ls --color always", (Format::Text, Talk::Quiet, Color::Always)),
        ] {
            assert_eq!(resolved(typed), expected, "{typed}");
        }
    }
}
