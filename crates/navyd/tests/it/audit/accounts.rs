//! A database with accounts, and the same server told by a file to ask nobody who they are.

use std::{
    os::unix::{fs::chown, process::CommandExt as _},
    path::Path,
    process::Command,
};

use super::{ask, score::Score};
use crate::{
    probe::{Server, free_port, program},
    support::{
        is_root,
        run::{navyd, run},
        skip,
        temp::TempDir,
    },
};

/// A user without rights: MariaDB refuses to be root.
const NOBODY: u32 = 65_534;

/// MariaDB with a file of options, which lets everybody in or does not.
pub(super) fn accounts(score: &mut Score) {
    let test = "audit::matrix::recall_and_false_positives";
    let Some((mariadb, install)) = program(test, "mariadbd").zip(program(test, "mariadb-install-db")) else {
        return;
    };
    let folder = TempDir::new();
    let place = folder.path().display();
    std::fs::create_dir(folder.path().join("data")).expect("our own folder");
    for path in ["", "data"] {
        own(&folder.path().join(path));
    }
    let mut command = without_rights(&install, &folder);
    command.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]);
    let made = run(command.arg(format!("--datadir={place}/data")));
    if made.status != Some(0) {
        return skip(test, &format!("no accounts for MariaDB: {}", made.stdout.trim()));
    }
    for (line, expected) in [("skip-grant-tables", &["A33"][..]), ("skip-grant-tables = OFF", &[])] {
        let port = free_port();
        let options = format!(
            "[mariadbd]\n{line}\nbind-address = 127.0.0.1\nport = {port}\ndatadir = {place}/data\n\
             socket = {place}/socket\npid-file = {place}/pid\n"
        );
        let file = folder.write("my.cnf", options);
        let mut command = without_rights(&mariadb, &folder);
        command.arg(format!("--defaults-file={}", file.display()));
        let server = Server::start(&mut command, "ready for connections");
        let found = ask(port, navyd);
        score.row(&format!("mariadbd, {line}"), expected, &found);
        let said = found.first().and_then(|one| one["evidence"].as_str());
        assert!(
            said.is_none_or(|said| said.contains("/my.cnf` has `skip-grant-tables`; it greets as MariaDB ")),
            "{said:?}"
        );
        server.stop();
    }
}

fn own(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
    }
}

fn without_rights(program: &Path, folder: &TempDir) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder.path());
    command
}
