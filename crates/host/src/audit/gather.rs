//! Looks at this machine for what the checks need: passive, no byte is sent.

use navyd_model::{Holder, Listener};

use super::{Facts, Program, Subject, known};
use crate::{kernel, process};

/// Gathers the facts about these listeners.
pub fn gather(listeners: Vec<Listener>) -> Facts {
    let subjects = listeners.into_iter().map(|listener| {
        let programs = listener.holders.iter().map(program).collect();
        Subject { listener, programs }
    });
    let subjects = subjects.collect();
    let mut unknown = Vec::new();
    let interfaces = kernel::interfaces().map_err(|error| unknown.push(error.to_string())).ok();
    Facts { subjects, interfaces, me: process::own_user(), unknown, ..Facts::default() }
}

fn program(holder: &Holder) -> Program {
    let pid = holder.pid;
    let lost = process::lost_leader(pid).map(|(_, leader)| leader);
    let jdwp = (holder.name == "java").then(|| process::has_mapped(pid, "libjdwp.so")).flatten();
    Program { pid, condition: process::condition(pid), lost, jdwp, packages: known::installed(holder) }
}
