//! What is known of a listener before it is asked anything.

use navyd_model::{Listener, Protocol};

/// A program that holds the listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// Its name, as people know it.
    pub name: String,
    /// The path of its executable.
    pub exe: Option<String>,
    /// Its arguments, its own name first.
    pub argv: Vec<String>,
    /// Its framework, such as `Vite`.
    pub framework: Option<String>,
}

/// What is known of a listener before it is asked anything. Programs choose and may forbid the questions;
/// the port only orders them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// Every holder.
    pub programs: Vec<Program>,
    /// The port.
    pub port: u16,
    /// Whether it is a datagram socket.
    pub udp: bool,
    /// The backlog of `listen()`, when known.
    pub backlog: Option<u32>,
}

impl Hints {
    /// What a row of the listener table tells; `None` for unix sockets, which are never asked.
    pub fn of(listener: &Listener) -> Option<Self> {
        let udp = match listener.proto {
            Protocol::Tcp => false,
            Protocol::Udp => true,
            Protocol::Unix => return None,
        };
        let programs = listener.holders.iter().map(|holder| Program {
            name: holder.name.clone(),
            exe: holder.exe.clone(),
            argv: holder.argv.clone().unwrap_or_default(),
            framework: holder.framework.clone(),
        });
        Some(Self {
            programs: programs.collect(),
            port: listener.port?,
            udp,
            backlog: listener.queue.and_then(|queue| queue.max),
        })
    }

    /// Whether a holder is one of the programs named, or runs one as a script, or uses such a framework.
    pub(super) fn run(&self, words: &[&str]) -> bool {
        self.programs.iter().any(|program| program.is(words))
    }

    /// Whether an argument of a holder is the port's own number: alone, or behind `:` or `=`.
    pub(super) fn port_is_argued(&self) -> bool {
        let number = self.port.to_string();
        let mut arguments = self.programs.iter().flat_map(|program| &program.argv);
        arguments.any(|argument| argument.split([':', '=', ' ', ',']).any(|part| part == number))
    }
}

impl Program {
    /// What it is called: its name, the file it runs from, and the first of its arguments.
    pub(super) fn titles(&self) -> impl Iterator<Item = &str> {
        [Some(&self.name), self.exe.as_ref(), self.argv.first()].into_iter().flatten().map(|text| stem(text))
    }

    /// Whether it is one of these: by name, executable, framework, or an argument that is a path to one.
    ///
    /// Biased towards yes: `run postgres` counts as well, since the answer alone decides what is reported.
    fn is(&self, words: &[&str]) -> bool {
        let titles = [Some(&self.name), self.exe.as_ref(), self.framework.as_ref()];
        titles.into_iter().flatten().chain(&self.argv).any(|text| {
            let word = stem(text);
            words.iter().any(|wanted| wanted.eq_ignore_ascii_case(word) || in_package(text, wanted))
        })
    }
}

/// The program's word in a path or process title: `redis-server` in `/usr/bin/redis-server *:6379`.
pub(super) fn stem(text: &str) -> &str {
    let title = text.split(' ').next().unwrap_or(text).trim_end_matches(':');
    let file = title.rsplit(['/', '\\']).next().unwrap_or(title);
    let ends = [".js", ".mjs", ".cjs", ".py", ".exe", ".jar"];
    ends.iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file)
}

/// Whether a path leads into the npm package `name`.
fn in_package(path: &str, name: &str) -> bool {
    path.split("node_modules/")
        .skip(1)
        .any(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(in super::super) fn runs(argv: &str) -> Hints {
        let argv: Vec<String> = argv.split(' ').map(str::to_owned).collect();
        Hints { programs: vec![Program { argv, ..Program::default() }], port: 40_000, ..Hints::default() }
    }

    #[test]
    fn programs_are_recognised() {
        for (argv, word, expected) in [
            ("/usr/bin/redis-server *:6379", "redis-server", true),
            ("node /a/node_modules/.bin/vite --port 3", "vite", true),
            ("node /a/node_modules/vite/bin/x.js", "vite", true),
            ("node /a/node_modules/vitest/x.mjs", "vite", false),
            ("postgres: checkpointer", "postgres", true),
            ("C:\\x\\ollama.exe serve", "ollama", true),
            ("next-server (v14.2.3)", "next-server", true),
            ("redis-server-exporter", "redis-server", false),
        ] {
            assert_eq!(runs(argv).run(&[word]), expected, "{argv}");
        }
    }

    #[test]
    fn the_port_in_the_arguments() {
        for (argv, expected) in [
            ("x --port=40000", true),
            ("x -p 40000", true),
            ("redis-server *:40000", true),
            ("x 400001", false),
            ("x", false),
        ] {
            assert_eq!(runs(argv).port_is_argued(), expected, "{argv}");
        }
    }
}
