//! Scenes in which something listens.

use navyd_model::{CauseId::*, Holder, OwnerUnknown, Supervisor, SupervisorKind};

use super::{Scene, check, hidden, inside, orphan, run_by, says, tcp, udp, v6only};

#[test]
fn an_ordinary_listener() {
    let here = || Scene::new().with(tcp("127.0.0.1", 1));
    says(
        &check("3000", here(), &[Listener]),
        "EADDRINUSE on 127.0.0.1, 0.0.0.0, ::; answers on 127.0.0.1",
        "navyd free 3000",
    );
    check("127.0.0.1:3000", here(), &[Listener]);
    check("localhost:3000", here().resolved(&["127.0.0.1"]), &[Listener]);
    let late = here().resolved(&["::1", "127.0.0.1"]);
    says(
        &check("localhost:3000", late, &[Listener]),
        "::1 first, which refuses, and then 127.0.0.1",
        "navyd free 3000",
    );
    check("[::1]:3000", here(), &[Free]);
    check("127.0.0.2:3000", here(), &[Free]);
    check("3000", Scene::new().with(tcp("::1", 1)), &[Listener]);
    check("3000", Scene::new().with(tcp("192.168.1.5", 1)), &[Listener]);
    check("192.168.1.5:3000", Scene::new().with(tcp("192.168.1.5", 1)), &[Listener]);
    check("3000/udp", Scene::new().with(udp(tcp("127.0.0.1", 1))), &[Listener]);
    says(&check("3000", Scene::new().with(udp(tcp("127.0.0.1", 1))), &[Free]), "is UDP", "");
    check("3000", here().with(inside("blue", tcp("127.0.0.1", 2))), &[Listener]);
    let root =
        here().but(|facts| facts.listeners[0] = hidden(OwnerUnknown::OtherUser, 0, tcp("127.0.0.1", 1)));
    says(
        &check("3000", root, &[Listener]),
        "a process of user 0 that only root may name",
        "sudo navyd why 3000",
    );
}

#[test]
fn the_fix_is_the_supervisors_own_command() {
    let unit = Supervisor {
        kind: SupervisorKind::Systemd,
        name: "shop.service".into(),
        pid: None,
        stop_command: Some("systemctl stop shop.service".into()),
    };
    let mut kept = tcp("127.0.0.1", 1);
    kept.holders[0].supervisor = Some(unit);
    says(&check("3000", Scene::new().with(kept), &[Listener]), "", "systemctl stop shop.service");
}

#[test]
fn a_wildcard_covers_its_family() {
    let any = || Scene::new().with(tcp("0.0.0.0", 1));
    check("3000", any(), &[Listener, WildcardOverlap]);
    let why = check("127.0.0.1:3000", any(), &[WildcardOverlap, Listener]);
    says(&why, "0.0.0.0:3000 covers 127.0.0.1:3000", "navyd free 3000");
    check("127.0.0.1:3000", any().admits("127.0.0.1"), &[Listener, WildcardOverlap]);
    check("0.0.0.0:3000", any(), &[Listener]);
    check("[::1]:3000", any(), &[Free]);
    check("localhost:3000", any().resolved(&["127.0.0.1"]), &[Listener, WildcardOverlap]);
    let narrow = || Scene::new().with(tcp("127.0.0.1", 1));
    says(
        &check("0.0.0.0:3000", narrow(), &[WildcardOverlap, Listener]),
        "cannot be bound",
        "navyd free 3000",
    );
    check("[::]:3000", Scene::new().with(tcp("::1", 1)), &[WildcardOverlap, Listener]);
    check("3000", Scene::new().with(v6only(tcp("::", 1))), &[Listener, WildcardOverlap]);
    check("127.0.0.1:3000", Scene::new().with(v6only(tcp("::", 1))), &[Free]);
}

