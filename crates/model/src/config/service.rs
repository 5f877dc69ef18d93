//! `[services.NAME]`: one service.

use std::{ops::Range, time::Duration};

use toml::de::{DeTable, DeValue};

use super::{
    keys::{READY, SERVICE, STOP},
    mistake::Source,
    names,
    reader::{Item, Section, entries, kind, number, text},
    reference::{self, Template},
    resolved::{
        Check, Command, Condition, Dependency, EnvFile, Late, Port, Ready, Restart, ServiceProtocol,
        ServiceSpec, Stop, StopSignal,
    },
    time,
};
use crate::{
    route::{Entry, Name},
    target::shown,
};

/// Where the parts of a service are written that can only be judged when all services are known.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Of each dependency.
    pub(super) depends_on: Vec<Range<usize>>,
    /// Of the value of each variable.
    pub(super) env: Vec<Range<usize>>,
}

/// Reads one service. With `whole` false its command may be in a part that could not be read.
pub(super) fn read(
    source: &mut Source<'_>,
    name: &str,
    at: &Range<usize>,
    table: &DeTable<'_>,
    whole: bool,
) -> (ServiceSpec, Places) {
    let section = Section::read(source, table, &SERVICE, format!("services.{name}"));
    let item = |key| section.item(key);
    let mut places = Places::default();
    let mut service = ServiceSpec::new(name, Command::Program(Vec::new()));
    match item("command") {
        Some(item) => service.command = command(source, &item),
        None if whole => {
            let what = format!("`services.{}` has no command", shown(name));
            source.mistake(at, what, "`command`", "command = \"npm run dev\"");
        }
        None => {}
    }
    if let Some(item) = item("dir") {
        service.dir = item.text(source).map(str::to_owned);
    }
    if let Some(table) = item("env").and_then(|item| item.table(source)) {
        (service.env, places.env) = env(source, table);
    }
    if let Some(item) = item("env_file") {
        let file = |(path, _): (&str, _)| EnvFile { path: path.to_owned(), required: true };
        service.env_files = item.texts(source).into_iter().map(file).collect();
    }
    if let Some(item) = item("port") {
        service.port = port(source, &item);
    }
    if let Some(item) = item("protocol") {
        let words = [("http", ServiceProtocol::Http), ("tcp", ServiceProtocol::Tcp)];
        service.protocol = word(source, &item, &words).unwrap_or_default();
    }
    if let Some(item) = item("depends_on") {
        (service.depends_on, places.depends_on) = depends_on(source, &item);
    }
    if service.port == Port::None {
        service.ready = Ready { check: Check::Started, ..Ready::default() };
    }
    if let Some(item) = item("ready") {
        if matches!(item.value(), DeValue::Table(table) if table.is_empty()) {
            item.wrong(source, "says nothing");
        }
        if let Some(section) = item.section(source, &READY) {
            service.ready = ready(source, &section, service.ready);
        }
    }
    if let Some(item) = item("restart") {
        let words = [("no", Restart::No), ("on-failure", Restart::OnFailure), ("always", Restart::Always)];
        service.restart = word(source, &item, &words).unwrap_or_default();
    }
    if let Some(section) = item("stop").and_then(|item| item.section(source, &STOP)) {
        service.stop = stop(source, &section);
    }
    if let Some(item) = item("listen_fds") {
        service.listen_fds = item.flag(source).unwrap_or_default();
        if service.listen_fds && service.port == Port::None {
            item.wrong(source, "needs a port");
        }
    }
    if let Some(item) = item("capture") {
        service.capture = item.flag(source).unwrap_or(true);
    }
    if let Some(item) = item("host") {
        service.hosts = hosts(source, &item);
    }
    (service, places)
}

fn command(source: &mut Source<'_>, item: &Item<'_>) -> Command {
    if !matches!(item.value(), DeValue::Array(_)) {
        return Command::Shell(item.text(source).unwrap_or_default().to_owned());
    }
    let argv: Vec<String> = item.texts(source).into_iter().map(|(text, _)| text.to_owned()).collect();
    if argv.first().is_none_or(String::is_empty) {
        item.wrong(source, "names no program");
    }
    Command::Program(argv)
}

