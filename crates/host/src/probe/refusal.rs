//! Who is never asked, and why.
//!
//! Some listeners take a connection, or any byte, as an order. A JVM that waits for its debugger runs on
//! when one seems to have come; a printer prints; a login helper takes the first caller for the browser.
//! Biased towards silence: a listener wrongly left alone costs a word in a table, one wrongly touched costs
//! somebody's session.
//!
//! Deliberately not refused: the inspectors of Node.js and Chrome. They speak HTTP, many clients may come
//! and go, and `/json/version` neither attaches nor resumes anything.

use super::{
    PROBES,
    debugger::wire,
    hints::{Hints, Program},
};

/// Printers that take raw pages listen here, and print what they are sent.
const PRINTERS: std::ops::RangeInclusive<u16> = 9100..=9107;

/// How the names of programs end that tell measures, some of them where printers listen: the number 9100 is the first
/// that Prometheus gave out.
const MEASURES: &[&str] = &["-exporter", "_exporter"];

/// Where the Android debug bridge listens: it takes commands for the devices attached.
const ADB: u16 = 5037;

/// Programs that serve one caller and end, unless told otherwise.
const ONE_SHOT: &[&str] = &["nc", "ncat", "netcat", "nc.openbsd", "nc.traditional", "socat"];

/// Words by which a command line tool waits for a browser to come back from a login page.
const LOGINS: &[&str] = &["login", "signin", "auth", "sso"];

/// Why this listener is not asked; `None` when it may be. Pure: from programs, arguments, port and backlog.
pub fn refusal(hints: &Hints) -> Option<String> {
    if hints.udp && !PROBES.iter().any(|probe| super::order::suits_datagram(*probe, hints)) {
        return Some("a datagram socket is asked only where its program or port says DNS".to_owned());
    }
    if let Some(reason) = hints.programs.iter().find_map(|program| of_program(program, hints.port)) {
        return Some(reason);
    }
    if hints.port == ADB {
        return Some("port 5037 is where the Android debug bridge takes commands".to_owned());
    }
    if PRINTERS.contains(&hints.port) && !hints.programs.iter().any(measures) {
        return Some("ports 9100 to 9107 may be printers, which print what they are sent".to_owned());
    }
    match hints.backlog {
        Some(backlog @ 0..=1) if !hints.udp => {
            Some(format!("its backlog of {backlog} has no room for a caller beside the expected one"))
        }
        _ => None,
    }
}

fn of_program(program: &Program, port: u16) -> Option<String> {
    let is = |words: &[&str]| program.titles().any(|name| words.contains(&name));
    if let Some(wire) = wire(program, port) {
        return Some(format!("{wire} takes a connection as its debugger"));
    }
    let rest = program.argv.get(1..).unwrap_or_default();
    if is(ONE_SHOT) && !serves_many(rest) {
        return Some("it serves one connection and ends".to_owned());
    }
    let login = rest.iter().find(|argument| LOGINS.contains(&argument.as_str()))?;
    Some(format!("`{login}` among its arguments: it may wait for one visit of a browser"))
}

fn measures(program: &Program) -> bool {
    program.titles().any(|name| MEASURES.iter().any(|end| name.ends_with(end)))
}

/// Whether a one-shot program was told to stay: `nc -k`, `ncat --keep-open`, `socat TCP-LISTEN:1,fork`.
fn serves_many(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| {
        let short = argument.starts_with('-') && !argument.starts_with("--");
        argument == "--keep-open"
            || (short && argument.contains('k'))
            || argument.split(',').skip(1).any(|option| option == "fork")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(argv: &str, port: u16, backlog: Option<u32>, expected: Option<&str>) {
        let argv: Vec<String> = argv.split(' ').map(str::to_owned).collect();
        let programs = vec![Program { argv, ..Program::default() }];
        let reason = refusal(&Hints { programs, port, backlog, udp: false });
        match (&reason, expected) {
            (Some(reason), Some(word)) => assert!(reason.contains(word), "{reason}"),
            (None, None) => {}
            _ => panic!("{reason:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn debuggers_are_refused() {
        check("java -agentlib:jdwp=server=y,address=*:5005 App", 5005, None, Some("JVM"));
        check("java -agentlib:jdwp=server=y,address=*:5005 App", 8080, None, None);
        check("/usr/bin/gdbserver :2345 ./a.out", 2345, None, Some("gdbserver"));
        check("x", 5037, None, Some("Android"));
    }

    #[test]
    fn inspectors_are_not() {
        check("node --inspect=127.0.0.1:9229 app.js", 9229, Some(511), None);
        check("chrome --remote-debugging-port=9222", 9222, Some(10), None);
    }

    #[test]
    fn one_shot_listeners_are_refused() {
        check("nc -l 4000", 4000, None, Some("one connection"));
        check("nc -lk 4000", 4000, None, None);
        check("ncat --listen --keep-open 4000", 4000, None, None);
        check("socat TCP-LISTEN:4000 -", 4000, None, Some("one connection"));
        check("socat TCP-LISTEN:4000,reuseaddr,fork EXEC:cat", 4000, None, None);
        check("gcloud auth login", 8085, Some(5), Some("`auth`"));
        check("/usr/bin/gh auth login", 41_000, None, Some("browser"));
        check("aws sso login", 41_000, None, Some("browser"));
        check("node server.js", 41_000, Some(511), None);
        check("python3 once.py", 41_000, Some(1), Some("backlog of 1"));
        check("python3 -m http.server", 8000, Some(5), None);
    }

    #[test]
    fn printers_and_datagrams_are_refused() {
        check("x", 9100, None, Some("printers"));
        check("/usr/bin/prometheus-node-exporter", 9100, None, None);
        check("p910nd --exporter", 9100, None, Some("printers"));
        check("x", 9108, None, None);
        let udp = Hints { port: 5353, udp: true, ..Hints::default() };
        assert!(refusal(&udp).is_some_and(|reason| reason.contains("datagram")));
        assert_eq!(refusal(&Hints { port: 53, ..udp }), None);
    }
}
