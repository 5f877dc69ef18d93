//! A06: somebody else sits on the port of a well-known service.

use navyd_model::{Exposure, Holder, Protocol, SupervisorKind, finding::Confidence, ports};

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A06",
    title: "another user's program has the port of a well-known service",
    why: "Whoever takes such a port first is given the passwords of all that connect to it without looking, since \
          every user may bind a port from 1024 on.",
    spares: "Containers, poolers, proxies and tunnels in front of the service; programs of your own and of root; and \
             programs that may not be seen.",
    fixes: &[("", "navyd why {port}")],
    judge: Judge::Each(judge),
};

/// Ports at which credentials are given without asking who is there, and the programs that are there. Longer lists
/// are those of habit in [`ports`], where anything may listen.
const PORTS: &[(u16, &[&str])] = &[
    (1433, &["sqlservr"]),
    (1521, &["tnslsnr", "oracle"]),
    (2375, &["dockerd", "podman"]),
    (2376, &["dockerd", "podman"]),
    (2379, &["etcd"]),
    (3306, &["mysqld", "mariadbd", "mysql", "mariadb", "proxysql", "maxscale", "vtgate", "tidb-server"]),
    (5432, &["postgres", "postmaster", "pgcat", "pgpool", "odyssey", "yugabyted", "cockroach"]),
    (5433, &["postgres", "postmaster", "yb-tserver"]),
    (5672, &["beam.smp", "rabbitmq-server", "qpidd", "lavinmq"]),
    (
        6379,
        &[
            "redis-server",
            "valkey-server",
            "keydb-server",
            "dragonfly",
            "garnet",
            "kvrocks",
            "redis-sentinel",
        ],
    ),
    (6432, &["pgbouncer", "pgcat", "odyssey", "postgres"]),
    (8080, &["java", "tomcat", "node", "webpack", "httpd", "apache2", "caddy", "jenkins"]),
    (8200, &["vault", "bao", "openbao"]),
    (8500, &["consul"]),
    (9200, &["java", "elasticsearch", "opensearch"]),
    (11211, &["memcached"]),
    (27017, &["mongod", "mongos", "ferretdb"]),
];

/// What stands in front of a service in good faith.
const BETWEEN: &[&str] = &[
    "pgbouncer",
    "haproxy",
    "nginx",
    "envoy",
    "traefik",
    "caddy",
    "ssh",
    "sshd",
    "autossh",
    "kubectl",
    "socat",
    "docker-proxy",
    "dockerd",
    "rootlesskit",
    "rootlessport",
    "conmon",
    "slirp4netns",
    "pasta",
    "gvproxy",
    "lima",
    "cloud-sql-proxy",
    "cloud_sql_proxy",
    "systemd-socket-proxyd",
    "systemd",
    "inetd",
    "xinetd",
    "navyd",
];

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let listener = &subject.listener;
    let port = listener.port?;
    let (_, programs) = PORTS.iter().find(|(known, _)| *known == port)?;
    if !subject.is_tcp() || listener.netns.is_some() || listener.exposure == Exposure::Container {
        return None;
    }
    let holder = listener.holders.first()?;
    let uid = holder.uid?;
    let is = |list: &[&str]| {
        listener.holders.iter().any(|holder| list.iter().any(|known| holder.name.eq_ignore_ascii_case(known)))
    };
    let ours = uid == 0 || facts.me == Some(uid);
    if ours || is(programs) || is(BETWEEN) || listener.holders.iter().any(is_kept) {
        return None;
    }
    let user = holder.user.clone().unwrap_or_else(|| uid.to_string());
    let exe = holder.exe.as_deref().unwrap_or(&holder.name);
    let usual = ports::names(port, Protocol::Tcp).usually.unwrap_or_else(|| programs[0].to_owned());
    let evidence =
        format!("port {port} is usually {usual}, and here `{exe}` of user `{user}` (pid {})", holder.pid);
    let found = Found::observed(Power::Write, Reach::AnyUser, evidence);
    Some(found.sure(Confidence::Inferred).fix(CHECK.fix(subject)))
}

/// Whether an administrator or an engine set it up.
fn is_kept(holder: &Holder) -> bool {
    let kept = holder.supervisor.as_ref();
    kept.is_some_and(|kept| matches!(kept.kind, SupervisorKind::Systemd | SupervisorKind::Container))
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::held, *};

    #[test]
    fn planted_and_clean() {
        for (port, name, uid, me, expected) in [
            (5432, "python3", 1001, 1000, true),
            (6379, "nc", 1001, 0, true),
            (8080, "python3", 1001, 1000, true),
            (5432, "python3", 1000, 1000, false),
            (5432, "python3", 0, 1000, false),
            (5432, "postgres", 113, 1000, false),
            (5432, "pgbouncer", 114, 1000, false),
            (5432, "docker-proxy", 1001, 1000, false),
            (3306, "MariaDBd", 112, 1000, false),
            (3000, "python3", 1001, 1000, false),
        ] {
            let mut subject = held(port, name, None);
            subject.listener.holders[0].uid = Some(uid);
            let facts = Facts { me: Some(me), ..Facts::default() };
            let found = judge(&subject, &facts);
            assert_eq!(found.is_some(), expected, "{port} {name} {uid} {me}");
            assert!(found.is_none_or(|found| found.confidence == Confidence::Inferred));
        }
        let mut unseen = held(5432, "python3", None);
        unseen.listener.holders.clear();
        assert_eq!(judge(&unseen, &Facts::default()), None);
    }

    #[test]
    fn every_port_is_one_that_has_a_habit() {
        assert!(PORTS.is_sorted_by(|a, b| a.0 < b.0));
        for (port, programs) in PORTS {
            assert!(ports::names(*port, Protocol::Tcp).usually.is_some() && !programs.is_empty(), "{port}");
        }
    }
}
