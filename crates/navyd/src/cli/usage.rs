//! Wrong use, told as every other failure is; and help, which is no failure.

use clap::{
    builder::styling::{AnsiColor, Style, Styles},
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    exit::Exit,
    out::{Failure, Screen},
};

/// The colours of help: the terminal's own.
pub(super) const STYLES: Styles = Styles::styled()
    .header(Style::new().bold())
    .usage(Style::new().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(Style::new().dimmed());

/// Prints the help or version that was asked for, or turns wrong use into a [`Failure`] whose hint is `help`.
pub(super) fn explain(error: &clap::Error, help: &str, screen: &mut Screen) -> anyhow::Result<Exit> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let asked = error.render();
            let asked = if screen.look().colour { asked.ansi().to_string() } else { asked.to_string() };
            screen.print(&asked)?;
            Ok(Exit::Yes)
        }
        _ => Err(failure(error, help).into()),
    }
}

/// The command, with examples in the help of each command below it: those of its own that show it, and its exit status.
pub(super) fn with_examples(command: clap::Command) -> clap::Command {
    let Some(examples) = command.get_after_long_help().map(ToString::to_string) else { return command };
    let name = command.get_name().to_owned();
    let parts: Vec<_> = command.get_subcommands().map(|part| part.get_name().to_owned()).collect();
    let status = examples.find("Exit status:").map(|at| &examples[at..]);
    parts.iter().fold(command, |command, part| {
        let line = format!("navyd {name} {part}");
        let shows = |example: &&str| {
            let rest = example.trim_start().trim_start_matches("sudo ").strip_prefix(&line);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let shown: Vec<&str> = examples.lines().filter(shows).collect();
        let shown = if shown.is_empty() { format!("  {line}") } else { shown.join("\n") };
        let help = format!("Examples:\n{shown}\n\n{}", status.unwrap_or_default());
        command.mut_subcommand(part, |part| part.after_long_help(help))
    })
}

/// What was wrong, why, and what to type. Pure.
fn failure(error: &clap::Error, help: &str) -> Failure {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join("`, `")),
        _ => None,
    };
    let arg = text(ContextKind::InvalidArg).unwrap_or_default();
    let value = text(ContextKind::InvalidValue).unwrap_or_default();

    let failure = match error.kind() {
        ErrorKind::UnknownArgument => {
            let failure = Failure::new(format!("`{arg}` is not an argument of this command"));
            return match text(ContextKind::SuggestedArg) {
                Some(similar) => failure.cause(format!("a similar one is `{similar}`")).hint(help),
                None => failure.hint(help),
            };
        }
        ErrorKind::InvalidSubcommand => {
            let name = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            let failure = Failure::new(format!("`{name}` is not a command of navyd"));
            return match text(ContextKind::SuggestedSubcommand) {
                Some(similar) => failure.hint(format!("navyd {similar}")),
                None => failure.hint(help),
            };
        }
        ErrorKind::MissingSubcommand => {
            let failure = Failure::new("a command is missing");
            return match text(ContextKind::ValidSubcommand) {
                Some(valid) => failure.cause(format!("it is one of `{valid}`")).hint(help),
                None => failure.hint(help),
            };
        }
        ErrorKind::InvalidValue if value.is_empty() => Failure::new(format!("`{arg}` needs a value")),
        ErrorKind::InvalidValue => Failure::new(format!("`{value}` is not a value of `{arg}`")),
        ErrorKind::ValueValidation => {
            let failure = Failure::new(format!("`{value}` is not a value of `{arg}`"));
            match std::error::Error::source(error) {
                Some(source) => failure.cause(source.to_string()),
                None => failure,
            }
        }
        ErrorKind::MissingRequiredArgument => Failure::new(format!("`{arg}` is missing")),
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg).unwrap_or_default();
            let failure = if other == arg || other.is_empty() {
                Failure::new(format!("`{arg}` was given more than once"))
            } else {
                Failure::new(format!("`{arg}` and `{other}` exclude each other"))
            };
            return failure.hint(help);
        }
        _ => Failure::new(first_line(&error.render().to_string())),
    };
    let failure = match text(ContextKind::ValidValue) {
        Some(valid) if error.kind() == ErrorKind::InvalidValue => {
            failure.cause(format!("it is one of `{valid}`"))
        }
        _ => failure,
    };
    failure.hint(help)
}

/// The message without its label, with backticks as everywhere.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).replace('\'', "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_below_others_show_their_examples() {
        let help = |path: [&str; 2]| {
            let typed = ["navyd", path[0], path[1], "--help"];
            super::super::define().try_get_matches_from(typed).unwrap_err().render().to_string()
        };
        let add = help(["route", "add"]);
        assert!(add.contains("navyd route add shop 3000") && !add.contains("navyd route ls"), "{add}");
        assert!(add.contains("Exit status: 0"), "{add}");
        assert!(help(["hub", "stop"]).contains("Examples:\n  navyd hub stop\n"));
    }

    #[test]
    fn wrong_use_is_told_in_our_words() {
        let check = |typed: &str, what: &str, cause: Option<&str>, hint: &str| {
            let error = super::super::define().try_get_matches_from(typed.split(' ')).unwrap_err();
            let mut expected = Failure::new(what).hint(hint);
            if let Some(cause) = cause {
                expected = expected.cause(cause);
            }
            assert_eq!(failure(&error, "navyd --help"), expected, "{typed}");
        };
        check("navyd mann", "`mann` is not a command of navyd", None, "navyd man");
        check("navyd qqq", "`qqq` is not a command of navyd", None, "navyd --help");
        check("navyd --zzz", "`--zzz` is not an argument of this command", None, "navyd --help");
        check(
            "navyd --colour=x",
            "`--colour` is not an argument of this command",
            Some("a similar one is `--color`"),
            "navyd --help",
        );
        check(
            "navyd --color blue",
            "`blue` is not a value of `--color <auto|always|never>`",
            Some("it is one of `auto`, `always`, `never`"),
            "navyd --help",
        );
        check(
            "navyd route",
            "a command is missing",
            Some("it is one of `add`, `rm`, `ls`, `sync-hosts`"),
            "navyd --help",
        );
        check("navyd completions", "`<SHELL>` is missing", None, "navyd --help");
        check("navyd -q -v", "`--quiet` and `--verbose` exclude each other", None, "navyd --help");
    }
}
