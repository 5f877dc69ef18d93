//! Who keeps a process: starts it again when it stops, or owns the terminal it runs in.
//!
//! Three witnesses, in this order. A container holds all that runs in it, and what supervises inside cannot
//! be reached from here. Then the nearest parent that is known to keep its children: it says more than the
//! systemd unit that both live in. Then the unit. Stopping a process that is kept brings it back at once, so
//! each kind names the command that stops it for good. Deliberately absent: running that command. Pure.

mod cgroup;
mod keepers;

pub use cgroup::{Container, container};

use navyd_model::{Supervisor, SupervisorKind, text::shell_word};

use super::launch::Launch;
use keepers::{KEEPERS, Stop};

/// A process with its pid: the one in question, or one of its parents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kin {
    /// Its process id.
    pub pid: u32,
    /// What it runs.
    pub launch: Launch,
}

/// Who keeps `process`.
///
/// `cgroup` and `own_cgroup` are the texts of `/proc/PID/cgroup` of the process and of the reader: a unit or
/// container that the reader lives in too is the ground both stand on, and stopping it would stop the reader.
/// `parents` begin with the nearest.
pub fn of(process: &Kin, parents: &[Kin], cgroup: &str, own_cgroup: &str) -> Option<Supervisor> {
    let own_container = container(own_cgroup);
    if let Some(container) = container(cgroup).filter(|found| Some(found) != own_container.as_ref()) {
        return Some(Supervisor {
            kind: SupervisorKind::Container,
            name: container.to_string(),
            pid: None,
            stop_command: Some(container.stop_command()),
        });
    }
    keeper(process, parents).or_else(|| {
        let unit = cgroup::unit(cgroup)?;
        (Some(&unit) != cgroup::unit(own_cgroup).as_ref()).then(|| Supervisor {
            kind: SupervisorKind::Systemd,
            name: unit.name.clone(),
            pid: None,
            stop_command: Some(unit.stop_command()),
        })
    })
}

/// The nearest parent that is known to keep its children.
fn keeper(process: &Kin, parents: &[Kin]) -> Option<Supervisor> {
    parents.iter().enumerate().find_map(|(above, parent)| {
        let signs = parent.launch.signs();
        let keeper = KEEPERS.iter().find(|keeper| signs.fit(keeper.clue))?;
        // What the keeper itself started: the process, or the shell or wrapper it runs in.
        let child = above.checked_sub(1).map_or(process, |below| &parents[below]);
        // One that forks a copy of itself for each child ends when the first of them does.
        let copies = parents[above + 1..].iter().take_while(|next| next.launch.signs().fit(keeper.clue));
        let parent = if keeper.stop == Stop::Keeper { copies.last().unwrap_or(parent) } else { parent };
        Some(Supervisor {
            kind: keeper.kind,
            name: keeper.name.to_owned(),
            pid: Some(parent.pid),
            stop_command: stop_command(keeper.stop, parent, child),
        })
    })
}

fn stop_command(stop: Stop, parent: &Kin, child: &Kin) -> Option<String> {
    match stop {
        Stop::Process => None,
        Stop::Keeper => Some(format!("kill {}", parent.pid)),
        Stop::Pm2 => Some(pm2(parent, child)),
        Stop::Forever => Some(format!("forever stop {}", child.pid)),
        // supervisord knows its programs by names that only its own list pairs with process ids.
        Stop::Supervisorctl => Some(format!(
            "supervisorctl stop $(supervisorctl status | awk '/pid {},/ {{print $1}}')",
            child.pid
        )),
        // runsv's one argument is the service's directory, or its name below the default one.
        Stop::Runit => {
            let service = parent.launch.words().get(1).copied().unwrap_or_default().to_owned();
            Some(format!("sv stop {}", shell_word(&service)))
        }
    }
}

/// pm2 finds an application by its name, number, or absolute script path; only the last can be seen from
/// outside. A daemon with a home of its own (in its title) is reached only when told so.
fn pm2(daemon: &Kin, child: &Kin) -> String {
    let title = daemon.launch.argv.first().map_or("", String::as_str);
    let home = title.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let prefix = match home {
        Some(home) if !home.ends_with("/.pm2") => format!("PM2_HOME={} ", shell_word(home)),
        _ => String::new(),
    };
    let words = child.launch.words();
    let script = child.launch.script().or_else(|| words.first().copied()).unwrap_or_default();
    format!("{prefix}pm2 stop {}", shell_word(script))
}

#[cfg(test)]
mod tests {
    use super::*;
    use SupervisorKind::{Container, Manager, Multiplexer, Session, Systemd};

    fn kin(pid: u32, exe: &str, argv: &[&str]) -> Kin {
        let name = exe.rsplit('/').next().unwrap().to_owned();
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        Kin { pid, launch: Launch { name, exe: Some(exe.to_owned()), argv } }
    }

