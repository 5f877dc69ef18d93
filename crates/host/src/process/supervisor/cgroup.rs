//! What `/proc/PID/cgroup` tells (cgroups(7)): the container, and the systemd unit.
//!
//! One line for each hierarchy, `ID:CONTROLLERS:PATH`; version 2 has the id 0 and no controllers.

use std::fmt;

use navyd_model::text::shell_word;

/// A container: its engine, and the name or short id by which the engine's own commands know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// `docker`, `podman`, `containerd`, `cri`, `lxc` or `nspawn`.
    pub engine: &'static str,
    /// Twelve digits of the id, or the name.
    pub id: String,
}

/// A systemd service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Its full name, such as `nginx.service`.
    pub(super) name: String,
    /// Whether it belongs to a user's own manager.
    user: bool,
}

/// Digits of a container's id that its engine's commands show and take.
const SHORT: usize = 12;
/// Digits of a full id.
const FULL: usize = 64;

/// Services that people's sessions live in: a program started from a shell below one of these is not kept by
/// it, and stopping it would cut the shell off.
const SESSIONS: &[&str] = &[
    "ssh",
    "sshd",
    "cron",
    "crond",
    "atd",
    "getty",
    "serial-getty",
    "console-getty",
    "user",
    "gdm",
    "lightdm",
    "sddm",
    "display-manager",
    "code-server",
    "docker",
    "containerd",
    "podman",
    "dbus",
    "dbus-broker",
    "tmux",
    "screen",
    "emacs",
    "gnome-terminal-server",
    "xrdp-sesman",
    "ttyd",
    "amazon-ssm-agent",
    "google-guest-agent",
    "waagent",
];
/// The same, by the beginning of the name: what a desktop starts by its own convention.
const SESSION_PREFIXES: &[&str] = &["app-", "dbus-:", "org.gnome.", "plasma-", "gnome-session"];

impl Container {
    /// The command that stops it for good. A cluster's own controllers may replace a `cri` container all the
    /// same: its control group does not tell who asked for it.
    pub fn stop_command(&self) -> String {
        let id = shell_word(&self.id);
        match self.engine {
            "podman" => format!("podman stop {id}"),
            "containerd" => format!("nerdctl stop {id}"),
            "cri" => format!("crictl stop {id}"),
            "lxc" => format!("lxc-stop -n {id}"),
            "nspawn" => format!("machinectl stop {id}"),
            _ => format!("docker stop {id}"),
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.engine, self.id)
    }
}

impl Unit {
    pub(super) fn stop_command(&self) -> String {
        let user = if self.user { "--user " } else { "" };
        format!("systemctl {user}stop {}", shell_word(&self.name))
    }
}

/// The outermost container in the text of `/proc/PID/cgroup`: the one that an engine here knows.
pub fn container(cgroup: &str) -> Option<Container> {
    paths(cgroup).find_map(|(_, path)| {
        let parts: Vec<_> = path.split('/').collect();
        (0..parts.len()).find_map(|at| container_at(&parts, at))
    })
}

/// The service in the text of `/proc/PID/cgroup` that keeps a process; not those that sessions live in.
pub(super) fn unit(cgroup: &str) -> Option<Unit> {
    // systemd's own hierarchy: version 2, or the named one of version 1.
    paths(cgroup)
        .filter(|(controllers, _)| controllers.is_empty() || *controllers == "name=systemd")
        .find_map(|(_, path)| unit_in(path))
}

/// Controllers and path of each line.
fn paths(cgroup: &str) -> impl Iterator<Item = (&str, &str)> {
    cgroup.lines().filter_map(|line| {
        let (_, rest) = line.split_once(':')?;
        rest.split_once(':')
    })
}

fn unit_in(path: &str) -> Option<Unit> {
    let services: Vec<_> = path.split('/').filter_map(|part| part.strip_suffix(".service")).collect();
    let user = services.first().is_some_and(|service| service.starts_with("user@"));
    let service = *services.get(usize::from(user))?;
    let plain = service.split('@').next().unwrap_or(service);
    let is_session = SESSIONS.contains(&plain)
        || SESSION_PREFIXES.iter().any(|prefix| service.starts_with(prefix))
        || path.contains("/session.slice/");
    (!is_session).then(|| Unit { name: format!("{service}.service"), user })
}

/// The container that the part `at` of a path stands for.
fn container_at(parts: &[&str], at: usize) -> Option<Container> {
    const SCOPES: &[(&str, &str)] = &[
        ("docker-", "docker"),
        ("cri-containerd-", "cri"),
        ("crio-", "cri"),
        ("nerdctl-", "containerd"),
        ("libpod-", "podman"),
    ];
    let part = parts[at];
    let above = &parts[..at];
    let named = |engine, id: &str| Some(Container { engine, id: id.to_owned() }).filter(|_| !id.is_empty());
    if let Some(name) = part.strip_prefix("lxc.payload.") {
        return named("lxc", name);
    }
    if above.last().is_some_and(|above| matches!(*above, "lxc" | "lxc.payload")) {
        return named("lxc", part);
    }
    if let Some(name) = part.strip_prefix("systemd-nspawn@").and_then(|rest| rest.strip_suffix(".service")) {
        return named("nspawn", name);
    }
    let bare = part.strip_suffix(".scope").unwrap_or(part);
    if let Some(id) = full_id(bare) {
        return named(engine_above(above), id);
    }
    SCOPES.iter().find_map(|(prefix, engine)| {
        let id = full_id(bare.strip_prefix(prefix)?)?;
        // What Docker's own driver names so below a pod belongs to the cluster all the same.
        let engine = if engine_above(above) == "cri" { "cri" } else { engine };
        named(engine, id)
    })
}

