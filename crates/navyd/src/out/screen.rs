//! Both output streams and the person behind them.
//!
//! stdout is the answer, stderr the conversation; each decides colour and width by itself. What is written
//! to stdout is buffered, and is out before anything follows it on stderr.

use std::io::{self, BufRead, BufWriter, IsTerminal as _, Write};

use serde::Serialize;

use super::{
    escape::escape,
    hint::{Failure, draw_hint},
    json,
    output::output,
    style::{Color, Look, Surroundings, Tone},
    text::Text,
};

/// How much conversation is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Talk {
    /// Errors only: `--quiet`.
    Quiet,
    /// What a person needs.
    #[default]
    Normal,
    /// How it was done as well: `--verbose`.
    Verbose,
}

/// What a person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]

pub(crate) enum Answer {
    /// `y` or `yes`.
    Yes,
    /// Anything else, and the end of input.
    No,
    /// There is no terminal to ask on.
    Nobody,
}

/// Where everything is printed.
pub(crate) struct Screen {
    out: Stream,
    err: Stream,
    talk: Talk,
    progress: bool,
}

/// Stdout, for a thread of its own.
pub(crate) struct Ledger {
    sink: BufWriter<io::Stdout>,
    look: Look,
}

impl Ledger {
    /// Writes one line.
    pub(crate) fn line(&mut self, text: &Text) -> io::Result<()> {
        writeln!(self.sink, "{}", text.show(&self.look))
    }

    /// Writes one line of JSON.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        json::write(&mut self.sink, value, false)
    }

    /// Sends out what is still buffered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

struct Stream {
    sink: Box<dyn Write>,
    look: Look,
    size: fn() -> Option<(usize, usize)>,
}

impl Screen {
    /// The streams of this process.
    pub(crate) fn new(color: Color, talk: Talk) -> Self {
        let here = Surroundings::here();
        let look = |terminal| Look { terminal, colour: here.colour(color, terminal), width: None };
        let out = Stream {
            sink: Box::new(BufWriter::with_capacity(64 * 1024, io::stdout())),
            look: look(io::stdout().is_terminal()),
            size: || cells(terminal_size::terminal_size_of(io::stdout())),
        };
        let err = Stream {
            sink: Box::new(io::stderr()),
            look: look(io::stderr().is_terminal()),
            size: || cells(terminal_size::terminal_size_of(io::stderr())),
        };
        Self { out, err, talk, progress: false }
    }

    /// How stdout looks now: its width follows the terminal.
    pub(crate) fn look(&self) -> Look {
        self.out.look_now()
    }

    /// Columns and rows of stdout, when it is a terminal.
    pub(crate) fn size(&self) -> Option<(usize, usize)> {
        self.out.look.terminal.then(self.out.size).flatten()
    }

    /// Writes what has been drawn for stdout.
    pub(crate) fn print(&mut self, drawn: &str) -> io::Result<()> {
        self.answer()?.write_all(drawn.as_bytes())
    }

    /// Writes one line to stdout.
    pub(crate) fn line(&mut self, text: &Text) -> io::Result<()> {
        let line = text.show(&self.look()) + "\n";
        self.print(&line)
    }

    /// Writes a line of another program's output to stdout, between two texts of our own.
    pub(crate) fn coloured(&mut self, front: &Text, line: &str, behind: &Text) -> io::Result<()> {
        let look = self.look();
        let line = format!("{}{}{}\n", front.show(&look), output(line, look.colour), behind.show(&look));
        self.print(&line)
    }

