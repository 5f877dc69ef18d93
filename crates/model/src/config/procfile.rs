//! `Procfile`, as foreman and overmind read it: `name: command`, one a line.
//!
//! Each process gets what a service of `navyd.toml` gets: a port, a name, a restart. The `.env` beside the file is
//! read where there is one. Deliberately absent: ports counted up from 5000, since a service's port is its own,
//! and silence about lines that are no process.

use std::collections::HashMap;

use super::{
    LARGEST,
    mistake::{Mistake, Source},
    names,
    resolved::{Command, Config, EnvFile, ServiceSpec},
};
use crate::target::shown;

/// The variables that are read with a `Procfile`.
const ENV_FILE: &str = ".env";

/// How many processes one file may have.
const MOST: usize = 1_000;

/// Reads a `Procfile`; `file` is its name in mistakes.
///
/// # Errors
/// Every mistake in it, in the order of the text.
pub fn read(file: &str, text: &str) -> Result<Config, Vec<Mistake>> {
    const EXAMPLE: &str = "web: npm run dev";
    let mut source = Source::new(file, text);
    let mut config = Config::default();
    let mut labels: HashMap<String, String> = HashMap::new();
    if text.len() > LARGEST {
        let what = format!("the file is larger than `{LARGEST}` bytes");
        source.mistake(&(0..0), what, "a list of processes", "ls -l Procfile");
        return source.finish(config);
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let span = at..at + line.len();
        at = span.end;
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, command)) = line.split_once(':').map(|(name, command)| (name.trim(), command.trim()))
        else {
            let what = format!("`{}` is no process", shown(line));
            source.mistake(&span, what, "`name: command`", EXAMPLE);
            continue;
        };
        if !names::is_service(name) {
            let what = format!("`{}` is no name of a process", shown(name));
            let expected = "letters, digits, `-` and `_`, with a letter or digit first, at most 63";
            source.mistake(&span, what, expected, EXAMPLE);
            continue;
        }
        if command.is_empty() || command.contains('\0') {
            source.mistake(&span, format!("`{name}` has no command"), "`name: command`", EXAMPLE);
            continue;
        }
        if let Some(other) = labels.insert(names::label(name), name.to_owned()) {
            let what = format!("`{name}` and `{other}` would be the same host");
            let expected = "names that differ by more than case, `-` and `_`";
            source.mistake(&span, what, expected, format!("{}-2: {}", names::label(name), shown(command)));
            continue;
        }
        if config.services.len() == MOST {
            let what = format!("`{name}` is one process too many");
            source.mistake(&span, what, format!("at most {MOST}"), "wc -l Procfile");
            break;
        }
        let mut service = ServiceSpec::new(name, Command::Shell(command.to_owned()));
        service.env_files = vec![EnvFile { path: ENV_FILE.to_owned(), required: false }];
        config.services.push(service);
    }
    source.finish(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_in_their_order() {
        let text =
            "# all of it\nweb: bundle exec rails s -p $PORT\n\n  worker_1 :  sh -c 'a: b'\r\ncss: x # y\n";
        let config = read("Procfile", text).unwrap();
        let found: Vec<_> = config
            .services
            .iter()
            .map(|service| (service.name.as_str(), service.command.argv()[2].clone()))
            .collect();
        assert_eq!(
            found,
            [
                ("web", "bundle exec rails s -p $PORT".to_owned()),
                ("worker_1", "sh -c 'a: b'".to_owned()),
                // What a `#` means within a command is the shell's to say.
                ("css", "x # y".to_owned()),
            ]
        );
        let file = &config.services[0].env_files[0];
        assert_eq!((file.path.as_str(), file.required), (".env", false));
        assert_eq!(read("Procfile", ""), Ok(Config::default()));
    }

    #[test]
    fn every_mistake_has_its_line() {
        let text = "web: a\nnonsense\n: b\nc:\nWEB: d\nx y: e\n";
        let mistakes = read("Procfile", text).unwrap_err();
        let found: Vec<_> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        assert_eq!(
            found,
            [
                "Procfile:2:1: `nonsense` is no process",
                "Procfile:3:1: `` is no name of a process",
                "Procfile:4:1: `c` has no command",
                "Procfile:5:1: `WEB` and `web` would be the same host",
                "Procfile:6:1: `x y` is no name of a process",
            ]
        );
        assert_eq!(mistakes[3].hint, "web-2: d");
    }
}
