//! openSUSE and SUSE Linux Enterprise.

use super::anchors::{Anchors, none};

pub(super) const SUSE: Anchors = Anchors {
    name: "suse",
    mark: "/etc/pki/trust/anchors",
    folder: "/etc/pki/trust/anchors",
    extension: "pem",
    tool: ("update-ca-certificates", &[]),
    bundle: "/var/lib/ca-certificates/ca-bundle.pem",
    leftovers: none,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{
        scene::Scene,
        store::{Here, Store as _},
    };

    #[test]
    fn the_tool_of_the_same_name_does_not_make_it_debian() {
        let scene = Scene::new().folder(SUSE.folder).file("/usr/sbin/update-ca-certificates", "");
        assert!(matches!(SUSE.here(&scene), Here::Places(_)));
        let debian = crate::trust::STORES.iter().find(|store| store.name() == "debian").unwrap();
        assert_eq!(debian.here(&scene), Here::Absent("another system's store"));
    }
}