/// Variables in the order of the text, and where their values are.
fn env(source: &mut Source<'_>, table: &DeTable<'_>) -> (Vec<(String, Template)>, Vec<Range<usize>>) {
    const EXAMPLE: &str = "env = { NAME = \"value\" }";
    let mut found = (Vec::new(), Vec::new());
    for entry in entries(table) {
        let (name, span) = (entry.name, entry.value.span());
        if name.is_empty() || name.contains(['=', '\0']) {
            let what = format!("`{}` is no name of a variable", shown(name));
            source.mistake(&entry.at, what, "a name without `=`", EXAMPLE);
        }
        let value = match entry.value.get_ref() {
            DeValue::String(text) if text.contains('\0') => {
                let what = format!("`{}` has a zero byte in it", shown(name));
                source.mistake(&span, what, "a text, a number or a boolean", EXAMPLE);
                continue;
            }
            DeValue::String(text) => match reference::parse(text) {
                Ok(template) => template,
                Err(error) => {
                    source.mistake(&span, error.what, error.expected, error.hint);
                    continue;
                }
            },
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {
                Template::plain(scalar(entry.value.get_ref()))
            }
            other => {
                let what = format!("`{}` is {}", shown(name), kind(other));
                source.mistake(&span, what, "a text, a number or a boolean", EXAMPLE);
                continue;
            }
        };
        found.0.push((name.to_owned(), value));
        found.1.push(span);
    }
    found
}

/// A number or a boolean as a program expects it in its environment: numbers in decimal.
fn scalar(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Float(float) => float.as_str().to_owned(),
        value => number(value).map(|number| number.to_string()).unwrap_or_default(),
    }
}

fn port(source: &mut Source<'_>, item: &Item<'_>) -> Port {
    match item.value() {
        DeValue::Boolean(false) => Port::None,
        DeValue::Boolean(true) => Port::Stable,
        value => match number(value).map(u16::try_from) {
            Some(Ok(port)) if port != 0 => Port::Fixed(port),
            Some(_) => {
                item.wrong(source, "is no port");
                Port::Stable
            }
            None => {
                item.wrong_kind(source);
                Port::Stable
            }
        },
    }
}

fn depends_on(source: &mut Source<'_>, item: &Item<'_>) -> (Vec<Dependency>, Vec<Range<usize>>) {
    let DeValue::Table(table) = item.value() else {
        let healthy = |(name, span): (&str, _)| {
            (Dependency { service: name.to_owned(), condition: Condition::Healthy }, span)
        };
        return item.texts(source).into_iter().map(healthy).unzip();
    };
    const WORDS: [(&str, Condition); 4] = [
        ("started", Condition::Started),
        ("healthy", Condition::Healthy),
        ("log", Condition::Log),
        ("exit0", Condition::Exit0),
    ];
    /// What Compose and process-compose write for the same.
    const ELSEWHERE: [(&str, &str); 6] = [
        ("service_started", "started"),
        ("service_healthy", "healthy"),
        ("service_completed_successfully", "exit0"),
        ("process_started", "started"),
        ("process_healthy", "healthy"),
        ("process_log_ready", "log"),
    ];
    let mut found = (Vec::new(), Vec::new());
    for entry in entries(table) {
        let written = text(entry.value.get_ref());
        let condition = WORDS.iter().find(|(word, _)| Some(*word) == written);
        let Some((_, condition)) = condition else {
            let what = match written {
                Some(written) => format!("`{}` is no condition", shown(written)),
                None => {
                    format!("the condition of `{}` is {}", shown(entry.name), kind(entry.value.get_ref()))
                }
            };
            let meant =
                ELSEWHERE.iter().find(|(word, _)| Some(*word) == written).map_or("healthy", |(_, ours)| ours);
            let hint = format!("depends_on = {{ {} = \"{meant}\" }}", shown(entry.name));
            source.mistake(&entry.value.span(), what, "`started`, `healthy`, `log` or `exit0`", hint);
            continue;
        };
        found.0.push(Dependency { service: entry.name.to_owned(), condition: *condition });
        found.1.push(entry.at);
    }
    found
}

