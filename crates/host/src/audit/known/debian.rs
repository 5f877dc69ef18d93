//! The package of Debian that an executable belongs to, and its version.
//!
//! Asked of dpkg's own files, never by running it, and only for the few daemons on the list. Bias: a version with a
//! revision of Debian may carry fixes that its number does not show, so it is an inference.

use std::path::Path;

use navyd_model::Holder;

use super::{Installed, Seen, Version};
use crate::process::bounded;

/// Where dpkg keeps its files.
const DPKG: &str = "/var/lib/dpkg";
/// The largest status file that is read, in bytes: some thousand packages.
const STATUS: u64 = 16 * 1024 * 1024;
/// The largest list of files that is read, in bytes.
const FILES: u64 = 512 * 1024;

/// What is installed for this holder.
pub(super) fn find(holder: &Holder, package: &str) -> Vec<Installed> {
    let exe = holder.exe.as_deref();
    let Some(exe) = exe else { return Vec::new() };
    let dpkg = Path::new(DPKG);
    let files = bounded::read(&dpkg.join("info").join(format!("{package}.list")), FILES).unwrap_or_default();
    if !String::from_utf8_lossy(&files).lines().any(|line| line == exe) {
        return Vec::new();
    }
    let status = bounded::read(&dpkg.join("status"), STATUS).unwrap_or_default();
    let Some(written) = version(&String::from_utf8_lossy(&status), package).map(str::to_owned) else {
        return Vec::new();
    };
    let upstream = written.split_once(':').map_or(written.as_str(), |(_, rest)| rest);
    let (upstream, seen) = match upstream.rsplit_once('-') {
        Some((upstream, _)) => (upstream, Seen::Packed),
        None => (upstream, Seen::Installed),
    };
    let version = Version::parse(upstream);
    version.map(|version| Installed::debian(package, version, exe, seen)).into_iter().collect()
}

/// The version of a package that is installed, of dpkg's status file (deb822(5)).
fn version<'a>(status: &'a str, package: &str) -> Option<&'a str> {
    let field = |paragraph: &'a str, name: &str| {
        paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let own = status.split("\n\n").find(|paragraph| field(paragraph, "Package") == Some(package))?;
    field(own, "Status")?.ends_with(" installed").then(|| field(own, "Version"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_what_is_installed() {
        let status = "Package: caddy-x\nStatus: install ok installed\nVersion: 1\n\nPackage: caddy\nStatus: install ok \
                      installed\nArchitecture: amd64\nVersion: 2.6.2-5+b1\n\nPackage: ollama\nStatus: deinstall ok \
                      config-files\nVersion: 0.1.0\n";
        assert_eq!(version(status, "caddy"), Some("2.6.2-5+b1"));
        assert_eq!(version(status, "ollama"), None, "removed");
        assert_eq!(version("", "caddy"), None);
    }
}
