//! Devices, addresses, ports, queues and the packet filter.

use super::{Copied, Ill, Report};

#[test]
fn a_clean_localhost_has_no_finding() {
    let Some(ill) = Ill::new("doctor::a_clean_localhost_has_no_finding", &["nft"]) else { return };
    let report = ill.doctor();
    report.finds(&[]).is("firewall-drop", "ok", "there are no rules").is("redirect", "ok", "");
    for address in ["127.0.0.1", "[::1]", "127.0.0.2"] {
        assert_eq!(report.connected(address), "connected");
    }
    // The addresses of other devices are this machine's too: the kernel sends to them over loopback.
    ill.must("ip link add d0 type veth peer name d1; ip addr add 192.0.2.7/24 dev d0; ip link set d0 up");
    assert_eq!(ill.doctor().finds(&[]).connected("192.0.2.7"), "connected");
    // What container engines and desktops have by default is no illness either.
    ill.chain("in", "input", "ct state established,related accept; add rule inet t in iif lo accept");
    ill.must("nft 'chain inet t in { policy drop; }'");
    let report = ill.doctor();
    report.finds(&[]).is("firewall-drop", "ok", "rules none does");
    assert_eq!(report.connected("192.0.2.7"), "connected");
}

#[test]
fn the_loopback_device_is_down() {
    let Some(ill) = Ill::new("doctor::the_loopback_device_is_down", &["ip"]) else { return };
    ill.must("ip link set lo down");
    let report = ill.doctor();
    report.finds(&["lo-up", "connect"]).is("lo-up", "fail", "ip link set lo up");
    report.is("connect", "fail", "the loopback device is down");
    report.is("loopback-addresses", "unknown", "takes ::1 with it");
    report.is("firewall-drop", "unknown", "comes as far as a rule");
    assert_ne!(report.connected("127.0.0.1"), "connected");
}

#[test]
fn an_address_is_missing() {
    let Some(ill) = Ill::new("doctor::an_address_is_missing", &["ip", "sysctl"]) else { return };
    ill.must("sysctl -q -w net.ipv6.conf.lo.disable_ipv6=1");
    ill.doctor().finds(&["loopback-addresses"]).is("loopback-addresses", "warn", "disable_ipv6=0");
    ill.must("sysctl -q -w net.ipv6.conf.lo.disable_ipv6=0; ip addr replace ::1/128 dev lo; ip addr del 127.0.0.1/8 dev lo");
    let report = ill.doctor();
    report.finds(&["loopback-addresses", "connect"]);
    report.is("loopback-addresses", "fail", "ip addr add 127.0.0.1/8").is("connect", "fail", "is not there");
    ill.must("ip addr add 127.0.0.1/8 dev lo; ip addr del ::1/128 dev lo");
    ill.doctor().finds(&["loopback-addresses"]).is("loopback-addresses", "warn", "ip addr add ::1/128");
}

#[test]
fn the_device_is_slow() {
    let Some(ill) = Ill::new("doctor::the_device_is_slow", &["ip", "tc"]) else { return };
    ill.must("ip link set lo mtu 1500");
    ill.doctor().finds(&["lo-device"]).is("lo-device", "warn", "mtu 65536");
    ill.must("ip link set lo mtu 65536; tc qdisc add dev lo root pfifo");
    ill.doctor().finds(&["lo-device"]).is("lo-device", "warn", "tc qdisc del dev lo root");
}

