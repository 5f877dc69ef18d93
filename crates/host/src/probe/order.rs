//! Who is asked, and when: pure, from the hints and from the answers so far.

use navyd_model::{Certainty, Speaks};

use super::{
    PROBES,
    engine::CONNECTIONS,
    hints::Hints,
    leaf::{Base, Probe, Turn},
    refusal,
};

/// One thing that would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// On which connection, from 1, when every earlier one brought no answer; `None` when an answer decides.
    /// The first connection is silent for [`LISTEN`](super::LISTEN) before its bytes are sent.
    pub connection: Option<u8>,
    /// The protocol asked for.
    pub probe: &'static str,
    /// Under which condition.
    pub when: When,
    /// The bytes of the question; empty where only a farewell is sent.
    pub question: Vec<u8>,
    /// The bytes that follow once the answer was recognised, on the same connection.
    pub farewell: Vec<u8>,
}

/// When a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The peer greets first, in this protocol.
    Greeted,
    /// Nothing before it was recognised.
    Unrecognised,
    /// An answer to another question points to it.
    Invited,
    /// The protocol named was recognised, and program, port or that answer points further.
    Behind(&'static str),
}

/// Everything that would be sent to a listener with these hints; empty when it would be refused. Whatever is
/// really sent is one of these steps, byte for byte, and at most five connections are made.
pub fn plan(hints: &Hints) -> Vec<Step> {
    if refusal(hints).is_some() {
        return Vec::new();
    }
    if hints.udp {
        let probes = PROBES.iter().filter(|probe| suits_datagram(**probe, hints)).take(1);
        return probes
            .map(|probe| step(*probe, Some(1), When::Unrecognised, probe.datagram().to_vec()))
            .collect();
    }
    let ladder = ladder(hints);
    let greets = PROBES.iter().filter(|probe| probe.turn() == Turn::Greets && !probe.farewell().is_empty());
    let asks = ladder
        .iter()
        .zip(1..)
        .map(|(probe, number)| step(*probe, Some(number), When::Unrecognised, probe.question(hints)));
    let invited = PROBES.iter().filter(|probe| {
        matches!(probe.turn(), Turn::Asks | Turn::Waits)
            && !ladder.iter().any(|asked| asked.name() == probe.name())
    });
    let behind =
        PROBES.iter().filter(|probe| !probe.sends().is_empty()).filter_map(|probe| match probe.turn() {
            Turn::Follows(base) | Turn::WaitsOrFollows(base) => {
                Some(step(*probe, None, When::Behind(base.as_str()), probe.question(hints)))
            }
            Turn::Greets | Turn::Asks | Turn::Waits => None,
        });
    greets
        .map(|probe| step(*probe, Some(1), When::Greeted, Vec::new()))
        .chain(asks)
        .chain(invited.map(|probe| step(*probe, None, When::Invited, probe.question(hints))))
        .chain(behind)
        .collect()
}

/// What a listener speaks as far as its program tells, without a byte being sent. `None` unless a program
/// that is known for one protocol holds a port that is usual for it, or that its arguments name: many such
/// programs have a second listener, for metrics or administration, that speaks something else.
pub(crate) fn infer(hints: &Hints) -> Option<Speaks> {
    // Ports are compared before programs, because that is cheap and rules out most.
    let argued = hints.port_is_argued();
    let may_be = |probe: &&&dyn Probe| argued || probe.ports().contains(&hints.port);
    let probe = PROBES.iter().filter(may_be).find(|probe| probe.is_run(hints))?;
    Some(Speaks {
        protocol: Some(probe.name().to_owned()),
        certainty: Certainty::Inferred,
        detail: Some("known by its program, not asked".to_owned()),
    })
}

/// The questions that need no answer first: what the program implies, what the port suggests, then those
/// for everyone; as many as there may be connections.
pub(super) fn ladder(hints: &Hints) -> Vec<&'static dyn Probe> {
    let asking = || {
        PROBES
            .iter()
            .copied()
            .filter(|probe| matches!(probe.turn(), Turn::Asks | Turn::Waits | Turn::WaitsOrFollows(_)))
    };
    let run = asking().filter(|probe| probe.is_run(hints));
    let usual = asking().filter(|probe| probe.ports().contains(&hints.port));
    let general = asking().filter(|probe| probe.turn() == Turn::Asks);
    let mut ladder: Vec<&'static dyn Probe> = Vec::new();
    for probe in run.chain(usual).chain(general) {
        if ladder.len() < CONNECTIONS && !ladder.iter().any(|asked| asked.name() == probe.name()) {
            ladder.push(probe);
        }
    }
    ladder
}

/// Whether program or port suggest a protocol whose server speaks first.
pub(super) fn greets(hints: &Hints) -> bool {
    let mut greeting = PROBES.iter().filter(|probe| probe.turn() == Turn::Greets);
    greeting.any(|probe| probe.is_run(hints) || probe.ports().contains(&hints.port))
}

