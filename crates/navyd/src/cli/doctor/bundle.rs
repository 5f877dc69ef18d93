//! `--bundle`: a report to attach to a bug, which tells of this machine and of nobody who uses it.
//!
//! What goes in is picked, never left over: of a listener where it is and what kind of program holds it; no arguments, no
//! environment, no folders. What sentences may still hold (the home directory, the names of the user and of the machine,
//! those in the hosts file and of routes, where proxies stand) is taken out of them, by a pure function. Deliberately
//! absent: sending it anywhere.

use std::{
    collections::HashSet,
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use navyd_model::{Diagnosis, Listener, api::Document, hub::Hub};
use serde::Serialize;
use serde_json::Value;

use super::outside;
use crate::{
    client::{self, Scope},
    hub,
    out::Failure,
};

/// Names shorter than this stand inside of too many words to be taken out of them.
const SHORTEST: usize = 3;

/// The body of `navyd.bundle/1`.
#[derive(Debug, Serialize)]
struct Bundle {
    navyd: &'static str,
    system: &'static str,
    architecture: &'static str,
    kernel: Option<String>,
    doctor: Diagnosis,
    listeners: Vec<Place>,
    hub: Option<Hub>,
}

/// A listener, without anything that a person wrote.
#[derive(Debug, Serialize)]
struct Place {
    proto: Value,
    address: Option<std::net::IpAddr>,
    port: Option<u16>,
    state: Value,
    exposure: Value,
    v6only: Option<bool>,
    programs: Vec<String>,
}

/// What is taken out of texts, and what stands there instead.
struct Secrets {
    /// Wherever they stand alone.
    words: Vec<(String, &'static str)>,
    /// Names of machines: in sentences, `HOST` stands instead.
    names: HashSet<String>,
}

/// What the sentence says before a proxy's address, and what follows it.
const PROXY: (&str, char) = (" leads to ", ',');

/// Writes the report to a file that is not there yet.
pub(super) fn write(file: &Path, diagnosis: &Diagnosis) -> Result<(), Failure> {
    let bundle = Bundle {
        navyd: env!("CARGO_PKG_VERSION"),
        system: std::env::consts::OS,
        architecture: std::env::consts::ARCH,
        kernel: client::kernel_version(),
        doctor: diagnosis.clone(),
        listeners: client::listeners(&Scope::default())?.listeners.iter().map(place).collect(),
        hub: hub::running().ok().flatten().and_then(|client| client.status().ok()),
    };
    let unwritten = |error: io::Error| {
        let failure =
            Failure::new(format!("`{}` cannot be written", file.display())).cause(error.to_string());
        failure.hint("navyd doctor --bundle navyd-report.json")
    };
    let mut document = serde_json::to_value(&bundle).map_err(|error| unwritten(error.into()))?;
    Secrets::here().redact(&mut document);
    let mut text = serde_json::to_vec_pretty(&Document::new("bundle", &document))
        .map_err(|error| unwritten(error.into()))?;
    text.push(b'\n');
    let mut open = OpenOptions::new().write(true).create_new(true).open(file).map_err(unwritten)?;
    open.write_all(&text).map_err(unwritten)
}

fn place(listener: &Listener) -> Place {
    let word = |value: serde_json::Result<Value>| value.unwrap_or(Value::Null);
    let mut programs: Vec<String> = listener.holders.iter().map(|holder| holder.name.clone()).collect();
    programs.dedup();
    Place {
        proto: word(serde_json::to_value(listener.proto)),
        address: listener.address,
        port: listener.port,
        state: word(serde_json::to_value(listener.state)),
        exposure: word(serde_json::to_value(listener.exposure)),
        v6only: listener.v6only,
        programs,
    }
}

impl Secrets {
    /// The home directory, then the names of the user and of the machine.
    fn here() -> Self {
        let home = std::env::home_dir().map(|home| home.display().to_string()).unwrap_or_default();
        let user = ["USER", "LOGNAME", "SUDO_USER"].map(|name| std::env::var(name).unwrap_or_default());
        let last = home.rsplit('/').next().unwrap_or_default().to_owned();
        let made = Self::of(&home, user.into_iter().chain([last]), &client::host_name().unwrap_or_default());
        made.naming(client::hosts_names().into_iter().chain(outside::names()))
    }

    fn of(home: &str, users: impl IntoIterator<Item = String>, host: &str) -> Self {
        let mut all = vec![(home.trim_end_matches('/').to_owned(), "~")];
        // Root and localhost are nobody's.
        all.extend(users.into_iter().filter(|user| user != "root").map(|user| (user, "USER")));
        all.extend((host != "localhost").then(|| (host.to_owned(), "HOST")));
        all.retain(|(text, _)| text.len() >= SHORTEST);
        Self { words: all, names: HashSet::new() }
    }

    /// With these names of machines; those that every machine has are nobody's.
    fn naming(mut self, names: impl IntoIterator<Item = String>) -> Self {
        let is_usual =
            |name: &str| name == "localhost" || name.starts_with("ip6-") || name == "broadcasthost";
        // A single letter is an article, and nobody's secret.
        let names = names.into_iter().filter(|name| name.len() > 1 && !is_usual(name));
        let (names, odd): (Vec<String>, Vec<String>) =
            names.partition(|name| name.chars().all(is_part_of_name));
        self.names.extend(names);
        self.words.extend(odd.into_iter().map(|word| (word, "HOST")));
        self
    }

    /// Takes them out of every text of a document. Its keys are navyd's own words.
    fn redact(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.without(text),
            Value::Array(all) => all.iter_mut().for_each(|value| self.redact(value)),
            Value::Object(all) => all.values_mut().for_each(|value| self.redact(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn without(&self, text: &str) -> String {
        let text = self
            .words
            .iter()
            .fold(text.to_owned(), |text, (secret, instead)| replaced(&text, secret, instead));
        // navyd's own words, such as a state, are no sentence.
        if !text.contains(' ') {
            return text;
        }
        self.unnamed(&unproxied(&text))
    }

    /// The text without the names of machines.
    fn unnamed(&self, text: &str) -> String {
        let mut made = String::with_capacity(text.len());
        for piece in text.split_inclusive(|c| !is_part_of_name(c)) {
            let word = piece.trim_end_matches(|c| !is_part_of_name(c));
            let known = self.names.contains(&word.trim_end_matches('.').to_ascii_lowercase());
            made.push_str(if known { "HOST" } else { word });
            made.push_str(&piece[word.len()..]);
        }
        made
    }
}

/// Whether names of machines have such a letter.
fn is_part_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || "-_.".contains(letter)
}

/// A sentence without where a proxy stands.
fn unproxied(text: &str) -> String {
    let (before, end) = PROXY;
    let Some((head, rest)) = text.split_once(before) else { return text.to_owned() };
    let address = rest.split(end).next().unwrap_or_default();
    // A rule leads somewhere, too, and then the address is this machine's.
    if !head.to_ascii_lowercase().ends_with("_proxy") {
        return text.to_owned();
    }
    format!("{head}{before}PROXY{}", &rest[address.len()..])
}

/// A text with something else in the place of a word, where it stands alone: `ann` is no part of `channel`.
fn replaced(text: &str, word: &str, instead: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, found) = rest.split_at(at);
        let behind = &found[word.len()..];
        let joined = made.chars().chain(before.chars()).next_back().is_some_and(is_part)
            || behind.chars().next().is_some_and(is_part);
        made.push_str(before);
        made.push_str(if joined { word } else { instead });
        rest = behind;
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_and_machines_are_taken_out() {
        let secrets =
            Secrets::of("/home/ann/", ["ann".to_owned(), "root".to_owned(), "a".to_owned()], "annbox");
        for (text, expected) in [
            ("cannot open /home/ann/x", "cannot open ~/x"),
            ("/home/anna", "/home/anna"),
            ("user ann, on annbox.lan", "user USER, on HOST.lan"),
            ("channel ann_1 ann", "channel ann_1 USER"),
            ("annann ann", "annann USER"),
            ("root a", "root a"),
            ("", ""),
        ] {
            assert_eq!(secrets.without(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_of_machines_and_proxies_are_taken_out_of_sentences() {
        let names = ["db.corp", "localhost", "shop", "ok", "pass=word"].map(str::to_owned);
        let secrets = Secrets::of("", [], "").naming(names);
        for (text, expected) in [
            ("`/etc/hosts` gives `db.corp` two addresses", "`/etc/hosts` gives `HOST` two addresses"),
            ("DB.corp. and shop, localhost", "HOST and HOST, localhost"),
            ("db.corporate shopping", "db.corporate shopping"),
            ("ok", "ok"),
            ("line 3 is not read: `pass=word` is no address", "line 3 is not read: `HOST` is no address"),
            (
                "http_proxy leads to proxy.corp:3128, and no_proxy is not set",
                "http_proxy leads to PROXY, and no_proxy is not set",
            ),
            ("HTTPS_PROXY leads to 10.0.0.1:1", "HTTPS_PROXY leads to PROXY"),
            (
                "port 3000 leads to 127.0.0.1:8000, where something listens",
                "port 3000 leads to 127.0.0.1:8000, where something listens",
            ),
        ] {
            assert_eq!(secrets.without(text), expected, "{text:?}");
        }
    }

    #[test]
    fn every_text_of_a_document_is_read() {
        let mut value = serde_json::json!({"a": ["at /home/ann", {"b": "ann"}], "c": 7, "d": null});
        Secrets::of("/home/ann", ["ann".to_owned()], "box").redact(&mut value);
        assert_eq!(value, serde_json::json!({"a": ["at ~", {"b": "USER"}], "c": 7, "d": null}));
    }
}
