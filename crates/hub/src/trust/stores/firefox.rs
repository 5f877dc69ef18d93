//! Firefox: an NSS database in each profile, wherever its profiles are.
//!
//! Deliberately absent: the policy that makes Firefox read the system's store, which works on Windows and macOS alone.

use std::path::{Path, PathBuf};

use super::nss;
use crate::trust::{
    machine::{Machine, System},
    root::Root,
    step::Step,
    store::{Held, Here, Store},
};

pub(super) struct Firefox;

/// Where profiles are below a home: of the distribution (old and new), of a snap, of a flatpak.
const BELOW: [&str; 6] = [
    ".mozilla/firefox",
    ".config/mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/config/mozilla/firefox",
    "Library/Application Support/Firefox/Profiles",
];

impl Store for Firefox {
    fn name(&self) -> &'static str {
        "firefox"
    }

    fn readers(&self) -> &'static str {
        "Firefox, each profile"
    }

    fn here(&self, machine: &dyn Machine) -> Here {
        if machine.system() == System::Windows {
            return Here::Absent("Firefox reads the system's store");
        }
        let Some(home) = machine.home() else { return Here::Absent("there is no home") };
        let folders: Vec<PathBuf> = BELOW.iter().flat_map(|below| machine.list(&home.join(below))).collect();
        nss::here(machine, folders, "there is no profile of Firefox")
    }

    fn holds(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Held {
        nss::holds(machine, place, root)
    }

    fn install(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
        nss::install(machine, place, root)
    }

    fn uninstall(&self, machine: &dyn Machine, place: &Path, root: &Root) -> Vec<Step> {
        nss::uninstall(machine, place, root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::scene::Scene;

    #[test]
    fn every_profile_is_found() {
        let scene = Scene::new()
            .variable("HOME", "/h")
            .file("/usr/bin/certutil", "")
            .file("/h/.mozilla/firefox/a.default/cert9.db", "")
            .file("/h/.mozilla/firefox/profiles.ini", "")
            .folder("/h/.mozilla/firefox/Crash Reports")
            .file("/h/snap/firefox/common/.mozilla/firefox/b.default/cert9.db", "")
            .file("/h/.var/app/org.mozilla.firefox/.mozilla/firefox/c.x/cert9.db", "");
        let Here::Places(places) = Firefox.here(&scene) else { panic!("three are there") };
        let paths: Vec<_> = places.iter().map(|place| place.path.to_str().unwrap()).collect();
        let expected = [
            "/h/.mozilla/firefox/a.default",
            "/h/snap/firefox/common/.mozilla/firefox/b.default",
            "/h/.var/app/org.mozilla.firefox/.mozilla/firefox/c.x",
        ];
        assert_eq!(paths, expected);
    }
}
