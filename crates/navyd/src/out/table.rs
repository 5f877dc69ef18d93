//! Columns without borders.
//!
//! On a terminal: dim upper-case headers, two spaces between columns, and the width kept: the least important
//! column gives way first, shrinking to its least width, then dropping out. Into a pipe: no header, a tab
//! between cells, every column, nothing cut, so that `cut -f` always finds the same thing in the same place.

use super::{
    style::{Look, Tone},
    text::Text,
};

const GUTTER: usize = 2;

/// Where a cell stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The header, in upper case.
    pub(crate) header: &'static str,
    /// Where its cells stand.
    pub(crate) align: Align,
    /// The higher, the longer it stays when the width is short. The highest is never dropped.
    pub(crate) importance: u8,
    /// The columns of the terminal below which it is dropped rather than shrunk.
    pub(crate) least: usize,
}

/// Rows under columns.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: &'static [Column],
    rows: Vec<Vec<Text>>,
}

impl Table {
    /// A table without rows yet.
    pub(crate) fn new(columns: &'static [Column]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// One more row: a cell for each column.
    pub(crate) fn push(&mut self, row: Vec<Text>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// The lines, each with its line break.
    pub(crate) fn draw(&self, look: &Look) -> String {
        if !look.terminal {
            return self.piped(look);
        }
        let widths = self.widths(look.width);
        let mut drawn = self.header(&widths, look);
        for row in &self.rows {
            drawn.push_str(&self.line(row, &widths, look));
        }
        drawn
    }

    /// One row by itself, in columns of these widths: for rows that come one by one. `None` leaves a column out.
    pub(crate) fn row(&self, cells: &[Text], widths: &[Option<usize>], look: &Look) -> String {
        self.line(cells, widths, look)
    }

    /// The headers in columns of these widths.
    pub(crate) fn header(&self, widths: &[Option<usize>], look: &Look) -> String {
        let headers = self.columns.iter().map(|column| Text::of(Tone::Dim, column.header));
        self.line(&headers.collect::<Vec<_>>(), widths, look)
    }

    fn piped(&self, look: &Look) -> String {
        let mut lines = String::new();
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    lines.push('\t');
                }
                lines.push_str(&cell.record(look));
            }
            lines.push('\n');
        }
        lines
    }

    fn line(&self, cells: &[Text], widths: &[Option<usize>], look: &Look) -> String {
        let mut line = String::new();
        // Spaces are owed rather than written, so that no line ends in any.
        let mut owed = 0;
        for ((cell, width), column) in cells.iter().zip(widths).zip(self.columns) {
            let Some(width) = *width else { continue };
            let spare = width.saturating_sub(cell.width());
            if column.align == Align::Right {
                owed += spare;
            }
            if !cell.is_empty() {
                line.extend(std::iter::repeat_n(' ', owed));
                line.push_str(&cell.draw(look, width));
                owed = 0;
            }
            owed += GUTTER + if column.align == Align::Left { spare } else { 0 };
        }
        line.push('\n');
        line
    }

    /// The width of each column; `None` for one that is left out.
    fn widths(&self, room: Option<usize>) -> Vec<Option<usize>> {
        let mut widths: Vec<Option<usize>> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let widest = self.rows.iter().map(|row| row[at].width()).max().unwrap_or(0);
                // A column with nothing in it would only take room from the others.
                (widest > 0).then(|| widest.max(column.header.len()))
            })
            .collect();
        let Some(room) = room else { return widths };

        let least = |at: usize, width: usize| width.min(self.columns[at].least);
        let mut order: Vec<usize> = (0..widths.len()).filter(|&at| widths[at].is_some()).collect();
        order.sort_by_key(|&at| self.columns[at].importance);
        // As many columns as fit when each is as narrow as it goes, and always one.
        while order.len() > 1 && total(order.iter().map(|&at| least(at, widths[at].unwrap_or(0)))) > room {
            widths[order.remove(0)] = None;
        }
        let mut excess = total(widths.iter().flatten().copied()).saturating_sub(room);
        for at in order.iter().copied() {
            let Some(width) = widths[at] else { continue };
            let narrowest = if order.len() == 1 { 0 } else { least(at, width) };
            let cut = excess.min(width - narrowest);
            widths[at] = Some(width - cut);
            excess -= cut;
        }
        widths
    }
}

/// What columns of these widths take together.
fn total(widths: impl Iterator<Item = usize>) -> usize {
    let (count, sum) = widths.fold((0, 0), |(count, sum), width| (count + 1_usize, sum + width));
    sum + GUTTER * count.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column { header: "PORT", align: Align::Right, importance: 9, least: 5 },
        Column { header: "HOLDER", align: Align::Left, importance: 5, least: 6 },
        Column { header: "NOTE", align: Align::Left, importance: 1, least: 8 },
        Column { header: "EMPTY", align: Align::Left, importance: 7, least: 5 },
    ];

    fn table() -> Table {
        let mut table = Table::new(COLUMNS);
        for (port, holder, note) in [
            ("80", "nginx 1", "listens since yesterday"),
            ("62893", "日本語サーバ 812", ""),
            ("3000", "evil\n\x1b[2J", "one row"),
        ] {
            table.push(vec![port.into(), holder.into(), note.into(), Text::default()]);
        }
        table
    }

    fn terminal(width: usize) -> Look {
        Look { terminal: true, colour: false, width: Some(width) }
    }

    #[test]
    fn everything_is_shown_when_there_is_room() {
        let expected = "
 PORT  HOLDER            NOTE
   80  nginx 1           listens since yesterday
62893  日本語サーバ 812
 3000  evil\\n\\x1b[2J     one row
";
        assert_eq!(table().draw(&terminal(80)), expected[1..]);
    }

    #[test]
    fn the_least_important_column_shrinks_first() {
        let expected = "
 PORT  HOLDER            NOTE
   80  nginx 1           listens…
62893  日本語サーバ 812
 3000  evil\\n\\x1b[2J     one row
";
        assert_eq!(table().draw(&terminal(33)), expected[1..]);
    }

    #[test]
    fn then_it_drops_and_the_next_shrinks() {
        let expected = "
 PORT  HOLDER
   80  nginx…
62893  日本…
 3000  evil\\…
";
        assert_eq!(table().draw(&terminal(13)), expected[1..]);
    }

    #[test]
    fn the_most_important_column_stays_to_the_end() {
        assert_eq!(table().draw(&terminal(3)), "PO…\n 80\n62…\n30…\n");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        use unicode_width::UnicodeWidthStr as _;
        for width in 1..120 {
            for line in table().draw(&terminal(width)).lines() {
                assert!(line.width() <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn a_pipe_gets_every_column_whole_and_no_header() {
        let expected = "80\tnginx 1\tlistens since yesterday\t\n62893\t日本語サーバ 812\t\t\n3000\tevil\\n\\x1b[2J\tone row\t\n";
        assert_eq!(table().draw(&Look { width: Some(10), ..Look::default() }), expected);
    }
}
