//! Ports 80 and 443 for a hub that is not root: the ways there are, and the steps of each.
//!
//! Pure but for [`is_allowed`], which binds for real, `leads`, which connects, and [`Way::is_done`], which looks. The
//! gateway never runs as root for it: what needs root is done once, and undone by [`Way::undo`]. Deliberately absent:
//! whatever lasts longer than its undoing.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use navyd_host::listeners::connections;

use crate::{
    os,
    places::Places,
    trust::{Call, Machine, Step},
};

/// The ports of URLs without one.
pub const PORTS: [u16; 2] = [80, 443];

/// Where the setting of the kernel is kept.
const SYSCTL_FILE: &str = "/etc/sysctl.d/50-navyd.conf";
/// The lowest port that every program may bind.
const SYSCTL: &str = "net.ipv4.ip_unprivileged_port_start";
/// What the kernel starts with (ip-sysctl.rst).
const SYSCTL_DEFAULT: &str = "1024";

/// A way to ports 80 and 443, the least intrusive first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Just bind them.
    Try,
    /// Let this program alone bind any port.
    SetCap,
    /// Let every program bind ports from 80.
    Sysctl,
    /// Lead connections of this machine to those ports to the hub's.
    Nft,
    /// Let systemd listen there, and hand the sockets over to the hub.
    SystemdSocket,
}

impl Way {
    /// Every way, in the order in which they are explained.
    pub const ALL: [Self; 5] = [Self::Try, Self::SetCap, Self::Sysctl, Self::Nft, Self::SystemdSocket];

    /// What `--way` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Try => "try",
            Self::SetCap => "setcap",
            Self::Sysctl => "sysctl",
            Self::Nft => "nft",
            Self::SystemdSocket => "systemd-socket",
        }
    }

    /// What it does, and what it costs.
    pub fn about(self) -> &'static str {
        match self {
            Self::Try => "just bind them: macOS and some containers allow it",
            Self::SetCap => "this program alone may bind any port; lost when it is updated",
            Self::Sysctl => "every program may bind ports from 80; stays until it is undone",
            Self::Nft => {
                "the kernel leads both ports of this machine to the hub's; until the machine restarts"
            }
            Self::SystemdSocket => {
                "systemd listens, and runs the hub as you when the machine starts; instead of `hub install`"
            }
        }
    }

    /// What is done for it. `port` is the hub's own.
    pub fn steps(self, machine: &dyn Machine, program: &Path, port: u16) -> Vec<Step> {
        match self {
            Self::Try => Vec::new(),
            Self::SetCap => {
                let args = ["cap_net_bind_service=+ep".into(), program.to_owned()];
                vec![Step::Run(Call::new(tool(machine, "setcap"), args))]
            }
            Self::Sysctl => {
                // Where it has been done, the kernel no longer knows what was before.
                let before = match machine.text(Path::new(SYSCTL_FILE)) {
                    Some(text) => before(&text).to_owned(),
                    None => setting(machine).unwrap_or(SYSCTL_DEFAULT.into()),
                };
                let text = format!("# Written by navyd. Before: {before}\n{SYSCTL} = {}\n", PORTS[0]);
                let load = Call::new(tool(machine, "sysctl"), ["-q", "-p", SYSCTL_FILE]);
                vec![Step::Write(SYSCTL_FILE.into(), text), Step::Run(load)]
            }
            Self::Nft => vec![Step::Run(nft(machine, &rules(port)))],
            Self::SystemdSocket => {
                let units = os::socket_units(program, user(machine), &PORTS);
                let mut steps: Vec<_> = units.map(|(path, text)| Step::Write(path, text)).into();
                // The service itself may not start yet: a hub that runs has to end before.
                let commands: [&[&str]; 3] = [
                    &["daemon-reload"],
                    &["enable", "--now", os::SOCKET_UNIT],
                    &["enable", os::SERVICE_UNIT],
                ];
                steps.extend(commands.map(|words| systemctl(machine, words)));
                steps
            }
        }
    }

    /// What undoes it.
    pub fn undo(self, machine: &dyn Machine, program: &Path) -> Vec<Step> {
        match self {
            Self::Try => Vec::new(),
            Self::SetCap => {
                vec![Step::Run(Call::new(tool(machine, "setcap"), ["-r".into(), program.to_owned()]))]
            }
            Self::Sysctl => {
                let text = machine.text(Path::new(SYSCTL_FILE)).unwrap_or_default();
                let back =
                    Call::new(tool(machine, "sysctl"), ["-q", "-w", &format!("{SYSCTL}={}", before(&text))]);
                vec![Step::Run(back), Step::Remove(SYSCTL_FILE.into())]
            }
            Self::Nft => vec![Step::Run(nft(machine, FORGET))],
            Self::SystemdSocket => {
                let end = systemctl(machine, &["disable", "--now", os::SOCKET_UNIT, os::SERVICE_UNIT]);
                let gone = os::socket_unit_paths().map(Step::Remove);
                let reload = systemctl(machine, &["daemon-reload"]);
                [end].into_iter().chain(gone).chain([reload]).collect()
            }
        }
    }

    /// Whether it has been done, and not undone since; `None` when only root may see that.
    pub fn is_done(self, machine: &dyn Machine, program: &Path) -> Option<bool> {
        let run = |name: &str, args: &[&Path]| {
            machine.run(&Call::new(machine.program(name)?, args.iter().copied())).ok()
        };
        match self {
            Self::Try => Some(false),
            Self::SetCap => {
                // Without the tool nobody can have used it.
                let Some(ran) = run("getcap", &[program]) else { return Some(false) };
                Some(ran.stdout.contains("cap_net_bind_service"))
            }
            Self::Sysctl => Some(machine.exists(Path::new(SYSCTL_FILE))),
            Self::Nft => {
                let args = ["list", "table", "inet", "navyd"].map(Path::new);
                let Some(ran) = run("nft", &args) else { return Some(false) };
                (ran.success || !ran.stderr.contains("not permitted")).then_some(ran.success)
            }
            Self::SystemdSocket => {
                let [socket, _] = os::socket_unit_paths();
                Some(machine.exists(&socket))
            }
        }
    }
}

