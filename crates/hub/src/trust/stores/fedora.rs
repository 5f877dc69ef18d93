//! Fedora, RHEL and their kin. Firefox and Java of the distribution read what is made here as well.

use super::anchors::{Anchors, none};

pub(super) const FEDORA: Anchors = Anchors {
    name: "fedora",
    mark: "/etc/pki/ca-trust/source/anchors",
    folder: "/etc/pki/ca-trust/source/anchors",
    extension: "pem",
    tool: ("update-ca-trust", &["extract"]),
    bundle: "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    leftovers: none,
};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::trust::{
        scene::{Scene, root},
        step::Step,
        store::{Here, Place, Store as _},
    };

    #[test]
    fn a_file_and_its_tool() {
        let scene = Scene::new().folder(FEDORA.folder).file("/usr/bin/update-ca-trust", "");
        let place = Place { path: FEDORA.folder.into(), writable: true };
        assert_eq!(FEDORA.here(&scene), Here::Places(vec![place]));
        let (root, place) = (root(), Path::new(FEDORA.folder));
        let file = format!("{}/{}.pem", FEDORA.folder, root.name());
        let shown = |steps: Vec<Step>| steps.iter().map(Step::shown).collect::<Vec<_>>();
        let made = "run /usr/bin/update-ca-trust extract".to_owned();
        let written = format!("write {file} ({} bytes)", root.pem().len());
        assert_eq!(shown(FEDORA.install(&scene, place, &root)), [written, made.clone()]);
        assert_eq!(shown(FEDORA.uninstall(&scene, place, &root)), [format!("remove {file}"), made]);
    }
}
