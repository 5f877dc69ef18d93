//! What a project knows of and lives with: `navyd-audit.toml`.
//!
//! An entry names a check and, as far as it has them, a project, a program and a place; never a pid or a path of
//! this machine, so that the file serves the whole team and outlives every restart. What an entry leaves out fits
//! anything. Deliberately absent: patterns, and an end date.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

use navyd_model::{Protocol, api::Document, finding::Finding};
use serde::{Deserialize, Serialize};

use super::{Form, plan::Plan};
use crate::{
    client,
    exit::Exit,
    out::{Failure, Screen, Text, Tone},
};

/// The name of the file, in the root of a project.
const NAME: &str = "navyd-audit.toml";

/// The largest that it may be.
const MOST_BYTES: u64 = 1024 * 1024;

/// What a new file begins with.
const HEADER: &str = "# What `navyd audit` finds here and this project lives with. `navyd audit --accept ID` adds to it.\n\
                      # An entry fits what has all that it names: what it leaves out fits anything.\n";

/// The findings that are accepted.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    file: Option<PathBuf>,
    entries: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accepted: Vec<Entry>,
}

/// One accepted finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The check.
    id: String,
    /// The name of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    /// The name of a holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    /// What carries the bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    proto: Option<Protocol>,
    /// The port.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// The path, or the abstract name behind `@`, of a unix socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Why it is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What was accepted: `navyd.audit-accept/1`.
#[derive(Debug, Serialize)]
struct Accepted {
    file: String,
    accepted: Vec<Entry>,
}

