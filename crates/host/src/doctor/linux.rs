//! Linux: what surrounds this process, from `/proc` and `/sys`.

use std::{fs, io, os::unix::fs::MetadataExt as _, path::Path};

use super::{
    Told,
    facts::{OpenFiles, Surroundings},
};
use crate::kernel;

/// Who is asked for names (resolv.conf(5)).
pub(super) const RESOLVER: &str = "/etc/resolv.conf";
/// Where names are looked up (nsswitch.conf(5)).
pub(super) const SOURCES: &str = "/etc/nsswitch.conf";
/// Which address comes first (gai.conf(5)).
pub(super) const ORDER: &str = "/etc/gai.conf";

/// Files that container engines put into the root of what they run.
const CONTAINERS: [(&str, &str); 2] = [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")];

/// The machine's own name.
pub(super) fn host_name() -> Told<String> {
    text("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned())
}

/// The version of the kernel.
pub(super) fn kernel_version() -> Told<String> {
    text("/proc/sys/kernel/osrelease").map(|version| version.trim().to_owned())
}

/// Looks around.
pub(super) fn surroundings() -> Surroundings {
    Surroundings {
        files: text("/proc/sys/fs/file-nr")
            .and_then(|text| files(&text).ok_or_else(|| "`/proc/sys/fs/file-nr` is unfamiliar".into())),
        clock: kernel::clock().map_err(|error| format!("adjtimex(2): {error}")),
        selinux: optional("/sys/fs/selinux/enforce").map(|text| text.map(|text| text.trim() == "1")),
        apparmor: apparmor(),
        container: container(),
        wsl: text("/proc/version").is_ok_and(|text| is_wsl(&text)),
        same_network: same_network(),
    }
}

/// file-nr: files that are open, a number that is always 0, and the most there may be (proc_sys_fs(5)).
fn files(text: &str) -> Option<OpenFiles> {
    let mut numbers = text.split_ascii_whitespace();
    let open = numbers.next()?.parse().ok()?;
    Some(OpenFiles { open, limit: numbers.nth(1)?.parse().ok()? })
}

/// WSL's kernel has its maker in its version, in either case.
fn is_wsl(version: &str) -> bool {
    version.to_ascii_lowercase().contains("microsoft")
}

fn apparmor() -> Told<Option<String>> {
    let enabled = optional("/sys/module/apparmor/parameters/enabled")?;
    if enabled.is_none_or(|text| text.trim() != "Y") {
        return Ok(None);
    }
    let profile = text("/proc/self/attr/current")?;
    let profile = profile.trim_end_matches(['\0', '\n']);
    Ok(Some(profile.to_owned()).filter(|profile| profile != "unconfined" && !profile.is_empty()))
}

fn container() -> Option<String> {
    let by_group =
        text("/proc/self/cgroup").ok().and_then(|text| crate::process::supervisor::container(&text));
    let by_file = || CONTAINERS.iter().find(|(file, _)| Path::new(file).exists());
    by_group
        .map(|found| found.engine.to_owned())
        .or_else(|| by_file().map(|(_, engine)| (*engine).to_owned()))
        .or_else(|| optional("/run/systemd/container").ok().flatten().map(|text| text.trim().to_owned()))
}

/// Whether pid 1 sees the same files below `/proc/PID/net`, which tells to everyone what the link `ns/net` tells only
/// to root.
fn same_network() -> Told<bool> {
    let number = |process: &str| {
        let path = format!("/proc/{process}/net/tcp");
        fs::metadata(&path).map(|found| found.ino()).map_err(|error| format!("`{path}`: {error}"))
    };
    Ok(number("self")? == number("1")?)
}

fn text(path: &str) -> Told<String> {
    optional(path)?.ok_or_else(|| format!("there is no `{path}`"))
}

fn optional(path: &str) -> Told<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("`{path}`: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_as_the_kernel_writes_them() {
        assert_eq!(files("1632\t0\t9223372036854775807\n").map(|files| files.open), Some(1632));
        assert_eq!(files("1632\t0\n"), None);
        assert_eq!(files("x\t0\t9\n"), None);
    }

    #[test]
    fn the_subsystem_is_known_by_its_kernel() {
        assert!(is_wsl("Linux version 4.4.0-19041-Microsoft"));
        assert!(is_wsl("Linux version 5.15.90.1-microsoft-standard-WSL2"));
        assert!(!is_wsl("Linux version 6.1.0 (debian-kernel@lists.debian.org)"));
    }
}
