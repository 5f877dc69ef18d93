//! Linux: what surrounds this process, from `/proc` and `/sys`.

use std::{
    fs,
    io::{self, Read as _, Seek as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use super::{
    Told,
    facts::{Denial, OpenFiles, Surroundings, denials},
};
use crate::kernel;

/// Who is asked for names (resolv.conf(5)).
pub(super) const RESOLVER: &str = "/etc/resolv.conf";
/// Where names are looked up (nsswitch.conf(5)).
pub(super) const SOURCES: &str = "/etc/nsswitch.conf";
/// Which address comes first (gai.conf(5)).
pub(super) const ORDER: &str = "/etc/gai.conf";

/// Whether SELinux enforces its policy; not there where it is not used.
const SELINUX: &str = "/sys/fs/selinux/enforce";
/// Where the kernel's auditor has its records written (auditd(8)).
const AUDIT_LOG: &str = "/var/log/audit/audit.log";
/// Where they go while no auditor runs.
const KERNEL_LOG: &str = "/dev/kmsg";
/// The most that is read of a log: its end.
const MOST_LOG: u64 = 1024 * 1024;
/// The longest record of the kernel's log (`CONSOLE_EXT_LOG_MAX`).
const LONGEST_RECORD: usize = 8192;

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
        selinux: optional(SELINUX).map(|text| text.map(|text| text.trim() == "1")),
        apparmor: apparmor(),
        denials: refused(),
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

fn has_apparmor() -> Told<bool> {
    Ok(optional("/sys/module/apparmor/parameters/enabled")?.is_some_and(|text| text.trim() == "Y"))
}

fn apparmor() -> Told<Option<String>> {
    if !has_apparmor()? {
        return Ok(None);
    }
    let profile = text("/proc/self/attr/current")?;
    let profile = profile.trim_end_matches(['\0', '\n']);
    Ok(Some(profile.to_owned()).filter(|profile| profile != "unconfined" && !profile.is_empty()))
}

/// What policies refused: from the auditor's own log where it runs, and otherwise from the kernel's.
fn refused() -> Told<Vec<Denial>> {
    if optional(SELINUX)?.is_none() && !has_apparmor()? {
        return Ok(Vec::new());
    }
    let log = match tail(AUDIT_LOG) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            kernel_log().map_err(|error| format!("`{KERNEL_LOG}`: {error}"))?
        }
        log => log.map_err(|error| format!("`{AUDIT_LOG}`: {error}"))?,
    };
    Ok(denials(&String::from_utf8_lossy(&log)))
}

/// The end of a file.
fn tail(path: &str) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(io::SeekFrom::Start(length.saturating_sub(MOST_LOG)))?;
    let mut bytes = Vec::new();
    file.take(MOST_LOG).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the kernel's log holds: a record for each read, until there is none (`Documentation/ABI/testing/dev-kmsg`).
fn kernel_log() -> io::Result<Vec<u8>> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = fs::OpenOptions::new().read(true).custom_flags(flags).open(KERNEL_LOG)?;
    let (mut bytes, mut record) = (Vec::new(), vec![0; LONGEST_RECORD]);
    while (bytes.len() as u64) < MOST_LOG {
        match file.read(&mut record) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&record[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // The kernel wrote over the record that was next: the one after it is.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
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
    fn a_log_is_read_to_its_end_and_no_further() {
        // The kernel's own grows for ever, and whoever waits for its next record waits in vain.
        match kernel_log() {
            Ok(bytes) => assert!(bytes.len() as u64 <= MOST_LOG + LONGEST_RECORD as u64),
            Err(error) => assert!(
                matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound),
                "{error}"
            ),
        }
        assert_eq!(tail("/proc/self/no-such-file").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_subsystem_is_known_by_its_kernel() {
        assert!(is_wsl("Linux version 4.4.0-19041-Microsoft"));
        assert!(is_wsl("Linux version 5.15.90.1-microsoft-standard-WSL2"));
        assert!(!is_wsl("Linux version 6.1.0 (debian-kernel@lists.debian.org)"));
    }
}