#[test]
fn rules_swallow() {
    let Some(ill) = Ill::new("doctor::rules_swallow", &["nft", "python3"]) else { return };
    for (name, hook, rule) in [
        ("a", "input", "iif lo tcp dport 1-65535 drop"),
        ("b", "output", "oifname lo meta l4proto tcp drop"),
        // The answers: the connection is never complete.
        ("c", "input", "tcp sport 1-65535 ct state established drop"),
    ] {
        ill.chain(name, hook, rule);
        let report = ill.doctor();
        report.finds(&["connect", "firewall-drop"]).is("firewall-drop", "fail", &format!("chain {name}"));
        report.is("firewall-drop", "fail", &format!("sudo nft delete rule inet t {name} handle"));
        assert_eq!(report.connected("127.0.0.1"), "timed-out");
        ill.must("nft flush ruleset");
    }
    // One port, which nobody has tried.
    let (_actor, port) = ill.actor("s = socket.create_server(('127.0.0.1', 0))");
    ill.chain("in", "input", &format!("ip daddr 127.0.0.0/8 tcp dport {{ 22, {port} }} drop"));
    ill.doctor().finds(&["firewall-drop"]).is("firewall-drop", "fail", &format!("to 127.0.0.1:{port}"));
    // A policy, which has no handle: an exception is what mends it.
    ill.must("nft 'flush ruleset; add table inet t; add chain inet t in { type filter hook input priority 0; policy drop; }'");
    let report = ill.doctor();
    report.is("firewall-drop", "fail", "sudo nft insert rule inet t in iif lo accept");
    ill.must("nft insert rule inet t in iif lo accept");
    ill.doctor().finds(&[]);
}

#[test]
fn rules_refuse() {
    let Some(ill) = Ill::new("doctor::rules_refuse", &["nft"]) else { return };
    for with in ["", "with tcp reset", "with icmpx type admin-prohibited"] {
        ill.chain("in", "input", &format!("tcp flags & (fin|syn|rst|ack) == syn reject {with}"));
        let report = ill.doctor();
        report.finds(&["connect", "firewall-reject"]).is("firewall-reject", "fail", "chain in");
        // Linux says EHOSTUNREACH to what an administrator forbids, which no closed port does.
        let felt = if with.contains("admin") { "unreachable" } else { "refused" };
        assert_eq!(report.connected("127.0.0.1"), felt, "{with}");
        ill.must("nft flush ruleset");
    }
}

#[test]
fn a_port_leads_to_where_nothing_listens() {
    let test = "doctor::a_port_leads_to_where_nothing_listens";
    let Some(ill) = Ill::new(test, &["nft", "python3"]) else { return };
    ill.must("nft 'add table ip n; add chain ip n out { type nat hook output priority -100; }'");
    ill.must("nft 'add rule ip n out tcp dport 3000 redirect to :8000'");
    let report = ill.doctor();
    report.finds(&["redirect"]).is("redirect", "fail", "127.0.0.1:8000, where nothing listens");
    report.is("redirect", "fail", "sudo nft delete rule ip n out handle");
    let (_actor, _) = ill.actor("s = socket.create_server(('127.0.0.1', 8000))");
    ill.doctor().finds(&[]).is("redirect", "ok", "leads to 127.0.0.1:8000");
    // Everything is led away, the connections of the matrix too.
    ill.must(
        "nft 'flush chain ip n out; add rule ip n out ip daddr 127.0.0.1 meta l4proto tcp redirect to :8000'",
    );
    ill.doctor().finds(&["redirect"]).is("redirect", "fail", "to 127.0.0.1 arrive elsewhere");
}

#[test]
fn a_listener_does_not_accept() {
    let Some(ill) = Ill::new("doctor::a_listener_does_not_accept", &["python3"]) else { return };
    let (actor, port) = ill.actor(
        "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(1)\n\
         clients = [socket.create_connection(s.getsockname()) for _ in range(2)]",
    );
    let report = ill.doctor();
    report.finds(&["backlog"]).is("backlog", "fail", &format!("127.0.0.1:{port}"));
    report.is("backlog", "fail", &format!("(pid {})", actor.pid()));
}

