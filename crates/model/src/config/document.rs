//! `navyd.toml`: the whole document.

use std::{collections::HashMap, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    LARGEST, fault,
    keys::{PROJECT, ROUTE, TOP},
    mistake::{Mistake, Source},
    names, near,
    order::sorted,
    reader::{Section, entries, kind, text},
    reference::{Attribute, Part},
    resolved::{Check, Condition, Config, Leads, Port, RoutedTo, ServiceSpec},
    service::{self, Places},
};
use crate::{
    route::{Entry, Scheme, Upstream},
    target::shown,
};

/// How many services one project may have.
const MOST_SERVICES: usize = 1_000;

/// How many faults one project may have.
const MOST_FAULTS: usize = 100;

/// A route, for whoever wrote something else.
const ROUTE_EXAMPLE: &str = "\"shop.localhost/api\" = \"http://127.0.0.1:3000\"";

/// How many services a mistake names.
const MOST_SHOWN: usize = 8;

/// Reads a `navyd.toml`; `file` is its name in mistakes.
///
/// # Errors
/// Every mistake in it, in the order of the text.
pub fn read(file: &str, text: &str) -> Result<Config, Vec<Mistake>> {
    let mut source = Source::new(file, text);
    if text.len() > LARGEST {
        let what = format!("the file is larger than `{LARGEST}` bytes");
        source.mistake(&(0..0), what, "a file that a person wrote", "ls -l navyd.toml");
        return source.finish(Config::default());
    }
    let (document, broken) = DeTable::parse_recoverable(text);
    for error in &broken {
        let (what, expected) = error.message().split_once(", expected ").unwrap_or((error.message(), "TOML"));
        let span = error.span().unwrap_or(0..0);
        let hint = "name = \"value\"";
        source.mistake(&span, format!("this is no TOML: {}", shown(what)), shown(expected), hint);
    }
    let mut reading = Reading { config: Config::default(), places: HashMap::new(), whole: broken.is_empty() };
    let top = Section::read(&mut source, document.get_ref(), &TOP, "");
    reading.project(&mut source, &top);
    reading.services(&mut source, &top);
    reading.routes(&mut source, &top);
    reading.faults(&mut source, &top);
    // Where a part could not be read at all, what is missing may be in it.
    if reading.whole {
        reading.dependencies(&mut source);
        reading.references(&mut source);
    }
    source.finish(reading.config)
}

/// A document that is being read.
struct Reading {
    config: Config,
    places: HashMap<String, Places>,
    whole: bool,
}

impl Reading {
    fn project(&mut self, source: &mut Source<'_>, top: &Section<'_>) {
        let section = top.item("project").and_then(|item| item.section(source, &PROJECT));
        let Some(item) = section.and_then(|section| section.item("name")) else { return };
        let Some(name) = item.text(source) else { return };
        if names::label(name).is_empty() {
            item.wrong(source, "has neither a letter nor a digit");
        }
        self.config.name = Some(name.to_owned());
    }

    fn services(&mut self, source: &mut Source<'_>, top: &Section<'_>) {
        let Some(table) = top.item("services").and_then(|item| item.table(source)) else { return };
        let mut labels: HashMap<String, String> = HashMap::new();
        for (count, entry) in entries(table).into_iter().enumerate() {
            let name = entry.name;
            if count == MOST_SERVICES {
                let what = format!("`{}` is one service too many", shown(name));
                source.mistake(&entry.at, what, format!("at most {MOST_SERVICES}"), "navyd up --help");
                return;
            }
            let expected = "letters, digits, `-` and `_`, with a letter or digit first, at most 63";
            if !names::is_service(name) {
                let label = names::label(name);
                let hint = format!("[services.{}]", if label.is_empty() { "web" } else { &label });
                source.mistake(
                    &entry.at,
                    format!("`{}` is no name of a service", shown(name)),
                    expected,
                    hint,
                );
            } else if let Some(other) = labels.insert(names::label(name), name.to_owned()) {
                let what = format!("`{name}` and `{other}` would be the same host");
                let hint = format!("[services.{}-2]", names::label(name));
                source.mistake(&entry.at, what, "names that differ by more than case, `-` and `_`", hint);
            }
            match entry.value.get_ref() {
                DeValue::Table(table) => {
                    let (service, places) = service::read(source, name, &entry.at, table, self.whole);
                    self.places.insert(name.to_owned(), places);
                    self.config.services.push(service);
                }
                // What people expect of a short form: `web = "npm run dev"`, as in a Procfile.
                other => {
                    let what = format!("`services.{}` is {}", shown(name), kind(other));
                    let hint = format!("[services.{}]", names::label(name));
                    source.mistake(&entry.value.span(), what, "a table", hint);
                }
            }
        }
    }

