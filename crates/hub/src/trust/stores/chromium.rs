//! Chromium, Chrome and their kin on Linux: the NSS database of the user.
//!
//! The folder has moved: `~/.pki/nssdb` where it stands, else `~/.local/share/pki/nssdb`. Browsers from snaps and flatpaks
//! have one of their own each. One that was never started has none, and none is made for it: making one would leave
//! a trace that nobody could tell from its own.

use std::path::{Path, PathBuf};

use super::nss;
use crate::trust::{
    machine::Machine,
    root::Root,
    step::Step,
    store::{Held, Here, Store},
};

pub(super) struct Chromium;

/// Where the database is below a home.
const BELOW: [&str; 2] = [".pki/nssdb", ".local/share/pki/nssdb"];

impl Store for Chromium {
    fn name(&self) -> &'static str {
        "chromium"
    }

    fn readers(&self) -> &'static str {
        "Chromium, Chrome, Edge, Brave and Electron"
    }

    fn here(&self, machine: &dyn Machine) -> Here {
        let Some(home) = machine.home() else { return Here::Absent("there is no home") };
        let snaps = machine.list(&home.join("snap")).into_iter().map(|snap| snap.join("current"));
        let flatpaks = machine.list(&home.join(".var/app"));
        let homes = [home].into_iter().chain(snaps).chain(flatpaks.clone());
        let mut folders: Vec<PathBuf> = homes.flat_map(|home| BELOW.map(|below| home.join(below))).collect();
        // What XDG_DATA_HOME is inside of a flatpak.
        folders.extend(flatpaks.into_iter().map(|app| app.join("data/pki/nssdb")));
        nss::here(machine, folders, "no browser of its kind was started yet")
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
    use crate::trust::scene::{Scene, root};

    fn scene() -> Scene {
        Scene::new().variable("HOME", "/h").file("/usr/bin/certutil", "")
    }

    #[test]
    fn every_database_is_found() {
        let scene = scene()
            .file("/h/.pki/nssdb/cert9.db", "")
            .file("/h/.local/share/pki/nssdb/cert9.db", "")
            .file("/h/snap/chromium/current/.pki/nssdb/cert9.db", "")
            .file("/h/.var/app/com.brave.Browser/.pki/nssdb/cert9.db", "")
            .file("/h/.var/app/org.chromium.Chromium/data/pki/nssdb/cert9.db", "")
            .folder("/h/.var/app/org.other.App/.pki/nssdb");
        let Here::Places(places) = Chromium.here(&scene) else { panic!("five are there") };
        let paths: Vec<_> = places.iter().map(|place| place.path.to_str().unwrap()).collect();
        let expected = [
            "/h/.pki/nssdb",
            "/h/.local/share/pki/nssdb",
            "/h/snap/chromium/current/.pki/nssdb",
            "/h/.var/app/com.brave.Browser/.pki/nssdb",
            "/h/.var/app/org.chromium.Chromium/data/pki/nssdb",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn without_its_tool_a_line_is_said() {
        let scene = Scene::new()
            .variable("HOME", "/h")
            .file("/h/.pki/nssdb/cert9.db", "")
            .file("/usr/bin/apt-get", "");
        let Here::Unable { hint, .. } = Chromium.here(&scene) else { panic!("it cannot be changed") };
        assert_eq!(hint, "sudo apt-get install libnss3-tools");
        assert_eq!(Chromium.here(&self::scene()), Here::Absent("no browser of its kind was started yet"));
    }

    #[test]
    fn the_tool_is_told() {
        let (root, place) = (root(), Path::new("/h/.pki/nssdb"));
        let steps =
            [Chromium.install(&scene(), place, &root), Chromium.uninstall(&scene(), place, &root)].concat();
        let shown: Vec<String> = steps.iter().map(Step::shown).collect();
        assert!(shown[0].starts_with(&format!(
            "run /usr/bin/certutil -A -d sql:/h/.pki/nssdb -t C,, -n {} (reading",
            root.name()
        )));
        assert_eq!(shown[1], format!("run /usr/bin/certutil -D -d sql:/h/.pki/nssdb -n {}", root.name()));
    }
}