/// Writes what the plan finds now into the file.
pub(super) fn accept(
    plan: &Plan,
    file: Option<PathBuf>,
    reason: Option<&str>,
    form: Form,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let seen = plan.look()?;
    let ids = plan.only.join(", ");
    if seen.answer.findings.is_empty() && seen.accepted.is_empty() {
        return Err(Failure::new(format!("there is nothing to accept: `{ids}` finds nothing now"))
            .hint("navyd audit")
            .into());
    }
    let file = file.or_else(|| plan.baseline.file.clone()).or_else(usual).ok_or_else(|| {
        Failure::new(format!("`{NAME}` has no place"))
            .cause("this directory belongs to no project: no git repository and no manifest is above it")
            .hint(format!("navyd audit --accept {} --baseline {NAME}", plan.only.join(",")))
    })?;
    let mut entries: Vec<Entry> = Vec::new();
    for finding in &seen.answer.findings {
        let entry = Entry { reason: reason.map(str::to_owned), ..Entry::of(finding) };
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    add(&file, &entries).map_err(|error| unwritable(&file, &error))?;
    let shown = file.display().to_string();
    match form {
        Form::Json => {
            screen.json(&Document::new("audit-accept", Accepted { file: shown, accepted: entries }))?;
        }
        Form::Jsonl => entries.iter().try_for_each(|entry| screen.json_line(entry))?,
        Form::Text | Form::Sarif | Form::Markdown => {
            for entry in &entries {
                screen.line(
                    &Text::of(Tone::Green, "accepted").then(Tone::Plain, format!(" {}", entry.said())),
                )?;
            }
            let already = seen.accepted.len();
            if already > 0 {
                screen.note(format!("{already} of `{ids}` were accepted already"))?;
            }
            screen.note(format!("it is written in `{shown}`"))?;
        }
    }
    Ok(Exit::Yes)
}

impl Baseline {
    /// Reads the file that was named, which must be there unless it is `to_write`, or that of the project, which need not.
    pub(super) fn find(named: Option<&Path>, to_write: bool) -> Result<Self, Failure> {
        let Some(file) = named.map(Path::to_owned).or_else(usual) else { return Ok(Self::default()) };
        let text = match read(&file) {
            Ok(text) => text,
            // The one that is to be written is named as well before it is there.
            Err(error) if error.kind() == io::ErrorKind::NotFound && (named.is_none() || to_write) => {
                return Ok(Self { file: Some(file), entries: Vec::new() });
            }
            Err(error) => {
                return Err(Failure::new(format!("`{}` cannot be read", file.display()))
                    .cause(error.to_string())
                    .hint("navyd audit --accept ID --baseline FILE"));
            }
        };
        let entries = entries(&text).map_err(|error| {
            Failure::new(format!("`{}` cannot be understood", file.display()))
                .cause(error)
                .hint("navyd audit --accept --help")
        })?;
        Ok(Self { file: Some(file), entries })
    }

    /// What is accepted, with the reason, and what is not. Pure.
    pub(super) fn part(&self, findings: Vec<Finding>) -> (Vec<(Finding, Option<String>)>, Vec<Finding>) {
        let (mut accepted, mut rest) = (Vec::new(), Vec::new());
        for finding in findings {
            match self.entries.iter().find(|entry| entry.fits(&finding)) {
                Some(entry) => accepted.push((finding, entry.reason.clone())),
                None => rest.push(finding),
            }
        }
        (accepted, rest)
    }

    /// Whether nothing is accepted.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is said of the entries whose check nobody knows: mistyped, or of another version, and so never found. Pure.
    pub(super) fn unknown(&self, is_known: impl Fn(&str) -> bool) -> Vec<String> {
        let file = self.file.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let unknown = self.entries.iter().filter(|entry| !is_known(&entry.id));
        unknown.map(|entry| format!("`{file}` accepts `{}`, which is no check", entry.id)).collect()
    }

    /// What is said of the entries that fit nothing that was found. Pure. Of the checks in `unasked` nothing is known.
    pub(super) fn stale(&self, accepted: &[(Finding, Option<String>)], unasked: &[&str]) -> Vec<String> {
        let unused = |entry: &&Entry| {
            !accepted.iter().any(|(finding, _)| entry.fits(finding))
                && !unasked.iter().any(|id| entry.id.eq_ignore_ascii_case(id))
        };
        let file = self.file.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let say = |entry: &Entry| format!("`{file}` accepts {}, which is not found now", entry.said());
        self.entries.iter().filter(unused).map(say).collect()
    }
}

impl Entry {
    fn of(finding: &Finding) -> Self {
        let place = finding.listener.as_ref();
        Self {
            id: finding.id.clone(),
            project: finding.project.as_ref().map(|project| project.name.clone()),
            program: finding.holders.first().map(|keeper| keeper.name.clone()),
            proto: place.map(|place| place.proto),
            port: place.and_then(|place| place.port),
            path: place.and_then(|place| place.path.clone()),
            reason: None,
        }
    }

    fn fits(&self, finding: &Finding) -> bool {
        let place = finding.listener.as_ref();
        let project = finding.project.as_ref().map(|project| &project.name);
        let program = |name: &String| finding.holders.iter().any(|keeper| keeper.name == *name);
        self.id.eq_ignore_ascii_case(&finding.id)
            && self.project.as_ref().is_none_or(|name| project == Some(name))
            && self.program.as_ref().is_none_or(program)
            && self.proto.is_none_or(|proto| place.is_some_and(|place| place.proto == proto))
            && self.port.is_none_or(|port| place.and_then(|place| place.port) == Some(port))
            && self.path.as_ref().is_none_or(|path| place.and_then(|place| place.path.as_ref()) == Some(path))
    }

    /// `A01 of node in shop, 5173/tcp`.
    fn said(&self) -> String {
        let mut said = self.id.clone();
        let program = self.program.iter().map(|name| format!(" of {name}"));
        let project = self.project.iter().map(|name| format!(" in {name}"));
        said.extend(program.chain(project));
        let proto = self.proto.map_or("", Protocol::as_str);
        match (self.port, &self.path) {
            (Some(port), _) if proto.is_empty() => said + &format!(", port {port}"),
            (Some(port), _) => said + &format!(", {port}/{proto}"),
            (None, Some(path)) => said + &format!(", {path}"),
            (None, None) => said,
        }
    }

    /// The entry as the file has it.
    fn written(&self) -> String {
        let mut lines = "\n[[accepted]]\n".to_owned();
        let mut line = |key: &str, value: Option<String>| {
            lines.extend(value.map(|value| format!("{key} = {value}\n")));
        };
        let text = |value: &Option<String>| value.as_deref().map(quoted);
        line("id", Some(quoted(&self.id)));
        line("project", text(&self.project));
        line("program", text(&self.program));
        line("proto", self.proto.map(|proto| quoted(proto.as_str())));
        line("port", self.port.map(|port| port.to_string()));
        line("path", text(&self.path));
        line("reason", text(&self.reason));
        lines
    }
}

fn usual() -> Option<PathBuf> {
    client::project().map(|project| Path::new(&project.root).join(NAME))
}

fn read(file: &Path) -> io::Result<String> {
    use io::Read as _;
    let mut text = String::new();
    let opened = fs::File::open(file)?;
    opened.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {MOST_BYTES} bytes"),
        ));
    }
    Ok(text)
}

