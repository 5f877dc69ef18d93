//! What is known of an upstream that failed, in sentences. Pure: facts and the time go in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use jiff::Timestamp;
use navyd_model::{Ended, Phase, Runner, Service, Upstream};

use crate::router::Routes;

/// What is known of an upstream that failed.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Where the route leads.
    pub(crate) upstream: Upstream,
    /// Its service, where that is known.
    pub(crate) service: Option<Service>,
    /// Where its port was found open instead.
    pub(crate) elsewhere: Option<SocketAddr>,
    /// Another service that listens just there.
    pub(crate) holder: Option<String>,
    /// The time of all this.
    pub(crate) now: Timestamp,
}

impl Account {
    /// What the service does, and how its last process ended; empty when no service is known.
    pub(super) fn service(&self) -> String {
        let Some(service) = &self.service else { return String::new() };
        let time = span(seconds(service, self.now));
        let doing = match service.phase {
            Phase::Waiting => format!("has been waiting for what it depends on for {time}"),
            Phase::Starting => format!("has been starting for {time}"),
            Phase::Ready => format!("has been ready for {time}"),
            Phase::Restarting => format!("has been restarting for {time}"),
            Phase::Stopping => format!("has been stopping for {time}"),
            Phase::Stopped => "is stopped".to_owned(),
            Phase::Failed => format!("failed {time} ago"),
        };
        let mut text = format!("`{}` {doing}.", service.id);
        if let Some(ended) = service.ended {
            text.push_str(&format!(" Its last process {}.", ending(ended)));
        }
        match service.restarts {
            0 => {}
            1 => text.push_str(" It was started again once."),
            count => text.push_str(&format!(" It was started again {count} times.")),
        }
        text
    }

    /// Where it listens instead, or who listens there; empty when that is not known.
    pub(super) fn instead(&self) -> String {
        if let Some(holder) = &self.holder {
            return format!("`{holder}` listens there.");
        }
        let listens = self.service.as_ref().map_or(&[][..], |service| &service.listens);
        if self.upstream.addresses().any(|wanted| listens.iter().any(|found| reaches(*found, wanted))) {
            return String::new();
        }
        let others = other_loopback(&self.upstream);
        let found = self.elsewhere.or_else(|| {
            others
                .and_then(|other| listens.iter().copied().find(|found| reaches(*found, other)).map(|_| other))
        });
        if let (Some(found), Some(wanted)) = (found, self.upstream.addresses().next()) {
            return format!("It listens only on {}, and the route leads to {}.", found.ip(), wanted.ip());
        }
        match listens {
            [] => String::new(),
            [only] => format!("It listens on `{only}` instead."),
            [first, ..] => format!("It listens on `{first}` and elsewhere instead."),
        }
    }

    /// What can be typed about it.
    pub(super) fn advice(&self) -> String {
        let port = self.upstream.port;
        match &self.service {
            Some(service) if matches!(service.phase, Phase::Stopped | Phase::Failed) => {
                format!("navyd up {}", service.name)
            }
            // Its output is on a person's screen, and nobody else has it.
            Some(service) if service.run_by == Runner::Terminal => {
                let pid = service.pid.map_or_else(String::new, |pid| format!(", process {pid}"));
                format!(
                    "What it says is in the terminal of its `navyd run`{pid}. To end it: navyd stop {}",
                    service.id
                )
            }
            Some(service) => format!("navyd logs {}", service.id),
            None => format!("Start the service, or see what listens there: navyd ls {port}"),
        }
    }
}

/// The same port on the loopback address of the other family, where a server often listens that was told `localhost`.
pub(crate) fn other_loopback(upstream: &Upstream) -> Option<SocketAddr> {
    let mut addresses = upstream.addresses();
    let (first, None) = (addresses.next()?, addresses.next()) else { return None };
    let other = match first.ip() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => return None,
    };
    Some(SocketAddr::new(other, first.port()))
}

/// Another service that says it listens where the upstream is.
pub(crate) fn holder(upstream: &Upstream, own: Option<&Service>, routes: &Routes) -> Option<String> {
    let others = routes.all().iter().filter_map(|numbered| numbered.routed.service.as_ref());
    others
        .map(|service| service.borrow())
        .filter(|service| own.is_none_or(|own| own.id != service.id))
        .find(|service| {
            upstream.addresses().any(|wanted| service.listens.iter().any(|found| reaches(*found, wanted)))
        })
        .map(|service| service.id.clone())
}

/// For how long it does what it does.
pub(super) fn seconds(service: &Service, now: Timestamp) -> i64 {
    (now.as_second() - service.since.as_second()).max(0)
}