    fn routes(&mut self, source: &mut Source<'_>, top: &Section<'_>) {
        let Some(table) = top.item("routes").and_then(|item| item.table(source)) else { return };
        for entry in entries(table) {
            let parsed: Option<Entry> = match entry.name.parse() {
                Ok(parsed) => Some(parsed),
                Err(error) => {
                    source.mistake(
                        &entry.at,
                        error,
                        "a host, a host and a path, or an address",
                        ROUTE_EXAMPLE,
                    );
                    None
                }
            };
            let (to, capture) = match entry.value.get_ref() {
                DeValue::Table(table) => {
                    let path = format!("routes.{}", entry.name);
                    let section = Section::read(source, table, &ROUTE, path);
                    let Some(to) = section.item("to") else {
                        let what = format!("`routes.{}` leads nowhere", shown(entry.name));
                        source.mistake(&entry.at, what, "`to`, a service or a URL", ROUTE_EXAMPLE);
                        continue;
                    };
                    (to.spanned(), section.item("capture").and_then(|item| item.flag(source)))
                }
                _ => (entry.value, None),
            };
            let span = to.span();
            let leads = self.leads(source, entry.name, to);
            let (Some(begin), Some(leads)) = (parsed, leads) else { continue };
            if let (Entry::Name(_), Leads::Upstream(Upstream { scheme: Scheme::Tcp | Scheme::Udp, .. })) =
                (&begin, &leads)
            {
                let what = format!("`{}` is a name, which only HTTP carries", shown(entry.name));
                source.mistake(&span, what, "a URL of `http`", ROUTE_EXAMPLE);
            }
            self.config.routes.push(RoutedTo { entry: begin, leads, capture });
        }
    }

    /// Where a route leads that is written with this value.
    fn leads(&self, source: &mut Source<'_>, name: &str, to: &Spanned<DeValue<'_>>) -> Option<Leads> {
        const EXPECTED: &str = "a service, or the URL of a server on this machine";
        match text(to.get_ref()) {
            Some(url) if url.contains("://") => match url.parse::<Upstream>() {
                Ok(upstream) => Some(Leads::Upstream(upstream)),
                Err(error) => {
                    let hint = format!("\"{}\" = \"{}\"", shown(name), error.hint);
                    source.mistake(&to.span(), &error, EXPECTED, hint);
                    None
                }
            },
            Some(service) => {
                if self.whole {
                    self.listens(source, &to.span(), service);
                }
                Some(Leads::Service(service.to_owned()))
            }
            None => {
                let what = format!("`routes.{}` is {}", shown(name), kind(to.get_ref()));
                source.mistake(&to.span(), what, EXPECTED, ROUTE_EXAMPLE);
                None
            }
        }
    }

    fn faults(&mut self, source: &mut Source<'_>, top: &Section<'_>) {
        let Some(table) = top.item("faults").and_then(|item| item.table(source)) else { return };
        for (count, entry) in entries(table).into_iter().enumerate() {
            let name = entry.name;
            if count == MOST_FAULTS {
                let what = format!("`{}` is one fault too many", shown(name));
                source.mistake(&entry.at, what, format!("at most {MOST_FAULTS}"), "navyd fault ls");
                return;
            }
            let is_name = !name.is_empty() && name.len() <= 63 && !name.chars().any(char::is_control);
            match entry.value.get_ref() {
                _ if !is_name => {
                    let what = format!("`{}` is no name of a fault", shown(name));
                    source.mistake(&entry.at, what, "at most 63 bytes without line breaks", "[faults.slow]");
                }
                DeValue::Table(table) => {
                    let read = fault::read(source, name, &entry.at, table);
                    self.config.faults.extend(read);
                }
                other => {
                    let what = format!("`faults.{}` is {}", shown(name), kind(other));
                    source.mistake(&entry.value.span(), what, "a table", "[faults.slow]");
                }
            }
        }
    }

