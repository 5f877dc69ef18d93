//! The system's own units for a user's hub: systemd itself listens at low ports of both loopback addresses, and the hub
//! is handed the sockets. The manager of a user cannot do that, since it may bind no such port.
//!
//! Pure: the files' text, and whose hub a text that was found is. Deliberately absent: drop-ins, which add nothing that
//! is read here.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use super::service::{SERVICE_UNIT, quoted};

/// The unit that listens for the hub.
pub(crate) const SOCKET_UNIT: &str = "navyd.socket";

/// Where units belong that an administrator adds.
const FOLDER: &str = "/etc/systemd/system";

/// Where the runtime directories of users are, each named by its user's number.
const RUNTIME: &str = "/run/user";

/// The socket and the service, and where they belong.
pub(crate) fn socket_units(program: &Path, user: u32, ports: &[u16]) -> [(PathBuf, String); 2] {
    let listen = ports.iter().flat_map(|port| ["127.0.0.1", "[::1]"].map(|ip| format!("{ip}:{port}")));
    let listen: String = listen.map(|address| format!("{LISTEN}{address}\n")).collect();
    let socket = format!(
        "[Unit]\n\
         Description=navyd: URLs without a port\n\
         Documentation=man:navyd(1)\n\n\
         [Socket]\n\
         {listen}\n\
         [Install]\n\
         WantedBy=sockets.target\n"
    );
    let quoted = quoted(program);
    let service = format!(
        "[Unit]\n\
         Description=navyd: names, ports and services of this machine\n\
         Documentation=man:navyd(1)\n\
         # Its commands look for it in the runtime directory of the user, which has to outlast their sessions.\n\
         Requires={SOCKET_UNIT} user-runtime-dir@{user}.service\n\
         After={SOCKET_UNIT} user-runtime-dir@{user}.service\n\n\
         [Service]\n\
         # Not `notify`: it may wait for another hub of the user to end, however long that runs.\n\
         Type=exec\n\
         {USER}{user}\n\
         {ENVIRONMENT}{RUNTIME}/{user}\n\
         ExecStart={quoted} hub\n\
         Restart=on-failure\n\
         # What is in flight finishes first.\n\
         KillMode=mixed\n\
         TimeoutStopSec=20\n\n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    );
    let [at_socket, at_service] = paths();
    [(at_socket, socket), (at_service, service)]
}

/// Where the socket and the service belong.
pub(crate) fn paths() -> [PathBuf; 2] {
    [SOCKET_UNIT, SERVICE_UNIT].map(|unit| Path::new(FOLDER).join(unit))
}

/// Where a connection makes systemd start this user's hub, when these are the units of it: one with that runtime
/// directory (`XDG_RUNTIME_DIR`), which is how its commands find it.
pub(crate) fn summons(socket: &str, service: &str, user: u32, runtime: &Path) -> Option<SocketAddr> {
    let says = |start: &str| service.lines().find_map(|line| line.strip_prefix(start));
    let is_theirs = says(USER)?.parse() == Ok(user) && Path::new(says(ENVIRONMENT)?) == runtime;
    let mut listen = socket.lines().filter_map(|line| line.strip_prefix(LISTEN));
    is_theirs.then(|| listen.find_map(|address| address.parse().ok()))?
}

const LISTEN: &str = "ListenStream=";
const USER: &str = "User=";
const ENVIRONMENT: &str = "Environment=XDG_RUNTIME_DIR=";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_listens_at_both_loopback_addresses_for_the_user() {
        let [(socket, listens), (service, runs)] = socket_units(Path::new("/bin/navyd"), 1000, &[80, 443]);
        assert_eq!(socket, Path::new("/etc/systemd/system/navyd.socket"));
        assert_eq!(service, Path::new("/etc/systemd/system/navyd.service"));
        let listens: Vec<_> = listens.lines().filter(|line| line.starts_with("ListenStream=")).collect();
        let expected = ["127.0.0.1:80", "[::1]:80", "127.0.0.1:443", "[::1]:443"];
        assert_eq!(listens, expected.map(|address| format!("ListenStream={address}")));
        assert!(runs.contains("\nUser=1000\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000\n"), "{runs}");
        assert!(runs.contains("\nExecStart=\"/bin/navyd\" hub\n"), "{runs}");
    }

    #[test]
    fn only_the_units_of_this_user_summon_their_hub() {
        let [(_, socket), (_, service)] = socket_units(Path::new("/bin/navyd"), 1000, &[80, 443]);
        let first = Some("127.0.0.1:80".parse().unwrap());
        for (socket, service, user, runtime, expected) in [
            (&*socket, &*service, 1000, "/run/user/1000", first),
            (&socket, &service, 1001, "/run/user/1001", None),
            // The commands of a shell with another runtime directory would wait for a socket that never comes.
            (&socket, &service, 1000, "/tmp/run", None),
            (&socket, "", 1000, "/run/user/1000", None),
            ("", &service, 1000, "/run/user/1000", None),
            ("ListenStream=/run/x\nListenStream=[::1]:80\n", &service, 1000, "/run/user/1000", {
                Some("[::1]:80".parse().unwrap())
            }),
            ("ListenStream=80\n", &service, 1000, "/run/user/1000", None),
            (&socket, "User=ada\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000\n", 1000, "/run/user/1000", None),
        ] {
            let found = summons(socket, service, user, Path::new(runtime));
            assert_eq!(found, expected, "{socket}{service} {user} {runtime}");
        }
    }
}