/// Whether a listener at one address takes a connection to the other.
fn reaches(listener: SocketAddr, wanted: SocketAddr) -> bool {
    let all = match listener.ip() {
        IpAddr::V4(address) => address.is_unspecified() && wanted.is_ipv4(),
        // One on [::] takes IPv4 as well unless it says otherwise, which is not known here.
        IpAddr::V6(address) => address.is_unspecified(),
    };
    listener.port() == wanted.port() && (all || listener.ip().to_canonical() == wanted.ip().to_canonical())
}

/// A time as it is said: rough, since nobody needs more.
fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

/// How a process ended. Only signals that have one number on every system are named.
fn ending(ended: Ended) -> String {
    let signal = match ended {
        Ended::Status(status) => return format!("ended with status {status}"),
        Ended::Signal(signal) => signal,
    };
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return format!("was ended by signal {signal}"),
    };
    format!("was ended by signal {signal} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::sample;

    fn account(upstream: &str, listens: &[&str], elsewhere: Option<&str>) -> Account {
        let mut service = sample(Phase::Ready);
        service.listens = listens.iter().map(|address| address.parse().unwrap()).collect();
        Account {
            upstream: upstream.parse().unwrap(),
            service: Some(service),
            elsewhere: elsewhere.map(|address| address.parse().unwrap()),
            holder: None,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn where_it_listens_instead_is_told() {
        const V4: &str = "http://127.0.0.1:3000";
        for (upstream, listens, elsewhere, expected) in [
            (V4, &[][..], None, ""),
            (V4, &["127.0.0.1:3000"], None, ""),
            (V4, &["0.0.0.0:3000"], None, ""),
            (V4, &["[::]:3000"], None, ""),
            (V4, &["[::1]:3000"], None, "It listens only on ::1, and the route leads to 127.0.0.1."),
            (V4, &[], Some("[::1]:3000"), "It listens only on ::1, and the route leads to 127.0.0.1."),
            (V4, &["127.0.0.1:5173"], None, "It listens on `127.0.0.1:5173` instead."),
            (V4, &["127.0.0.1:1", "[::1]:2"], None, "It listens on `127.0.0.1:1` and elsewhere instead."),
            (
                "http://[::1]:3000",
                &["127.0.0.1:3000"],
                None,
                "It listens only on 127.0.0.1, and the route leads to ::1.",
            ),
            ("http://localhost:3000", &["[::1]:3000"], None, ""),
        ] {
            let account = account(upstream, listens, elsewhere);
            assert_eq!(account.instead(), expected, "{upstream} {listens:?} {elsewhere:?}");
        }
    }

    #[test]
    fn what_a_service_does_is_told() {
        for (phase, ended, restarts, after, expected) in [
            (Phase::Starting, None, 0, 12, "`web.shop` has been starting for 12 s."),
            (
                Phase::Failed,
                Some(Ended::Status(1)),
                0,
                150,
                "`web.shop` failed 2 min ago. Its last process ended with status 1.",
            ),
            (
                Phase::Restarting,
                Some(Ended::Signal(9)),
                3,
                -5,
                "`web.shop` has been restarting for 0 s. Its last process was ended by signal 9 (SIGKILL). \
                 It was started again 3 times.",
            ),
            (
                Phase::Stopped,
                Some(Ended::Signal(64)),
                0,
                1,
                "`web.shop` is stopped. Its last process was ended by signal 64.",
            ),
        ] {
            let mut account = account("http://127.0.0.1:1", &[], None);
            account.service = Some(Service { ended, restarts, ..sample(phase) });
            account.now = Timestamp::from_second(after).unwrap();
            assert_eq!(account.service(), expected);
        }
    }

    #[test]
    fn only_what_works_is_advised() {
        for (run_by, phase, expected) in [
            (Runner::Hub, Phase::Ready, "navyd logs web.shop"),
            (Runner::Hub, Phase::Failed, "navyd up web"),
            (
                Runner::Terminal,
                Phase::Ready,
                "What it says is in the terminal of its `navyd run`, process 7. To end it: navyd stop web.shop",
            ),
        ] {
            let mut account = account("http://127.0.0.1:1", &[], None);
            account.service = Some(Service { run_by, pid: Some(7), ..sample(phase) });
            assert_eq!(account.advice(), expected);
        }
        let account = Account { service: None, ..account("http://127.0.0.1:1", &[], None) };
        assert_eq!(account.advice(), "Start the service, or see what listens there: navyd ls 1");
    }

    #[test]
    fn only_one_loopback_address_has_another() {
        for (upstream, expected) in [
            ("http://127.0.0.1:3000", Some("[::1]:3000")),
            ("http://[::1]:3000", Some("127.0.0.1:3000")),
            ("http://127.0.0.2:3000", None),
            ("http://localhost:3000", None),
        ] {
            let other = other_loopback(&upstream.parse().unwrap());
            assert_eq!(other, expected.map(|address| address.parse().unwrap()), "{upstream}");
        }
    }
}
