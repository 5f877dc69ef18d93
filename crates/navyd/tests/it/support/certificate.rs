//! Certificates that nobody else has signed.

use std::{path::Path, process::Command};

use super::run::run;

/// Makes one and its key in a folder: `more` says for whom, and where both are written.
pub(crate) fn self_signed(openssl: &Path, folder: &Path, more: &[&str]) {
    let line = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9";
    let made = run(Command::new(openssl).args(line.split(' ')).args(more).current_dir(folder));
    assert_eq!(made.status, Some(0), "{}", made.stderr);
}
