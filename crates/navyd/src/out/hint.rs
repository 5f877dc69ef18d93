//! An expected failure: what happened, why, and a line that can be typed.

use std::fmt;

use super::{
    style::{Look, Tone},
    text::Text,
};

/// What a person is told when something did not work. Travels inside `anyhow::Error`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Failure {
    what: String,
    cause: Option<String>,
    hint: Option<String>,
}

impl Failure {
    /// What happened: lower case, no full stop, its subject in backticks.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    /// Why it happened; several reasons each in a line.
    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// What can be typed now.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What was said by another navyd, read back.
    pub(crate) fn read(said: &str) -> Option<Self> {
        let (mut failure, mut found) = (Self::default(), false);
        for line in said.lines().map(str::trim) {
            if let Some(what) = line.strip_prefix("error: ") {
                (failure.what, found) = (what.to_owned(), true);
            } else if let Some(cause) = line.strip_prefix("cause: ") {
                failure.cause = Some(cause.to_owned());
            } else if let Some(hint) = line.strip_prefix("hint: ") {
                failure.hint = Some(hint.to_owned());
            }
        }
        found.then_some(failure)
    }

    /// The failure inside an error; an unexpected error becomes one, its sources being the cause.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(failure) = error.downcast_ref::<Self>() {
            return failure.clone();
        }
        let sources: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        let cause = (!sources.is_empty()).then(|| sources.join(": "));
        Self { what: error.to_string(), cause, hint: None }
    }

    /// What happened and why, in one line.
    pub(crate) fn line(&self) -> String {
        match &self.cause {
            Some(cause) => format!("{}: {}", self.what, cause.replace('\n', "; ")),
            None => self.what.clone(),
        }
    }

    /// The lines that say so.
    pub(super) fn draw(&self, look: &Look) -> String {
        let mut drawn = Text::of(Tone::Red, "error:").then(Tone::Plain, format!(" {}", self.what)).show(look);
        drawn.push('\n');
        if let Some(cause) = &self.cause {
            for (at, line) in cause.lines().enumerate() {
                let label = if at == 0 { "  cause: " } else { "         " };
                drawn.push_str(&Text::plain(format!("{label}{line}")).show(look));
                drawn.push('\n');
            }
        }
        if let Some(hint) = &self.hint {
            drawn.push('\n');
            drawn.push_str(&draw_hint(hint, look));
        }
        drawn
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

impl From<navyd_model::TargetError> for Failure {
    fn from(error: navyd_model::TargetError) -> Self {
        Self::new(error.message).hint(error.hint)
    }
}

impl From<navyd_model::RouteError> for Failure {
    fn from(error: navyd_model::RouteError) -> Self {
        Self::new(error.message).hint(error.hint)
    }
}

impl From<navyd_model::config::Mistake> for Failure {
    fn from(mistake: navyd_model::config::Mistake) -> Self {
        Self::new(mistake.message).cause(mistake.cause).hint(mistake.hint)
    }
}

/// The line `hint: …`.
pub(super) fn draw_hint(hint: &str, look: &Look) -> String {
    Text::of(Tone::Cyan, "hint:").then(Tone::Plain, format!(" {hint}")).show(look) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_three_things() {
        let failure = Failure::new("port `99999` does not exist")
            .cause("a port is a number from 1 to 65535")
            .hint("navyd ls --port 9999");
        let expected = "error: port `99999` does not exist\n  cause: a port is a number from 1 to 65535\n\n\
                        hint: navyd ls --port 9999\n";
        assert_eq!(failure.draw(&Look::default()), expected);
        assert_eq!(Failure::of(&anyhow::Error::from(failure.clone())), failure);
        assert_eq!(Failure::read(&format!("note: x\n{expected}")), Some(failure));
        assert_eq!(Failure::read("killed"), None);
    }

    #[test]
    fn what_was_typed_cannot_act_on_the_terminal() {
        assert_eq!(Failure::new("`\x1b[2J\n`").draw(&Look::default()), "error: `\\x1b[2J\\n`\n");
    }

    #[test]
    fn an_unexpected_error_keeps_its_sources() {
        let error = anyhow::Error::from(std::io::Error::other("disk on fire")).context("cannot write `x`");
        assert_eq!(Failure::of(&error), Failure::new("cannot write `x`").cause("disk on fire"));
    }
}
