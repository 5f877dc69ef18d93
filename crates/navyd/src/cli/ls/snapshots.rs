//! What `navyd ls` prints, whole.

use jiff::{SignedDuration, Timestamp};
use navyd_model::{
    Certainty, Exposure, Holder, Listener, Names, Namespace, OwnerUnknown, Project, ProjectKind, Protocol,
    Speaks, State,
};

use super::{fixture::*, *};
use crate::out::{Talk, recorded};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn me() -> Me {
    Me { uid: Some(1000), project: Some("/src/shop".into()) }
}

/// A machine with one of each kind.
fn machine() -> Vec<Listener> {
    let project = |root: &str, name: &str, branch: &str| {
        Some(Project {
            root: root.into(),
            name: name.into(),
            branch: Some(branch.into()),
            kind: ProjectKind::Git,
        })
    };
    let mine = |pid, name: &str, age| Holder {
        uid: Some(1000),
        user: Some("kim".into()),
        started_at: Some(NOW - SignedDuration::from_secs(age)),
        ..held_by(pid, name)
    };
    let vite = Holder {
        project: project("/src/shop", "shop", "main"),
        framework: Some("Vite".into()),
        ..mine(812, "node", 7_300)
    };
    let hostile = Holder {
        project: project("/src/\u{202e}x", "evil\u{202e}\x1b]0;x\x07", "a\tb"),
        ..mine(4_194_304, "\x1b[2Jnode\nfake 1", 59)
    };
    let postgres = Holder { uid: Some(70), user: Some("postgres".into()), ..held_by(900, "postgres") };
    let observed = |protocol: &str, detail: &str| {
        Some(Speaks {
            protocol: Some(protocol.into()),
            certainty: Certainty::Observed,
            detail: Some(detail.into()),
        })
    };
    let usually = |name: &str| Names { iana: None, usually: Some(name.into()) };
    let mut listeners = vec![
        Listener {
            uid: Some(70),
            holders: vec![postgres],
            speaks: observed("PostgreSQL", "16.2"),
            ..tcp("0.0.0.0", 5432)
        },
        Listener { uid: Some(1000), holders: vec![hostile], ..tcp("127.0.0.1", 9229) },
        Listener {
            uid: Some(0),
            cgroup: Some("/system.slice/ssh.service".into()),
            owner_unknown: Some(OwnerUnknown::OtherUser),
            v6only: Some(true),
            names: usually("SSH"),
            ..tcp("::", 22)
        },
        Listener { uid: Some(1000), holders: vec![vite, mine(813, "node", 5)], ..tcp("::1", 5173) },
        Listener {
            uid: Some(1000),
            holders: vec![mine(77, "python3", 90)],
            state: State::BoundNotListening,
            note: Some("bound, not listening".into()),
            ..tcp("127.0.0.1", 8000)
        },
        Listener {
            proto: Protocol::Udp,
            device: Some("lo".into()),
            owner_unknown: Some(OwnerUnknown::NoProcess),
            names: usually("DNS"),
            ..tcp("127.0.0.53", 53)
        },
        Listener {
            exposure: Exposure::Container,
            netns: Some(Namespace {
                inode: None,
                name: None,
                container: Some("docker:3f2a9c1b7d44".into()),
                pid: None,
            }),
            owner_unknown: Some(OwnerUnknown::OtherNamespace),
            ..tcp("172.17.0.2", 80)
        },
    ];
    rows::sort(&mut listeners, &me());
    listeners
}

fn drawn(look: Look) -> String {
    rows::listeners(&rows::each(&machine()), &me(), NOW).draw(&look)
}