    /// Writes one JSON document to stdout: indented for a person, on one line for a program.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let pretty = self.out.look.terminal;
        json::write(self.answer()?, value, pretty)
    }

    /// Writes one line of JSON to stdout.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        json::write(self.answer()?, value, false)
    }

    /// Stdout itself, buffered, for an answer that is written piece by piece.
    pub(crate) fn answer(&mut self) -> io::Result<&mut dyn Write> {
        self.clear_progress()?;
        Ok(&mut *self.out.sink)
    }

    /// Sends out what is still buffered.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.clear_progress()?;
        self.out.sink.flush()
    }

    /// Writes nothing to stdout any more: whoever reads it takes nothing, and nobody is to wait for that.
    pub(crate) fn leave(&mut self) {
        self.out.sink = Box::new(io::sink());
    }

    /// Says that something failed. Never held back.
    pub(crate) fn fail(&mut self, failure: &Failure) -> io::Result<()> {
        let drawn = failure.draw(&self.err.look_now());
        // What stdout does not take, on a full disk, may be the very thing to be said.
        let _ = self.flush();
        self.err.sink.write_all(drawn.as_bytes())?;
        self.err.sink.flush()
    }

    /// Says something that a person should know, such as what could not be seen.
    pub(crate) fn note(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.say(&Text::of(Tone::Yellow, "note:").then(Tone::Plain, format!(" {}", text.as_ref())))
    }

    /// Says what can be typed next.
    pub(crate) fn hint(&mut self, hint: &str) -> io::Result<()> {
        if self.talk == Talk::Quiet {
            return Ok(());
        }
        let drawn = draw_hint(hint, &self.err.look_now());
        self.converse(&drawn)
    }

    /// Stdout, from any thread: for what goes on to be told while this thread waits.
    pub(crate) fn ledger(&self) -> Ledger {
        Ledger { sink: BufWriter::new(io::stdout()), look: self.out.look_now() }
    }

    /// Says lines from any thread, as long as the process lives: what a daemon in the foreground has to say.
    pub(crate) fn journal(&self) -> impl Fn(&str) + Send + Sync + 'static {
        let quiet = self.talk == Talk::Quiet;
        move |line| {
            if !quiet {
                // When nobody reads it any more, nobody misses it.
                let _ = writeln!(io::stderr(), "{}", escape(line));
            }
        }
    }

    /// Says one line.
    pub(crate) fn say(&mut self, text: &Text) -> io::Result<()> {
        if self.talk == Talk::Quiet {
            return Ok(());
        }
        let line = text.show(&self.err.look_now()) + "\n";
        self.converse(&line)
    }

    /// Shows a picture in characters, where a person looks: in a file or for a program it would be noise.
    pub(crate) fn picture(&mut self, lines: Vec<String>) -> io::Result<()> {
        if !self.err.look.terminal {
            return Ok(());
        }
        lines.into_iter().try_for_each(|line| self.say(&Text::plain(line)))
    }

    /// Says how something was done: only with `--verbose`.
    pub(crate) fn detail(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        if self.talk != Talk::Verbose {
            return Ok(());
        }
        self.say(&Text::of(Tone::Dim, text))
    }

    /// Whether only errors are wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.talk == Talk::Quiet
    }

    /// Whether more than the answer is wanted.
    pub(crate) fn is_verbose(&self) -> bool {
        self.talk == Talk::Verbose
    }

    /// Asks a yes-or-no question on the terminal. Whoever cannot be asked has not agreed.
    pub(crate) fn ask(&mut self, question: &str) -> io::Result<Answer> {
        if !(self.err.look.terminal && io::stdin().is_terminal()) {
            return Ok(Answer::Nobody);
        }
        self.ask_from(question, &mut io::stdin().lock())
    }

    /// Asks for a word, whoever is there to answer; `None` when nobody is any more.
    pub(crate) fn ask_word(&mut self, question: &str) -> io::Result<Option<String>> {
        let question = Text::of(Tone::Bold, question).then(Tone::Plain, " ").show(&self.err.look_now());
        self.converse(&question)?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    fn ask_from(&mut self, question: &str, input: &mut dyn BufRead) -> io::Result<Answer> {
        let question = Text::of(Tone::Bold, question).then(Tone::Plain, " [y/N] ").show(&self.err.look_now());
        self.converse(&question)?;
        let mut line = String::new();
        input.read_line(&mut line)?;
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(Answer::Yes),
            _ => Ok(Answer::No),
        }
    }

    /// Shows how far long work is, in one line that the next line replaces. Only for a person, and only once
    /// the work has taken a second: quicker answers need no patience.
    pub(crate) fn progress(&mut self, elapsed: std::time::Duration, text: &Text) -> io::Result<()> {
        if self.talk == Talk::Quiet || !self.err.look.terminal || elapsed.as_secs() < 1 {
            return Ok(());
        }
        let look = self.err.look_now();
        // The last column stays free: a terminal may wrap when it is written to.
        let room = look.width.map_or(usize::MAX, |width| width.saturating_sub(1));
        write!(self.err.sink, "\r{}\x1b[K", text.draw(&look, room))?;
        self.progress = true;
        self.err.sink.flush()
    }

    fn clear_progress(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.progress) {
            self.err.sink.write_all(b"\r\x1b[K")?;
        }
        Ok(())
    }

    fn converse(&mut self, drawn: &str) -> io::Result<()> {
        self.flush()?;
        self.err.sink.write_all(drawn.as_bytes())?;
        self.err.sink.flush()
    }
}

