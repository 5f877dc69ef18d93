//! From a configuration to what is to run: with ports, variables, directories and names.
//!
//! Reads the files of variables that it names, and which branch is checked out. Deliberately absent: the
//! configuration's own text.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use axum::http::StatusCode;
use navyd_host::process::project;
use navyd_model::{
    Entry, Route,
    config::{
        Config, Leads, Port, RoutedTo, ServiceProtocol, ServiceSpec,
        dotenv::{self, Variable},
        environment::{self, Reach},
        names::{self, Names, Place},
    },
    hub::origin,
};

use crate::{
    api::Fault,
    places::Places,
    supervisor::{
        MARK, Supervisor,
        plan::{Definition, Project},
    },
    trust,
};

/// Where a configuration comes from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) file: PathBuf,
    /// The directory of the file.
    pub(super) root: PathBuf,
    /// The variables of whoever asked for it.
    pub(super) environment: BTreeMap<String, String>,
}

/// What a configuration means here and now.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The project's name.
    pub(super) name: String,
    pub(super) project: Project,
    /// What leads to each service that listens.
    pub(super) entries: Vec<Entries>,
    /// Routes that lead to none of its services, and whether what passes is recorded.
    pub(super) others: Vec<(Route, bool)>,
}

/// What leads to a service.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) id: String,
    /// The service's name in its project.
    pub(super) name: String,
    pub(super) entries: Vec<Leading>,
    /// The port that it is told to listen on.
    pub(super) told: u16,
}

/// A route to a service, which listens nobody knows yet where.
#[derive(Debug)]
pub(super) struct Leading {
    /// The route up to its address, as in `shop.localhost=http://`.
    pub(super) text: String,
    /// Whether what passes is recorded.
    pub(super) capture: bool,
}

/// What is known of a service before its variables are.
struct Known<'c> {
    spec: &'c ServiceSpec,
    names: Names,
    port: Option<u16>,
}

/// Resolves a configuration. `gateway` is the port of names, and in `places` is the authority that services trust.
/// Blocks shortly.
///
/// # Errors
/// When a file of variables is missing or has a mistake, or no port is left.
pub(super) fn resolve(
    source: &Source,
    config: &Config,
    supervisor: &Supervisor,
    gateway: u16,
    places: &Places,
) -> Result<Resolved, Fault> {
    let found = project::at(&source.root);
    let directory =
        source.root.file_name().map_or_else(|| "app".into(), |name| name.to_string_lossy().into_owned());
    let name =
        config.name.clone().or_else(|| found.as_ref().map(|found| found.name.clone())).unwrap_or(directory);
    let branch = found.as_ref().and_then(|found| found.branch.clone());
    let default_branch = found.as_ref().and_then(|found| project::default_branch(Path::new(&found.root)));
    let place =
        Place { project: &name, branch: branch.as_deref(), default_branch: default_branch.as_deref() };

    let mut known = Vec::new();
    for spec in &config.services {
        let names = names::of_service(&spec.name, &place);
        let fixed = match spec.port {
            Port::None => {
                known.push(Known { spec, names, port: None });
                continue;
            }
            Port::Fixed(port) => Some(port),
            Port::Stable => None,
        };
        let port = supervisor.port(&names.id, &name, &spec.name, branch.as_deref(), fixed);
        let port = port.map_err(|error| {
            let fault = Fault::new(StatusCode::CONFLICT, format!("`{}` has no port", spec.name));
            fault.cause(error.to_string()).hint("navyd ps")
        })?;
        known.push(Known { spec, names, port: Some(port) });
    }
    let reach = &|spec: &ServiceSpec| {
        let known = known.iter().find(|known| known.spec.name == spec.name)?;
        let host = known.names.hosts.first().cloned().unwrap_or_default();
        Some(Reach { port: known.port?, route: origin(&host, gateway), name: host })
    };

    let trust = trust::variables(places);
    let mut services = Vec::new();
    for Known { spec, names, port } in &known {
        let files = variables(source, spec)?;
        let own = environment::of_service(config, spec, *port, files, reach);
        let relative = spec.dir.as_deref().unwrap_or(".");
        services.push(Definition {
            id: names.id.clone(),
            name: spec.name.clone(),
            project: source.root.clone(),
            branch: branch.clone(),
            command: spec.command.argv(),
            directory: if relative == "." { source.root.clone() } else { source.root.join(relative) },
            environment: whole(&source.environment, own, &trust),
            port: *port,
            listen_fds: spec.listen_fds,
            after: spec.depends_on.clone(),
            ready: spec.ready.clone(),
            restart: spec.restart,
            stop: spec.stop,
        });
    }
    let entries = known.iter().filter_map(|known| {
        let mut entries = Vec::new();
        if known.spec.protocol == ServiceProtocol::Http {
            // A service answers for its name, and for every name below it.
            let hosts = known.names.hosts.iter().chain(&known.spec.hosts);
            let routes = hosts.flat_map(|host| [format!("{host}=http://"), format!("*.{host}=http://")]);
            entries.extend(routes.map(|text| Leading { text, capture: known.spec.capture }));
        }
        for route in &config.routes {
            if route.leads == Leads::Service(known.spec.name.clone()) {
                let scheme = match (&route.entry, known.spec.protocol) {
                    (Entry::Address(_), ServiceProtocol::Tcp) => "tcp",
                    _ => "http",
                };
                let capture = route.capture.unwrap_or(known.spec.capture);
                entries.push(Leading { text: format!("{}={scheme}://", route.entry), capture });
            }
        }
        let (id, name) = (known.names.id.clone(), known.spec.name.clone());
        Some(Entries { id, name, entries, told: known.port? })
    });
    let entries = entries.collect();
    let to_upstream = |route: &RoutedTo| match &route.leads {
        Leads::Upstream(upstream) => {
            let leads = Route { entry: route.entry.clone(), upstream: upstream.clone() };
            Some((leads, route.capture.unwrap_or(true)))
        }
        Leads::Service(_) => None,
    };
    let others = config.routes.iter().filter_map(to_upstream).collect();
    Ok(Resolved { name, project: Project { root: source.root.clone(), services }, entries, others })
}

