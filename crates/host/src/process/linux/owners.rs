//! Who has a socket open: one pass over `/proc/*/fd`.
//!
//! This pass is the cost of the whole picture (each descriptor is one `readlink`), so it reads names relative to
//! an open directory, in large pieces, on every core. It never stops early: each holder counts, not the first.

use std::{
    collections::{HashMap, HashSet},
    ffi::CStr,
    mem::MaybeUninit,
    ops::ControlFlow,
};

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{AtFlags, CWD, Mode, OFlags, RawDir, openat, readlinkat_raw, statat},
    process::geteuid,
};

use crate::kernel::{self, same_files, spread};

/// `getdents` fills at most 32 KiB at a time.
const BUFFER: usize = 32 * 1024;

/// The first piece of a directory: enough for most processes, and little enough that a process with thousands of
/// descriptors which refuses the first link costs no more than others.
const FIRST: usize = 2 * 1024;

/// What a pass over the processes found.
#[derive(Debug, Default)]
pub struct Owners {
    holders: HashMap<u64, Vec<Hold>>,
    unreadable: HashSet<u32>,
    in_flight: Option<bool>,
}

/// One descriptor of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hold {
    /// The process.
    pub pid: u32,
    /// The descriptor's number.
    pub fd: u32,
}

impl Owners {
    /// Looks for the sockets with these inodes in every process, and then, for those still without a holder, in
    /// the private descriptor tables of threads. That second pass leaves a core to `meanwhile`, which is given what
    /// the first has found; without a second pass it is not called.
    pub fn of(wanted: &HashSet<u64>, meanwhile: impl FnOnce(&Self)) -> Self {
        let mut found = Self::default();
        if wanted.is_empty() {
            return found;
        }
        let pids = pids();
        found.merge(scan(&pids, || (), |pid, pass| pass.table(pid, &format!("{pid}/fd"), wanted)));
        let rest: HashSet<u64> =
            wanted.iter().filter(|inode| !found.holders.contains_key(inode)).copied().collect();
        if !rest.is_empty() {
            let second = scan(&pids, || meanwhile(&found), |pid, pass| pass.threads(pid, &rest));
            found.merge(second);
            found.in_flight = Some(descriptor_in_flight());
        }
        for holds in found.holders.values_mut() {
            holds.sort_unstable();
            holds.dedup();
        }
        found
    }

    /// The holders of a socket, by process.
    pub fn holders(&self, inode: u64) -> &[Hold] {
        self.holders.get(&inode).map_or(&[], Vec::as_slice)
    }

    /// Every process that holds one of the sockets.
    pub fn processes(&self) -> HashSet<u32> {
        self.holders.values().flatten().map(|hold| hold.pid).collect()
    }

    /// The users some of whose processes could not be read.
    pub fn unreadable(&self) -> &HashSet<u32> {
        &self.unreadable
    }

    /// Whether some unix socket has a descriptor waiting in it. `None` when that was not looked for.
    pub fn in_flight(&self) -> Option<bool> {
        self.in_flight
    }

    fn merge(&mut self, pass: Pass) {
        for (inode, hold) in pass.found {
            self.holders.entry(inode).or_default().push(hold);
        }
        self.unreadable.extend(pass.unreadable);
    }
}

/// Every process that `/proc` shows.
pub fn pids() -> Vec<u32> {
    let mut pids = Vec::new();
    if let Ok(proc) = open("/proc") {
        each_number(&proc, &mut vec![MaybeUninit::uninit(); BUFFER], |pid, _| {
            pids.push(pid);
            ControlFlow::Continue(())
        });
    }
    pids
}

/// Whether the process still has the socket with this inode open by one of these descriptors.
pub fn holds(pid: u32, fds: &[u32], inode: u64) -> bool {
    let Ok(table) = open(&format!("/proc/{pid}/fd")) else { return false };
    let is = |fd: &u32| {
        let mut target = [MaybeUninit::uninit(); 32];
        readlinkat_raw(&table, fd.to_string(), &mut target)
            .is_ok_and(|(target, _)| socket_number(target) == Some(inode))
    };
    fds.iter().any(is)
}

