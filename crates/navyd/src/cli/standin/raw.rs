//! What stand-ins share that speak no HTTP: flags that mean nothing to them, and their lines of the log.

use std::rc::Rc;

use navyd_standin::raw::{Ended, ToldEnd};

use super::{
    flags::Flags,
    log::{Entry, Log},
};
use crate::out::Failure;

impl Flags {
    /// Refuses flags that change nothing for this command, which heeds these.
    pub(crate) fn heeded(&self, command: &str, heeds: &[&str]) -> Result<(), Failure> {
        let ignored = self.particular().find(|flag| !heeds.contains(flag));
        ignored.map_or(Ok(()), |flag| Err(meaningless(command, flag)))
    }
}

fn meaningless(command: &str, flag: &str) -> Failure {
    let cause = match flag {
        "--name" => format!("names lead requests of HTTP, and `navyd {command}` takes none"),
        _ => format!("`navyd {command}` has nothing that it could change"),
    };
    Failure::new(format!("`{flag}` means nothing here"))
        .cause(cause)
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
