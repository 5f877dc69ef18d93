//! `navyd hub logs`: what the hub said while nobody watched.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use navyd_model::api::Document;
use serde::Serialize;

use super::super::{Format, Stage};
use crate::{client, exit::Exit, hub, out::Failure};

/// Print what the hub has said
#[derive(Debug, clap::Args)]
pub(super) struct Logs {
    /// Go on with what it says from now on
    #[arg(long, short)]
    follow: bool,

    /// How many lines of what it said before
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    lines: usize,
}

/// How often a log that is followed is looked at.
const PERIOD: Duration = Duration::from_millis(200);

/// The body of `navyd.hub-log/1`.
#[derive(Debug, Serialize)]
struct Report {
    path: String,
    lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    line: &'a str,
}

impl Logs {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let path = hub::places()?.log();
        let mut tail = Tail::new(path.clone());
        let before = fs::read(hub::rotated(&path)).unwrap_or_default();
        let now = tail.read().map_err(|error| unreadable(&path, &error))?;
        let text = String::from_utf8_lossy(&before).into_owned() + &now;
        let lines: Vec<&str> = text.lines().collect();
        let lines = &lines[lines.len().saturating_sub(self.lines)..];
        if stage.format == Format::Json {
            let lines = lines.iter().map(|line| (*line).to_owned()).collect();
            let report = Report { path: path.display().to_string(), lines };
            stage.screen.json(&Document::new("hub-log", report))?;
            return Ok(if text.is_empty() { Exit::No } else { Exit::Yes });
        }
        for line in lines {
            print(line, stage)?;
        }
        if !self.follow {
            if text.is_empty() {
                stage
                    .screen
                    .note(format!("`{}` is empty: a hub in the foreground says it there", path.display()))?;
                return Ok(Exit::No);
            }
            return Ok(Exit::Yes);
        }
        let mut rest = String::new();
        while client::is_read() {
            stage.screen.flush()?;
            rest.push_str(&tail.read().map_err(|error| unreadable(&path, &error))?);
            // A line that is not complete yet waits for its end.
            let complete = rest.rfind('\n').map_or(0, |at| at + 1);
            let lines: String = rest.drain(..complete).collect();
            for line in lines.lines() {
                print(line, stage)?;
            }
            stage.screen.flush()?;
            thread::sleep(PERIOD);
        }
        Ok(Exit::Yes)
    }
}

fn print(line: &str, stage: &mut Stage) -> io::Result<()> {
    match stage.format {
        Format::Jsonl => stage.screen.json_line(&Line { line }),
        Format::Text | Format::Json => stage.screen.line(&line.into()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(format!("`{}` cannot be read", path.display())).cause(error.to_string());
    failure.hint(format!("ls -l {}", path.display()))
}

/// A log that grows, and is moved away when it is long.
struct Tail {
    path: PathBuf,
    file: Option<File>,
}

impl Tail {
    fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// What is new. A log that is not there yet is empty.
    fn read(&mut self) -> io::Result<String> {
        let mut bytes = Vec::new();
        if let Some(file) = &mut self.file {
            // Also what was written before it was moved away.
            file.read_to_end(&mut bytes)?;
            let length = fs::metadata(&self.path).map(|found| found.len());
            // Bias: a new log that is as long already is only noticed once it is shorter or longer.
            if length.is_ok_and(|length| length < file.stream_position().unwrap_or(0)) {
                self.file = None;
            }
        }
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(mut file) => {
                    file.seek(SeekFrom::Start(0))?;
                    file.read_to_end(&mut bytes)?;
                    self.file = Some(file);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
