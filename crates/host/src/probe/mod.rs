//! Asking a listener what it speaks.
//!
//! A protocol is one file: a unit struct that holds its bytes, how it recognises an answer, and the table
//! of tests for that. `PROBES` is the list of them, and the only place that names them: `order` decides
//! who is asked and when, `engine` owns sockets and clock, and neither knows a protocol.
//!
//! The words of caution, because asking is an act. Nothing that listens for a debugger, for a printer's
//! page or for a single caller is touched ([`refusal`]). A greeting is waited for before a byte is sent. At
//! most five connections are made, each with the fixed bytes that [`plan`] shows beforehand. Deliberately
//! absent: logging in, opening a session, a guess by port number (a port may only order the questions), and
//! unix sockets.

mod amqp;
mod answer;
mod debugger;
mod dns;
mod docker;
mod elasticsearch;
mod engine;
mod frames;
mod ftp;
mod grpc;
mod hints;
mod http;
mod http2;
mod inspector;
mod jupyter;
mod kafka;
mod leaf;
mod many;
mod mcp;
mod memcached;
mod mongodb;
mod mqtt;
mod mysql;
mod nats;
mod next;
mod ollama;
mod order;
mod postgresql;
mod redis;
mod refusal;
mod smtp;
mod ssh;
mod text;
mod tls;
mod vite;
mod webpack;
mod websocket;

#[cfg(test)]
mod recorder;

pub(crate) use answer::Answer;
pub(crate) use debugger::{Wire, wire};
pub use engine::{CONNECTIONS, LISTEN, Request, ask};
pub use hints::{Hints, Program};
pub use many::ask_all;
pub(crate) use many::in_parallel;
pub(crate) use mysql::Greeting;
pub(crate) use order::infer;
pub use order::{Step, When, plan};
pub use refusal::refusal;
pub(crate) use text::{contains, line as printable};
pub(crate) use tls::{CANCEL, CLIENT_HELLO, Flight};

use leaf::{Found, Probe, Verdict};

/// Every protocol, in the order of the questions: greetings need none, then what most listeners speak, then
/// what is asked only when a hint or an answer points to it, then what lies behind another protocol.
const PROBES: &[&dyn Probe] = &[
    &ssh::Ssh,
    &ftp::Ftp,
    &smtp::Smtp,
    &mysql::Mysql,
    &nats::Nats,
    &http::Http,
    &tls::Tls,
    &http2::Http2,
    &redis::Redis,
    &postgresql::Postgresql,
    &memcached::Memcached,
    &mongodb::Mongodb,
    &amqp::Amqp,
    &kafka::Kafka,
    &mqtt::Mqtt,
    &dns::Dns,
    &next::Next,
    &grpc::Grpc,
    &websocket::Websocket,
    &elasticsearch::Elasticsearch,
    &docker::Docker,
    &inspector::Inspector,
    &vite::Vite,
    &webpack::Webpack,
    &jupyter::Jupyter,
    &ollama::Ollama,
    &mcp::Mcp,
];

/// What every probe makes of `reply`, as `(probe, protocol)`: pure, total, and thereby the one door through
/// which a fuzzer reaches every parser of this room.
pub fn opinions(reply: &[u8]) -> Vec<(&'static str, String)> {
    let mut opinions = Vec::new();
    for probe in PROBES {
        let verdicts = [probe.recognise(reply, false), probe.recognise(reply, true)];
        let found = verdicts.into_iter().filter_map(|verdict| match verdict {
            Verdict::Yes(found) => Some(found),
            Verdict::No | Verdict::More => None,
        });
        let within = leaf::BASES.iter().filter_map(|base| probe.within(*base, reply));
        let all = found.chain(probe.overheard(reply)).chain(within);
        opinions.extend(all.map(|Found { protocol, .. }| (probe.name(), protocol)));
        probe.invited(reply);
    }
    opinions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = PROBES.iter().map(|probe| probe.name()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn no_probe_recognises_silence_or_noise() {
        for noise in [&b""[..], b"\0", b"\n", b"\r\n\r\n", b"hello\r\n", &[0xff; 64], &[0; 64], &[0x16; 9]] {
            assert_eq!(opinions(noise), Vec::new(), "{noise:?}");
        }
    }

    #[test]
    fn every_prefix_of_every_answer_is_read_without_a_panic() {
        let answers: &[&[u8]] =
            &[tls::tests::HELLO_1_2, mysql::tests::MARIADB, mongodb::tests::HELLO, frames::tests::SETTINGS];
        for answer in answers {
            for end in 0..answer.len() {
                opinions(&answer[..end]);
                let mut broken = answer.to_vec();
                broken[end] = !broken[end];
                opinions(&broken);
            }
        }
    }
}
