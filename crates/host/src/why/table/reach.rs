//! Scenes in which connecting tells more than binding.

use navyd_model::{
    CauseId::*,
    ConnectResult::{Connected, Failed, Forbidden, NotTried, Refused, SelfConnected, TimedOut, Unreachable},
    Holder, Namespace,
};

use super::{Scene, check, queued, says, tcp};
use crate::{
    kernel::{Action, Fate, Flow, Hit, Rule},
    why::{Facts, Redirected, Rules},
};

fn ruled(action: Action, chain: &str, text: &str) -> Rules {
    Rules::Read(vec![Rule { action, names_port: true, chain: chain.into(), text: text.into() }])
}

#[test]
fn a_filter_swallows() {
    let here = || Scene::new().with(tcp("127.0.0.1", 1)).connect("127.0.0.1", TimedOut);
    let dropped = here().but(|facts| facts.rules = ruled(Action::Drop, "input", "tcp dport 3000 drop"));
    says(
        &check("3000", dropped, &[FirewallDrop, Listener]),
        "`node` (pid 1) listens there; rule `tcp dport 3000 drop`",
        "sudo nft -a list ruleset",
    );
    let unread = here().but(|facts| facts.rules = Rules::Unreadable("root".into()));
    says(
        &check("3000", unread, &[FirewallDrop, Listener]),
        "the rules could not be read (root)",
        "sudo nft -a list ruleset",
    );
    says(
        &check("3000", Scene::new().connect("127.0.0.1", TimedOut), &[FirewallDrop, Free]),
        "a closed port would refuse",
        "sudo nft -a list ruleset",
    );
    check("[::1]:3000", here(), &[Free]);
    // The other address is silent, and this one's queue is full.
    let mixed = Scene::new()
        .with(queued(2, 1, tcp("127.0.0.1", 1)))
        .connect("127.0.0.1", TimedOut)
        .connect("::1", TimedOut);
    check("3000", mixed, &[BacklogFull, FirewallDrop, Listener]);
}

#[test]
fn a_filter_refuses() {
    let here = |result| Scene::new().with(tcp("127.0.0.1", 1)).connect("127.0.0.1", result);
    for result in [Refused, Unreachable, Forbidden] {
        let scene =
            here(result).but(|facts| facts.rules = ruled(Action::Reject, "input", "reject with tcp reset"));
        says(
            &check("3000", scene, &[FirewallReject, Listener]),
            "although `node` (pid 1) listens there; rule",
            "sudo nft -a list ruleset",
        );
    }
    check("3000", Scene::new().connect("127.0.0.1", Unreachable), &[FirewallReject, Free]);
    check("3000", Scene::new().connect("127.0.0.1", Refused), &[Free]);
    check("3000", here(Connected), &[Listener]);
    // An ICMPv6 refusal is lost on loopback: the rule tells what the silence does not.
    let lost = here(TimedOut).but(|facts| facts.rules = ruled(Action::Reject, "input", "reject"));
    check("3000", lost, &[FirewallReject, Listener]);
    let any_port = |facts: &mut Facts| {
        let rule =
            Rule { action: Action::Reject, names_port: false, chain: "input".into(), text: "reject".into() };
        facts.rules = Rules::Read(vec![rule]);
    };
    check("3000", here(TimedOut).but(any_port), &[FirewallDrop, Listener]);
    let six = || Scene::new().with(tcp("::1", 1)).connect("::1", TimedOut);
    check("3000", six().but(any_port), &[FirewallReject, Listener]);
    check("3000", six(), &[FirewallDrop, Listener]);
    // A socket of one network card does not hear loopback.
    let on_card =
        Scene::new().with(tcp("0.0.0.0", 1)).but(|facts| facts.listeners[0].device = Some("eth0".into()));
    check("3000", on_card, &[Listener, WildcardOverlap]);
    let on_loopback = Scene::new().with(tcp("0.0.0.0", 1)).connect("127.0.0.1", Refused).but(|facts| {
        facts.listeners[0].device = Some("lo".into());
    });
    check("3000", on_loopback, &[FirewallReject, Listener, WildcardOverlap]);
    // `::` may or may not take IPv4: then a refusal there proves nothing.
    let unsure = Scene::new().with(tcp("::", 1)).but(|facts| facts.listeners[0].v6only = None);
    check("3000", unsure, &[Listener, DualStackOverlap, WildcardOverlap]);
    // Without IPv6, ::1 is unreachable for everyone.
    let no_ipv6 = Scene::new().errno("::1", "EADDRNOTAVAIL").connect("::1", Unreachable);
    check("3000", no_ipv6, &[Free]);
}

