//! A60: everybody may connect to a unix socket.

use navyd_model::{Protocol, finding::Confidence, text::shell_word};

use super::super::{Check, Facts, Gate, Judge, Reach, Subject, check::Found, stakes};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A60",
    title: "every user may connect to its unix socket",
    why: "Who may write to a socket's file may connect to it (unix(7)). An abstract name has no permissions at all, \
          and is also met from containers that share the network namespace (CVE-2020-15257, containerd-shim).",
    spares: "Files in a folder that others may not pass, display servers, D-Bus, and what the system's own services \
             offer to everybody. A program that asks the kernel who is there (SO_PEERCRED) may do so unseen, so an \
             abstract name is only inferred to be open.",
    fixes: &[
        ("redis-server", "unixsocketperm 700"),
        ("valkey-server", "unixsocketperm 700"),
        ("postgres", "unix_socket_permissions = 0700"),
        ("dockerd", "sudo chmod 660 {place}"),
    ],
    judge: Judge::Each(judge),
};

/// Programs that are there for everybody, or ask who connects.
const FOR_ALL: &[&str] = &[
    "Xorg",
    "Xwayland",
    "Xvfb",
    "Xvnc",
    "Xtigervnc",
    "dbus-daemon",
    "dbus-broker",
    "dbus-broker-launch",
    "dbus-launch",
    "ibus-daemon",
    "at-spi-bus-launcher",
    "pipewire",
    "pulseaudio",
    "avahi-daemon",
    "cupsd",
    "nscd",
    "nslcd",
    "sssd",
    "rpcbind",
    "acpid",
    "snapd",
    "polkitd",
    "multipathd",
    "iscsid",
    "rsyslogd",
    "cron",
    "chronyd",
    "pcscd",
    "gpg-agent",
    "ssh-agent",
    "gnome-session-binary",
    "xfce4-session",
    "kwin_wayland",
    "gnome-shell",
    "winbindd",
    "navyd",
];

/// How the names of sockets begin that are there for everybody.
const PLACES: &[&str] = &[
    "/run/systemd/",
    "/run/dbus/",
    "/run/udev/",
    "/var/run/dbus/",
    "/tmp/.X11-unix/",
    "/tmp/.ICE-unix/",
    "/tmp/dbus-",
    "/dev/log",
    "/dbus-vfs-daemon/",
    "/org/kernel/",
    "/org/freedesktop/",
    "/com/ubuntu/upstart",
    "/run/user/",
];

/// Programs whose sockets lead to their own question for a password or for who asks.
const ASKING: &[&str] = &["postgres", "mysqld", "mariadbd"];

fn judge(subject: &Subject, _: &Facts) -> Option<Found> {
    let listener = &subject.listener;
    let path = listener.path.as_deref().filter(|_| listener.proto == Protocol::Unix)?;
    let (name, is_abstract) = path.strip_prefix('@').map_or((path, false), |name| (name, true));
    // A name that the kernel chose (unix(7), autobind) is five digits, and of clients.
    let chosen = is_abstract && name.len() == 5 && name.bytes().all(|digit| digit.is_ascii_hexdigit());
    if chosen || name.is_empty() || is_for_all(subject, name) {
        return None;
    }
    let power = stakes::power(subject);
    let gate = if subject.names().iter().any(|name| ASKING.contains(name)) { Gate::Real } else { Gate::None };
    if is_abstract {
        let evidence = format!("`{path}` is an abstract name, which has no permissions");
        let found = Found::observed(power, Reach::AnyUser, evidence).behind(gate);
        return Some(
            found.sure(Confidence::Inferred).fix("give it a path in a folder of its own".to_owned()),
        );
    }
    let access = subject.file.as_ref().filter(|access| access.all_may_write())?;
    let evidence = format!(
        "`{path}` has the permissions {:04o}, and every folder above it may be passed",
        access.file.mode
    );
    let fix = CHECK.fix(subject).unwrap_or_else(|| format!("chmod 600 {}", shell_word(path)));
    Some(Found::observed(power, Reach::AnyUser, evidence).behind(gate).fix(fix))
}

fn is_for_all(subject: &Subject, name: &str) -> bool {
    let known = |program: &str| FOR_ALL.contains(&program) || program.starts_with("systemd");
    subject.listener.holders.iter().any(|holder| known(&holder.name))
        || PLACES.iter().any(|start| name.starts_with(start))
        || name.contains("/dbus-") && subject.listener.holders.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::Power, fixture::held},
        *,
    };
    use crate::process::{Access, File};

    fn socket(path: &str, program: &str, mode: u32, closed_by: Option<&str>) -> Subject {
        let mut subject = held(1, program, None);
        subject.listener.proto = Protocol::Unix;
        (subject.listener.port, subject.listener.address) = (None, None);
        subject.listener.path = Some(path.to_owned());
        let closed_by = closed_by.map(str::to_owned);
        subject.file = Some(Access { file: File { uid: 1000, mode }, is_socket: true, closed_by });
        subject
    }

    #[test]
    fn planted_and_clean() {
        let seen = |power, gate| Some((power, gate, Confidence::Observed));
        for (path, program, mode, closed_by, expected) in [
            ("/tmp/app.sock", "app", 0o777, None, seen(Power::Info, Gate::None)),
            ("/tmp/redis.sock", "redis-server", 0o777, None, seen(Power::Write, Gate::None)),
            ("/var/run/docker.sock", "dockerd", 0o666, None, seen(Power::Code, Gate::None)),
            ("/var/run/postgresql/.s.PGSQL.5432", "postgres", 0o777, None, seen(Power::Write, Gate::Real)),
            ("/tmp/app.sock", "app", 0o755, None, None),
            ("/tmp/app.sock", "app", 0o660, None, None),
            ("/home/a/.x/app.sock", "app", 0o777, Some("/home/a"), None),
            ("/run/systemd/notify", "x", 0o777, None, None),
            ("/tmp/.X11-unix/X0", "Xorg", 0o777, None, None),
            ("@app", "app", 0, None, Some((Power::Info, Gate::None, Confidence::Inferred))),
            ("@/tmp/.X11-unix/X0", "Xorg", 0, None, None),
            ("@/tmp/dbus-k3v", "dbus-daemon", 0, None, None),
            ("@0002f", "client", 0, None, None),
            ("", "client", 0o777, None, None),
        ] {
            let found = judge(&socket(path, program, mode, closed_by), &Facts::default());
            let found = found.map(|found| (found.power, found.gate, found.confidence));
            assert_eq!(found, expected, "{path} {program} {mode:o}");
        }
        let mut unseen = socket("/tmp/app.sock", "app", 0o777, None);
        unseen.file = None;
        assert_eq!(judge(&unseen, &Facts::default()), None);
    }
}