/// The engine that names a bare id, told by what lies above. Bias: Docker, which puts containers wherever its
/// caller's `--cgroup-parent` says.
fn engine_above(above: &[&str]) -> &'static str {
    let is = |name: &str| above.iter().any(|part| part.starts_with(name));
    match () {
        () if is("kubepods") || is("kubelet") => "cri",
        () if is("libpod") => "podman",
        () if above.last() == Some(&"default") => "containerd",
        () => "docker",
    }
}

/// The short form of a full container id.
fn full_id(text: &str) -> Option<&str> {
    (text.len() == FULL && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| &text[..SHORT])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "3f2a9c1b7d443f2a9c1b7d443f2a9c1b7d443f2a9c1b7d443f2a9c1b7d44abcd";

    #[test]
    fn containers_of_every_engine() {
        for (cgroup, expected, stop) in [
            ("12:pids:/docker/HEX\n1:name=systemd:/docker/HEX", "docker:SHORT", "docker stop SHORT"),
            ("0::/system.slice/docker-HEX.scope", "docker:SHORT", "docker stop SHORT"),
            ("0::/docker/HEX/docker/0000", "docker:SHORT", "docker stop SHORT"),
            ("0::/actions_job/HEX", "docker:SHORT", "docker stop SHORT"),
            (
                "0::/kubepods.slice/kubepods-x.slice/cri-containerd-HEX.scope",
                "cri:SHORT",
                "crictl stop SHORT",
            ),
            ("0::/kubepods.slice/docker-HEX.scope", "cri:SHORT", "crictl stop SHORT"),
            ("4:memory:/kubepods/burstable/podab/HEX", "cri:SHORT", "crictl stop SHORT"),
            ("0::/machine.slice/libpod-HEX.scope/container", "podman:SHORT", "podman stop SHORT"),
            ("0::/libpod_parent/libpod-HEX", "podman:SHORT", "podman stop SHORT"),
            ("0::/default/HEX", "containerd:SHORT", "nerdctl stop SHORT"),
            ("0::/system.slice/nerdctl-HEX.scope", "containerd:SHORT", "nerdctl stop SHORT"),
            ("0::/lxc.payload.web/system.slice/nginx.service", "lxc:web", "lxc-stop -n web"),
            ("4:memory:/lxc/web", "lxc:web", "lxc-stop -n web"),
            ("0::/machine.slice/systemd-nspawn@web.service/payload", "nspawn:web", "machinectl stop web"),
            ("0::/machine.slice/libpod-conmon-HEX.scope", "", ""),
            ("0::/system.slice/nginx.service", "", ""),
            ("0::/docker/buildkit/xyz", "", ""),
            ("4:memory:/process_api/0123456789abcdef0123456789abcdef", "", ""),
            ("garbage\n:\n::", "", ""),
        ] {
            let fill = |text: &str| text.replace("HEX", HEX).replace("SHORT", &HEX[..12]);
            let found = container(&fill(cgroup));
            let name = found.as_ref().map(Container::to_string).unwrap_or_default();
            let command = found.as_ref().map(Container::stop_command).unwrap_or_default();
            assert_eq!((name, command), (fill(expected), fill(stop)), "{cgroup}");
        }
    }

    #[test]
    fn units_that_keep_a_process() {
        let user = "0::/user.slice/user-1000.slice/user@1000.service";
        for (cgroup, expected) in [
            ("0::/system.slice/nginx.service".to_owned(), "systemctl stop nginx.service"),
            ("9:name=systemd:/system.slice/nginx.service\n0::/".to_owned(), "systemctl stop nginx.service"),
            (
                "0::/system.slice/system-postgresql.slice/postgresql@16-main.service".to_owned(),
                "systemctl stop postgresql@16-main.service",
            ),
            ("0::/system.slice/a\\x2db.service".to_owned(), "systemctl stop 'a\\x2db.service'"),
            ("0::/system.slice/web.service/worker".to_owned(), "systemctl stop web.service"),
            (format!("{user}/app.slice/shop.service"), "systemctl --user stop shop.service"),
            (format!("{user}/app.slice/app-org.kde.konsole@1.service"), ""),
            (format!("{user}/app.slice/app-gnome-code-12.scope"), ""),
            (format!("{user}/session.slice/pipewire.service"), ""),
            (format!("{user}/init.scope"), ""),
            ("0::/user.slice/user-1000.slice/session-2.scope".to_owned(), ""),
            ("0::/system.slice/ssh.service".to_owned(), ""),
            ("0::/system.slice/getty@tty1.service".to_owned(), ""),
            ("0::/init.scope".to_owned(), ""),
            ("9:name=systemd:/\n4:memory:/process_api/12".to_owned(), ""),
            (String::new(), ""),
        ] {
            let command = unit(&cgroup).map(|unit| unit.stop_command()).unwrap_or_default();
            assert_eq!(command, expected, "{cgroup}");
        }
    }
}