#[test]
fn ports_run_out() {
    let Some(ill) = Ill::new("doctor::ports_run_out", &["sysctl", "python3"]) else { return };
    ill.must("sysctl -q -w net.ipv4.ip_local_port_range='40000 40007'");
    ill.doctor().finds(&["ephemeral-range"]).is("ephemeral-range", "fail", "only 8 ports");
    ill.must("sysctl -q -w net.ipv4.ip_local_port_range='32768 60999'");
    let (actor, _) = ill.actor("s = socket.create_server(('127.0.0.1', 62893))");
    ill.doctor().finds(&["our-port"]).is("our-port", "warn", &format!("(pid {})", actor.pid()));
    drop(actor);
    let (_actor, _) = ill.actor("s = socket.create_server(('127.0.0.1', 50051))");
    ill.doctor().finds(&["ephemeral-range"]).is("ephemeral-range", "warn", "ip_local_reserved_ports=50051");
    ill.must("sysctl -q -w net.ipv4.ip_local_reserved_ports=50051");
    ill.doctor().finds(&[]);
    ill.must("sysctl -q -w net.ipv4.ip_local_port_range='49152 65535'");
    ill.doctor().finds(&["our-port"]).is("our-port", "warn", "ip_local_reserved_ports=50051-50051,62893");
}

#[test]
fn settings_that_surprise() {
    let Some(ill) = Ill::new("doctor::settings_that_surprise", &["sysctl"]) else { return };
    ill.must("sysctl -q -w net.ipv4.conf.all.route_localnet=1 net.ipv6.bindv6only=1");
    let report = ill.doctor();
    report.finds(&["route-localnet", "bindv6only"]).is("route-localnet", "warn", "conf.all.route_localnet=0");
    report.is("bindv6only", "warn", "net.ipv6.bindv6only=0");
}

#[test]
fn two_packet_filters() {
    let Some(ill) = Ill::new("doctor::two_packet_filters", &["nft", "iptables-legacy", "python3"]) else {
        return;
    };
    ill.must("iptables-legacy -A INPUT -p tcp --dport 3000 -j DROP");
    let report = ill.doctor();
    report.finds(&[]).is("legacy-iptables", "ok", "only packet filter");
    report.is("firewall-drop", "ok", "of 1 rule none does");
    // A server stands behind it: by reading alone, its fate is not certain; by connecting it is.
    let (actor, _) = ill.actor("s = socket.create_server(('127.0.0.1', 3000))");
    let rule = "-A INPUT -p tcp -m tcp --dport 3000 -j DROP";
    let report = ill.doctor();
    report.finds(&[]).is("firewall-drop", "unknown", rule).is(
        "firewall-drop",
        "unknown",
        "navyd doctor 3000",
    );
    ill.both("3000").is("firewall-drop", rule);
    drop(actor);
    // Everything: the rule is named, and what it says to type mends it.
    ill.must("iptables-legacy -A INPUT -p tcp -j DROP");
    let report = ill.doctor();
    report.finds(&["connect", "firewall-drop"]).is(
        "firewall-drop",
        "fail",
        "-A INPUT -p tcp -j DROP (iptables-legacy",
    );
    let fix = report.row("firewall-drop")["fix"].as_str().unwrap();
    assert_eq!(fix, "sudo iptables-legacy -D INPUT -p tcp -j DROP");
    ill.must(fix.trim_start_matches("sudo "));
    ill.doctor().finds(&[]);
    ill.chain("in", "input", "iif lo accept");
    ill.doctor().finds(&["legacy-iptables"]).is("legacy-iptables", "warn", "two packet filters");
}

#[test]
fn without_root_the_packet_filter_is_unknown() {
    let test = "doctor::without_root_the_packet_filter_is_unknown";
    let Some(ill) = Ill::new(test, &["nft", "setpriv"]) else { return };
    let copied = Copied::new();
    let doctor = || Report::of(copied.stranger(&ill).args(["doctor", "--json"]));
    ill.must("ip link add d0 type veth peer name d1; ip addr add 192.0.2.7/24 dev d0; ip link set d0 up");
    let report = doctor();
    report.finds(&[]);
    assert_eq!(report.connected("127.0.0.2"), "connected");
    // Without a filter, which some kernels keep for root, the listener is not for all to meet.
    assert!(["connected", "not-tried"].contains(&report.connected("192.0.2.7")));
    for row in ["firewall-drop", "firewall-reject", "redirect", "legacy-iptables"] {
        report.is(row, "unknown", "Operation not permitted");
    }
    // What was felt is no less true.
    ill.chain("in", "input", "meta l4proto tcp drop");
    doctor().finds(&["connect", "firewall-drop"]).is("firewall-drop", "fail", "cannot be named");
}