/// Whether the user whose hub it is may bind these ports at a loopback address, or somebody has bound them already; `None`
/// for root who acts for somebody else, since only they can try.
pub fn is_allowed(machine: &dyn Machine) -> Option<bool> {
    if user(machine) != os::own_uid() {
        return None;
    }
    let may = |address: SocketAddr| match TcpListener::bind(address) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::AddrInUse,
    };
    Some(PORTS.iter().all(|port| loopback(*port).into_iter().any(may)))
}

/// The loopback addresses with these ports, and why one cannot be had: bound for real, and closed at once. One that
/// somebody answers at nevertheless is taken as well: some systems let two programs bind it, and a packet filter may
/// lead it elsewhere.
pub(crate) fn tried() -> Vec<(SocketAddr, io::Result<()>)> {
    let try_one = |address: SocketAddr| {
        drop(TcpListener::bind(address)?);
        match TcpStream::connect_timeout(&address, ANSWER) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        }
    };
    let addresses = PORTS.into_iter().flat_map(loopback);
    addresses.map(|address| (address, try_one(address))).collect()
}

/// Whether connections to port 80 at the address of a listener of ours arrive at that listener, as a packet filter may
/// lead them. No byte is sent: whoever else listens there sees a connection that closes.
pub(crate) fn leads(own: SocketAddr) -> bool {
    let [http, _] = PORTS;
    let Ok(stream) = TcpStream::connect_timeout(&(own.ip(), http).into(), ANSWER) else { return false };
    // The other end has the address of the listener by now, and the sender's is that of nobody else.
    let Ok(sender) = stream.local_addr() else { return false };
    connections(Some(own.port()))
        .is_ok_and(|all| all.iter().any(|one| one.local == own && one.remote == sender))
}

/// How long a loopback address may take to answer or refuse; only a packet filter makes it silent.
const ANSWER: Duration = Duration::from_millis(20);

