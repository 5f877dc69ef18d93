//! What a client commands: its name, the key that is meant, and no password.

use navyd_model::exchange::Protocol;
use serde_json::{Map, Value};

use super::wire::{Datum, Told};
use crate::{Spoken, frames::Wrong};

/// Stands for what must stay secret.
const SECRET: &str = "[redacted]";
/// How many arguments are kept.
const ARGUMENTS: usize = 64;
/// The longest name of a command that is believed.
const NAME: usize = 64;

/// Commands whose first argument names what they do.
const CONTAINERS: [&str; 18] = [
    "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "FUNCTION", "LATENCY", "MEMORY", "MODULE",
    "OBJECT", "PUBSUB", "SCRIPT", "SENTINEL", "SLOWLOG", "XGROUP", "XINFO", "HOTKEYS",
];

/// A command that waits for its reply.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub method: String,
    pub target: String,
    /// What stands behind its name; of a container, with what it is to do.
    arguments: Vec<String>,
    more: u64,
    pub started: i64,
    pub answered: Option<i64>,
    pub error: Option<String>,
    pub sent: u64,
    pub received: u64,
    /// How many confirmations have come.
    pub confirmed: u64,
}

impl Command {
    /// Reads a command. `None`: there is nothing in it, and no reply.
    pub(super) fn new(told: Told) -> Result<Option<Self>, Wrong> {
        let Datum::List { items, more, .. } = told.datum else { return Ok(None) };
        let count = items.len() as u64 + more;
        let mut words = items.iter().take(ARGUMENTS + 1).map(|item| item.text().unwrap_or_default());
        let Some(name) = words.next() else { return Ok(None) };
        if name.is_empty() || name.len() > NAME || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Wrong);
        }
        let name = name.to_ascii_uppercase();
        let mut arguments: Vec<_> = words.collect();
        let method = match arguments.first() {
            Some(what) if CONTAINERS.contains(&name.as_str()) && what.len() <= NAME => {
                format!("{name} {}", what.to_ascii_uppercase())
            }
            _ => name,
        };
        let more = count - 1 - arguments.len() as u64;
        hide(&method, &mut arguments);
        let target = target(&method, &arguments);
        Ok(Some(Self {
            method,
            target,
            arguments,
            more,
            started: told.began,
            answered: None,
            error: None,
            sent: told.size,
            received: 0,
            confirmed: 0,
        }))
    }

    pub(super) fn argument(&self, at: usize) -> Option<&str> {
        self.arguments.get(at).map(String::as_str)
    }

    /// How many stand behind its name.
    pub(super) fn arguments(&self) -> u64 {
        self.arguments.len() as u64 + self.more
    }

    /// How much it keeps of what a client chose.
    pub(super) fn cost(&self) -> usize {
        self.target.len() + self.arguments.iter().map(String::len).sum::<usize>()
    }

    /// Keeps the name alone.
    pub(super) fn forget_arguments(&mut self) {
        self.more += self.arguments.len() as u64;
        self.arguments = Vec::new();
        self.target = String::new();
    }

    /// A reply to it, without the passwords that a configuration shows.
    pub(super) fn shown(&self, reply: Datum) -> Value {
        let mut reply = reply;
        if let ("CONFIG GET", Datum::List { items, .. }) = (self.method.as_str(), &mut reply) {
            for pair in items.chunks_mut(2) {
                if let [name, value] = pair
                    && name.text().is_some_and(|name| is_secret(&name))
                {
                    *value = Datum::Simple(SECRET.to_owned());
                }
            }
        }
        reply.to_json()
    }

    pub(super) fn spoken(self, ended: Option<i64>, mut details: Map<String, Value>) -> Spoken {
        let mut arguments: Vec<Value> = self.arguments.into_iter().map(Value::from).collect();
        if self.more > 0 {
            arguments.push(format!("… {} more", self.more).into());
        }
        details.insert("arguments".into(), arguments.into());
        Spoken {
            answered: self.answered,
            ended,
            error: self.error,
            sent: self.sent,
            received: self.received,
            details: details.into(),
            ..Spoken::new(Protocol::Redis, self.started, &self.method, self.target)
        }
    }
}

