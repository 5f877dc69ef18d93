//! A line of text whose parts have tones. Escaped when it is made, so that it is safe wherever it goes.

use unicode_width::UnicodeWidthStr as _;

use super::{
    escape::escape,
    style::{Look, Tone, fit},
};

/// One line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    spans: Vec<(Tone, String)>,
    piped: Option<String>,
}

impl Text {
    /// Ordinary text.
    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self::default().then(Tone::Plain, text)
    }

    /// Text of one tone.
    pub(crate) fn of(tone: Tone, text: impl AsRef<str>) -> Self {
        Self::default().then(tone, text)
    }

    /// Cells with tabs in between, for a program: each is escaped by itself, so that none has a tab of its own.
    pub(crate) fn tabbed(cells: &[String]) -> Self {
        let cells: Vec<_> = cells.iter().map(|cell| escape(cell)).collect();
        Self { spans: vec![(Tone::Plain, cells.join("\t"))], piped: None }
    }

    /// More text behind it.
    pub(crate) fn then(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        if !text.as_ref().is_empty() {
            self.spans.push((tone, escape(text.as_ref()).into_owned()));
        }
        self
    }

    /// Another text behind it, with its tones.
    pub(crate) fn append(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// What a program reads instead, such as the time where a person reads the age.
    pub(crate) fn piped(mut self, text: impl AsRef<str>) -> Self {
        self.piped = Some(escape(text.as_ref()).into_owned());
        self
    }

    /// Whether nothing would be shown.
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Columns it takes on a terminal.
    pub(crate) fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| text.width()).sum()
    }

    /// As a program reads it.
    pub(crate) fn flat(&self) -> String {
        match &self.piped {
            Some(text) => text.clone(),
            None => self.spans.iter().map(|(_, text)| text.as_str()).collect(),
        }
    }

    /// As a program reads it, in colour when that was asked for.
    pub(crate) fn record(&self, look: &Look) -> String {
        self.piped.clone().unwrap_or_else(|| self.show(look))
    }

    /// As a stream shows it, in at most `room` columns.
    pub(crate) fn draw(&self, look: &Look, room: usize) -> String {
        let whole: String = self.spans.iter().map(|(_, text)| text.as_str()).collect();
        let (shown, _) = fit(&whole, room);
        let mut drawn = String::new();
        let mut rest = shown.as_ref();
        for (tone, text) in &self.spans {
            // The last part takes the `…` of a cut text with it, whose bytes are not its own.
            let end = if rest.starts_with(text.as_str()) { text.len() } else { rest.len() };
            let (part, behind) = rest.split_at(end);
            drawn.push_str(&tone.paint(part, look));
            rest = behind;
        }
        drawn
    }

    /// As a stream shows it, whole.
    pub(crate) fn show(&self, look: &Look) -> String {
        self.draw(look, usize::MAX)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_their_tones_when_cut() {
        let text = Text::plain("node").then(Tone::Dim, " 812").then(Tone::Yellow, " +2");
        let look = Look { terminal: true, colour: true, width: None };
        for (room, expected) in [
            (usize::MAX, "node\x1b[2m 812\x1b[0m\x1b[33m +2\x1b[0m"),
            (11, "node\x1b[2m 812\x1b[0m\x1b[33m +2\x1b[0m"),
            (8, "node\x1b[2m 81…\x1b[0m"),
            (5, "node\x1b[2m…\x1b[0m"),
            (4, "nod…"),
            (1, "…"),
            (0, ""),
        ] {
            assert_eq!(text.draw(&look, room), expected, "{room}");
        }
    }

    #[test]
    fn what_comes_from_outside_is_escaped_at_once() {
        let text = Text::plain("a\x1b[2J").piped("b\tc");
        assert_eq!((text.show(&Look::default()), text.flat()), ("a\\x1b[2J".into(), "b\\tc".into()));
    }
}
