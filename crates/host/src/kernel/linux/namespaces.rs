//! Network namespaces other than our own: who lives in them, and what listens there.
//!
//! `/proc/PID/net` shows the namespace of a process, and every user may read it. `/proc/PID/ns/net`, which has
//! the namespace's number, is for the process's own user and root. Two processes share a namespace when the
//! files below `/proc/PID/net` are the same, which their inode numbers tell to everyone.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use navyd_model::Namespace;
use rustix::{
    fd::AsFd,
    fs::{AtFlags, statat},
};

use super::spread::spread;
use crate::kernel::socket::{Error, Query, Source, Table};

/// Where `ip netns` keeps its names (`ip-netns(8)`).
const NAMED: &str = "/run/netns";

/// The namespaces, without our own. The container is left open: the caller knows processes. `meanwhile` is done by
/// this thread while others look.
pub fn namespaces(pids: &[u32], meanwhile: impl FnOnce()) -> Vec<Namespace> {
    let named = named();
    let own = files(Path::new("/proc/self"));
    let own_inode = inode(Path::new("/proc/self"));
    let mut by_files: BTreeMap<u64, Namespace> = BTreeMap::new();
    for (pid, files) in files_of(pids, meanwhile) {
        if Some(files) == own {
            continue;
        }
        let process = PathBuf::from(format!("/proc/{pid}"));
        let nameless = Namespace { inode: None, name: None, container: None, pid: Some(pid) };
        let known = by_files.entry(files).or_insert(nameless);
        // The first process may keep the number to itself; one that does not is also the better door.
        if known.inode.is_none()
            && let Some(number) = inode(&process)
        {
            let name = named.iter().find(|(named, _)| *named == number).map(|(_, name)| name.clone());
            *known = Namespace { inode: Some(number), name, container: None, pid: Some(pid) };
        }
    }
    let mut all: Vec<_> = by_files.into_values().collect();
    for (inode, name) in named {
        // Without `/proc` it is not known which one is our own.
        if own_inode.is_some_and(|own| own != inode) && !all.iter().any(|known| known.inode == Some(inode)) {
            all.push(Namespace { inode: Some(inode), name: Some(name), container: None, pid: None });
        }
    }
    all
}

/// The sockets of another namespace: by netlink where we may enter it, else from `/proc/PID/net`.
///
/// # Errors
/// When neither is allowed: a namespace that has a name and no process can only be entered.
pub fn sockets_in(namespace: &Namespace, query: &Query) -> Result<Table, Error> {
    let entered = door(namespace).and_then(|door| super::dump_sockets(Some(door.as_fd()), query));
    match (entered, namespace.pid) {
        (Ok(sockets), _) => Ok(Table { sockets, source: Source::Netlink }),
        (Err(_), Some(pid)) => super::proc_net::table(format!("/proc/{pid}/net").as_ref(), query)
            .map(|sockets| Table { sockets, source: Source::Proc })
            .map_err(|source| Error::Io { what: "read another namespace's `/proc/PID/net`", source }),
        (Err(source), None) => Err(Error::Io { what: "enter another network namespace", source }),
    }
}

/// The file through which the namespace is entered. The process may have gone and its number be another's
/// by now, so the namespace's own number is checked.
fn door(namespace: &Namespace) -> io::Result<fs::File> {
    let path = match (namespace.pid, &namespace.name) {
        (Some(pid), _) => PathBuf::from(format!("/proc/{pid}/ns/net")),
        (None, Some(name)) => Path::new(NAMED).join(name),
        (None, None) => return Err(io::ErrorKind::NotFound.into()),
    };
    let door = fs::File::open(path)?;
    if namespace.inode.is_some_and(|inode| door.metadata().is_ok_and(|found| found.ino() != inode)) {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(door)
}

/// [`files`] of every process that still is, on every core: it is a look at each.
fn files_of(pids: &[u32], first: impl FnOnce()) -> Vec<(u32, u64)> {
    let look = |pid, (proc, found): &mut (Option<fs::File>, Vec<(u32, u64)>)| {
        let Some(proc) = proc else { return };
        let files = statat(&*proc, format!("{pid}/net/tcp"), AtFlags::empty());
        found.extend(files.map(|files| (pid, files.st_ino)));
    };
    let shares = spread(pids, first, || (fs::File::open("/proc").ok(), Vec::new()), look);
    shares.into_iter().flat_map(|(_, found)| found).collect()
}

/// What tells two namespaces apart without any right.
fn files(process: &Path) -> Option<u64> {
    fs::metadata(process.join("net/tcp")).ok().map(|found| found.ino())
}

/// The number in `net:[…]`.
fn inode(process: &Path) -> Option<u64> {
    fs::metadata(process.join("ns/net")).ok().map(|found| found.ino())
}

fn named() -> Vec<(u64, String)> {
    let Ok(entries) = fs::read_dir(NAMED) else { return Vec::new() };
    let number = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        // A name whose mount is gone is an empty file, and no namespace.
        fs::metadata(entry.path())
            .ok()
            .filter(|found| found.len() == 0 && found.nlink() > 0)
            .map(|found| (found.ino(), name))
    };
    entries.flatten().filter_map(number).collect()
}
