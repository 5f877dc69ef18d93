//! A picture on the terminal that is drawn again in place.

use std::io;

use super::screen::Screen;

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
const CLEAR: &str = "\x1b[2J";
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// The terminal while a picture is kept on it. Gives the cursor back when it is dropped.
pub(crate) struct Live<'a> {
    screen: &'a mut Screen,
}

impl<'a> Live<'a> {
    /// Clears the terminal.
    pub(crate) fn new(screen: &'a mut Screen) -> io::Result<Self> {
        screen.print(&format!("{HIDE_CURSOR}{CLEAR}"))?;
        Ok(Self { screen })
    }

    /// The screen that is drawn on.
    pub(crate) fn screen(&self) -> &Screen {
        self.screen
    }

    /// Draws the picture over the one before. Lines are rewritten rather than cleared first, which would flicker.
    pub(crate) fn draw(&mut self, picture: &str) -> io::Result<()> {
        let rows = self.screen.size().map_or(usize::MAX, |(_, rows)| rows);
        let mut frame = String::from(HOME);
        for (at, line) in picture.lines().take(rows).enumerate() {
            if at > 0 {
                frame.push_str("\r\n");
            }
            frame.push_str(line);
            frame.push_str(CLEAR_LINE);
        }
        frame.push_str(CLEAR_BELOW);
        self.screen.print(&frame)?;
        self.screen.flush()
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs its cursor no more.
        drop(self.screen.print(&format!("\r\n{SHOW_CURSOR}")).and_then(|()| self.screen.flush()));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::screen::{Talk, recorded},
        *,
    };

    #[test]
    fn the_picture_is_drawn_in_place_and_the_cursor_comes_back() {
        let (mut screen, out, _) = recorded::screen(true, Talk::Normal);
        let mut live = Live::new(&mut screen).unwrap();
        live.draw("one\ntwo\n").unwrap();
        drop(live);
        assert_eq!(out.text(), "\x1b[?25l\x1b[2J\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J\r\n\x1b[?25h");
    }

    #[test]
    fn a_picture_higher_than_the_terminal_is_cut() {
        let (mut screen, out, _) = recorded::screen(true, Talk::Normal);
        Live::new(&mut screen).unwrap().draw(&"row\n".repeat(100)).unwrap();
        assert_eq!(out.text().matches("row").count(), 24);
    }
}
