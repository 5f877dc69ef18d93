//! Node, which reads no store unless its user says so: a service of navyd has NODE_EXTRA_CA_CERTS.

use super::{Ask, Client, call, url};
use crate::trust::machine::Machine;

pub(super) struct Node;

const SCRIPT: &str = "require('https').get(process.argv[1], r => r.resume())\
    .on('error', e => { console.error(e.message); process.exitCode = 1 })";

impl Client for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn ask(&self, machine: &dyn Machine, port: u16, path: &str) -> Ask {
        call(machine, "node", &["-e", SCRIPT, &url(port, path)])
    }
}
