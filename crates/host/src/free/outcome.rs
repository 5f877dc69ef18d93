//! What is said of a plan and of its end: pure, but for the bind that proves a port free.

use std::{
    net::{IpAddr, Ipv4Addr},
    thread,
    time::{Duration, Instant},
};

use navyd_model::{
    Listener, Protocol, SupervisorKind,
    free::{Freed, Outcome, Victim},
};

use super::{
    Wanted, covers, is_rule,
    stop::{Stopped, words},
};
use crate::{
    bind::{FORMS, Form, Reuse, errno, try_bind},
    kernel::{self, Error, Query, Socket},
    listeners::{Scope, listeners},
    process::own_user,
};

/// How long a parent is given to start its child again before the port is called free. Watchers and managers
/// that wait longer before they try again are not noticed.
const RESPAWN: Duration = Duration::from_millis(1200);

/// Outcome, summary and hint.
type Verdict = (Outcome, String, Option<String>);

/// What a plan comes to before anything is done.
pub(super) fn of_plan(
    wanted: &Wanted,
    here: &[Listener],
    victims: &[Victim],
    clients: &[Socket],
    resting: &[Socket],
) -> Verdict {
    let port = label(wanted);
    if here.is_empty() {
        return of_no_listener(wanted, clients, resting, &refusals(wanted, here));
    }
    if let Some(reason) = victims.iter().find_map(|victim| victim.protected.as_ref()) {
        return (
            Outcome::Refused,
            format!("port {port} is not freed: {reason}"),
            way_around(wanted, victims),
        );
    }
    if let Some(rule) = here.iter().find(|listener| is_rule(listener)) {
        let to = rule.note.as_deref().unwrap_or("a container");
        return (
            Outcome::Refused,
            format!("port {port} is published by {to}, and no process here holds it"),
            Some(stop_container(wanted)),
        );
    }
    if victims.is_empty() || here.iter().any(|listener| listener.holders.is_empty()) {
        let reason =
            here.iter().find_map(|listener| listener.owner_unknown).map_or("unknown", |why| why.as_str());
        let owner = here
            .iter()
            .find_map(|listener| listener.uid)
            .map_or_else(String::new, |uid| format!(" of uid {uid}"));
        return (
            Outcome::Refused,
            format!("port {port} is held by a process{owner} that cannot be seen ({reason})"),
            Some(if own_user() == Some(0) {
                format!("navyd why {port}")
            } else {
                format!("sudo navyd free {port}")
            }),
        );
    }
    let command = victims.iter().filter_map(|victim| victim.supervisor.as_ref()?.stop_command.as_ref());
    if let Some(command) = command.into_iter().find(|command| words(command).is_none()) {
        let summary =
            format!("port {port} is held by {}, which its supervisor would start again", names(victims));
        return (Outcome::Supervised, summary, Some(command.clone()));
    }
    (Outcome::Planned, format!("port {port} is held by {}", names(victims)), None)
}

fn of_no_listener(wanted: &Wanted, clients: &[Socket], resting: &[Socket], refused: &[String]) -> Verdict {
    let port = label(wanted);
    let seconds = resting.iter().filter_map(|socket| socket.expires_ms).max().map(|ms| ms.div_ceil(1000));
    let rest = |count: usize| match seconds {
        Some(seconds) => format!("{count} closed connections rest on it for up to {seconds} s (TIME_WAIT)"),
        None => format!("{count} closed connections rest on it (TIME_WAIT)"),
    };
    match () {
        () if !resting.is_empty() && clients.is_empty() && kernel::limits().may_destroy == Some(true) => {
            (Outcome::Planned, format!("nothing holds port {port}; {}", rest(resting.len())), None)
        }
        () if refused.is_empty() && !resting.is_empty() => (
            Outcome::AlreadyFree,
            format!("port {port} is free for servers that set SO_REUSEADDR; {}", rest(resting.len())),
            None,
        ),
        () if refused.is_empty() => (Outcome::AlreadyFree, format!("port {port} is free"), None),
        () if !clients.is_empty() => (
            Outcome::Refused,
            format!(
                "port {port} is the own port of {} outgoing connection(s), and clients are never stopped",
                clients.len()
            ),
            Some(format!("navyd port --near {}", wanted.port)),
        ),
        () => (
            Outcome::Refused,
            format!(
                "nothing that listens holds port {port}, and yet it cannot be bound: {}",
                refused.join(", ")
            ),
            Some(format!("navyd why {port}")),
        ),
    }
}

