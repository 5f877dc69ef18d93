//! What stand-ins share that speak no HTTP: flags that mean nothing to them, ports for datagrams, and their lines of
//! the log.

use std::rc::Rc;

use navyd_standin::raw::{Ended, Packets, ToldEnd};

use super::{
    flags::Flags,
    log::{Entry, Log},
    ready::Place,
};
use crate::out::Failure;

/// How often another port is tried where any will do, and another program has it for datagrams.
const TRIES: usize = 16;

impl Flags {
    /// Refuses flags that mean something only where there are requests.
    pub(crate) fn plain(&self, command: &str) -> Result<(), Failure> {
        self.for_requests().map_or(Ok(()), |flag| Err(meaningless(command, flag)))
    }

    /// Refuses as well what only connections have.
    pub(crate) fn plain_and_open(&self, command: &str) -> Result<(), Failure> {
        self.plain(command)?;
        if self.tls { Err(meaningless(command, "--tls")) } else { Ok(()) }
    }

    /// Binds a port for datagrams, as [`Flags::door`] does for connections: it must be free for these as well.
    pub(crate) fn packets(&self, word: &str) -> Result<(Packets, Place), Failure> {
        let mut tries = 1..=TRIES;
        loop {
            let door = self.door(None, word, None)?;
            match Packets::beside(&door) {
                Ok(packets) => return Ok((packets, Place::of("udp", &door))),
                Err(_) if self.port == Some(0) && tries.next().is_some() => {}
                Err(taken) => {
                    let port = taken.address.port();
                    return Err(Failure::new(taken.to_string())
                        .cause(taken.source.to_string())
                        .hint(format!("navyd why {port}/udp")));
                }
            }
        }
    }
}

fn meaningless(command: &str, flag: &str) -> Failure {
    Failure::new(format!("`{flag}` means nothing here"))
        .cause(format!("`navyd {command}` has nothing that it could change"))
        .hint(format!("navyd {} --help", command.split(' ').next().unwrap_or_default()))
}

impl Log {
    /// Who is to be told of each connection or datagram; `None` where no log is kept.
    pub(crate) fn ends(&self) -> Option<ToldEnd> {
        self.is_kept().then(|| {
            let log = self.clone();
            Rc::new(move |ended| log.tell(Entry::of_bytes(ended))) as ToldEnd
        })
    }
}

impl Entry {
    fn of_bytes(ended: Ended) -> Self {
        Self {
            kind: Some(ended.kind),
            peer: Some(ended.peer),
            method: "took".to_owned(),
            target: format!("{} B from {}", ended.received, ended.peer),
            bytes: ended.sent,
            took_ms: (ended.took.as_secs_f64() * 1e6).round() / 1e3,
            error: ended.error,
            ..Self::default()
        }
    }
}
