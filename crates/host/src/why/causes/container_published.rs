//! A container engine publishes the port: by a proxy that holds it, or by a rule that answers without one.

use navyd_model::Holder;

use crate::{
    listeners::leads_to,
    why::{causes::Found, facts::Facts, naming, question::Question, rules::Action},
};

/// The proxies of container engines, and how each engine is asked for the container and stopped.
const PROXIES: &[(&str, Engine)] = &[
    ("docker-proxy", Engine::Docker),
    ("rootlesskit", Engine::Docker),
    ("rootlesskit-docker-proxy", Engine::Docker),
    ("rootlessport", Engine::Podman),
    ("conmon", Engine::Podman),
    ("pasta", Engine::Podman),
    ("pasta.avx2", Engine::Podman),
    ("slirp4netns", Engine::Podman),
];

#[derive(Debug, Clone, Copy)]
enum Engine {
    Docker,
    Podman,
}

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let port = question.port;
    let proxied = question.listening(facts).find_map(|listener| {
        let (holder, engine) = listener.holders.iter().find_map(|holder| Some((holder, engine(holder)?)))?;
        Some((listener, holder, engine))
    });
    if let Some((listener, holder, engine)) = proxied {
        let to = leads_to(holder).map_or_else(String::new, |to| format!(", which leads to {to}"));
        let place = listener.place();
        return Some(
            Found::decides(
                format!("{place} is published by a container{to}"),
                format!("`{}` (pid {}) holds {place}{to}", holder.name, holder.pid),
            )
            .fix(engine.stop(port)),
        );
    }
    // Without a proxy, the engine's own chain answers for the port.
    let rule = facts.rules.found(Action::Nat).find(|rule| rule.is_of_container())?;
    let answered = facts.redirected.iter().find(|redirected| question.wants(redirected.asked.ip()));
    let by = answered.and_then(|redirected| naming::holders(&redirected.holders));
    let by = by.map_or_else(String::new, |by| format!("; {by} answered"));
    let engine =
        if rule.text.to_ascii_lowercase().contains("docker") { Engine::Docker } else { Engine::Podman };
    question.listening(facts).next().is_none().then(|| {
        Found::decides(
            format!("{} is published by a container", question.name()),
            format!("no socket here has the port; rule `{}`{by}", rule.text),
        )
        .fix(engine.stop(port))
    })
}

fn engine(holder: &Holder) -> Option<Engine> {
    let first = holder.argv.as_ref().and_then(|argv| argv.first()).map_or("", String::as_str);
    let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let names = [holder.name.clone(), file(first), holder.exe.as_deref().map(file).unwrap_or_default()];
    PROXIES.iter().find(|(proxy, _)| names.iter().any(|name| name == proxy)).map(|(_, engine)| *engine)
}

impl Engine {
    fn stop(self, port: u16) -> String {
        match self {
            Self::Docker => format!("docker stop $(docker ps -q --filter publish={port})"),
            Self::Podman => "podman ps --format '{{.Names}} {{.Ports}}'".into(),
        }
    }
}