/// What to ask behind `base`, whose answer is `reply`: what the answer or the program points to, then what
/// the port suggests.
pub(super) fn followers(base: Base, hints: &Hints, reply: &[u8]) -> Vec<&'static dyn Probe> {
    let behind = || {
        let mut probes = PROBES.iter().copied();
        std::iter::from_fn(move || probes.find(|probe| probe.turn().follows(base)))
            .filter(|probe| !probe.sends().is_empty())
    };
    let pointed = behind().filter(|probe| probe.invited(reply) || probe.is_run(hints));
    let usual = behind().filter(|probe| probe.ports().contains(&hints.port));
    let mut followers: Vec<&'static dyn Probe> = Vec::new();
    for probe in pointed.chain(usual) {
        if !followers.iter().any(|asked| asked.name() == probe.name()) {
            followers.push(probe);
        }
    }
    followers
}

/// Whether a probe's datagram may be sent.
pub(super) fn suits_datagram(probe: &dyn Probe, hints: &Hints) -> bool {
    !probe.datagram().is_empty() && (probe.is_run(hints) || probe.ports().contains(&hints.port))
}

fn step(probe: &dyn Probe, connection: Option<u8>, when: When, question: Vec<u8>) -> Step {
    Step { connection, probe: probe.name(), when, question, farewell: probe.farewell().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::{super::hints::Program, *};

    fn hints(argv: &str, port: u16) -> Hints {
        let argv: Vec<String> = argv.split(' ').map(str::to_owned).collect();
        Hints { programs: vec![Program { argv, ..Program::default() }], port, ..Hints::default() }
    }

    #[test]
    fn the_ladder_starts_with_what_the_hints_imply() {
        for (argv, port, expected) in [
            ("x", 40_000, ["HTTP/1", "TLS", "HTTP/2", "Redis", "PostgreSQL"]),
            ("redis-server *:7000", 7000, ["Redis", "HTTP/1", "TLS", "HTTP/2", "PostgreSQL"]),
            ("x", 27_017, ["MongoDB", "HTTP/1", "TLS", "HTTP/2", "Redis"]),
            ("memcached", 5432, ["Memcached", "PostgreSQL", "HTTP/1", "TLS", "HTTP/2"]),
            ("next-server (v15.1.0)", 3000, ["Next.js", "HTTP/1", "TLS", "HTTP/2", "Redis"]),
        ] {
            let names: Vec<_> = ladder(&hints(argv, port)).iter().map(|probe| probe.name()).collect();
            assert_eq!(names, expected, "{argv} on {port}");
        }
    }

    #[test]
    fn what_follows_http() {
        let answer = b"HTTP/1.1 404 Not Found\r\nServer: TornadoServer/6.4\r\n\r\n";
        for (argv, port, reply, expected) in [
            ("x", 40_000, &b"HTTP/1.1 200 OK\r\n\r\n"[..], &[][..]),
            ("x", 40_000, answer, &["Jupyter"]),
            ("ollama serve", 40_000, b"HTTP/1.1 200 OK\r\n\r\n", &["Ollama"]),
            ("jupyter-lab", 11_434, answer, &["Jupyter", "Ollama"]),
        ] {
            let followers = followers(Base::Http1, &hints(argv, port), reply);
            let names: Vec<_> = followers.iter().map(|probe| probe.name()).collect();
            assert_eq!(names, expected, "{argv} on {port}");
        }
    }

    #[test]
    fn the_plan_has_at_most_five_numbered_connections() {
        for port in [22, 53, 80, 5432, 6379, 8080, 9092, 9200, 27_017, 62_893] {
            let plan = plan(&hints("x", port));
            let numbers: Vec<_> = plan
                .iter()
                .filter(|step| step.when == When::Unrecognised)
                .map(|step| step.connection)
                .collect();
            assert_eq!(numbers, [Some(1), Some(2), Some(3), Some(4), Some(5)], "{port}");
        }
    }

    #[test]
    fn no_plan_for_the_refused() {
        assert_eq!(plan(&hints("gdbserver", 2345)), Vec::new());
        assert_eq!(plan(&Hints { udp: true, port: 5353, ..Hints::default() }), Vec::new());
        let dns = plan(&Hints { udp: true, port: 53, ..Hints::default() });
        assert_eq!(dns.iter().map(|step| step.probe).collect::<Vec<_>>(), ["DNS"]);
    }

    #[test]
    fn inference_needs_program_and_port() {
        for (argv, port, expected) in [
            ("/usr/sbin/sshd -D", 22, Some("SSH")),
            ("redis-server 127.0.0.1:7777", 7777, Some("Redis")),
            ("nats-server -m 8222", 8222, Some("NATS")),
            ("nats-server", 8222, None),
            ("node server.js", 5432, None),
        ] {
            let speaks = infer(&hints(argv, port));
            assert_eq!(speaks.and_then(|speaks| speaks.protocol).as_deref(), expected, "{argv} on {port}");
        }
    }
}