#[test]
fn a_dual_stack_socket_takes_ipv4_as_well() {
    let dual = || Scene::new().with(tcp("::", 1));
    check("3000", dual(), &[Listener, DualStackOverlap, WildcardOverlap]);
    let why = check("127.0.0.1:3000", dual(), &[DualStackOverlap, Listener]);
    says(&why, "IPV6_V6ONLY off", "navyd free 3000");
    check("127.0.0.1:3000", dual().admits("127.0.0.1"), &[Listener, DualStackOverlap]);
    check("0.0.0.0:3000", dual(), &[DualStackOverlap, Listener]);
    check("[::1]:3000", dual(), &[WildcardOverlap, Listener]);
    check("[::]:3000", Scene::new().with(tcp("127.0.0.1", 1)), &[DualStackOverlap, Listener]);
    let unsure = dual().but(|facts| facts.listeners[0].v6only = None).errno("127.0.0.1", "EADDRINUSE");
    check("127.0.0.1:3000", unsure, &[DualStackOverlap, Listener]);
    check(
        "localhost:3000",
        dual().resolved(&["::1", "127.0.0.1"]),
        &[Listener, DualStackOverlap, WildcardOverlap],
    );
}

#[test]
fn localhost_is_split_between_programs() {
    let split = || Scene::new().with(tcp("127.0.0.1", 1)).with(tcp("::1", 2));
    let order = |first: &str| {
        let first = first.parse().unwrap();
        split().but(|facts| facts.localhost = vec![first])
    };
    says(
        &check("3000", order("::1"), &[SplitLocalhost, Listener]),
        "is ::1 first, which reaches `node` (pid 2)",
        "navyd free 127.0.0.1:3000",
    );
    says(
        &check("3000", order("127.0.0.1"), &[SplitLocalhost, Listener]),
        "is 127.0.0.1 first, which reaches `node` (pid 1)",
        "navyd free [::1]:3000",
    );
    check("localhost:3000", split().resolved(&["::1", "127.0.0.1"]), &[SplitLocalhost, Listener]);
    check("127.0.0.1:3000", split(), &[Listener, SplitLocalhost]);
    check("192.168.1.5:3000", split(), &[Free]);
    let wide = Scene::new().with(tcp("0.0.0.0", 1)).with(tcp("::1", 2));
    check("3000", wide, &[SplitLocalhost, Listener, WildcardOverlap]);
    let same_program = Scene::new().with(tcp("127.0.0.1", 1)).with(tcp("::1", 1));
    check("3000", same_program, &[Listener]);
    let one_dual_socket = Scene::new().with(tcp("::", 1));
    check("3000", one_dual_socket, &[Listener, DualStackOverlap, WildcardOverlap]);
    // Who cannot be named may be the same program; two users cannot.
    let other = |uid| {
        Scene::new().with(tcp("127.0.0.1", 1)).with(hidden(OwnerUnknown::OtherUser, uid, tcp("::1", 2)))
    };
    check("3000", other(1000), &[Listener]);
    check("3000", other(33), &[SplitLocalhost, Listener]);
}

#[test]
fn sockets_that_share_a_port_on_purpose() {
    let group = Scene::new().with(tcp("0.0.0.0", 1)).with(tcp("0.0.0.0", 2));
    says(
        &check("3000", group, &[ReuseportGroup, Listener, WildcardOverlap]),
        "2 sockets of 2 processes",
        "navyd free 3000",
    );
    let one_process = Scene::new().with(tcp("127.0.0.1", 1)).with(tcp("127.0.0.1", 1));
    says(
        &check("3000", one_process, &[ReuseportGroup, Listener]),
        "2 sockets of `node` (pid 1)",
        "navyd free 3000",
    );
    let multicast = Scene::new().with(udp(tcp("0.0.0.0", 1))).with(udp(tcp("0.0.0.0", 2)));
    says(
        &check("3000/udp", multicast, &[ReuseportGroup, Listener, WildcardOverlap]),
        "SO_REUSEADDR",
        "navyd free 3000",
    );
    check("3000", Scene::new().with(tcp("127.0.0.1", 1)).with(tcp("127.0.0.2", 2)), &[Listener]);
    let devices = Scene::new().with(tcp("0.0.0.0", 1)).with(tcp("0.0.0.0", 2)).but(|facts| {
        facts.listeners[1].device = Some("eth0".into());
    });
    check("3000", devices, &[Listener, WildcardOverlap]);
}