fn ready(source: &mut Source<'_>, section: &Section<'_>, unsaid: Ready) -> Ready {
    const CHECKS: [&str; 5] = ["socket", "tcp", "http", "log", "started"];
    if let Some((first, second)) = section.several(&CHECKS) {
        let what = format!("`{}` and `{}` exclude each other", first.name, second.name);
        source.mistake(&second.at, what, READY_ONE, "ready = { http = \"/health\" }");
    }
    let mut ready = unsaid;
    let present = CHECKS.iter().find_map(|name| Some((*name, section.item(name)?)));
    if let Some((name, item)) = present {
        let check = match name {
            "http" => item.text(source).map(|path| {
                if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
                    item.wrong(source, "is no path");
                }
                Check::Http(path.to_owned())
            }),
            "log" => item.text(source).map(|text| Check::Log(text.to_owned())),
            name => item.flag(source).map(|flag| {
                if !flag {
                    item.wrong(source, "is `false`");
                }
                match name {
                    "tcp" => Check::Tcp,
                    "started" => Check::Started,
                    _ => Check::Listens,
                }
            }),
        };
        ready = Ready { check: check.unwrap_or(Check::Listens), late: Late::Failed, ..ready };
    }
    if let Some(item) = section.item("timeout") {
        ready.timeout = span_of_time(source, &item).unwrap_or(Ready::TIMEOUT);
    }
    ready
}

const READY_ONE: &str = "one of `socket`, `tcp`, `http`, `log` and `started`";

fn stop(source: &mut Source<'_>, section: &Section<'_>) -> Stop {
    let mut stop = Stop::default();
    if let Some(item) = section.item("signal") {
        const ALL: [StopSignal; 7] = [
            StopSignal::Terminate,
            StopSignal::Interrupt,
            StopSignal::Hangup,
            StopSignal::Quit,
            StopSignal::User1,
            StopSignal::User2,
            StopSignal::Kill,
        ];
        if let Some(text) = item.text(source) {
            let bare = text.strip_prefix("SIG").unwrap_or(text);
            match ALL.into_iter().find(|signal| signal.as_str() == bare) {
                Some(signal) => stop.signal = signal,
                None => item.wrong(source, "is no signal that ends a service"),
            }
        }
    }
    if let Some(item) = section.item("timeout") {
        stop.timeout = span_of_time(source, &item).unwrap_or(Stop::TIMEOUT);
    }
    stop
}

fn span_of_time(source: &mut Source<'_>, item: &Item<'_>) -> Option<Duration> {
    match time::parse(item.text(source)?) {
        Ok(time) => Some(time),
        Err(_) => {
            item.wrong(source, "is no time");
            None
        }
    }
}

fn hosts(source: &mut Source<'_>, item: &Item<'_>) -> Vec<String> {
    let mut hosts = Vec::new();
    for (text, span) in item.texts(source) {
        match text.parse() {
            // The hub would refuse it, and with it every other name of the service.
            Ok(Entry::Name(Name { host, .. })) if names::is_own(&host) => {
                let what = format!("`{host}` is the hub itself");
                source.mistake(&span, what, item.key.expects, item.key.example);
            }
            Ok(Entry::Name(Name { host, wildcard: false, path })) if path == "/" => hosts.push(host),
            _ => {
                let what = format!("`{}` is no host name", shown(text));
                source.mistake(&span, what, item.key.expects, item.key.example);
            }
        }
    }
    hosts
}

/// One of some words.
fn word<T: Copy>(source: &mut Source<'_>, item: &Item<'_>, words: &[(&str, T)]) -> Option<T> {
    let text = item.text(source)?;
    let found = words.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        item.wrong(source, &format!("is `{}`", shown(text)));
    }
    found.map(|(_, value)| *value)
}
