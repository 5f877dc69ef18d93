//! OpenSSL's own client, and with it all that verifies as OpenSSL does unless told otherwise.

use super::{Ask, Client, call};
use crate::trust::machine::Machine;

pub(super) struct OpenSsl;

impl Client for OpenSsl {
    fn name(&self) -> &'static str {
        "openssl"
    }

    fn ask(&self, machine: &dyn Machine, port: u16, path: &str) -> Ask {
        let address = format!("localhost:{port}");
        let args = ["s_client", "-quiet", "-connect", &address, "-servername", "localhost"];
        let verify = ["-verify_hostname", "localhost", "-verify_return_error"];
        match call(machine, "openssl", &[&args[..], &verify[..]].concat()) {
            Ask::Call(call) => {
                Ask::Call(call.reading(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")))
            }
            other => other,
        }
    }
}
