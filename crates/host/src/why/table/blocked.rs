//! Scenes in which nothing listens, and the port is taken or forbidden all the same.

use navyd_model::{CauseId::*, OwnerUnknown, State};

use super::{Scene, bound, check, hidden, inside, peer, says, tcp, udp};

#[test]
fn nothing_is_in_the_way() {
    says(&check("3000", Scene::new(), &[Free]), "127.0.0.1, 0.0.0.0, ::1, :: and :: (IPv6 only)", "");
    check("3000/udp", Scene::new(), &[Free]);
    check("127.0.0.1:3000", Scene::new(), &[Free]);
    check("localhost:3000", Scene::new().resolved(&["127.0.0.1", "::1"]), &[Free]);
    let no_ipv6 = || Scene::new().errno("::1", "EAFNOSUPPORT").errno("::", "EAFNOSUPPORT");
    says(&check("3000", no_ipv6(), &[Free]), "lacks ::1", "");
    check("3000", Scene::new().errno("::1", "EADDRNOTAVAIL"), &[Free]);
    check("3000", Scene::new().errno("::1", "EADDRINUSE"), &[Unknown]);
    check("3000", Scene::new().with(udp(tcp("0.0.0.0", 1))), &[Free]);
    check("3000", Scene::new().connect("127.0.0.1", navyd_model::ConnectResult::SelfConnected), &[Free]);
    // Whatever happens elsewhere, one form that cannot be bound is not free.
    check("3000", Scene::new().errno("0.0.0.0", "errno 95"), &[Unknown]);
}

#[test]
fn a_socket_is_bound_and_does_not_listen() {
    let silent = || Scene::new().with(bound(tcp("127.0.0.1", 1)));
    says(
        &check("3000", silent(), &[BoundNotListening]),
        "without listen(); bind: EADDRINUSE",
        "navyd free 3000",
    );
    check("[::1]:3000", silent(), &[Free]);
    check("3000", silent().with(tcp("::1", 2)), &[Listener, BoundNotListening]);
    let shared = Scene::new().with(bound(tcp("127.0.0.1", 1))).but(|facts| facts.listeners[0].netns = None);
    check("0.0.0.0:3000", shared, &[BoundNotListening]);
    check(
        "3000",
        Scene::new().with(bound(hidden(OwnerUnknown::OtherUser, 0, tcp("::", 1)))),
        &[BoundNotListening],
    );
}

#[test]
fn a_client_has_drawn_the_port() {
    let client = || peer("127.0.0.1:40000", "127.0.0.1:5432", State::Established);
    let drawn = Scene::new().meeting(client());
    says(
        &check("40000", drawn, &[ClientSocket, EphemeralRange]),
        "127.0.0.1:40000 → 127.0.0.1:5432 of `curl` (pid 9): an outgoing connection",
        "kill 9",
    );
    check("[::1]:40000", Scene::new().meeting(client()), &[Free, EphemeralRange]);
    check("127.0.0.2:40000", Scene::new().meeting(client()), &[Free, EphemeralRange]);
    let left = peer("127.0.0.1:3000", "127.0.0.1:41000", State::Established);
    let why = check("3000", Scene::new().passing(left.clone()), &[ClientSocket]);
    says(&why, "probably accepted; a program that sets SO_REUSEADDR can bind it now", "kill 9");
    // What a listener has accepted is nobody's obstacle.
    check("3000", Scene::new().with(tcp("127.0.0.1", 1)).meeting(left.clone()), &[Listener]);
    check("3000", Scene::new().with(tcp("0.0.0.0", 1)).meeting(left.clone()), &[Listener, WildcardOverlap]);
    let beside = Scene::new().with(tcp("::1", 1)).meeting(left);
    check("3000", beside, &[Listener, ClientSocket]);
}

