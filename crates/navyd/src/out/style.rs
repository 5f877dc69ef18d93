//! How a stream looks: whether it is a terminal, whether it takes colour, how wide it is.
//!
//! Colours are the terminal's own sixteen, so that the person's theme wins; nothing is told by colour alone.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal that can, unless the environment says otherwise.
    #[default]
    Auto,
    /// Even into a pipe.
    Always,
    /// Nowhere.
    Never,
}

/// What a piece of text is, as far as the eye is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Ordinary text.
    Plain,
    /// Less important than its surroundings.
    Dim,
    /// More important than its surroundings.
    Bold,
    /// Failing.
    Red,
    /// Deserves attention.
    Yellow,
    /// A command that can be typed; what is new or well.
    Green,
    /// A hint.
    Cyan,
}

/// How one stream looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether a person is looking: else the output is for a program.
    pub(crate) terminal: bool,
    /// Whether to colour.
    pub(crate) colour: bool,
    /// Columns, when there is a width to keep to.
    pub(crate) width: Option<usize>,
}

/// What the environment says of colour: the values of the variables, `None` when not set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    no_color: Option<String>,
    clicolor_force: Option<String>,
    term: Option<String>,
}

impl Tone {
    /// The text in this tone. The text must be escaped already.
    pub(crate) fn paint(self, text: &str, look: &Look) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Dim => "2",
            Self::Bold => "1",
            Self::Red => "31",
            Self::Yellow => "33",
            Self::Green => "32",
            Self::Cyan => "36",
        };
        if !look.colour || text.is_empty() {
            return text.to_owned();
        }
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn here() -> Self {
        let value = |name| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned());
        Self { no_color: value("NO_COLOR"), clicolor_force: value("CLICOLOR_FORCE"), term: value("TERM") }
    }

    /// Whether a stream is coloured. What was typed wins over the environment, and there a no wins over a yes.
    pub(crate) fn colour(&self, choice: Color, terminal: bool) -> bool {
        match choice {
            Color::Always => true,
            Color::Never => false,
            // https://no-color.org: "when present and not an empty string (regardless of its value)".
            Color::Auto if is_set(self.no_color.as_deref()) => false,
            // https://bixense.com/clicolors: set and not 0 means always.
            Color::Auto if is_set(self.clicolor_force.as_deref()) => {
                self.clicolor_force.as_deref() != Some("0")
            }
            Color::Auto => terminal && self.term.as_deref() != Some("dumb"),
        }
    }
}

fn is_set(value: Option<&str>) -> bool {
    value.is_some_and(|value| !value.is_empty())
}

/// The text cut to `room` columns, with `…` where something is missing, and the columns it takes.
pub(super) fn fit(text: &str, room: usize) -> (Cow<'_, str>, usize) {
    let width = text.width();
    if width <= room {
        return (Cow::Borrowed(text), width);
    }
    if room == 0 {
        return (Cow::Borrowed(""), 0);
    }
    let (mut used, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        // Of the whole part: a character may widen the one before it (U+FE0F makes an emoji of it).
        let next = text[..at + c.len_utf8()].width();
        if next > room - 1 {
            break;
        }
        used = next;
        end = at + c.len_utf8();
    }
    (Cow::Owned(format!("{}…", &text[..end])), used + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_decided_by_choice_then_environment_then_terminal() {
        let set = |value: &str| (value != "-").then(|| value.to_owned());
        for (choice, no_color, force, term, terminal, expected) in [
            (Color::Auto, "-", "-", "xterm", true, true),
            (Color::Auto, "-", "-", "xterm", false, false),
            (Color::Auto, "-", "-", "dumb", true, false),
            (Color::Auto, "1", "-", "xterm", true, false),
            (Color::Auto, "", "-", "xterm", true, true),
            (Color::Auto, "-", "1", "xterm", false, true),
            (Color::Auto, "-", "0", "xterm", true, false),
            (Color::Auto, "1", "1", "xterm", true, false),
            (Color::Always, "1", "-", "dumb", false, true),
            (Color::Never, "-", "1", "xterm", true, false),
        ] {
            let here = Surroundings { no_color: set(no_color), clicolor_force: set(force), term: set(term) };
            assert_eq!(here.colour(choice, terminal), expected, "{choice:?} {here:?} {terminal}");
        }
    }

    #[test]
    fn text_is_cut_by_columns_and_not_by_bytes() {
        for (text, room, expected, width) in [
            ("node", 4, "node", 4),
            ("node", 3, "no…", 3),
            ("node", 1, "…", 1),
            ("node", 0, "", 0),
            ("日本語", 6, "日本語", 6),
            ("日本語", 5, "日本…", 5),
            // The second character does not fit into half its width.
            ("日本語", 4, "日…", 3),
            ("⚙\u{fe0f}⚙\u{fe0f}⚙\u{fe0f}", 5, "⚙\u{fe0f}⚙\u{fe0f}…", 5),
        ] {
            assert_eq!(fit(text, room), (Cow::Borrowed(expected), width), "{text} in {room}");
        }
    }
}