/// The whole environment of a service: that of whoever asked, a wish for colours, the service's own, and whom to trust
/// where neither says that.
fn whole(
    of_asker: &BTreeMap<String, String>,
    own: Vec<Variable>,
    trust: &[(String, PathBuf)],
) -> Vec<Variable> {
    let mut whole = of_asker.clone();
    if !whole.contains_key("NO_COLOR") {
        // A pipe is no terminal, but what comes out of it is shown on one.
        for name in ["FORCE_COLOR", "CLICOLOR_FORCE"] {
            whole.entry(name.to_owned()).or_insert_with(|| "1".to_owned());
        }
    }
    whole.extend(own);
    for (name, path) in trust {
        // The environment is text: a path that is none cannot be told.
        if let Some(path) = path.to_str() {
            whole.entry(name.clone()).or_insert_with(|| path.to_owned());
        }
    }
    // A hub's mark is for its own processes alone.
    whole.remove(MARK);
    whole.into_iter().collect()
}

/// The variables of a service's files, in their order.
fn variables(source: &Source, spec: &ServiceSpec) -> Result<Vec<Variable>, Fault> {
    let mut found = Vec::new();
    for file in &spec.env_files {
        let path = source.root.join(&file.path);
        let text = match super::text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !file.required => continue,
            Err(error) => {
                let what = format!("`{}`, a file of `{}`, cannot be read", file.path, spec.name);
                let fault = Fault::new(StatusCode::UNPROCESSABLE_ENTITY, what).cause(error.to_string());
                return Err(fault.hint(format!("ls -l {}", path.display())));
            }
        };
        found.extend(dotenv::read(&file.path, &text).map_err(|mistakes| super::mistaken(&mistakes))?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_wins_over_colours_and_trust() {
        let asker = |text: &str| -> BTreeMap<String, String> {
            text.split(' ')
                .filter_map(|pair| pair.split_once('='))
                .map(|(n, v)| (n.into(), v.into()))
                .collect()
        };
        for (of_asker, own, trust, expected) in [
            ("PATH=/bin", "PORT=1", "", "CLICOLOR_FORCE=1 FORCE_COLOR=1 PATH=/bin PORT=1"),
            ("PORT=9 NO_COLOR=1", "PORT=1", "", "NO_COLOR=1 PORT=1"),
            ("FORCE_COLOR=0 NAVYD_OWNER=x", "", "", "CLICOLOR_FORCE=1 FORCE_COLOR=0"),
            ("NO_COLOR=1", "", "CA=/ca", "CA=/ca NO_COLOR=1"),
            ("NO_COLOR=1 CA=/own", "", "CA=/ca", "CA=/own NO_COLOR=1"),
            ("NO_COLOR=1", "CA=", "CA=/ca", "CA= NO_COLOR=1"),
        ] {
            let trust: Vec<_> = asker(trust).into_iter().map(|(name, path)| (name, path.into())).collect();
            let whole = whole(&asker(of_asker), asker(own).into_iter().collect(), &trust);
            let text: Vec<String> =
                whole.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(text.join(" "), expected, "{of_asker}");
        }
    }
}
