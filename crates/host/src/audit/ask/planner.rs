//! What is sent to one listener: pure, from its owner, its files and its addresses.
//!
//! Three questions serve every check. By HTTP they are the control, the path that matters by the listener's own name,
//! and a path by a foreign one; where a listener takes callers from elsewhere, the control goes the way they come.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use navyd_model::{Exposure, Listener};

use super::{
    super::{Facts, Subject, inspects},
    ground::{Ground, HIDDEN},
    owner::{self, Shape},
    question::{Ask, Question},
};
use crate::probe::{Hints, refusal};

/// Where web servers speak TLS when nothing says so.
const TLS_PORTS: &[u16] = &[443, 3443, 4443, 5443, 6443, 7443, 8443, 9443, 44_300, 44_301];

/// What would be sent to one listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which of [`Facts::subjects`].
    pub subject: usize,
    /// Where it listens: `127.0.0.1:5173`.
    pub place: String,
    /// The questions, in their order; empty where nothing is sent.
    pub questions: Vec<Question>,
    /// Why nothing is sent.
    pub silent: Option<String>,
}

/// The plan for a TCP listener; `None` for everything else.
pub(super) fn plan(index: usize, subject: &Subject, facts: &Facts, drawn: &str) -> Option<Plan> {
    let listener = &subject.listener;
    if !subject.is_tcp() {
        return None;
    }
    let (questions, silent) = match questions(subject, facts, drawn) {
        Ok(questions) => (questions, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Some(Plan { subject: index, place: listener.place(), questions, silent })
}

fn questions(subject: &Subject, facts: &Facts, drawn: &str) -> Result<Vec<Question>, String> {
    let listener = &subject.listener;
    let hints = Hints::of(listener).ok_or("it has no port")?;
    if listener.netns.is_some() {
        return Err("it lives in another network namespace, where its address leads elsewhere".to_owned());
    }
    if listener.holders.iter().any(|holder| holder.name == "navyd") {
        return Err("it is navyd's own".to_owned());
    }
    if inspects(listener) {
        return Err("it listens for a debugger".to_owned());
    }
    if let Some(reason) = refusal(&hints) {
        return Err(reason);
    }
    let (shape, checks) = owner::shape(listener)?;
    let shape = if speaks_tls(subject) { shape.behind_tls() } else { shape };
    let near = near(listener).ok_or("it has no address")?;
    let far = far(listener, facts);
    let asks = asks(shape, &subject.ground);
    let sides = asks.into_iter().enumerate().filter_map(|(index, ask)| {
        let is_far = match shape {
            // The same word, once more from the other side.
            Shape::Words(_) => index == 1,
            // Whoever comes and says nothing is counted against the address that it came from, save loopback.
            Shape::Greets if !near.ip().to_canonical().is_loopback() => return None,
            _ => ask == Ask::Control && far.is_some(),
        };
        let to = if is_far { far? } else { near };
        let (bytes, farewell) = (ask.bytes(to, drawn), ask.farewell());
        Some(Question { ask, to, far: is_far, bytes, farewell, checks: fed(ask, checks) })
    });
    let questions: Vec<_> = sides.collect();
    if questions.is_empty() { Err("it counts who comes and says nothing".to_owned()) } else { Ok(questions) }
}

/// Whether TLS is likely: by the certificates that its holders were given, else by its port.
fn speaks_tls(subject: &Subject) -> bool {
    let given = subject.programs.iter().flat_map(|program| &program.tls).next().is_some();
    given || subject.listener.port.is_some_and(|port| TLS_PORTS.contains(&port))
}

/// What is asked, by shape and files; never more than [`QUESTIONS`](super::QUESTIONS).
fn asks(shape: Shape, ground: &Ground) -> Vec<Ask> {
    use Ask::{Control, Foreign, Hello, Page, Socket, Word};
    match shape {
        Shape::Words(word) => vec![Word(word), Word(word)],
        Shape::Greets => vec![Word(super::Word::Greeting)],
        Shape::Tls => vec![Hello, Page("/"), Foreign("/")],
        Shape::Same(path) => vec![Control, Page(path), Foreign(path)],
        Shape::Path(path) => vec![Control, Page(path), Foreign("/")],
        Shape::Hot(path) => vec![Control, Foreign("/"), Socket(path)],
        Shape::Hosts => vec![Control, Page(HIDDEN[0]), Page(HIDDEN[1])],
        Shape::Folder => {
            let path = ground.hidden.first().filter(|_| !ground.home).copied().unwrap_or("/");
            vec![Control, Page(path), Foreign(path)]
        }
    }
}

/// The checks that judge the answer: those of the owner, and those of every web server.
fn fed(ask: Ask, own: &[&'static str]) -> Vec<&'static str> {
    let general: &[&str] = match ask {
        Ask::Control => &["A11", "A21"],
        Ask::Page(_) => &["A10"],
        Ask::Foreign(_) => &["A10", "A11", "A21"],
        Ask::Socket(_) => &["A12"],
        Ask::Hello => &["A61"],
        Ask::Word(_) => &[],
    };
    let own = own.iter().copied().filter(|_| !matches!(ask, Ask::Control | Ask::Hello));
    let mut checks: Vec<_> = general.iter().copied().chain(own).collect();
    checks.sort_unstable();
    checks
}

/// The nearest way: the loopback of its family for the wildcard.
fn near(listener: &Listener) -> Option<SocketAddr> {
    let address = listener.address?;
    let near = match address {
        IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    Some(SocketAddr::new(near, listener.port?))
}

/// The way that others come, where there is one beside the nearest: an address of a device that is up. Link-local
/// addresses of IPv6 need more than their digits, and are left out.
fn far(listener: &Listener, facts: &Facts) -> Option<SocketAddr> {
    if listener.exposure != Exposure::All {
        return None;
    }
    let v6 = listener.address?.is_ipv6();
    let v4 = !v6 || listener.v6only == Some(false);
    let devices = facts.interfaces.iter().flatten().filter(|device| device.up && !device.loopback);
    let mut addresses = devices.flat_map(|device| device.addresses.iter().copied());
    let fits = |address: &IpAddr| match address {
        IpAddr::V4(_) => v4,
        IpAddr::V6(own) => v6 && own.segments()[0] & 0xffc0 != 0xfe80,
    };
    Some(SocketAddr::new(addresses.find(fits)?, listener.port?))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::{
                TlsFile,
                fixture::{bound, held, machine, with_argv},
            },
            QUESTIONS, Word,
            question::FOREIGN,
        },
        *,
    };

    /// Each question as `to path-or-word`, or why there is none.
    fn told(subject: Subject, addresses: &[&str]) -> Vec<String> {
        let facts = machine(subject, addresses);
        let plan = plan(0, &facts.subjects[0], &facts, "ab").unwrap();
        assert!(plan.questions.len() <= QUESTIONS && plan.questions.is_empty() == plan.silent.is_some());
        let questions = plan.questions.iter().map(|question| {
            let line = question.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line).split(' ').nth(1).map(str::to_owned).unwrap_or_default();
            let foreign = String::from_utf8_lossy(&question.bytes).contains(&format!("Host: {FOREIGN}"));
            format!("{} {line}{}", question.to, if foreign { " foreign" } else { "" }).trim_end().to_owned()
        });
        questions.chain(plan.silent.clone()).collect()
    }

    #[test]
    fn a_web_server_is_asked_three_times() {
        let vite = || with_argv(held(5173, "node", Some("Vite")), "node vite");
        let near = ["127.0.0.1:5173 /navyd-audit-ab", "127.0.0.1:5173 /", "127.0.0.1:5173 / foreign"];
        assert_eq!(told(vite(), &["192.168.1.7"]), near);
        assert_eq!(
            told(bound("0.0.0.0", vite()), &["192.168.1.7"]),
            ["192.168.1.7:5173 /navyd-audit-ab", near[1], near[2]]
        );
        assert_eq!(told(bound("0.0.0.0", vite()), &[]), near);
        assert_eq!(told(bound("::", vite()), &["fe80::1"])[0], "[::1]:5173 /navyd-audit-ab");
    }

    #[test]
    fn files_decide_what_a_folder_is_asked() {
        let folder = |ground: Ground| Subject { ground, ..held(8000, "python3", Some("http.server")) };
        let paths = |ground| told(folder(ground), &[])[1..].to_vec();
        let git = Ground { hidden: vec!["/.git/HEAD", "/.env"], ..Ground::default() };
        assert_eq!(paths(git.clone()), ["127.0.0.1:8000 /.git/HEAD", "127.0.0.1:8000 /.git/HEAD foreign"]);
        let home = Ground { home: true, ..git };
        assert_eq!(paths(home), ["127.0.0.1:8000 /", "127.0.0.1:8000 / foreign"]);
    }

    #[test]
    fn other_protocols_get_their_own_word_from_both_sides() {
        let redis = || held(6379, "redis-server", None);
        assert_eq!(told(redis(), &[]), ["127.0.0.1:6379"]);
        assert_eq!(told(bound("0.0.0.0", redis()), &["10.0.0.2"]), ["127.0.0.1:6379", "10.0.0.2:6379"]);
    }

    #[test]
    fn where_tls_is_likely_its_greeting_comes_first() {
        let asks = |subject: Subject| {
            let facts = machine(subject, &[]);
            let plan = plan(0, &facts.subjects[0], &facts, "ab").unwrap();
            plan.questions.iter().map(|question| question.ask).collect::<Vec<_>>()
        };
        let web = [Ask::Hello, Ask::Page("/"), Ask::Foreign("/")];
        let app = |port| with_argv(held(port, "node", None), "node app.js");
        assert_eq!(asks(app(8443)), web);
        assert_eq!(asks(app(3000))[0], Ask::Control);
        let mut given = app(3000);
        let access = crate::process::Access {
            file: crate::process::File { uid: 0, mode: 0o600 },
            is_socket: false,
            closed_by: None,
        };
        given.programs[0].tls = vec![TlsFile { path: "/k".into(), access, has_key: true, certificate: None }];
        assert_eq!(asks(given), web);
        // What speaks a protocol of its own is asked by that.
        assert_eq!(asks(held(8443, "redis-server", None)), [Ask::Word(Word::Ping)]);
    }

    #[test]
    fn a_database_that_greets_is_listened_to_from_loopback_alone() {
        let maria = || held(3306, "mariadbd", None);
        assert_eq!(told(maria(), &[]), ["127.0.0.1:3306"]);
        assert_eq!(told(bound("0.0.0.0", maria()), &["10.0.0.2"]), ["127.0.0.1:3306"]);
        let lan = told(bound("10.0.0.2", maria()), &["10.0.0.2"]);
        assert_eq!(lan, ["it counts who comes and says nothing"]);
    }

    #[test]
    fn some_are_left_alone() {
        for (port, name, argv, why) in [
            (5005, "java", "java -agentlib:jdwp=server=y,address=5005 App", "JDWP"),
            (9229, "node", "node --inspect app.js", "debugger"),
            (4000, "nc", "nc -l 4000", "one connection"),
            (62_893, "navyd", "navyd hub", "navyd's own"),
            (631, "cupsd", "cupsd", "not known"),
        ] {
            let told = told(with_argv(held(port, name, None), argv), &[]);
            assert!(told.len() == 1 && told[0].contains(why), "{told:?}");
        }
    }
}
