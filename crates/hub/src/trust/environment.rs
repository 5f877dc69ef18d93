//! The variables by which services trust the authority without any store.

use std::path::{Path, PathBuf};

use super::machine::{Machine, ThisMachine};
use crate::{os::files, places::Places};

/// Read besides what is built in: the root alone will do.
const BESIDES: &str = "NODE_EXTRA_CA_CERTS";
/// Read instead of the system's bundle: so they get it whole, with the root behind it.
const INSTEAD: [&str; 5] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "DENO_CERT"];

/// Where systems keep the bundle, in the order in which OpenSSL's users look.
const BUNDLES: [&str; 7] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// What a command's environment gets, so that it trusts services: of `variables`, those that this process does not
/// have already.
pub fn environment(places: &Places) -> Vec<(String, PathBuf)> {
    let free = |(name, _): &(String, PathBuf)| ThisMachine.variable(name).is_none();
    variables(places).into_iter().filter(free).collect()
}

/// The variables by which services trust other services; none when there is no authority. Where one of them is set
/// already it stays as it is: who set it knows better.
///
/// The bundle is written anew when the system's has changed. Where it cannot be, only what needs none is set, for a
/// bundle of the root alone would make the rest of the world untrusted.
pub(crate) fn variables(places: &Places) -> Vec<(String, PathBuf)> {
    variables_on(&ThisMachine, places)
}

fn variables_on(machine: &dyn Machine, places: &Places) -> Vec<(String, PathBuf)> {
    let root = places.root_certificate();
    let Some(pem) = machine.text(&root) else { return Vec::new() };
    let mut set = vec![(BESIDES.to_owned(), root)];
    if let Some(bundle) = combined(machine, &pem, &places.authority().join("bundle.pem")) {
        set.extend(INSTEAD.map(|name| (name.to_owned(), bundle.clone())));
    }
    set
}

/// The file with the system's bundle and the root.
fn combined(machine: &dyn Machine, root: &str, file: &Path) -> Option<PathBuf> {
    let mut text = BUNDLES
        .iter()
        .find_map(|path| machine.text(Path::new(path)).filter(|text| text.contains("BEGIN CERT")))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(root);
    if machine.text(file).as_ref() != Some(&text) {
        files::write(file, text.as_bytes(), files::PUBLIC).ok()?;
    }
    Some(file.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        scratch::Scratch,
        trust::scene::{Scene, other, root},
    };

    fn names(set: &[(String, PathBuf)]) -> Vec<&str> {
        set.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn services_get_the_root_and_the_whole_bundle() {
        let scratch = Scratch::new();
        let data = scratch.path().to_owned();
        let places = Places { runtime: data.clone(), state: data.clone(), config: data.clone(), data };
        fs::create_dir(places.authority()).unwrap();
        assert_eq!(variables_on(&Scene::new(), &places), []);
        let root_file = places.root_certificate();
        let with_root = Scene::new().file(root_file.to_str().unwrap(), &root().pem());
        assert_eq!(variables_on(&with_root, &places), [(BESIDES.to_owned(), root_file)]);
        let whole = with_root.file(BUNDLES[0], other().pem().trim_end());
        let set = variables_on(&whole, &places);
        assert_eq!(names(&set), [&[BESIDES], &INSTEAD[..]].concat());
        assert_eq!(fs::read_to_string(&set[1].1).unwrap(), other().pem() + &root().pem());
    }
}