    /// Whether a service exists and listens; notes it when not.
    fn listens(&self, source: &mut Source<'_>, span: &Range<usize>, name: &str) {
        match self.config.service(name) {
            None => self.unknown(source, span, name),
            Some(service) if service.port == Port::None => {
                let what = format!("`{name}` listens on no port");
                source.mistake(span, what, "a service that listens", format!("services.{name}.port = 3000"));
            }
            Some(_) => {}
        }
    }

    fn unknown(&self, source: &mut Source<'_>, span: &Range<usize>, name: &str) {
        let known: Vec<_> = self.config.services.iter().map(|service| service.name.as_str()).collect();
        let what = format!("`{}` is no service of this file", shown(name));
        let expected = match known.as_slice() {
            [] => "a service, of which there is none".to_owned(),
            // Names of services that were read have nothing to escape.
            _ => format!("one of `{}`", known[..known.len().min(MOST_SHOWN)].join("`, `")),
        };
        let hint = match near::nearest(name, known.iter().copied()) {
            Some(near) => format!("\"{near}\""),
            None => "[services.NAME]".to_owned(),
        };
        source.mistake(span, what, expected, hint);
    }

    fn dependencies(&self, source: &mut Source<'_>) {
        let mut known = true;
        for service in &self.config.services {
            for (at, dependency) in service.depends_on.iter().enumerate() {
                let span = self.place(service, |places| places.depends_on.get(at).cloned());
                match self.config.service(&dependency.service) {
                    None => {
                        known = false;
                        self.unknown(source, &span, &dependency.service);
                    }
                    Some(other)
                        if dependency.condition == Condition::Log
                            && !matches!(other.ready.check, Check::Log(_)) =>
                    {
                        let what = format!("`{}` waits for no line of its log", other.name);
                        let hint = format!("services.{}.ready = {{ log = \"ready in\" }}", other.name);
                        source.mistake(&span, what, "a service with `ready = { log = … }`", hint);
                    }
                    Some(_) => {}
                }
            }
        }
        if !known {
            return;
        }
        if let Err(circle) = sorted(&self.config.services) {
            let names: Vec<_> = circle.iter().map(|at| self.config.services[*at].name.as_str()).collect();
            let Some(first) = circle.first().map(|at| &self.config.services[*at]) else { return };
            let span = self.place(first, |places| places.depends_on.first().cloned());
            let what =
                format!("`{}` depends on itself: {}", first.name, names.join(" → ") + " → " + &first.name);
            let hint = format!("services.{}.depends_on = []", first.name);
            source.mistake(&span, what, "dependencies that end somewhere", hint);
        }
    }

    fn references(&self, source: &mut Source<'_>) {
        for service in &self.config.services {
            for (at, (_, template)) in service.env.iter().enumerate() {
                let span = self.place(service, |places| places.env.get(at).cloned());
                for part in &template.0 {
                    let Part::Reference { service: other, attribute } = part else { continue };
                    self.listens(source, &span, other);
                    let by_name = matches!(attribute, Attribute::Name | Attribute::Route);
                    let target = self.config.service(other);
                    if by_name && target.is_some_and(|target| target.protocol != super::ServiceProtocol::Http)
                    {
                        let what = format!("`{other}` has no name, since it does not speak HTTP");
                        let hint = format!("${{services.{other}.url}}");
                        source.mistake(&span, what, "`url`, `host` or `port`", hint);
                    }
                }
            }
        }
    }

    fn place(&self, service: &ServiceSpec, of: impl Fn(&Places) -> Option<Range<usize>>) -> Range<usize> {
        self.places.get(&service.name).and_then(of).unwrap_or(0..0)
    }
}