#[test]
fn the_queue_is_full() {
    let hung =
        |len, max| Scene::new().with(queued(len, max, tcp("127.0.0.1", 1))).connect("127.0.0.1", TimedOut);
    says(
        &check("3000", hung(6, 5), &[BacklogFull, Listener]),
        "6 connections wait on 127.0.0.1:3000, and its backlog is 5",
        "navyd free 3000",
    );
    check("3000", hung(1, 0), &[BacklogFull, Listener]);
    check("3000", hung(5, 5), &[FirewallDrop, Listener]);
    let untouched = Scene::new().with(queued(2, 1, tcp("127.0.0.1", 1))).connect("127.0.0.1", NotTried);
    check("3000", untouched, &[BacklogFull, Listener]);
    let drained = Scene::new().with(queued(6, 5, tcp("127.0.0.1", 1))).connect("127.0.0.1", Connected);
    check("3000", drained, &[Listener]);
}

#[test]
fn what_must_not_be_touched_is_still_a_listener() {
    let jvm = Scene::new().with(tcp("127.0.0.1", 1)).connect("127.0.0.1", NotTried).but(|facts| {
        facts.untouched = Some("JDWP".into());
    });
    says(&check("3000", jvm, &[Listener]), "not connected to: JDWP", "navyd free 3000");
}

#[test]
fn a_rule_leads_elsewhere() {
    let answered = || Scene::new().connect("127.0.0.1", Connected);
    says(
        &check("3000", answered(), &[NatRedirect]),
        "who answered cannot be seen from here",
        "sudo nft -a list ruleset",
    );
    let arrived = |netns: Option<Namespace>| {
        answered().but(|facts| {
            facts.rules = ruled(Action::Nat, "output", "tcp dport 3000 redirect to :8200");
            facts.redirected.push(Redirected {
                asked: "127.0.0.1:3000".parse().unwrap(),
                arrived: "127.0.0.1:8200".parse().unwrap(),
                netns,
                holders: vec![Holder { pid: 6, name: "vault".into(), ..Holder::default() }],
            });
        })
    };
    says(
        &check("3000", arrived(None), &[NatRedirect]),
        "127.0.0.1:8200 (`vault` (pid 6)); rule",
        "sudo nft -a list ruleset",
    );
    let blue = Namespace { inode: Some(7), name: Some("blue".into()), container: None, pid: None };
    says(&check("3000", arrived(Some(blue)), &[NatRedirect]), "in `blue`", "sudo nft -a list ruleset");
    let docker = arrived(None).but(|facts| facts.rules = ruled(Action::Nat, "DOCKER", "-A DOCKER -j DNAT"));
    says(
        &check("3000", docker, &[ContainerPublished, NatRedirect]),
        "-A DOCKER",
        "docker stop $(docker ps -q --filter publish=3000)",
    );
    check("3000", Scene::new().connect("127.0.0.1", SelfConnected), &[Free]);
    // The other loopback address has its own listener: that is no redirection.
    check("3000", Scene::new().with(tcp("127.0.0.1", 1)), &[Listener]);
    check("3000", Scene::new().with(tcp("127.0.0.1", 1)).connect("::1", Connected), &[Listener, NatRedirect]);
}

#[test]
fn the_loopback_device_is_down() {
    let down = |scene: Scene| {
        scene.connect("127.0.0.1", Unreachable).connect("::1", Unreachable).but(|facts| {
            facts.interfaces.as_mut().unwrap()[0].up = false;
        })
    };
    says(
        &check("3000", down(Scene::new()), &[LoopbackDown, Free]),
        "`lo` is not up",
        "sudo ip link set lo up",
    );
    check("3000", down(Scene::new().with(tcp("127.0.0.1", 1))), &[LoopbackDown, Listener]);
    check("3000", down(Scene::new()).connect("127.0.0.1", TimedOut), &[LoopbackDown, Free]);
    let gone = down(Scene::new()).errno("127.0.0.1", "EADDRNOTAVAIL");
    check("127.0.0.1:3000", gone, &[LoopbackDown]);
    check("3000", Scene::new().but(|facts| facts.interfaces.as_mut().unwrap()[1].up = false), &[Free]);
    check("3000", Scene::new().but(|facts| facts.interfaces = None), &[Free]);
}