/// One thread's share of the pass.
#[derive(Default)]
struct Pass {
    proc: Option<OwnedFd>,
    buffer: Vec<MaybeUninit<u8>>,
    found: Vec<(u64, Hold)>,
    unreadable: HashSet<u32>,
}

impl Pass {
    /// Reads one descriptor table.
    fn table(&mut self, pid: u32, path: &str, wanted: &HashSet<u64>) {
        let Some(proc) = &self.proc else { return };
        let table =
            match openat(proc, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
                Ok(table) => table,
                Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => {
                    self.unreadable.extend(user_of(proc, pid));
                    return;
                }
                Err(_) => return,
            };
        let (found, mut refused) = (&mut self.found, false);
        each_number(&table, &mut self.buffer, |fd, name| {
            match socket_inode(&table, name) {
                Ok(Some(inode)) if wanted.contains(&inode) => found.push((inode, Hold { pid, fd })),
                Err(rustix::io::Errno::ACCESS) => refused = true,
                _ => {}
            }
            // A security module may allow the listing and refuse the links: then it refuses all of them.
            if refused { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if refused {
            self.unreadable.extend(user_of(proc, pid));
        }
    }

    /// Reads the tables of the threads that do not share their process's.
    fn threads(&mut self, pid: u32, wanted: &HashSet<u64>) {
        let Some(proc) = &self.proc else { return };
        let path = format!("{pid}/task");
        // The directory has two links and one for each thread; most processes have one thread.
        if statat(proc, &path, AtFlags::empty()).is_ok_and(|found| found.st_nlink <= 3) {
            return;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(tasks) = openat(proc, path, flags, Mode::empty()) else { return };
        let mut own = Vec::new();
        each_number(&tasks, &mut self.buffer, |tid, _| {
            if tid != pid && same_files(pid, tid) != Some(true) {
                own.push(tid);
            }
            ControlFlow::Continue(())
        });
        for tid in own {
            self.table(pid, &format!("{pid}/task/{tid}/fd"), wanted);
        }
    }
}

/// Runs `each` for every pid, on every core; this one does `first` before it joins in.
fn scan(pids: &[u32], first: impl FnOnce(), each: impl Fn(u32, &mut Pass) + Sync) -> Pass {
    let share =
        || Pass { proc: open("/proc").ok(), buffer: vec![MaybeUninit::uninit(); BUFFER], ..Pass::default() };
    let shares = spread(pids, first, share, each).into_iter();
    shares.fold(Pass::default(), |mut all, pass| {
        all.found.extend(pass.found);
        all.unreadable.extend(pass.unreadable);
        all
    })
}

/// Whether any unix socket has descriptors in its receive queue (`scm_fds` in fdinfo, Linux 5.6 and newer).
pub fn descriptor_in_flight() -> bool {
    let unread: HashSet<u64> = kernel::unix_with_unread().into_iter().collect();
    if unread.is_empty() {
        return false;
    }
    let owners = scan(&pids(), || (), |pid, pass| pass.table(pid, &format!("{pid}/fd"), &unread));
    owners.found.iter().any(|(_, Hold { pid, fd })| {
        let info = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default();
        let count = info.lines().find_map(|line| line.strip_prefix("scm_fds:"));
        count.and_then(|count| count.trim().parse().ok()).is_some_and(|count: u32| count > 0)
    })
}

/// The inode behind the link `fd -> socket:[inode]`; `None` when it is something else.
fn socket_inode(table: &OwnedFd, name: &CStr) -> rustix::io::Result<Option<u64>> {
    // `socket:[` and 20 digits: a longer target is a path.
    let mut target = [MaybeUninit::uninit(); 32];
    let (target, _) = readlinkat_raw(table, name, &mut target)?;
    Ok(socket_number(target))
}

/// `socket:[4242]`.
fn socket_number(target: &[u8]) -> Option<u64> {
    number(target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?)
}

/// Calls `each` with every entry that is a number, until it breaks.
fn each_number(
    directory: &OwnedFd,
    buffer: &mut [MaybeUninit<u8>],
    mut each: impl FnMut(u32, &CStr) -> ControlFlow<()>,
) {
    let mut size = FIRST.min(buffer.len());
    loop {
        let mut entries = RawDir::new(directory, &mut buffer[..size]);
        let mut used = 0;
        while let Some(Ok(entry)) = entries.next() {
            let name = entry.file_name();
            let value = number(name.to_bytes()).and_then(|value| u32::try_from(value).ok());
            if value.is_some_and(|value| each(value, name).is_break()) {
                return;
            }
            used += record_length(name);
            if entries.is_buffer_empty() {
                break;
            }
        }
        // A piece ends where the next entry has no room, so one with room left was the last: asking for the end
        // costs as much as what most processes have. An empty piece is the end itself.
        if used == 0 || used + LONGEST_RECORD <= size {
            return;
        }
        // The directory remembers its place: the larger piece begins where the smaller ended.
        size = buffer.len();
    }
}

/// How much room an entry with the longest name takes, which is 255 bytes.
const LONGEST_RECORD: usize = 280;

/// How much room an entry takes: 19 bytes, the name and its end, in steps of eight (getdents64(2)).
fn record_length(name: &CStr) -> usize {
    (19 + name.count_bytes() + 1).next_multiple_of(8)
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// The effective user of a process, who owns its directory.
fn user_of(proc: impl AsFd, pid: u32) -> Option<u32> {
    statat(proc, format!("{pid}"), AtFlags::empty()).ok().map(|found| found.st_uid)
}

fn open(path: &str) -> rustix::io::Result<OwnedFd> {
    openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// The reader's own effective user.
pub fn own_user() -> Option<u32> {
    Some(geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, os::fd::AsRawFd};

    use super::*;

    #[test]
    fn numbers_are_digits_only() {
        for (text, expected) in [
            (&b"0"[..], Some(0)),
            (b"4242", Some(4242)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"", None),
            (b"-1", None),
            (b"12a", None),
        ] {
            assert_eq!(number(text), expected);
        }
    }

    #[test]
    fn every_entry_of_a_directory_is_met() {
        let folder = crate::process::scratch::Scratch::new();
        let mut expected = 0;
        for count in [0, 1, 60, 70, 80, 90, 500] {
            while expected < count {
                folder.write(&expected.to_string(), "");
                folder.write(&format!("{expected}{}", "x".repeat(250)), "");
                expected += 1;
            }
            let mut met = HashSet::new();
            each_number(
                &open(folder.root().to_str().unwrap()).unwrap(),
                &mut vec![MaybeUninit::uninit(); BUFFER],
                |number, _| {
                    met.insert(number);
                    ControlFlow::Continue(())
                },
            );
            assert_eq!(met.len(), count);
        }
    }

    #[test]
    fn every_descriptor_of_a_socket_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let twin = listener.try_clone().unwrap();
        let inode = std::fs::read_link(format!("/proc/self/fd/{}", listener.as_raw_fd())).unwrap();
        let inode = inode.to_str().unwrap()["socket:[".len()..].trim_end_matches(']').parse().unwrap();
        let owners = Owners::of(&HashSet::from([inode]), |_| ());
        let mut expected = [&listener, &twin]
            .map(|socket| Hold { pid: std::process::id(), fd: socket.as_raw_fd().cast_unsigned() });
        expected.sort();
        assert_eq!(owners.holders(inode), expected);
        assert!(owners.holders(inode + 1).is_empty());
        let fd = listener.as_raw_fd().cast_unsigned();
        assert!(holds(std::process::id(), &[fd], inode));
        assert!(!holds(std::process::id(), &[fd], inode + 1));
        assert!(!holds(std::process::id(), &[], inode));
    }
}
