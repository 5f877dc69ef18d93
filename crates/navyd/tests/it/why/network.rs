//! Causes that lie between sockets: rules, devices, addresses and namespaces.

use super::Ground;
use crate::support::{program, run::run, skip};

const SERVER: &str = "s = listening('0.0.0.0'); say(port(s))";

#[test]
fn firewall_drop() {
    let Some(ground) = Ground::with_rules("why::firewall_drop") else { return };
    let (_actor, port) = ground.actor(SERVER);
    ground.rules("add table inet t; add chain inet t in { type filter hook input priority 0; }");
    ground.rules(&format!("add rule inet t in tcp dport {port} drop"));
    let answer = ground.why(&port.to_string());
    answer.is("firewall-drop", 1, &format!("rule `tcp dport {port} drop"));
    assert_eq!(answer.connected("127.0.0.1").0, "timed-out");
    // Nothing listens on the next, and it is swallowed all the same.
    ground.rules("add rule inet t in tcp dport 1 drop");
    ground.why("1").is("firewall-drop", 1, "a closed port would refuse").has("free", "127.0.0.1");
}

#[test]
fn firewall_reject() {
    let Some(ground) = Ground::with_rules("why::firewall_reject") else { return };
    let (_actor, port) = ground.actor(SERVER);
    ground.why(&port.to_string()).is("listener", 0, "answers on 127.0.0.1");
    ground.rules("add table inet t; add chain inet t in { type filter hook input priority 0; }");
    for (with, shown) in [
        ("tcp reset", "reject with tcp reset"),
        ("icmpx type port-unreachable", "reject"),
        ("icmpx type admin-prohibited", "reject"),
    ] {
        ground
            .rules(&format!("flush chain inet t in; add rule inet t in tcp dport {port} reject with {with}"));
        let answer = ground.why(&port.to_string());
        answer.is("firewall-reject", 1, "listens there").has("firewall-reject", shown);
    }
}

#[test]
fn firewall_reject_by_iptables() {
    let test = "why::firewall_reject_by_iptables";
    if program("iptables").is_none() {
        return skip(test, "`iptables` is not installed");
    }
    let Some(ground) = Ground::with_rules(test) else { return };
    let (_actor, port) = ground.actor(SERVER);
    let reject = "-j REJECT --reject-with tcp-reset";
    ground.must(&format!("iptables -A INPUT -p tcp --dport {port} {reject}"));
    let answer = ground.why(&port.to_string());
    answer.is("firewall-reject", 1, "listens there").has("firewall-reject", reject);
}

#[test]
fn nat_redirect() {
    let Some(ground) = Ground::with_rules("why::nat_redirect") else { return };
    let (actor, port) = ground.actor(SERVER);
    ground.rules("add table ip t; add chain ip t out { type nat hook output priority -100; }");
    ground.rules(&format!("add rule ip t out tcp dport 3000 redirect to :{port}"));
    let answer = ground.why("3000");
    answer
        .is("nat-redirect", 1, &format!(":{port} (`python3"))
        .has("nat-redirect", &format!("redirect to :{port}"));
    assert_eq!(answer.connected("127.0.0.1"), ("connected".into(), Some(actor.pid().into())));
    assert!(answer.document["bind"].as_array().unwrap().iter().all(|attempt| attempt["ok"] == true));
}

#[test]
fn nat_to_another_namespace() {
    let test = "why::nat_to_another_namespace";
    let (Some(ground), Some(other)) = (Ground::with_rules(test), Ground::own(test)) else { return };
    let Some(there) = &other.0 else { return };
    ground.must(&format!("ip link add v0 type veth peer name v1 netns {}", there.name()));
    for line in ["ip addr add 10.77.0.1/24 dev v0", "ip link set v0 up"] {
        ground.must(line);
    }
    for line in ["ip addr add 10.77.0.2/24 dev v1", "ip link set v1 up"] {
        other.must(line);
    }
    let (actor, port) = other.actor(SERVER);
    ground.rules("add table ip t; add chain ip t out { type nat hook output priority -100; }");
    let rule = format!("ip daddr 10.77.0.1 tcp dport 3000 dnat to 10.77.0.2:{port}");
    ground.rules(&format!("add rule ip t out {rule}"));
    let answer = ground.why("10.77.0.1:3000");
    answer.is("nat-redirect", 1, &format!("10.77.0.2:{port}")).has("nat-redirect", there.name());
    assert_eq!(answer.connected("10.77.0.1").1, Some(actor.pid().into()));
    // The same rule in the chain that Docker keeps for itself.
    ground.rules(&format!(
        "flush chain ip t out; add chain ip t DOCKER; add rule ip t out jump DOCKER; add rule ip t DOCKER {rule}"
    ));
    ground
        .why("10.77.0.1:3000")
        .is("container-published", 0, "no socket here")
        .has("nat-redirect", there.name());
}

#[test]
fn other_namespace() {
    let test = "why::other_namespace";
    let (Some(ground), Some(other)) = (Ground::own(test), Ground::own(test)) else { return };
    let (actor, port) = other.actor(SERVER);
    let name = other.0.as_ref().unwrap().name();
    let answer = ground.why(&port.to_string());
    answer
        .is("other-namespace", 1, name)
        .has("other-namespace", &format!("(pid {})", actor.pid()))
        .has("free", "127.0.0.1");
    assert_eq!(answer.document["causes"][0]["fix"], format!("sudo ip netns exec {name} navyd why {port}"));
}

#[test]
fn loopback_down() {
    let Some(ground) = Ground::own("why::loopback_down") else { return };
    let (_actor, port) = ground.actor(SERVER);
    ground.must("ip link set lo down");
    ground.why(&port.to_string()).is("loopback-down", 1, "`lo` is not up").has("listener", "0.0.0.0");
    ground.must("ip link set lo up");
    ground.why(&port.to_string()).is("listener", 0, "answers on 127.0.0.1");
}

#[test]
fn address_missing() {
    let Some(ground) = Ground::any("why::address_missing") else { return };
    // RFC 5737 §3: 192.0.2.0/24 is for documentation, and nobody's. No packet goes there.
    let answer = ground.why("192.0.2.254:3000");
    answer.is("address-missing", 1, "EADDRNOTAVAIL on 192.0.2.254");
    let connects = answer.document["connect"].as_array().unwrap();
    assert!(connects.iter().all(|attempt| !attempt["address"].as_str().unwrap().starts_with("192.0.2")));
}

#[test]
fn unresolved() {
    let Some(ground) = Ground::own("why::unresolved") else { return };
    // RFC 6761 §6.4: names below `invalid` never resolve.
    ground.why("nobody.invalid:3000").is("unresolved", 1, "asked: resolver");
    ground.why("shop.localhost:3000").is("free", 0, "127.0.0.1");
}

#[test]
fn a_bad_target_is_wrong_use() {
    for target in ["0", "65536", "abc:x", "localhost:65536", ""] {
        let ran = run(crate::support::run::navyd().args(["why", target]));
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{target}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{target}: {}", ran.stderr);
    }
}
