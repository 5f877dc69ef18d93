//! What a real systemd keeps or holds: `why` and `free` name its unit, and the unit's own command frees the port.

use crate::support::{program, skip, systemd::UserManager};

/// Whether a server can be started.
fn has_python(test: &str) -> bool {
    let found = program("python3").is_some();
    if !found {
        skip(test, "`python3` is not installed");
    }
    found
}

#[test]
fn a_service_is_stopped_by_its_manager_and_stays_away() {
    const TEST: &str = "a_service_is_stopped_by_its_manager_and_stays_away";
    if !has_python(TEST) {
        return;
    }
    let Some(systemd) = UserManager::new(TEST) else { return };
    let listens = "import socket, subprocess, os; s = socket.create_server(('127.0.0.1', 3000)); \
                   subprocess.run(['systemd-notify', '--ready', '--pid=' + str(os.getpid())]); s.accept(); s.accept()";
    let text = format!(
        "[Service]\nType=notify\nNotifyAccess=all\nRestart=always\nRestartSec=0\nExecStart=python3 -c \"{listens}; s.accept()\"\n"
    );
    systemd.unit("shop.service", &text);
    systemd.systemctl(&["start", "shop.service"]);
    assert_eq!(systemd.systemctl(&["is-active", "shop.service"]), "active");

    let why = systemd.navyd(&["why", "3000"]);
    assert!(why.stdout.contains("kept by shop.service\n"), "{why:?}");
    assert!(why.stdout.contains("  systemctl --user stop shop.service\n"), "{why:?}");
    let free = systemd.navyd(&["free", "3000", "--yes"]);
    assert_eq!((free.status, free.stdout.as_str()), (Some(0), "port 3000 is free\n"), "{free:?}");
    assert_eq!(systemd.systemctl(&["is-active", "shop.service"]), "inactive");
}

#[test]
fn a_socket_that_a_manager_holds_is_left_to_it() {
    let Some(systemd) = UserManager::new("a_socket_that_a_manager_holds_is_left_to_it") else { return };
    systemd.unit("web.socket", "[Socket]\nListenStream=127.0.0.1:3001\n");
    systemd.unit("web.service", "[Service]\nExecStart=sleep 100\n");
    systemd.systemctl(&["start", "web.socket"]);

    let why = systemd.navyd(&["why", "3001"]);
    assert!(
        why.stdout.starts_with("3001/tcp  socket-activation: 127.0.0.1:3001 is held by `systemd`"),
        "{why:?}"
    );
    assert!(why.stdout.ends_with("  systemctl --user list-sockets\n"), "{why:?}");
    let free = systemd.navyd(&["free", "3001", "--yes"]);
    assert_eq!(free.status, Some(1), "{free:?}");
    assert!(free.stderr.contains("hint: systemctl --user list-sockets\n"), "{free:?}");
    assert_eq!(systemd.systemctl(&["is-active", "web.socket"]), "active", "nothing was stopped");
    // What it hints at names the unit, and stopping that frees the port.
    let sockets = systemd.systemctl(&["list-sockets", "--no-legend"]);
    let line = sockets.lines().find(|line| line.starts_with("127.0.0.1:3001 "));
    assert!(line.is_some_and(|line| line.contains(" web.socket ")), "{sockets}");
    systemd.systemctl(&["stop", "web.socket", "web.service"]);
    let free = systemd.navyd(&["free", "3001", "--yes"]);
    assert_eq!(free.status, Some(0), "{free:?}");
}
