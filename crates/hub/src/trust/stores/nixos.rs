//! NixOS, whose store is built from its configuration: nobody can add to it, and so it is explained.

use std::path::Path;

use crate::{
    places::Places,
    trust::{
        machine::Machine,
        root::Root,
        step::Step,
        store::{Held, Here, Store},
    },
};

pub(super) struct NixOs;

impl Store for NixOs {
    fn name(&self) -> &'static str {
        "nixos"
    }

    fn readers(&self) -> &'static str {
        "curl, git, Python, Go and most others"
    }

    fn here(&self, machine: &dyn Machine) -> Here {
        if !machine.exists(Path::new("/etc/NIXOS")) {
            return Here::Absent("another system's store");
        }
        let places = Places::of(|name| machine.variable(name));
        let root = places.map_or_else(|| "root.pem".into(), |places| places.root_certificate());
        Here::Unable {
            why: "the store is built from the system's configuration".into(),
            hint: format!(
                "add `security.pki.certificateFiles = [ \"{}\" ];` to /etc/nixos/configuration.nix, then: sudo nixos-rebuild switch",
                root.display()
            ),
        }
    }

    fn holds(&self, _machine: &dyn Machine, _place: &Path, _root: &Root) -> Held {
        Held::Unknown
    }

    fn install(&self, _machine: &dyn Machine, _place: &Path, _root: &Root) -> Vec<Step> {
        Vec::new()
    }

    fn uninstall(&self, _machine: &dyn Machine, _place: &Path, _root: &Root) -> Vec<Step> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::scene::Scene;

    #[test]
    fn the_line_for_the_configuration_is_said() {
        let scene = Scene::new().file("/etc/NIXOS", "").variable("HOME", "/home/ada");
        let Here::Unable { hint, .. } = NixOs.here(&scene) else { panic!("it is here") };
        assert!(hint.contains("[ \"/home/ada/.local/share/navyd/ca/root.pem\" ]"), "{hint}");
    }
}
