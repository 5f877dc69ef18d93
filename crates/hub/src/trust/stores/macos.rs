//! macOS: the login keychain, which Safari, Chrome and all that uses the system's TLS read.
//!
//! The user's own, so that no root is needed; the system asks for a password itself. Not tried on a Mac here: its
//! commands are Apple's own documentation of `security`(1).

use std::path::{Path, PathBuf};

use crate::trust::{
    machine::{Machine, System},
    root::Root,
    run::Call,
    step::Step,
    store::{Held, Here, Place, Store},
};

pub(super) struct MacOs;

const TOOL: &str = "/usr/bin/security";
const KEYCHAIN: &str = "Library/Keychains/login.keychain-db";

impl Store for MacOs {
    fn name(&self) -> &'static str {
        "macos"
    }

    fn readers(&self) -> &'static str {
        "Safari, Chrome, curl, Go and most others"
    }

    fn here(&self, machine: &dyn Machine) -> Here {
        let keychain = machine.home().map(|home| home.join(KEYCHAIN));
        match keychain.filter(|_| machine.system() == System::MacOs) {
            Some(path) => Here::Places(vec![Place { writable: machine.may_write(&path), path }]),
            None => Here::Absent("another system's store"),
        }
    }

    fn holds(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Held {
        match list(machine, place) {
            Some(text) if root.is_in(&text) => Held::Yes,
            Some(_) => Held::No,
            None => Held::Unknown,
        }
    }

    fn install(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
        // The tool reads only files. This folder is the user's own on this system.
        let folder = machine.variable("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        let file = folder.join(format!("{}.pem", root.name()));
        let args = [
            "add-trusted-cert".into(),
            "-r".into(),
            "trustRoot".into(),
            "-k".into(),
            place.to_owned(),
            file.clone(),
        ];
        vec![Step::Write(file.clone(), root.pem()), Step::Run(Call::new(TOOL, args)), Step::Remove(file)]
    }

    fn uninstall(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
        let Some(hash) = list(machine, place).and_then(|text| hash_of(&text, root)) else {
            return Vec::new();
        };
        // `-t` removes the user's trust settings for it as well.
        let args =
            ["delete-certificate".into(), "-t".into(), "-Z".into(), PathBuf::from(hash), place.to_owned()];
        vec![Step::Run(Call::new(TOOL, args))]
    }
}

/// The certificates of a keychain in PEM, each below the lines with its hashes.
fn list(machine: &dyn Machine, keychain: &Path) -> Option<String> {
    let args = ["find-certificate".as_ref(), "-a".as_ref(), "-Z".as_ref(), "-p".as_ref(), keychain];
    let ran = machine.run(&Call::new(TOOL, args)).ok()?;
    ran.success.then_some(ran.stdout)
}

/// The SHA-1 by which the tool tells the root from others.
fn hash_of(text: &str, root: &Root) -> Option<String> {
    const HASH: &str = "SHA-1 hash: ";
    text.match_indices(HASH).find_map(|(at, _)| {
        let behind = &text[at + HASH.len()..];
        let own = behind.split(HASH).next()?;
        let hash = own.lines().next()?.trim();
        let proper = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        (proper && root.is_in(own)).then(|| hash.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::scene::{other, root};

    #[test]
    fn the_hash_is_the_roots_own() {
        let (one, two) = ("A".repeat(40), "B".repeat(40));
        let block = |hash: &str, pem: &str| format!("SHA-256 hash: 00\nSHA-1 hash: {hash}\n{pem}");
        let text = block(&one, &other().pem()) + &block(&two, &root().pem());
        assert_eq!(hash_of(&text, &root()), Some(two));
        assert_eq!(hash_of(&text, &other()), Some(one.clone()));
        assert_eq!(hash_of(&block("x y", &root().pem()), &root()), None);
        assert_eq!(hash_of(&block(&one, &other().pem()), &root()), None);
    }
}
