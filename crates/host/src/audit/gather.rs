//! Looks at this machine for what the checks need: passive, no byte is sent.

use std::{collections::HashMap, path::Path};

use jiff::Timestamp;
use navyd_model::{Exposure, Holder, Listener, Protocol};

use super::{
    Facts, Firewall, Program, Subject, ask,
    firewall::{MOST, asked},
    known, tls,
};
use crate::{
    kernel::{self, Arrival, Interface},
    process,
};

/// Gathers the facts about these listeners.
pub fn gather(listeners: Vec<Listener>) -> Facts {
    let me = process::own_user();
    // A program mostly holds several listeners, and is looked at once.
    let mut known = HashMap::new();
    let subjects: Vec<Subject> =
        listeners.into_iter().map(|listener| subject(listener, me, &mut known)).collect();
    let mut unknown = Vec::new();
    let interfaces = kernel::interfaces().map_err(|error| unknown.push(error.to_string())).ok();
    let firewall = firewall(&subjects, interfaces.as_deref());
    if let Firewall::Unreadable(why) = &firewall {
        unknown.push(format!("whether a firewall drops what comes from outside: {why}"));
    }
    let (authorities, trusted) = tls::trusted();
    Facts {
        subjects,
        interfaces,
        firewall,
        authorities,
        trusted,
        me,
        now: Some(Timestamp::now()),
        unknown,
        ..Facts::default()
    }
}

fn subject(listener: Listener, me: Option<u32>, known: &mut HashMap<u32, Program>) -> Subject {
    let elsewhere = listener.netns.is_some();
    let mut once =
        |holder: &Holder| known.entry(holder.pid).or_insert_with(|| program(holder, elsewhere)).clone();
    let programs = listener.holders.iter().map(&mut once).collect();
    let file = (listener.proto == Protocol::Unix).then(|| file(&listener)).flatten();
    let mut subject = Subject { programs, file, ..Subject::bare(listener) };
    subject.ground = ask::ground(&subject, me);
    subject
}

/// What lives in a network namespace of its own mostly has files of its own too, whose paths mean others here.
fn program(holder: &Holder, elsewhere: bool) -> Program {
    let pid = holder.pid;
    let lost = process::lost_leader(pid).map(|(_, leader)| leader);
    let tls = if elsewhere { Vec::new() } else { tls::files(holder) };
    let jdwp = (holder.name == "java").then(|| process::has_mapped(pid, "libjdwp.so")).flatten();
    Program { pid, condition: process::condition(pid), lost, jdwp, packages: known::installed(holder), tls }
}

/// The file of a unix socket: a path that was bound as a relative one is looked for in its holder's directory. A name
/// that is not text, or that another file bears by now, is not told.
fn file(listener: &Listener) -> Option<process::Access> {
    let path = listener.path.as_deref().filter(|path| !path.starts_with('@') && !path.is_empty())?;
    if listener.raw_path.is_some() {
        return None;
    }
    let cwd = || listener.holders.iter().find_map(|holder| holder.cwd.as_deref());
    let path = if path.starts_with('/') { path.into() } else { Path::new(cwd()?).join(path) };
    process::access(&path).filter(|access| access.is_socket)
}

/// Reads the packet filter once, and only where something is bound beyond loopback: its program has to be run for it.
fn firewall(subjects: &[Subject], interfaces: Option<&[Interface]>) -> Firewall {
    let exposed = |subject: &&Subject| subject.is_tcp() && subject.listener.exposure != Exposure::Loopback;
    let mut all: Vec<Arrival> =
        subjects.iter().filter(exposed).flat_map(|subject| asked(subject, interfaces)).collect();
    all.truncate(MOST);
    match () {
        () if all.is_empty() => Firewall::NotAsked,
        // The kernel tells its rules to whoever may change them, as it destroys sockets for.
        () if kernel::limits().may_destroy == Some(false) => {
            Firewall::Unreadable("only root may read the packet filter's rules".to_owned())
        }
        () => match kernel::inbound(&all) {
            Ok(inbound) => Firewall::read(all, inbound),
            Err(error) => Firewall::Unreadable(error.to_string()),
        },
    }
}