/// What came of stopping, by a real bind and a second look.
///
/// # Errors
/// When the kernel does not tell who listens.
pub(super) fn of_stop(wanted: &Wanted, freed: &Freed, stopped: &Stopped) -> Result<Verdict, Error> {
    let port = label(wanted);
    let said = stopped.refusals.join("; ");
    if !stopped.remaining.is_empty() {
        let pids: Vec<String> = stopped.remaining.iter().map(u32::to_string).collect();
        let because = if said.is_empty() { "in the time given".to_owned() } else { format!("({said})") };
        return Ok((
            Outcome::StillHeld,
            format!("port {port} is still held: pid {} did not end {because}", pids.join(", ")),
            Some(format!("navyd free {port} --force")),
        ));
    }
    if freed.victims.iter().any(has_starter) {
        watch(wanted);
    }
    let refused = refusals(wanted, &freed.listeners);
    if refused.is_empty() {
        return Ok((Outcome::Freed, format!("port {port} is free"), None));
    }
    let scope = Scope {
        tcp: wanted.proto == Protocol::Tcp,
        udp: wanted.proto == Protocol::Udp,
        namespaces: false,
        port: Some(wanted.port),
        ..Scope::default()
    };
    let now: Vec<Listener> =
        listeners(&scope)?.listeners.into_iter().filter(|listener| covers(listener, wanted)).collect();
    let known = |listener: &Listener| freed.listeners.iter().any(|before| before.cookie == listener.cookie);
    Ok(match now.iter().find(|listener| !known(listener)) {
        Some(again) => respawned(&port, again),
        None => {
            let because = if said.is_empty() { refused.join(", ") } else { said };
            (
                Outcome::StillHeld,
                format!("port {port} is still held: {because}"),
                Some(format!("navyd why {port}")),
            )
        }
    })
}

fn respawned(port: &str, again: &Listener) -> Verdict {
    let Some(holder) = again.holders.first() else {
        return (
            Outcome::Respawned,
            format!("port {port} was taken again"),
            Some(format!("navyd why {port}")),
        );
    };
    let starter = holder.ancestors.iter().find(|ancestor| !is_shell(&ancestor.name));
    let by = starter
        .map_or_else(String::new, |starter| format!(", started by `{}` (pid {})", starter.name, starter.pid));
    let hint = match (&holder.supervisor, starter) {
        (Some(supervisor), _) if supervisor.stop_command.is_some() => supervisor.stop_command.clone(),
        (_, Some(starter)) => Some(format!("kill {}", starter.pid)),
        _ => None,
    };
    (
        Outcome::Respawned,
        format!("port {port} was taken again by `{}` (pid {}){by}", holder.name, holder.pid),
        hint,
    )
}

/// Tries every address that was held, or those asked for. Returns the refusals.
fn refusals(wanted: &Wanted, held: &[Listener]) -> Vec<String> {
    let mut forms: Vec<Form> = held
        .iter()
        .filter_map(|listener| {
            Some(Form { address: listener.address?, v6only: listener.v6only == Some(true) })
        })
        .collect();
    forms.extend(wanted.address.map(|address| Form { address, v6only: false }));
    if forms.is_empty() {
        forms.extend(&FORMS[..4]);
    }
    let refusal = |form: &Form| {
        let error = try_bind(wanted.proto, *form, wanted.port, Reuse::Server).err()?;
        // Without IPv6 there is nothing to bind there.
        let absent =
            form.address.is_ipv6() && matches!(errno(&error).as_str(), "EAFNOSUPPORT" | "EADDRNOTAVAIL");
        (!absent).then(|| format!("bind {}: {}", form.address, errno(&error)))
    };
    forms.iter().filter_map(refusal).collect()
}

/// Waits until something listens on the port again, at most [`RESPAWN`].
fn watch(wanted: &Wanted) {
    let begun = Instant::now();
    let query = Query::listeners().on(wanted.port);
    while begun.elapsed() < RESPAWN {
        if wanted.proto != Protocol::Tcp
            || kernel::sockets(&query).is_ok_and(|table| !table.sockets.is_empty())
        {
            return;
        }
        thread::sleep(Duration::from_millis(40));
    }
}

/// Whether something lives that may start the victim again: a supervisor, or a parent other than a shell.
fn has_starter(victim: &Victim) -> bool {
    let supervised = victim
        .supervisor
        .as_ref()
        .is_some_and(|known| !matches!(known.kind, SupervisorKind::Multiplexer | SupervisorKind::Session));
    supervised || victim.holder.ancestors.first().is_some_and(|parent| !is_shell(&parent.name))
}

fn is_shell(name: &str) -> bool {
    const SHELLS: &[&str] =
        &["sh", "bash", "dash", "zsh", "fish", "ksh", "nu", "tmux", "screen", "login", "make"];
    SHELLS.contains(&name)
}

