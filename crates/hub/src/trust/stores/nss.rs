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
        Ok(ran) if ran.success && root.is_in(&ran.stdout) => trusted(machine, place, root),
        Ok(ran) if ran.success => Held::No,
        // "Could not find cert: NAME" with SEC_ERROR_UNRECOGNIZED_OID or PR_FILE_NOT_FOUND_ERROR, by version.
        Ok(ran) if ran.stderr.contains("Could not find cert") => Held::No,
        _ => Held::Unknown,
    }
}

/// A database whose password was not given takes a certificate, and then not the trust in it.
fn trusted(machine: &dyn Machine, place: &Path, root: &Root) -> Held {
    let listed = call(machine, place, &["-L"]).and_then(|call| machine.run(&call).ok());
    let Some(ran) = listed.filter(|ran| ran.success) else { return Held::Unknown };
    let line = ran.stdout.lines().find_map(|line| line.strip_prefix(root.name()));
    match line.and_then(|rest| rest.trim().split(',').next()) {
        Some(servers) if servers.contains('C') => Held::Yes,
        _ => Held::Partly,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{
        run::Ran,
        scene::{Scene, root},
    };

    #[test]
    fn what_is_there_and_not_trusted_is_held_partly() {
        let root = root();
        let (answer, ask) = (
            |success, stdout: &str, stderr: &str| Ran {
                success,
                stdout: stdout.into(),
                stderr: stderr.into(),
            },
            "/usr/bin/certutil -L -d sql:/db",
        );
        let one = format!("{ask} -a -n {}", root.name());
        let listed =
            |flags| format!("Certificate Nickname  Trust\n\nother  C,,\n{}   {flags}   \n", root.name());
        let there = || answer(true, &root.pem(), "");
        for (one_says, list_says, held) in [
            (there(), answer(true, &listed("C,,"), ""), Held::Yes),
            (there(), answer(true, &listed("CT,C,C"), ""), Held::Yes),
            (there(), answer(true, &listed(",,"), ""), Held::Partly),
            (there(), answer(true, &listed(",C,C"), ""), Held::Partly),
            (there(), answer(true, "", ""), Held::Partly),
            (there(), answer(false, "", "locked"), Held::Unknown),
            (answer(true, "another", ""), answer(true, &listed("C,,"), ""), Held::No),
            (answer(false, "", "certutil: Could not find cert: x"), answer(true, "", ""), Held::No),
            (answer(false, "", "bad database"), answer(true, "", ""), Held::Unknown),
        ] {
            let said = format!("{one_says:?} {list_says:?}");
            let scene =
                Scene::new().file("/usr/bin/certutil", "").answer(&one, one_says).answer(ask, list_says);
            assert_eq!(holds(&scene, Path::new("/db"), &root), held, "{said}");
        }
    }
}
