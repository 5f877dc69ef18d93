//! What the tests share: running navyd, children that end with their test, directories and network namespaces
//! that vanish with it, and saying why a test was skipped.
//!
//! Deliberately absent: fixed ports, sleeping, and ending a process by name.

pub(crate) mod certificate;
pub(crate) mod child;
pub(crate) mod engine;
pub(crate) mod group;
pub(crate) mod machine;
pub(crate) mod namespace;
pub(crate) mod peers;
pub(crate) mod run;
pub(crate) mod systemd;
pub(crate) mod temp;

use std::{env, fs, os::unix::fs::PermissionsExt, path::PathBuf};

/// Flags of Chromium for nothing but the one page: whatever else a browser does at its start has no place in a test.
pub(crate) const CHROMIUM: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Says that a test did not run, and why: `skipped: NAME: REASON`, one write so that no other line gets in
/// between. `make test` counts these lines; with `CI` set, one that is not in `tests/allowed-skips.txt` fails.
pub(crate) fn skip(test: &str, reason: &str) {
    eprintln!("{}", format_args!("skipped: {test}: {reason}"));
}

/// Whether the tests run as root, that is as user 0 of this namespace.
pub(crate) fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uids.and_then(|uids| uids.split_whitespace().nth(1)) == Some("0")
}

/// The path of a program, from `PATH` and the places that only root has there.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(system).map(|folder| folder.join(name)).find(|path| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

#[test]
fn program_finds_what_can_be_run() {
    assert!(program("sh").is_some_and(|path| path.ends_with("sh")));
    assert_eq!(program("no-such-program-here"), None);
}

/// An address at which nobody listens, and nobody else can as long as the socket lives: it has the port, and is no listener.
pub(crate) fn nobody() -> (socket2::Socket, std::net::SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}