fn loopback(port: u16) -> [SocketAddr; 2] {
    [(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
}

/// A table of our own, so that it can go without touching any other. Made anew each time.
fn rules(port: u16) -> String {
    let [http, https] = PORTS;
    let to = format!("tcp dport {{ {http}, {https} }} redirect to :{port}");
    format!(
        "{FORGET}table inet navyd {{\n  chain output {{\n    type nat hook output priority -100;\n    \
         ip daddr 127.0.0.1 {to}\n    ip6 daddr ::1 {to}\n  }}\n}}\n"
    )
}

/// Adding a table that is there is no failure, and removing one that is not would be.
const FORGET: &str = "add table inet navyd\ndelete table inet navyd\n";

/// Where a connection makes systemd start this user's hub, with its sockets; `None` where it was not told to, or does
/// not listen.
pub(crate) fn summons(machine: &dyn Machine, places: &Places) -> Option<SocketAddr> {
    let [socket, service] = os::socket_unit_paths();
    let (socket, service) = (machine.text(&socket)?, machine.text(&service)?);
    let address = os::summons(&socket, &service, os::own_uid(), places.runtime.parent()?)?;
    // Another program may listen there while systemd does not.
    let words = ["is-active", "--quiet", os::SOCKET_UNIT];
    machine.run(&Call::new(tool(machine, "systemctl"), words)).ok()?.success.then_some(address)
}

/// Whose hub it is: root acts for whoever became it.
fn user(machine: &dyn Machine) -> u32 {
    let sudo = machine.variable("SUDO_UID").and_then(|user| user.to_str()?.parse().ok());
    sudo.unwrap_or_else(os::own_uid)
}

fn systemctl(machine: &dyn Machine, words: &[&str]) -> Step {
    Step::Run(Call::new(tool(machine, "systemctl"), words))
}

fn nft(machine: &dyn Machine, rules: &str) -> Call {
    Call::new(tool(machine, "nft"), ["-f", "-"]).reading(rules)
}

fn tool(machine: &dyn Machine, name: &str) -> PathBuf {
    machine.program(name).unwrap_or_else(|| name.into())
}

/// The setting as it stands.
fn setting(machine: &dyn Machine) -> Option<String> {
    let ran = machine.run(&Call::new(tool(machine, "sysctl"), ["-n", SYSCTL])).ok()?;
    let value = ran.stdout.trim();
    (ran.success && value.parse::<u16>().is_ok()).then(|| value.to_owned())
}

/// The value that the file of the setting says was there before it.
fn before(text: &str) -> &str {
    let said = text.lines().find_map(|line| line.strip_prefix("# Written by navyd. Before: "));
    said.filter(|value| value.parse::<u16>().is_ok()).unwrap_or(SYSCTL_DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{Ran, scene::Scene};

    fn shown(steps: &[Step]) -> Vec<String> {
        steps.iter().map(Step::shown).collect()
    }

    fn scene() -> Scene {
        let scene = Scene::new().variable("SUDO_UID", "1000");
        ["setcap", "getcap", "sysctl", "nft", "systemctl"]
            .iter()
            .fold(scene, |scene, tool| scene.file(&format!("/usr/sbin/{tool}"), ""))
    }

    #[test]
    fn what_is_done_can_be_undone() {
        let program = Path::new("/bin/navyd");
        for (way, done, undone) in [
            (Way::Try, &[][..], &[][..]),
            (
                Way::SetCap,
                &["run /usr/sbin/setcap cap_net_bind_service=+ep /bin/navyd"],
                &["run /usr/sbin/setcap -r /bin/navyd"],
            ),
            (
                Way::Sysctl,
                &[
                    "write /etc/sysctl.d/50-navyd.conf (74 bytes)",
                    "run /usr/sbin/sysctl -q -p /etc/sysctl.d/50-navyd.conf",
                ],
                &[
                    "run /usr/sbin/sysctl -q -w net.ipv4.ip_unprivileged_port_start=1024",
                    "remove /etc/sysctl.d/50-navyd.conf",
                ],
            ),
            (
                Way::Nft,
                &["run /usr/sbin/nft -f - (reading 249 bytes)"],
                &["run /usr/sbin/nft -f - (reading 44 bytes)"],
            ),
            (
                Way::SystemdSocket,
                &[
                    "write /etc/systemd/system/navyd.socket (216 bytes)",
                    "write /etc/systemd/system/navyd.service (613 bytes)",
                    "run /usr/sbin/systemctl daemon-reload",
                    "run /usr/sbin/systemctl enable --now navyd.socket",
                    "run /usr/sbin/systemctl enable navyd.service",
                ],
                &[
                    "run /usr/sbin/systemctl disable --now navyd.socket navyd.service",
                    "remove /etc/systemd/system/navyd.socket",
                    "remove /etc/systemd/system/navyd.service",
                    "run /usr/sbin/systemctl daemon-reload",
                ],
            ),
        ] {
            assert_eq!(shown(&way.steps(&scene(), program, 62893)), done, "{way:?}");
            assert_eq!(shown(&way.undo(&scene(), program)), undone, "{way:?}");
        }
    }

    #[test]
    fn the_setting_goes_back_to_what_it_was() {
        let asked = "/usr/sbin/sysctl -n net.ipv4.ip_unprivileged_port_start";
        let answer = |said: &str| Ran { success: true, stdout: said.into(), stderr: String::new() };
        let scene = scene().answer(asked, answer("500\n"));
        let steps = Way::Sysctl.steps(&scene, Path::new("/bin/navyd"), 1);
        let [Step::Write(path, text), _] = &steps[..] else { panic!("{steps:?}") };
        let after = scene.file(path.to_str().unwrap(), text).answer(asked, answer("80\n"));
        assert_eq!(Way::Sysctl.is_done(&after, Path::new("/bin/navyd")), Some(true));
        let undone = shown(&Way::Sysctl.undo(&after, Path::new("/bin/navyd")));
        assert_eq!(undone[0], "run /usr/sbin/sysctl -q -w net.ipv4.ip_unprivileged_port_start=500");
        let again = Way::Sysctl.steps(&after, Path::new("/bin/navyd"), 1);
        assert_eq!(again[0], steps[0], "done twice, it still knows");
        assert_eq!(before("# Written by navyd. Before: x; reboot"), SYSCTL_DEFAULT);
    }
}
