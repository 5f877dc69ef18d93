//! A page that is written from the top down, with every text escaped.

use std::fmt::Write as _;

/// A page in the making.
pub(super) struct Page {
    html: String,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Words.
    Words(String),
    /// A number, or anything else whose digits should stand below each other.
    Figures(String),
    /// An address, a command: letters of one width.
    Code(String),
    /// An address that can be opened.
    Link {
        /// What it is called.
        text: String,
        /// Where it leads.
        url: String,
    },
    /// A word with a colour that says the same.
    Sign(Tone, String),
}

/// How something stands. Colour is for what is wrong or on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it should be.
    Good,
    /// On its way.
    Coming,
    /// Deserves attention.
    Attention,
    /// Failing.
    Bad,
    /// Of no importance now.
    Quiet,
}

impl Page {
    /// An empty page with a title.
    pub(super) fn new(title: &str) -> Self {
        let mut html = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>");
        escape(&mut html, title);
        html.push_str(
            "</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/navyd.css\">\n",
        );
        Self { html }
    }

    /// The line at the top: the name, then facts.
    pub(super) fn banner(&mut self, name: &str, facts: &[(&str, String)]) {
        self.html.push_str("<header>\n<h1>");
        escape(&mut self.html, name);
        self.html.push_str("</h1>\n<dl>\n");
        for (word, value) in facts {
            self.html.push_str("<div><dt>");
            escape(&mut self.html, word);
            self.html.push_str("</dt><dd>");
            escape(&mut self.html, value);
            self.html.push_str("</dd></div>\n");
        }
        self.html.push_str("</dl>\n</header>\n<main>\n");
    }

    /// A heading without a table.
    pub(super) fn heading(&mut self, text: &str) {
        self.html.push_str("<h2>");
        escape(&mut self.html, text);
        self.html.push_str("</h2>\n");
    }

    /// Something that deserves attention.
    pub(super) fn note(&mut self, text: &str) {
        self.html.push_str("<p class=\"note\"><b>Note</b> ");
        code(&mut self.html, text);
        self.html.push_str("</p>\n");
    }

    /// A sentence; what stands in backticks is code.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.html.push_str("<p>");
        code(&mut self.html, text);
        self.html.push_str("</p>\n");
    }

    /// A section that is empty: why, and the command that fills it.
    pub(super) fn empty(&mut self, title: &str, text: &str, command: &str) {
        self.open(title, 0);
        self.html.push_str("<div class=\"empty\"><p>");
        code(&mut self.html, text);
        self.html.push_str("</p><pre>");
        escape(&mut self.html, command);
        self.html.push_str("</pre></div>\n</section>\n");
    }

    /// A section with a table. The first column is the one that names the row.
    pub(super) fn table(&mut self, title: &str, columns: &[&str], rows: &[Vec<Cell>]) {
        self.open(title, rows.len());
        self.html.push_str("<table>\n<thead><tr>");
        for (at, column) in columns.iter().enumerate() {
            let figures = rows.iter().any(|row| matches!(row.get(at), Some(Cell::Figures(_))));
            let class = if figures { " class=\"figures\"" } else { "" };
            let _ = write!(self.html, "<th scope=\"col\"{class}>");
            escape(&mut self.html, column);
            self.html.push_str("</th>");
        }
        self.html.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.html.push_str("<tr>");
            for (cell, column) in row.iter().zip(columns) {
                self.cell(cell, column);
            }
            self.html.push_str("</tr>\n");
        }
        self.html.push_str("</tbody>\n</table>\n</section>\n");
    }

    /// What is small, at the end.
    pub(super) fn footer(&mut self, text: &str) {
        self.html.push_str("</main>\n<footer>");
        code(&mut self.html, text);
        self.html.push_str(" <a href=\"/\">Refresh</a></footer>\n");
    }

    /// The page.
    pub(super) fn finish(mut self) -> String {
        self.html.push_str("</html>\n");
        self.html
    }

    fn open(&mut self, title: &str, count: usize) {
        self.html.push_str("<section>\n<h2>");
        escape(&mut self.html, title);
        // Writing into a String cannot fail.
        let _ = writeln!(self.html, " <span class=\"count\">{count}</span></h2>");
    }

    /// On a narrow screen a row is a block, and its cells carry the names of their columns.
    fn cell(&mut self, cell: &Cell, column: &str) {
        let class = match cell {
            Cell::Figures(_) => " class=\"figures\"",
            Cell::Code(_) | Cell::Link { .. } => " class=\"code\"",
            Cell::Words(_) | Cell::Sign(..) => "",
        };
        let _ = write!(self.html, "<td{class} data-column=\"{column}\">");
        match cell {
            Cell::Words(text) | Cell::Figures(text) | Cell::Code(text) => escape(&mut self.html, text),
            Cell::Link { text, url } => {
                self.html.push_str("<a href=\"");
                escape(&mut self.html, url);
                self.html.push_str("\">");
                escape(&mut self.html, text);
                self.html.push_str("</a>");
            }
            Cell::Sign(tone, text) => {
                let tone = match tone {
                    Tone::Good => "good",
                    Tone::Coming => "coming",
                    Tone::Attention => "attention",
                    Tone::Bad => "bad",
                    Tone::Quiet => "quiet",
                };
                let _ = write!(self.html, "<span class=\"sign {tone}\">");
                escape(&mut self.html, text);
                self.html.push_str("</span>");
            }
        }
        self.html.push_str("</td>");
    }
}

/// Text in which nothing acts: neither markup, nor what a browser obeys or hides.
fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if is_hidden(c) => html.extend(c.escape_unicode()),
            c => html.push(c),
        }
    }
}

/// Controls, marks of direction, and characters without width: a name that has them means to look like another.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The same, with what stands in backticks as code.
fn code(html: &mut String, text: &str) {
    for (number, part) in text.split('`').enumerate() {
        let inside = number % 2 == 1;
        html.push_str(if inside { "<code>" } else { "" });
        escape(html, part);
        html.push_str(if inside { "</code>" } else { "" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_acts_on_the_page() {
        const EVIL: &str = "<script>\"&'\u{1b}\u{202e}`</code><b>`";
        let mut page = Page::new(EVIL);
        page.banner(EVIL, &[("port", EVIL.to_owned())]);
        page.note(EVIL);
        page.paragraph(EVIL);
        page.empty("Routes", EVIL, EVIL);
        let cells = |text: &str| {
            let text = text.to_owned();
            vec![
                Cell::Words(text.clone()),
                Cell::Figures(text.clone()),
                Cell::Code(text.clone()),
                Cell::Link { text: text.clone(), url: text.clone() },
                Cell::Sign(Tone::Bad, text),
            ]
        };
        page.table("Rows", &["a", "b", "c", "d", "e"], &[cells(EVIL)]);
        page.footer(EVIL);
        let html = page.finish();
        assert!(!html.contains("<script") && !html.contains("<b>`"), "{html}");
        assert!(!html.contains(is_hidden_here), "{html}");
        assert_eq!(html.matches("<code>").count(), html.matches("</code>").count());
    }

    fn is_hidden_here(c: char) -> bool {
        c != '\n' && is_hidden(c)
    }
}