impl Stream {
    fn look_now(&self) -> Look {
        let width = if self.look.terminal { (self.size)().map(|(columns, _)| columns) } else { None };
        Look { width, ..self.look }
    }
}

fn cells(size: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<(usize, usize)> {
    // A terminal that does not know its size says 0.
    size.filter(|(width, height)| width.0 > 0 && height.0 > 0)
        .map(|(width, height)| (width.0.into(), height.0.into()))
}

#[cfg(test)]
pub(crate) mod recorded {
    //! A screen that remembers.

    use std::{cell::RefCell, rc::Rc};

    use super::*;

    /// What was printed.
    #[derive(Clone, Default)]
    pub(crate) struct Record(Rc<RefCell<Vec<u8>>>);

    impl Record {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    impl Write for Record {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A screen 80 columns wide and 24 rows high, and what it prints on stdout and stderr.
    pub(crate) fn screen(terminal: bool, talk: Talk) -> (Screen, Record, Record) {
        let (out, err) = (Record::default(), Record::default());
        let look = Look { terminal, colour: false, width: None };
        let stream =
            |record: &Record| Stream { sink: Box::new(record.clone()), look, size: || Some((80, 24)) };
        (Screen { out: stream(&out), err: stream(&err), talk, progress: false }, out, err)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{recorded::screen, *};

    #[test]
    fn a_person_is_asked_and_only_yes_is_yes() {
        for (typed, expected) in [
            ("y\n", Answer::Yes),
            ("YES\n", Answer::Yes),
            ("n\n", Answer::No),
            ("\n", Answer::No),
            ("", Answer::No),
        ] {
            let (mut screen, out, err) = screen(true, Talk::Normal);
            assert_eq!(
                screen.ask_from("stop `node`?", &mut typed.as_bytes()).unwrap(),
                expected,
                "{typed:?}"
            );
            assert_eq!((out.text(), err.text()), (String::new(), "stop `node`? [y/N] ".into()));
        }
    }

    #[test]
    fn nobody_is_asked_through_a_pipe() {
        let (mut screen, _, err) = screen(false, Talk::Normal);
        assert_eq!(screen.ask("stop `node`?").unwrap(), Answer::Nobody);
        assert_eq!(err.text(), "");
    }

    #[test]
    fn progress_waits_a_second_and_gives_way() {
        let (mut screen, out, err) = screen(true, Talk::Normal);
        screen.progress(Duration::from_millis(999), &"half".into()).unwrap();
        assert_eq!(err.text(), "");
        screen.progress(Duration::from_secs(1), &"half".into()).unwrap();
        screen.line(&"done".into()).unwrap();
        assert_eq!((out.text(), err.text()), ("done\n".into(), "\rhalf\x1b[K\r\x1b[K".into()));
    }

    #[test]
    fn quiet_holds_back_all_but_failures() {
        let (mut screen, _, err) = screen(false, Talk::Quiet);
        screen.note("unseen").unwrap();
        screen.hint("navyd ls").unwrap();
        screen.detail("took 3 ms").unwrap();
        screen.fail(&Failure::new("no")).unwrap();
        assert_eq!(err.text(), "error: no\n");
    }
}
