//! NSS databases, which Chromium and Firefox keep, changed by NSS's own `certutil`.

use std::path::{Path, PathBuf};

use crate::trust::{
    machine::{Machine, System},
    root::Root,
    run::Call,
    step::Step,
    store::{Held, Here, Place},
};

/// The file that makes a folder an NSS database.
pub(super) const MARK: &str = "cert9.db";

/// Where the databases among these folders are: those in which one stands.
pub(super) fn here(machine: &dyn Machine, folders: Vec<PathBuf>, none: &'static str) -> Here {
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in folders.into_iter().filter(|folder| machine.exists(&folder.join(MARK))) {
        // Snap's `current` is a link, and a folder may be reached in two ways.
        let real = machine.real(&folder).unwrap_or(folder);
        if !paths.contains(&real) {
            paths.push(real);
        }
    }
    if paths.is_empty() {
        return Here::Absent(none);
    }
    if tool(machine).is_none() {
        let why = "NSS's `certutil` is not installed".to_owned();
        return Here::Unable { why, hint: advice(machine).into() };
    }
    let place = |path: PathBuf| Place { writable: machine.may_write(&path.join(MARK)), path };
    Here::Places(paths.into_iter().map(place).collect())
}

pub(super) fn holds(machine: &dyn Machine, place: &Path, root: &Root) -> Held {
    let Some(call) = call(machine, place, &["-L", "-a", "-n", root.name()]) else { return Held::Unknown };
    match machine.run(&call) {
        Ok(ran) if ran.success => {
            if root.is_in(&ran.stdout) {
                Held::Yes
            } else {
                Held::No
            }
        }
        // "Could not find cert: NAME" with SEC_ERROR_UNRECOGNIZED_OID or PR_FILE_NOT_FOUND_ERROR, by version.
        Ok(ran) if ran.stderr.contains("Could not find cert") => Held::No,
        _ => Held::Unknown,
    }
}

/// `C,,`: trusted to issue certificates of servers, and for nothing else.
pub(super) fn install(machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
    let call = call(machine, place, &["-A", "-t", "C,,", "-n", root.name()]);
    call.map(|call| Step::Run(call.reading(root.pem()))).into_iter().collect()
}

pub(super) fn uninstall(machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
    call(machine, place, &["-D", "-n", root.name()]).map(Step::Run).into_iter().collect()
}

fn call(machine: &dyn Machine, place: &Path, args: &[&str]) -> Option<Call> {
    let mut database = std::ffi::OsString::from("sql:");
    database.push(place);
    let mut call = Call::new(tool(machine)?, args.iter().copied());
    call.args.splice(1..1, ["-d".into(), database]);
    Some(call)
}

fn tool(machine: &dyn Machine) -> Option<PathBuf> {
    // On Windows that name is another program's.
    (machine.system() != System::Windows).then(|| machine.program("certutil")).flatten()
}

fn advice(machine: &dyn Machine) -> &'static str {
    const ADVICE: &[(&str, &str)] = &[
        ("apt-get", "sudo apt-get install libnss3-tools"),
        ("dnf", "sudo dnf install nss-tools"),
        ("zypper", "sudo zypper install mozilla-nss-tools"),
        ("pacman", "sudo pacman -S nss"),
        ("apk", "sudo apk add nss-tools"),
        ("brew", "brew install nss"),
    ];
    let known = ADVICE.iter().find(|(installer, _)| machine.program(installer).is_some());
    known.map_or("install the tools of NSS, among them `certutil`", |(_, advice)| advice)
}
