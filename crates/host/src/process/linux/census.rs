//! One cheap look at every process: a line of `stat` each.

use std::fs;

use super::{entry::Entry, pids, stat};
use crate::process::census::Member;

/// Every process that `/proc` shows. One look at each, one after the other: what forks meanwhile may be missing.
pub fn census() -> Vec<Member> {
    pids().into_iter().filter_map(member).collect()
}

/// The inodes of the sockets that these processes have open, each with its process. A process that may not be
/// read has none.
pub fn inodes(pids: &[u32]) -> Vec<(u32, u64)> {
    let mut found = Vec::new();
    for &pid in pids {
        let Ok(table) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for descriptor in table.flatten() {
            let Ok(target) = fs::read_link(descriptor.path()) else { continue };
            let number = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'));
            found.extend(number.and_then(|number| number.parse().ok()).map(|inode| (pid, inode)));
        }
    }
    found
}

/// The value of one variable in the environment that a process was started with. The rest is not kept.
pub fn environment(pid: u32, name: &str) -> Option<Vec<u8>> {
    let entry = Entry::open(pid)?.environment()?;
    let mut variables = entry.split(|&byte| byte == 0);
    variables
        .find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec))
}

/// Those of these variables that a process was started with, in their order. The rest is not kept. `None` where its
/// environment may not be read.
pub fn variables(pid: u32, names: &[&str]) -> Option<Vec<(String, Vec<u8>)>> {
    let entry = Entry::open(pid)?.environment()?;
    let value = |name: &&str| {
        let own =
            |variable: &[u8]| Some(variable.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.to_vec());
        Some(((*name).to_owned(), entry.split(|&byte| byte == 0).find_map(own)?))
    };
    Some(names.iter().filter_map(value).collect())
}

fn member(pid: u32) -> Option<Member> {
    let line = Entry::open(pid)?.stat()?;
    let stat = stat::parse(&line)?;
    let (parent, group, session, started) = (stat.parent, stat.group, stat.session, stat.started);
    Some(Member { pid, parent, group, session, started, ended: stat::has_ended(&line) })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        net::TcpListener,
        os::unix::process::CommandExt as _,
        process::{Command, Stdio},
        time::Duration,
    };

    use super::*;
    use crate::process::Process;

    #[test]
    fn a_child_is_a_member_with_its_mark() {
        let mut child = Command::new("sh")
            .args(["-c", "echo ready; read line"])
            .env("NAVYD_TEST_MARK", "a=b")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let find = |pid| census().into_iter().find(|member| member.pid == pid);
        let member = find(child.id()).unwrap();
        assert_eq!((member.parent, member.group, member.ended), (std::process::id(), child.id(), false));
        assert_eq!(environment(child.id(), "NAVYD_TEST_MARK"), Some(b"a=b".to_vec()));
        assert_eq!(environment(child.id(), "NAVYD_TEST"), None);
        let named = variables(child.id(), &["NAVYD_TEST", "NAVYD_TEST_MARK"]);
        assert_eq!(named, Some(vec![("NAVYD_TEST_MARK".into(), b"a=b".to_vec())]));
        assert_eq!(variables(u32::MAX >> 1, &["HOME"]), None);
        child.kill().unwrap();
        if let Ok(left) = Process::open(child.id()) {
            assert!(left.wait(Duration::from_secs(60)));
        }
        assert!(find(child.id()).unwrap().ended, "not waited for");
        child.wait().unwrap();
        assert_eq!(find(child.id()), None);
    }

    #[test]
    fn ones_own_socket_is_found() {
        let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = std::process::id();
        assert!(inodes(&[own, u32::MAX >> 1]).iter().any(|(pid, _)| *pid == own));
    }
}
