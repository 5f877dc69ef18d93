//! Debian, Ubuntu, Alpine and all others with Debian's `update-ca-certificates`.
//!
//! The tool forgets what it once made of a file that is gone: the links in `/etc/ssl/certs`, and the copy in the
//! keystore of Debian's Java. `--fresh` would remove the links, but it also makes anew what its owner may have removed.
//! So both are removed here, by name.

use std::path::Path;

use super::anchors::{Anchors, Leftovers};
use crate::trust::{machine::Machine, root::Root, run::Call, step::Step};

pub(super) const DEBIAN: Anchors = Anchors {
    name: "debian",
    mark: "/etc/ca-certificates.conf",
    folder: "/usr/local/share/ca-certificates",
    extension: "crt",
    tool: ("update-ca-certificates", &[]),
    bundle: "/etc/ssl/certs/ca-certificates.crt",
    leftovers,
};

/// Where the tool makes its links.
const LINKS: &str = "/etc/ssl/certs";
/// What carries changes into the keystore of Debian's Java: it reads a line `-PATH` for each file that is gone.
const JAVA_HOOK: &str = "/etc/ca-certificates/update.d/jks-keystore";

fn leftovers(machine: &dyn Machine, file: &Path, root: &Root) -> Leftovers {
    let links: Vec<_> = machine
        .list(Path::new(LINKS))
        .into_iter()
        .filter_map(|path| Some((machine.link(&path)?, path)))
        .collect();
    let first: Vec<_> = links.iter().filter(|(to, _)| to == file).map(|(_, path)| path).collect();
    // Names made of hashes lead to the links by their bare names.
    let second =
        links.iter().filter(|(to, _)| first.iter().any(|path| path.file_name() == Some(to.as_os_str())));
    let second: Vec<_> = second.map(|(_, path)| path).collect();
    let before = second.into_iter().chain(first).map(|path| Step::Remove(path.clone())).collect();
    let gone = format!("-{LINKS}/{}.pem\n", root.name());
    let after =
        machine.exists(Path::new(JAVA_HOOK)).then(|| Step::Run(Call::new(JAVA_HOOK, [""; 0]).reading(gone)));
    Leftovers { before, after: after.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{
        scene::{Scene, root},
        store::{Held, Here, Place, Store as _},
    };

    fn scene() -> Scene {
        Scene::new()
            .file("/etc/ca-certificates.conf", "")
            .file("/usr/sbin/update-ca-certificates", "")
            .folder("/usr/local/share/ca-certificates")
            .file("/etc/ssl/certs/ca-certificates.crt", "")
    }

    #[test]
    fn it_is_debians_where_its_configuration_and_tool_are() {
        let place = Place { path: "/usr/local/share/ca-certificates".into(), writable: true };
        assert_eq!(DEBIAN.here(&scene()), Here::Places(vec![place.clone()]));
        assert_eq!(
            DEBIAN.here(&scene().read_only("/etc/ssl/certs")),
            Here::Places(vec![Place { writable: false, ..place }])
        );
        assert_eq!(DEBIAN.here(&Scene::new()), Here::Absent("another system's store"));
    }

    #[test]
    fn what_is_installed_is_what_programs_see() {
        let (root, place) = (root(), Path::new(DEBIAN.folder));
        let file = format!("{}/{}.crt", DEBIAN.folder, root.name());
        let bundle = "/etc/ssl/certs/ca-certificates.crt";
        for (scene, expected) in [
            (scene(), Held::No),
            (scene().file(&file, &root.pem()), Held::Partly),
            (scene().file(bundle, &root.pem()), Held::Partly),
            (scene().file(&file, &root.pem()).file(bundle, &format!("x\n{}", root.pem())), Held::Yes),
            (scene().file(&file, "another's"), Held::No),
        ] {
            assert_eq!(DEBIAN.holds(&scene, place, &root), expected, "{scene:?}");
        }
    }

    #[test]
    fn the_links_and_the_copy_go_as_well() {
        let (root, place) = (root(), Path::new(DEBIAN.folder));
        let (name, folder) = (root.name().to_owned(), DEBIAN.folder);
        let scene = scene()
            .file(JAVA_HOOK, "")
            .link(&format!("{LINKS}/{name}.pem"), &format!("{folder}/{name}.crt"))
            .link(&format!("{LINKS}/0123abcd.0"), &format!("{name}.pem"))
            .link(&format!("{LINKS}/other.pem"), &format!("{folder}/other.crt"))
            .link(&format!("{LINKS}/4567abcd.0"), "other.pem");
        let shown: Vec<String> = DEBIAN.uninstall(&scene, place, &root).iter().map(Step::shown).collect();
        let expected = [
            format!("remove {folder}/{name}.crt"),
            format!("remove {LINKS}/0123abcd.0"),
            format!("remove {LINKS}/{name}.pem"),
            "run /usr/sbin/update-ca-certificates".into(),
            format!("run {JAVA_HOOK} (reading `-{LINKS}/{name}.pem`)"),
        ];
        assert_eq!(shown, expected);
    }
}
