//! `navyd traffic export`: exchanges for other tools.
//!
//! Deliberately absent: the formats, which the hub writes.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::super::{Format, Stage, exchanges};
use crate::{
    exit::Exit,
    hub::{ExportError, Meant},
    out::{Answer, Failure, Text, escape},
};

/// Write exchanges for other tools: to stdout, or into a file
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Numbers, or a filter
    #[arg(value_name = "ID|FILTER")]
    which: Vec<String>,

    /// HTTP Archive 1.2, for browsers and most tools
    #[arg(long, group = "format")]
    har: bool,

    /// Packets, for Wireshark and tshark
    #[arg(long, group = "format")]
    pcapng: bool,

    /// Commands of curl, for a shell
    #[arg(long, group = "format")]
    curl: bool,

    /// Requests of Hurl, with what is expected
    #[arg(long, group = "format")]
    hurl: bool,

    /// Spans of OpenTelemetry, as JSON for a collector
    #[arg(long, group = "format")]
    otlp: bool,

    /// Where to; stdout without it
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write over a file without asking
    #[arg(long, short, env = "NAVYD_YES", value_parser = clap::builder::BoolishValueParser::new(), hide_env = true)]
    yes: bool,

    /// Say what would be written, and write nothing
    #[arg(long, env = "NAVYD_DRY_RUN", value_parser = clap::builder::BoolishValueParser::new(), hide_env = true)]
    dry_run: bool,
}

impl Export {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let format = self.format(stage.format)?;
        let is_binary = format == "pcapng";
        if is_binary && self.output.is_none() && stage.screen.look().terminal {
            return Err(Failure::new("packets are not for a terminal")
                .cause("`--pcapng` is binary, and would drive the terminal instead of showing")
                .hint("navyd traffic export --pcapng -o traffic.pcapng")
                .into());
        }
        let filter = match exchanges::numbers(&self.which) {
            Some(ids) => exchanges::filter_of(&ids),
            None => exchanges::filter(&self.which)?,
        };
        let Some(hub) = exchanges::hub(stage)? else { return Ok(Exit::No) };
        let is_all = filter.trim().is_empty();
        let meant = Meant { filter, ..Meant::default() };
        let count = hub.exchange_stats(&meant).map_err(Failure::from)?.exchanges;
        if count == 0 {
            stage.format = Format::Text;
            return exchanges::nothing(is_all, stage);
        }
        let to = self.output.as_deref();
        if self.dry_run {
            let place = to.map_or_else(|| "stdout".to_owned(), |path| format!("`{}`", path.display()));
            stage.screen.line(&Text::plain(format!("would write {count} exchanges to {place}")))?;
            return Ok(Exit::Yes);
        }
        let Some(path) = to else {
            let is_terminal = stage.screen.look().terminal;
            let answer = stage.screen.answer()?;
            let written = if is_terminal {
                hub.export(format, &meant, &mut Shown { sink: answer, line: Vec::new() })
            } else {
                hub.export(format, &meant, answer)
            };
            return written.map(|()| Exit::Yes).map_err(failed);
        };
        if path.exists() && !self.yes && !agreed(path, stage)? {
            return Ok(Exit::No);
        }
        let unwritable = |error: io::Error| {
            let failure = Failure::new(format!("`{}` cannot be written", path.display()));
            failure.cause(error.to_string()).hint(format!("ls -ld {}", folder(path).display()))
        };
        let mut file = BufWriter::new(File::create(path).map_err(unwritable)?);
        hub.export(format, &meant, &mut file).map_err(failed)?;
        file.flush().map_err(unwritable)?;
        stage.screen.say(&Text::plain(format!("{count} exchanges written to `{}`", path.display())))?;
        Ok(Exit::Yes)
    }

    /// The name of the format that was asked for.
    fn format(&self, form: Format) -> Result<&'static str, Failure> {
        let flags = [
            (self.har, "har"),
            (self.pcapng, "pcapng"),
            (self.curl, "curl"),
            (self.hurl, "hurl"),
            (self.otlp, "otlp"),
        ];
        let typed = flags.into_iter().find_map(|(is_set, name)| is_set.then_some(name));
        // The flag for lines of JSON is every command's.
        match (typed, form) {
            (Some(name), _) => Ok(name),
            (None, Format::Jsonl) => Ok("jsonl"),
            (None, _) => Err(Failure::new("no format is named")
                .cause("it is one of `--har`, `--pcapng`, `--curl`, `--hurl`, `--otlp`, `--jsonl`")
                .hint("navyd traffic export --har -o traffic.har")),
        }
    }
}

fn agreed(path: &Path, stage: &mut Stage) -> anyhow::Result<bool> {
    match stage.screen.ask(&format!("write over `{}`?", path.display()))? {
        Answer::Yes => Ok(true),
        Answer::No => Ok(false),
        Answer::Nobody => Err(Failure::new(format!("`{}` is there already", path.display()))
            .cause("there is no terminal to ask on whether to write over it")
            .hint(format!("navyd traffic export --har -o {} --yes", path.display()))
            .into()),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn failed(error: ExportError) -> anyhow::Error {
    match error {
        ExportError::Client(error) => Failure::from(error).into(),
        // A reader who has enough is told apart further up.
        ExportError::Write(error) => error.into(),
    }
}

/// What is shown to a person line by line, so that nothing in it acts on the terminal.
struct Shown<'s> {
    sink: &'s mut dyn Write,
    line: Vec<u8>,
}

impl Write for Shown<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            self.end_line()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Shown<'_> {
    fn end_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let shown = escape::escape(&String::from_utf8_lossy(&line)).into_owned();
        self.sink.write_all(shown.as_bytes())?;
        self.sink.write_all(b"\n")
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            // Whoever does not read the last line has not read those before.
            let _ = self.end_line();
        }
    }
}

#[cfg(test)]
mod tests {
    use navyd_hub::export::FORMATS;

    use super::*;

    fn export(flag: &str) -> Export {
        let mut export = Export {
            which: Vec::new(),
            har: false,
            pcapng: false,
            curl: false,
            hurl: false,
            otlp: false,
            output: None,
            yes: false,
            dry_run: false,
        };
        match flag {
            "har" => export.har = true,
            "pcapng" => export.pcapng = true,
            "curl" => export.curl = true,
            "hurl" => export.hurl = true,
            "otlp" => export.otlp = true,
            _ => {}
        }
        export
    }

    #[test]
    fn every_format_of_the_hub_has_a_flag() {
        for format in FORMATS {
            let form = if format.name == "jsonl" { Format::Jsonl } else { Format::Text };
            assert_eq!(export(format.name).format(form), Ok(format.name));
        }
        assert!(export("").format(Format::Json).is_err());
    }

    #[test]
    fn nothing_of_it_acts_on_a_terminal() {
        let mut seen = Vec::new();
        let mut shown = Shown { sink: &mut seen, line: Vec::new() };
        shown.write_all(b"curl \x1b[2J\nhttp").unwrap();
        shown.write_all(b"://a\xff/\x07").unwrap();
        drop(shown);
        assert_eq!(String::from_utf8(seen).unwrap(), "curl \\x1b[2J\nhttp://a\u{fffd}/\\x07\n");
    }
}