#[test]
fn on_a_wide_terminal() {
    let expected = "
PROTO  ADDRESS           EXPOSURE   HOLDER                            PROJECT                           UP  SPEAKS           NOTE
tcp    [::1]:5173        loopback   node 812 +1                       shop (main)                       2h  by Vite
tcp    127.0.0.1:8000    loopback   python3 77                                                          1m                   bound, not listening
tcp    127.0.0.1:9229    loopback   \\x1b[2Jnode\\nfake 1 4194304       evil\\u{202e}\\x1b]0;x\\x07 (a\\tb)  59s
tcp    [::]:22 v6only    all        ? uid 0 ssh.service (other-user)                                        usually SSH
udp    127.0.0.53:53%lo  loopback   ? (no-process)                                                          usually DNS
tcp    0.0.0.0:5432      all        postgres 900 (postgres)                                                 PostgreSQL 16.2
tcp    172.17.0.2:80     container  ? (other-namespace)                                                                      in docker:3f2a9c1b7d44
";
    assert_eq!(
        drawn(Look { terminal: true, colour: false, width: Some(200) }),
        expected.strip_prefix('\n').unwrap_or_default()
    );
}

#[test]
fn on_a_narrow_terminal() {
    let expected = "
PROTO  ADDRESS           EXPOSURE  HOLDER            PROJECT    UP  NOTE
tcp    [::1]:5173        loopback  node 812 +1       shop (m…   2h
tcp    127.0.0.1:8000    loopback  python3 77                   1m  bound, not …
tcp    127.0.0.1:9229    loopback  \\x1b[2Jnode\\nfa…  evil\\u{…  59s
tcp    [::]:22 v6only    all       ? uid 0 ssh.ser…
udp    127.0.0.53:53%lo  loopback  ? (no-process)
tcp    0.0.0.0:5432      all       postgres 900 (p…
tcp    172.17.0.2:80     contain…  ? (other-namesp…                 in docker:3…
";
    assert_eq!(
        drawn(Look { terminal: true, colour: false, width: Some(80) }),
        expected.strip_prefix('\n').unwrap_or_default()
    );
}

#[test]
fn in_a_pipe() {
    let expected = "
tcp\t[::1]:5173\tloopback\tnode 812 +1\tshop (main)\t1969-12-31T21:58:20Z\tby Vite\t
tcp\t127.0.0.1:8000\tloopback\tpython3 77\t\t1969-12-31T23:58:30Z\t\tbound, not listening
tcp\t127.0.0.1:9229\tloopback\t\\x1b[2Jnode\\nfake 1 4194304\tevil\\u{202e}\\x1b]0;x\\x07 (a\\tb)\t1969-12-31T23:59:01Z\t\t
tcp\t[::]:22 v6only\tall\t? uid 0 ssh.service (other-user)\t\t\tusually SSH\t
udp\t127.0.0.53:53%lo\tloopback\t? (no-process)\t\t\tusually DNS\t
tcp\t0.0.0.0:5432\tall\tpostgres 900 (postgres)\t\t\tPostgreSQL 16.2\t
tcp\t172.17.0.2:80\tcontainer\t? (other-namespace)\t\t\t\tin docker:3f2a9c1b7d44
";
    assert_eq!(drawn(Look::default()), expected.strip_prefix('\n').unwrap_or_default());
}

#[test]
fn colour_adds_nothing_but_colour() {
    let coloured = drawn(Look { terminal: true, colour: true, width: Some(120) });
    let plain = drawn(Look { terminal: true, colour: false, width: Some(120) });
    let mut stripped = coloured.clone();
    for code in ["0", "1", "2", "31", "32", "33", "36"] {
        stripped = stripped.replace(&format!("\x1b[{code}m"), "");
    }
    assert_ne!(coloured, plain);
    assert_eq!(stripped, plain);
}

/// Renders the machine, or nothing, and returns exit, stdout and stderr.
fn rendered(terminal: bool, plan: &Plan, listeners: Vec<Listener>) -> (Exit, String, String) {
    let (mut screen, out, err) = recorded::screen(terminal, Talk::Normal);
    let notes = vec!["3 processes of other users could not be read".to_owned()];
    let answer = Answer { listeners, connections: None, notes };
    let exit = plan.render(&answer, NOW, &mut screen).unwrap();
    (exit, out.text(), err.text())
}

#[test]
fn attention_stands_below_the_table_and_never_in_a_pipe() {
    let plan = Plan { attention: true, me: me(), ..Plan::default() };
    let (_, out, _) = rendered(true, &plan, machine());
    let expected = "

! 0.0.0.0:5432: `PostgreSQL` (pid 900) can be reached from every network: navyd why 5432
! 127.0.0.1:8000: taken by `python3` (pid 77), which does not listen: navyd why 8000
";
    assert!(out.ends_with(expected), "{out}");
    let (_, out, _) = rendered(false, &plan, machine());
    assert!(!out.contains('!'), "{out}");
}

#[test]
fn nothing_is_an_answer_too() {
    let note = "note: 3 processes of other users could not be read\n";
    let nothing = rendered(true, &Plan::default(), Vec::new());
    assert_eq!(nothing, (Exit::No, String::new(), format!("{note}no listener was found\n")));

    let filter = Filter { ports: vec!["3000".parse().unwrap()], ..Filter::default() };
    let nothing = rendered(false, &Plan { filter, ..Plan::default() }, Vec::new());
    let hint = "hint: `navyd why 3000` tells whether the port can be bound\n";
    assert_eq!(nothing, (Exit::No, String::new(), format!("{note}no listener matches\n{hint}")));
}

#[test]
fn json_is_the_data() {
    let plan = Plan { form: Form::Json, ..Plan::default() };
    let (exit, out, err) = rendered(false, &plan, machine());
    assert_eq!((exit, err.as_str()), (Exit::Yes, ""));
    assert!(out.starts_with(r#"{"schema":"navyd.ls/1","listeners":[{"proto":"tcp","#), "{out}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let listeners: Vec<Listener> = serde_json::from_value(document["listeners"].clone()).unwrap();
    assert_eq!(listeners, machine());
    assert_eq!(document["notes"][0], "3 processes of other users could not be read");
    assert_eq!(document.get("connections"), None);

    let plan = Plan { form: Form::Jsonl, ..plan };
    let (_, lines, _) = rendered(false, &plan, machine());
    let listeners: Vec<Listener> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(listeners, machine());
}

#[test]
fn the_words_for_states_are_those_of_json() {
    for state in [
        State::Listen,
        State::BoundNotListening,
        State::Bound,
        State::Established,
        State::SynSent,
        State::SynReceived,
        State::FinWait1,
        State::FinWait2,
        State::TimeWait,
        State::Closed,
        State::CloseWait,
        State::LastAck,
        State::Closing,
    ] {
        assert_eq!(serde_json::json!(rows::state(state)), serde_json::to_value(state).unwrap());
    }
}

#[test]
fn the_sockets_of_one_server_are_one_row_for_a_person_alone() {
    let socket = |number: u32, pid| Listener {
        cookie: Some(number.into()),
        inode: Some(number.into()),
        holders: vec![Holder { fds: vec![number], ..held_by(pid, "navyd hub") }],
        ..tcp("127.0.0.1", 62893)
    };
    let waits = Listener { note: Some("backlog full".into()), ..socket(5, 7) };
    let mut listeners = vec![socket(1, 7), socket(2, 8), socket(3, 7), socket(4, 7), waits];
    rows::sort(&mut listeners, &me());
    let expected = "\
PROTO  ADDRESS             EXPOSURE  HOLDER       NOTE
tcp    127.0.0.1:62893 ×3  loopback  navyd hub 7
tcp    127.0.0.1:62893     loopback  navyd hub 7  backlog full
tcp    127.0.0.1:62893     loopback  navyd hub 8
";
    let plan = Plan { me: me(), ..Plan::default() };
    assert_eq!(rendered(true, &plan, listeners.clone()).1, expected);
    let piped = rendered(false, &plan, listeners.clone()).1;
    assert_eq!((piped.lines().count(), piped.contains('×')), (5, false), "{piped}");
    let (_, csv, _) = rendered(false, &Plan { form: Form::Csv, ..plan }, listeners);
    assert_eq!(csv.lines().count(), 6, "{csv}");
}