fn entries(text: &str) -> Result<Vec<Entry>, String> {
    toml::from_str::<File>(text)
        .map(|file| file.accepted)
        .map_err(|error| error.to_string().trim_end().to_owned())
}

/// Adds entries at the end of the file: what a person wrote in it stays. Whenever this is interrupted, the file is
/// the old or the new one.
fn add(file: &Path, entries: &[Entry]) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    // A link stays one: what it leads to is written.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut text = match read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => HEADER.to_owned(),
        Err(error) => return Err(error),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.extend(entries.iter().map(Entry::written));
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", process::id()));
    let new = file.with_file_name(name);
    let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &file));
    if written.is_err() {
        drop(fs::remove_file(&new));
    }
    written
}

fn unwritable(file: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("`{}` cannot be written", file.display()))
        .cause(error.to_string())
        .hint("navyd audit --accept ID --baseline FILE")
}

/// A basic string of TOML 1.0: quotes, backslashes and control characters are escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::finding, *};

    #[test]
    fn an_entry_fits_whatever_has_all_that_it_names() {
        let found = finding("A01", "shop", "node", 812, "0.0.0.0", 5173);
        let restarted = finding("A01", "shop", "node", 999, "::", 5173);
        let entry = Entry::of(&found);
        let whole = Entry { id: "a01".into(), ..Entry::default() };
        for (entry, expected) in [
            (entry.clone(), true),
            (whole, true),
            (Entry { id: "A02".into(), ..entry.clone() }, false),
            (Entry { project: Some("other".into()), ..entry.clone() }, false),
            (Entry { program: Some("deno".into()), ..entry.clone() }, false),
            (Entry { port: Some(5174), ..entry.clone() }, false),
            (Entry { proto: Some(Protocol::Udp), ..entry.clone() }, false),
            (Entry { path: Some("/run/x".into()), ..entry.clone() }, false),
            (Entry { port: None, program: None, ..entry }, true),
        ] {
            assert_eq!((entry.fits(&found), entry.fits(&restarted)), (expected, expected), "{entry:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_whatever_is_in_it() {
        let every: String = (0..0x300).filter_map(char::from_u32).collect();
        let found = finding("A54", &every, &format!("{every}\u{202e}"), 1, "127.0.0.1", 80);
        let written = Entry { reason: Some("\"quoted\"\n".into()), ..Entry::of(&found) };
        let text = format!(
            "{HEADER}{}{}",
            written.written(),
            Entry { id: "A01".into(), ..Entry::default() }.written()
        );
        let read = entries(&text).unwrap();
        assert_eq!((read.len(), &read[0]), (2, &written));
    }

    #[test]
    fn what_is_accepted_is_parted_and_what_is_stale_is_told() {
        let findings = vec![
            finding("A01", "shop", "node", 1, "0.0.0.0", 3000),
            finding("A54", "shop", "node", 1, "0.0.0.0", 3000),
        ];
        let text = "[[accepted]]\nid = \"A01\"\nport = 3000\nreason = \"demo\"\n[[accepted]]\nid = \"A40\"\nport = 9229";
        let baseline = Baseline { file: Some("x/navyd-audit.toml".into()), entries: entries(text).unwrap() };
        let (accepted, rest) = baseline.part(findings);
        assert_eq!((accepted[0].0.id.as_str(), accepted[0].1.as_deref()), ("A01", Some("demo")));
        assert_eq!(rest.iter().map(|finding| finding.id.as_str()).collect::<Vec<_>>(), ["A54"]);
        let stale = baseline.stale(&accepted, &[]);
        assert_eq!(stale, ["`navyd-audit.toml` accepts A40, port 9229, which is not found now"]);
        assert_eq!(baseline.stale(&accepted, &["A40"]), [""; 0]);
        let unknown = baseline.unknown(|id| id == "A01");
        assert_eq!(unknown, ["`navyd-audit.toml` accepts `A40`, which is no check"]);
    }

    #[test]
    fn what_is_mistyped_is_refused() {
        for text in [
            "[[accepted]]",
            "[[accepted]]\nid = 1",
            "[[acepted]]\nid = \"A01\"",
            "[[accepted]]\nid = \"A01\"\nprot = 1",
            "\0",
        ] {
            assert!(entries(text).is_err(), "{text}");
        }
        assert_eq!(entries("").unwrap(), []);
    }
}