fn names(victims: &[Victim]) -> String {
    let name = |victim: &Victim| format!("`{}` (pid {})", victim.holder.name, victim.holder.pid);
    victims.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// `3000`, `5432/udp`.
fn label(wanted: &Wanted) -> String {
    let address = match wanted.address {
        Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) | None => String::new(),
        Some(address @ IpAddr::V4(_)) => format!("{address}:"),
        Some(address) => format!("[{address}]:"),
    };
    match wanted.proto {
        Protocol::Udp => format!("{address}{}/udp", wanted.port),
        _ => format!("{address}{}", wanted.port),
    }
}

/// What stops a protected holder's listener all the same.
fn way_around(wanted: &Wanted, victims: &[Victim]) -> Option<String> {
    let names: Vec<&str> = victims.iter().map(|victim| victim.holder.name.as_str()).collect();
    match () {
        () if names.iter().any(|name| ["docker-proxy", "rootlessport", "rootlesskit"].contains(name)) => {
            Some(stop_container(wanted))
        }
        () if victims.iter().any(|victim| victim.holder.name == "systemd" && victim.holder.pid != 1) => {
            Some("systemctl --user list-sockets".into())
        }
        () if names.contains(&"systemd") => Some("systemctl list-sockets".into()),
        () => None,
    }
}

/// What stops the container that publishes the port.
fn stop_container(wanted: &Wanted) -> String {
    format!("docker stop $(docker ps -q --filter publish={})", wanted.port)
}

#[cfg(test)]
mod tests {
    use navyd_model::{Ancestor, Exposure, Holder, OwnerUnknown, Supervisor};

    use super::*;

    const WANTED: Wanted = Wanted { port: 3000, proto: Protocol::Tcp, address: None };

    fn victim(stop_command: Option<&str>, protected: Option<&str>) -> Victim {
        let supervisor = stop_command.map(|command| Supervisor {
            kind: SupervisorKind::Manager,
            name: "pm2".into(),
            pid: None,
            stop_command: Some(command.into()),
        });
        Victim {
            holder: Holder { pid: 812, name: "node".into(), ..Holder::default() },
            children: Vec::new(),
            also_listens: Vec::new(),
            supervisor,
            protected: protected.map(str::to_owned),
        }
    }

    #[test]
    fn a_plan_stops_only_what_may_be_stopped() {
        let seen = Listener { holders: vec![Holder::default()], ..Listener::on(Protocol::Tcp, 3000) };
        let unseen = Listener {
            owner_unknown: Some(OwnerUnknown::OtherUser),
            uid: Some(7),
            ..Listener::on(Protocol::Tcp, 3000)
        };
        for (here, victims, expected) in [
            (seen.clone(), vec![victim(None, None)], Outcome::Planned),
            (seen.clone(), vec![victim(Some("systemctl stop x.service"), None)], Outcome::Planned),
            (seen.clone(), vec![victim(Some("pm2 stop 'a b'"), None)], Outcome::Supervised),
            (seen.clone(), vec![victim(None, Some("it carries logins"))], Outcome::Refused),
            (seen, vec![victim(None, None), victim(None, Some("it is navyd"))], Outcome::Refused),
            (unseen, vec![], Outcome::Refused),
        ] {
            assert_eq!(of_plan(&WANTED, &[here], &victims, &[], &[]).0, expected, "{victims:?}");
        }
    }

    #[test]
    fn a_port_that_only_a_rule_publishes_has_nobody_to_stop() {
        let rule = Listener {
            exposure: Exposure::Container,
            owner_unknown: Some(OwnerUnknown::NoProcess),
            note: Some("container 172.17.0.2:80".into()),
            ..Listener::on(Protocol::Tcp, 3000)
        };
        let (outcome, summary, hint) = of_plan(&WANTED, &[rule], &[], &[], &[]);
        assert_eq!(outcome, Outcome::Refused);
        assert_eq!(
            summary,
            "port 3000 is published by container 172.17.0.2:80, and no process here holds it"
        );
        assert_eq!(hint.as_deref(), Some("docker stop $(docker ps -q --filter publish=3000)"));
    }

    #[test]
    fn a_parent_that_is_no_shell_may_start_it_again() {
        for (parent, expected) in [("bash", false), ("nodemon", true), ("npm", true)] {
            let mut victim = victim(None, None);
            victim.holder.ancestors = vec![Ancestor { pid: 7, name: parent.into() }];
            assert_eq!(has_starter(&victim), expected, "{parent}");
        }
        assert!(!has_starter(&victim(None, None)));
    }

    #[test]
    fn a_port_is_named_as_it_was_asked_for() {
        for (proto, address, expected) in [
            (Protocol::Tcp, None, "3000"),
            (Protocol::Udp, None, "3000/udp"),
            (Protocol::Tcp, Some("127.0.0.1"), "127.0.0.1:3000"),
            (Protocol::Tcp, Some("::1"), "[::1]:3000"),
        ] {
            let wanted = Wanted { proto, address: address.map(|text| text.parse().unwrap()), ..WANTED };
            assert_eq!(label(&wanted), expected);
        }
    }
}