    fn check(
        parents: &[Kin],
        cgroup: &str,
        own_cgroup: &str,
        expected: Option<(SupervisorKind, &str, Option<u32>, Option<&str>)>,
    ) {
        let process = kin(100, "/usr/bin/node", &["node", "/srv/shop.js"]);
        let found = of(&process, parents, cgroup, own_cgroup);
        let found = found.as_ref().map(|s| (s.kind, s.name.as_str(), s.pid, s.stop_command.as_deref()));
        assert_eq!(found, expected, "{parents:?} in {cgroup}");
    }

    #[test]
    fn the_container_then_the_nearest_keeper_then_the_unit() {
        const HEX: &str = "3f2a9c1b7d443f2a9c1b7d443f2a9c1b7d443f2a9c1b7d443f2a9c1b7d44abcd";
        let nodemon = kin(90, "/usr/bin/node", &["node", "/p/node_modules/.bin/nodemon", "shop.js"]);
        let shell = kin(95, "/usr/bin/bash", &["bash"]);
        let tmux = kin(80, "/usr/bin/tmux", &["tmux"]);
        let docker = format!("0::/system.slice/docker-{HEX}.scope");
        let nginx = "0::/system.slice/nginx.service";
        let pair = [shell.clone(), nodemon.clone(), tmux.clone()];
        check(&[], "", "", None);
        check(
            &[],
            &docker,
            "0::/",
            Some((Container, "docker:3f2a9c1b7d44", None, Some("docker stop 3f2a9c1b7d44"))),
        );
        check(
            &pair,
            &docker,
            "",
            Some((Container, "docker:3f2a9c1b7d44", None, Some("docker stop 3f2a9c1b7d44"))),
        );
        check(&[], &docker, &docker, None);
        check(
            &[],
            nginx,
            "0::/",
            Some((Systemd, "nginx.service", None, Some("systemctl stop nginx.service"))),
        );
        check(&[], nginx, nginx, None);
        check(&pair, nginx, "", Some((Manager, "nodemon", Some(90), Some("kill 90"))));
        let honcho = |pid| kin(pid, "/usr/bin/python3", &["python3", "/usr/bin/honcho", "start"]);
        check(
            &[shell.clone(), honcho(71), honcho(70), tmux.clone(), honcho(60)],
            "",
            "",
            Some((Manager, "honcho", Some(70), Some("kill 70"))),
        );
        check(&[shell.clone(), tmux, nodemon], "", "", Some((Multiplexer, "tmux", Some(80), None)));
        check(&[shell], "0::/user.slice/user-1000.slice/session-2.scope", "", None);
    }

    #[test]
    fn each_keeper_has_its_own_way_to_stop() {
        let python = "/usr/bin/python3";
        let node = "/usr/bin/node";
        for (parent, expected) in [
            (
                kin(9, node, &["PM2 v7.0.4: God Daemon (/home/ann/.pm2)"]),
                Some((Manager, "pm2", Some(9), Some("pm2 stop /srv/shop.js"))),
            ),
            (
                kin(9, node, &["PM2 v7.0.4: God Daemon (/srv/my pm2)"]),
                Some((Manager, "pm2", Some(9), Some("PM2_HOME='/srv/my pm2' pm2 stop /srv/shop.js"))),
            ),
            (
                kin(9, node, &["node", "/usr/lib/node_modules/forever/bin/monitor", "shop.js"]),
                Some((Manager, "forever", Some(9), Some("forever stop 100"))),
            ),
            (
                kin(9, python, &["python3", "/usr/bin/supervisord", "-n"]),
                Some((
                    Manager,
                    "supervisord",
                    Some(9),
                    Some("supervisorctl stop $(supervisorctl status | awk '/pid 100,/ {print $1}')"),
                )),
            ),
            (
                kin(9, "/usr/bin/runsv", &["runsv", "a b"]),
                Some((Manager, "runit", Some(9), Some("sv stop 'a b'"))),
            ),
            (
                kin(9, "/root/.cargo/bin/cargo-watch", &["cargo-watch", "watch"]),
                Some((Manager, "cargo-watch", Some(9), Some("kill 9"))),
            ),
            (
                kin(9, node, &["node", "--watch", "a.js"]),
                Some((Manager, "node --watch", Some(9), Some("kill 9"))),
            ),
            (
                kin(9, "/usr/bin/tmux", &["tmux", "-C", "-L", "overmind-shop-x", "new"]),
                Some((Manager, "overmind", Some(9), Some("kill 9"))),
            ),
            (kin(9, "/usr/bin/nvim", &["nvim"]), Some((Session, "Neovim", Some(9), None))),
            (
                kin(9, "/opt/claude/versions/2.0.1", &["claude", "-c"]),
                Some((Session, "Claude Code", Some(9), None)),
            ),
            (
                kin(
                    9,
                    "/home/a/.vscode-server/bin/x/node",
                    &["/home/a/.vscode-server/bin/x/node", "server-main.js"],
                ),
                Some((Session, "VS Code server", Some(9), None)),
            ),
            (kin(9, "/usr/bin/bash", &["bash", "-c", "tmux; nvim"]), None),
        ] {
            check(&[parent], "", "", expected);
        }
    }
}