#[test]
fn closed_connections_rest() {
    let resting = || peer("127.0.0.1:3000", "127.0.0.1:41000", State::TimeWait);
    let why = check("3000", Scene::new().passing(resting()), &[TimeWait]);
    says(
        &why,
        "a program that sets SO_REUSEADDR can bind it now, one that does not can in 42 s",
        "navyd free 3000",
    );
    let why = check("3000", Scene::new().meeting(resting()), &[TimeWait]);
    says(&why, "even SO_REUSEADDR does not help", "navyd free 3000");
    check("[::1]:3000", Scene::new().passing(resting()), &[Free]);
    check(
        "3000",
        Scene::new().passing(peer("127.0.0.1:3000", "127.0.0.1:41000", State::FinWait2)),
        &[TimeWait],
    );
    check("3000", Scene::new().with(tcp("127.0.0.1", 1)).passing(resting()), &[Listener]);
    let open = peer("127.0.0.1:3000", "127.0.0.1:41001", State::Established);
    check("3000", Scene::new().meeting(resting()).meeting(open), &[ClientSocket, TimeWait]);
}

#[test]
fn low_ports_need_a_privilege() {
    let refused = || Scene::new().errno_everywhere("EACCES");
    let why = check("80", refused(), &[NeedsPrivilege]);
    says(&why, "ip_unprivileged_port_start is 1024", "sudo sysctl net.ipv4.ip_unprivileged_port_start=80");
    check("1024", refused(), &[Unknown]);
    check("80", refused().but(|facts| facts.limits.as_mut().unwrap().may_bind_low = Some(true)), &[Unknown]);
    check("80", Scene::new(), &[Free]);
    check("80", refused().with(tcp("127.0.0.1", 1)), &[Listener, NeedsPrivilege]);
    says(&check("8080", refused(), &[Unknown]), "a security module", "navyd port --near 8080");
}

#[test]
fn settings_speak_of_ports() {
    let reserve =
        |scene: Scene| scene.but(|facts| facts.limits.as_mut().unwrap().reserved = vec![2990..=3010]);
    check("3000", reserve(Scene::new()), &[Free, Reserved]);
    check("3011", reserve(Scene::new()), &[Free]);
    check("3000", reserve(Scene::new().with(tcp("127.0.0.1", 1))), &[Listener, Reserved]);
    // Windows refuses every bind in an excluded range.
    let excluded = reserve(Scene::new().errno_everywhere("EACCES"));
    says(&check("3000", excluded, &[Reserved]), "2990 to 3010", "navyd port --near 3000");
    let low = Scene::new()
        .errno_everywhere("EACCES")
        .but(|facts| facts.limits.as_mut().unwrap().reserved = vec![80..=80]);
    check("80", low, &[NeedsPrivilege, Reserved]);
    let why = check("40000", Scene::new(), &[Free, EphemeralRange]);
    assert_eq!(why.causes[1].fix.as_deref(), Some("sudo sysctl net.ipv4.ip_local_reserved_ports=40000"));
    check("62893", Scene::new(), &[Free]);
    let both = Scene::new().but(|facts| facts.limits.as_mut().unwrap().reserved = vec![40000..=40000]);
    check("40000", both, &[Free, Reserved]);
    check("3000", Scene::new().but(|facts| facts.limits = None), &[Free]);
}

#[test]
fn it_is_held_in_another_namespace() {
    let elsewhere = || Scene::new().with(inside("blue", tcp("0.0.0.0", 2)));
    let why = check("3000", elsewhere(), &[OtherNamespace, Free]);
    says(&why, "network namespace `blue`", "sudo ip netns exec blue navyd why 3000");
    check("127.0.0.1:3000", elsewhere(), &[OtherNamespace, Free]);
    check("[::1]:3000", elsewhere(), &[Free]);
    check("3000/udp", elsewhere(), &[Free]);
    let container = elsewhere().but(|facts| {
        let netns = facts.listeners[0].netns.as_mut().unwrap();
        (netns.name, netns.container) = (None, Some("docker:3f2a".into()));
    });
    says(
        &check("3000", container, &[OtherNamespace, Free]),
        "container `docker:3f2a`",
        "sudo nsenter -t 70 -n navyd why 3000",
    );
    let bound_there = Scene::new().with(inside("blue", bound(tcp("0.0.0.0", 2))));
    check("3000", bound_there, &[Free]);
}

#[test]
fn what_cannot_be_explained_is_unknown() {
    let why = check("3000", Scene::new().errno_everywhere("EADDRINUSE"), &[Unknown]);
    says(&why, "bind fails: EADDRINUSE on 127.0.0.1, 0.0.0.0, ::1, ::", "navyd port --near 3000");
    check("3000/udp", Scene::new().errno_everywhere("EADDRINUSE"), &[Unknown]);
}
