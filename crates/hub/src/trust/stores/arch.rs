//! Arch and its kin, whose store is p11-kit's.
//!
//! `trust anchor --store` would write a file of its own making into the folder above and make the bundles. The file is
//! written here instead, so that its removal is exact; the same tool makes the bundles.

use super::anchors::{Anchors, none};

pub(super) const ARCH: Anchors = Anchors {
    name: "arch",
    mark: "/etc/ca-certificates/trust-source",
    folder: "/etc/ca-certificates/trust-source/anchors",
    extension: "crt",
    tool: ("trust", &["extract-compat"]),
    bundle: "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
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
    fn p11_kit_alone_does_not_make_it_arch() {
        let trust = Scene::new().file("/usr/bin/trust", "");
        assert_eq!(ARCH.here(&trust), Here::Absent("another system's store"));
        assert!(matches!(ARCH.here(&trust.folder(ARCH.folder)), Here::Places(_)));
    }
}