#[test]
fn containers_publish_through_a_proxy() {
    let argv = "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 3000 -container-ip 172.17.0.2 -container-port 80";
    let proxied = Scene::new().with(run_by("docker-proxy", argv, tcp("0.0.0.0", 1)));
    let why = check("3000", proxied, &[ContainerPublished, Listener, WildcardOverlap]);
    says(&why, "leads to 172.17.0.2:80", "docker stop $(docker ps -q --filter publish=3000)");
    let podman = Scene::new().with(run_by("rootlessport", "rootlessport", tcp("127.0.0.1", 1)));
    says(
        &check("3000", podman, &[ContainerPublished, Listener]),
        "rootlessport",
        "podman ps --format '{{.Names}} {{.Ports}}'",
    );
    let reader = Scene::new().with(run_by("vim", "vim docker-proxy", tcp("127.0.0.1", 1)));
    check("3000", reader, &[Listener]);
}

#[test]
fn a_supervisor_holds_the_socket() {
    let activated = Scene::new().with(run_by(
        "systemd-socket-activate",
        "systemd-socket-activate -l 3000 cat",
        tcp("::", 8),
    ));
    let why = check("3000", activated, &[SocketActivation, Listener, DualStackOverlap, WildcardOverlap]);
    says(&why, "a connection starts the service", "navyd free 3000");
    let with_service = Scene::new().with(tcp("127.0.0.1", 8)).but(|facts| {
        facts.listeners[0].holders.insert(0, Holder { pid: 1, name: "systemd".into(), ..Holder::default() });
    });
    says(&check("3000", with_service, &[SocketActivation, Listener]), "systemd", "systemctl list-sockets");
    let of_user = Scene::new().with(run_by("systemd", "/lib/systemd/systemd --user", tcp("127.0.0.1", 8)));
    let why = check("3000", of_user, &[SocketActivation, Listener]);
    says(&why, "a connection starts the service", "systemctl --user list-sockets");
    let unreadable =
        Scene::new().with(hidden(OwnerUnknown::OtherUser, 0, tcp("127.0.0.1", 1))).but(|facts| {
            facts.listeners[0].cgroup = Some("/system.slice/cups.socket".into());
        });
    says(
        &check("3000", unreadable, &[SocketActivation, Listener]),
        "`cups.socket`",
        "sudo systemctl stop cups.socket",
    );
    let service = Scene::new().with(hidden(OwnerUnknown::OtherUser, 0, tcp("127.0.0.1", 1))).but(|facts| {
        facts.listeners[0].cgroup = Some("/system.slice/cups.service".into());
    });
    check("3000", service, &[Listener]);
}

#[test]
fn an_orphan_holds_a_dead_parents_socket() {
    let leftover = || Scene::new().with(run_by("sleep", "sleep 1000", tcp("127.0.0.1", 5))).but(orphan(5));
    says(&check("3000", leftover(), &[InheritedBy, Listener]), "process 4, the leader", "navyd free 3000");
    check("3000", Scene::new().with(tcp("127.0.0.1", 5)).but(orphan(6)), &[Listener]);
    check("3000", leftover().but(|facts| facts.listeners[0].holders[0].cwd = Some("/".into())), &[Listener]);
    let parent_lives = leftover().but(|facts| facts.listeners[0].holders.extend(tcp("127.0.0.1", 3).holders));
    check("3000", parent_lives, &[Listener]);
}

#[test]
fn a_descriptor_is_on_its_way() {
    let flying = || Scene::new().with(hidden(OwnerUnknown::InFlight, 1000, tcp("127.0.0.1", 1)));
    says(&check("3000", flying(), &[InFlight, Listener]), "none has the socket", "sudo ss -xp");
    check("3000", Scene::new().with(hidden(OwnerUnknown::NoProcess, 0, tcp("127.0.0.1", 1))), &[Listener]);
    let refusing = || Scene::new().with(hidden(OwnerUnknown::NotDumpable, 1000, tcp("127.0.0.1", 1)));
    check("3000", refusing(), &[Listener]);
    let likely = refusing().but(|facts| facts.descriptor_in_flight = true);
    assert!(check("3000", likely, &[InFlight, Listener]).summary.contains("most likely"));
    check(
        "3000",
        Scene::new().with(inside("blue", hidden(OwnerUnknown::InFlight, 0, tcp("127.0.0.1", 1)))),
        &[OtherNamespace, Free],
    );
}