#[test]
fn the_address_is_not_of_this_machine() {
    let foreign = || Scene::new().errno("192.0.2.7", "EADDRNOTAVAIL");
    let why = check("192.0.2.7:3000", foreign(), &[AddressMissing]);
    says(&why, "this machine has 127.0.0.1, ::1, 192.168.1.5", "navyd why 3000");
    check("192.0.2.7:3000", foreign().with(tcp("127.0.0.1", 1)), &[AddressMissing]);
    check("192.168.1.5:3000", Scene::new(), &[Free]);
    check("shop.test:3000", foreign().resolved(&["192.0.2.7"]), &[AddressMissing]);
    check("shop.test:3000", foreign().resolved(&["192.0.2.7", "127.0.0.1"]), &[Free]);
    let localhost = check("localhost:3000", foreign().resolved(&["192.0.2.7"]), &[AddressMissing]);
    says(&localhost, "the resolver leads `name` there; bind", "navyd why 3000");
    let gone = check("127.0.0.1:3000", Scene::new().errno("127.0.0.1", "EADDRNOTAVAIL"), &[AddressMissing]);
    says(&gone, "EADDRNOTAVAIL on 127.0.0.1", "navyd doctor");
}

#[test]
fn localhost_is_known_to_no_resolver() {
    let known = |source: &str, name: &str| {
        Scene::new().resolved(&["::1", "127.0.0.1"]).but(|facts| {
            let found = facts.resolution.as_mut().unwrap();
            (found.source, found.name) = (source.to_owned(), name.to_owned());
        })
    };
    check("localhost:3000", known("*.localhost", "localhost"), &[Free, Unresolved]);
    check("localhost:3000", known("hosts file", "localhost"), &[Free]);
    check("shop.localhost:3000", known("*.localhost", "shop.localhost"), &[Free]);
}

#[test]
fn no_port_is_left_to_connect_from() {
    let scene = |place: &str| {
        let place = place.parse().unwrap();
        Scene::new()
            .with(tcp("127.0.0.1", 1))
            .connect("127.0.0.1", Failed)
            .but(|facts| facts.portless = vec![place])
    };
    let why = check("3000", scene("127.0.0.1:3000"), &[EphemeralRange, Listener]);
    says(
        &why,
        "connect: EADDRNOTAVAIL to 127.0.0.1:3000: every port of outgoing connections",
        "navyd doctor",
    );
    // Of an address that nobody asked about.
    check("127.0.0.1:3000", scene("[::1]:3000"), &[Listener]);
}

#[test]
fn a_rule_leads_to_where_nothing_answers() {
    let led = |scene: Scene| {
        scene.connect("127.0.0.1", Refused).but(|facts| {
            let hit = Hit {
                action: Action::Nat,
                certain: true,
                answers: false,
                to: Some("127.0.0.1:8000".parse().unwrap()),
                text: "tcp dport 3000 redirect to :8000".into(),
                mend: Some("sudo nft delete rule ip n out handle 2".into()),
            };
            let flow = Flow::own("127.0.0.1:3000".parse().unwrap(), 32768..=60999);
            facts.led = vec![Fate { flow, hits: vec![hit] }];
        })
    };
    let why = check("3000", led(Scene::new()), &[NatRedirect, Free]);
    says(&why, "rule `tcp dport 3000 redirect to :8000`", "sudo nft delete rule ip n out handle 2");
    check("3000", led(Scene::new().with(tcp("127.0.0.1", 1))), &[NatRedirect, Listener]);
    check("[::1]:3000", led(Scene::new()), &[Free]);
}

#[test]
fn a_name_leads_nowhere() {
    let why = check("shop.test:3000", Scene::new().resolved(&[]), &[Unresolved]);
    says(&why, "asked: resolver", "echo '127.0.0.1 shop.test' | sudo tee -a /etc/hosts");
    check("shop.test:3000", Scene::new(), &[Unresolved]);
    says(
        &check("shop.test", Scene::new().resolved(&["127.0.0.1"]), &[Unresolved]),
        "neither a port",
        "navyd why http://shop.test",
    );
}

#[test]
fn the_address_that_answers_first_wins() {
    let late = Scene::new().with(tcp("127.0.0.1", 1)).resolved(&["::1", "127.0.0.1"]);
    let resolution = check("localhost:3000", late, &[Listener]).resolution.unwrap();
    assert_eq!(resolution.wins, "127.0.0.1".parse().ok());
    let silent = Scene::new().resolved(&["::1", "127.0.0.1"]).explain("localhost:3000");
    assert_eq!(silent.resolution.unwrap().wins, None);
}