/// The key, channel or pattern that a command is about: its first argument, save where something else stands there.
fn target(method: &str, arguments: &[String]) -> String {
    let at = match method {
        "EVAL" | "EVALSHA" | "EVAL_RO" | "EVALSHA_RO" | "FCALL" | "FCALL_RO" => {
            if arguments.get(1).is_some_and(|count| count == "0") { return String::new() } else { 2 }
        }
        "BITOP" => 1,
        "XREAD" | "XREADGROUP" => {
            let streams = arguments.iter().position(|word| word.eq_ignore_ascii_case("STREAMS"));
            streams.map_or(usize::MAX, |at| at + 1)
        }
        "AUTH" | "HELLO" => return String::new(),
        _ if method.contains(' ') => 1,
        _ => 0,
    };
    arguments.get(at).cloned().unwrap_or_default()
}

/// Takes out what must stay secret.
fn hide(method: &str, arguments: &mut [String]) {
    match method {
        "AUTH" => arguments.iter_mut().for_each(secret),
        "HELLO" | "MIGRATE" => {
            let word =
                |argument: &String| ["AUTH", "AUTH2"].iter().any(|word| argument.eq_ignore_ascii_case(word));
            if let Some(at) = arguments.iter().position(word) {
                let two = method == "HELLO" || arguments[at].eq_ignore_ascii_case("AUTH2");
                arguments[at + 1..].iter_mut().take(if two { 2 } else { 1 }).for_each(secret);
            }
        }
        // `>` adds a password, `<` removes one; `#` and `!` do it by hashes.
        "ACL SETUSER" => {
            let rule = |rule: &&mut String| rule.starts_with(['>', '<', '#', '!']);
            arguments.iter_mut().skip(2).filter(rule).for_each(secret);
        }
        "CONFIG SET" => {
            for pair in arguments[1..].chunks_mut(2) {
                if let [name, value] = pair
                    && is_secret(name)
                {
                    secret(value);
                }
            }
        }
        "SENTINEL SET" => arguments.iter_mut().skip(3).for_each(secret),
        _ => {}
    }
}

fn secret(argument: &mut String) {
    SECRET.clone_into(argument);
}

/// Whether a setting of a server is a password: `requirepass`, `masterauth`, `tls-key-file-pass`.
fn is_secret(setting: &str) -> bool {
    let setting = setting.to_ascii_lowercase();
    ["pass", "auth", "secret"].iter().any(|word| setting.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Command {
        let items = words.split(' ').map(|word| Datum::Text { kept: word.into(), size: word.len() as u64 });
        let datum = Datum::List { kind: b'*', items: items.collect(), more: 0 };
        Command::new(Told { datum, size: 0, began: 0 }).unwrap().unwrap()
    }

    #[test]
    fn a_command_has_a_name_and_a_key() {
        for (words, method, target) in [
            ("hgetall user:1", "HGETALL", "user:1"),
            ("PING", "PING", ""),
            ("config get maxmemory", "CONFIG GET", "maxmemory"),
            ("XREAD COUNT 2 STREAMS a b 0 0", "XREAD", "a"),
            ("EVAL script 1 k v", "EVAL", "k"),
            ("EVAL script 0", "EVAL", ""),
            ("BITOP AND to from", "BITOP", "to"),
        ] {
            let command = read(words);
            assert_eq!((command.method.as_str(), command.target.as_str()), (method, target), "{words}");
        }
    }

    #[test]
    fn passwords_are_not_kept() {
        for words in [
            "AUTH S3CRET",
            "auth user S3CRET",
            "HELLO 3 AUTH user S3CRET SETNAME x",
            "ACL SETUSER joe on >S3CRET ~*",
            "CONFIG SET requirepass S3CRET",
            "config set maxmemory 1 masterauth S3CRET",
            "MIGRATE h 1 k 0 9 COPY AUTH S3CRET KEYS k",
            "MIGRATE h 1 k 0 9 AUTH2 u S3CRET",
            "SENTINEL SET m auth-pass S3CRET",
        ] {
            let spoken = read(words).spoken(None, Map::new());
            assert!(!format!("{spoken:?}").contains("S3CRET"), "{spoken:?}");
        }
        let reply = Datum::List {
            kind: b'*',
            items: ["maxmemory", "1", "requirepass", "S3CRET"].map(|text| Datum::Simple(text.into())).into(),
            more: 0,
        };
        let shown = read("CONFIG GET *").shown(reply).to_string();
        assert!(shown.contains("maxmemory") && !shown.contains("S3CRET"), "{shown}");
    }
}
