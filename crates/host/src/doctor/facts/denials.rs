//! What SELinux and AppArmor refused, as the kernel's auditor writes it: one record a line, fields as `name=value`.
//!
//! Only what concerns the network is kept, since everything else a program is refused shows elsewhere. A program chooses
//! its own name, so a record is told by the fields of the auditor, which stand before it. Deliberately absent: any
//! judgement on whether the policy is right.

/// The most records that are kept: the newest.
const MOST: usize = 64;

/// What the kernel refused to a program by a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Whose policy: `SELinux`, `AppArmor`.
    pub by: &'static str,
    /// What was asked for: `name_bind`, `create`.
    pub what: String,
    /// The program, by the name it gives itself.
    pub who: Option<String>,
    /// Its process id then.
    pub pid: Option<u32>,
    /// The port, where the record has one.
    pub port: Option<u16>,
    /// The profile or the domain that the program runs under.
    pub domain: Option<String>,
}

/// The records of a log that tell of a refused use of the network, in their order. Pure.
pub(in crate::doctor) fn denials(log: &str) -> Vec<Denial> {
    let all: Vec<Denial> = log.lines().filter_map(|line| selinux(line).or_else(|| apparmor(line))).collect();
    let first = all.len().saturating_sub(MOST);
    all.into_iter().skip(first).collect()
}

/// `avc:  denied  { name_bind } for  pid=7 comm="node" src=8080 scontext=… tclass=tcp_socket permissive=0`.
fn selinux(line: &str) -> Option<Denial> {
    let (head, rest) = line.split_once("avc:  denied  { ")?;
    let (what, fields) = rest.split_once(" } for ")?;
    let is_socket = |class: &str| class.ends_with("_socket") || class == "sock_file";
    // Behind a field that a program wrote nothing is believed: the auditor's own kind of record stands first.
    if head.contains("comm=") || value(fields, "permissive") == Some("1") {
        return None;
    }
    value(fields, "tclass").filter(|class| is_socket(class))?;
    let port = ["src", "dest"].into_iter().find_map(|name| value(fields, name)?.parse().ok());
    Some(Denial { by: "SELinux", what: what.to_owned(), port, ..of(fields, "scontext") })
}

/// `apparmor="DENIED" operation="create" class="net" profile="x" pid=7 comm="node" family="inet" sock_type="stream"`.
fn apparmor(line: &str) -> Option<Denial> {
    let (head, fields) = line.split_once("apparmor=\"DENIED\" ")?;
    if head.contains("comm=") || !value(fields, "family").is_some_and(|family| family.starts_with("inet")) {
        return None;
    }
    let port = ["lport", "fport"].into_iter().find_map(|name| value(fields, name)?.parse().ok());
    Some(Denial {
        by: "AppArmor",
        what: value(fields, "operation")?.to_owned(),
        port,
        ..of(fields, "profile")
    })
}

/// What both have.
fn of(fields: &str, domain: &str) -> Denial {
    let text = |name| value(fields, name).map(str::to_owned);
    Denial {
        by: "",
        what: String::new(),
        who: text("comm"),
        pid: value(fields, "pid").and_then(|pid| pid.parse().ok()),
        port: None,
        domain: text(domain),
    }
}

/// The value of the first field of this name, without its quotes.
fn value<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = fields;
    loop {
        let (before, behind) = rest.split_once('=')?;
        let own = before.rsplit(' ').next().unwrap_or_default();
        let (value, next) = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => behind.split_once(' ').unwrap_or((behind, "")),
        };
        if own == name {
            return Some(value);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_the_network_is_told() {
        for (line, expected) in [
            (
                "type=AVC msg=audit(1700000000.1:42): avc:  denied  { name_bind } for  pid=812 comm=\"node\" src=8080 \
                 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:x_t:s0 tclass=tcp_socket permissive=0",
                Some(("SELinux", "name_bind", "node", Some(812), Some(8080), "system_u:system_r:httpd_t:s0")),
            ),
            (
                "audit: type=1400 audit(1700000000.1:42): avc:  denied  { name_connect } for  pid=7 comm=\"nginx\" \
                 dest=3000 scontext=a:b:c:s0 tcontext=d tclass=tcp_socket permissive=0",
                Some(("SELinux", "name_connect", "nginx", Some(7), Some(3000), "a:b:c:s0")),
            ),
            (
                "audit: type=1400 audit(1.1:2): apparmor=\"DENIED\" operation=\"create\" class=\"net\" \
                 profile=\"/usr/sbin/named\" pid=9 comm=\"named\" family=\"inet\" sock_type=\"stream\" protocol=6",
                Some(("AppArmor", "create", "named", Some(9), None, "/usr/sbin/named")),
            ),
            // It would have been, if the policy were enforced.
            ("avc:  denied  { name_bind } for  pid=8 comm=\"x\" tclass=tcp_socket permissive=1", None),
            // No business of the network.
            ("avc:  denied  { read } for  pid=8 comm=\"x\" name=\"shadow\" tclass=file permissive=0", None),
            ("apparmor=\"DENIED\" operation=\"open\" profile=\"x\" pid=9 comm=\"x\" name=\"/etc/x\"", None),
            ("apparmor=\"ALLOWED\" operation=\"create\" profile=\"x\" family=\"inet\"", None),
            // Names that programs gave themselves.
            ("audit: comm=\"avc:  denied  { name_bind } for  pid=1 tclass=tcp_socket\"", None),
            ("audit: comm=\"apparmor=\"DENIED\" operation=\"bind\" family=\"inet\"", None),
            ("", None),
            ("avc:  denied  { name_bind } for ", None),
            ("apparmor=\"DENIED\" family=\"inet", None),
        ] {
            let found = denials(line);
            let found = found.first().map(|one| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                (one.by, one.what.clone(), text(&one.who), one.pid, one.port, text(&one.domain))
            });
            let expected = expected.map(|(by, what, who, pid, port, domain)| {
                (by, what.to_owned(), who.to_owned(), pid, port, domain.to_owned())
            });
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn only_the_newest_are_kept() {
        let line = |pid: usize| format!("avc:  denied  {{ name_bind }} for  pid={pid} tclass=tcp_socket\n");
        let log: String = (1..=MOST + 5).map(line).collect();
        let found = denials(&log);
        assert_eq!((found.len(), found[0].pid), (MOST, Some(6)));
    }
}
