//! The descendants of a process.

use std::{collections::HashSet, fs};

use navyd_model::Ancestor;

use super::{entry::Entry, kin::Known, stat};

/// The children of a process, and theirs, in order of their process ids within each generation. One look at
/// every process: what forks meanwhile may be missing.
pub fn children(pid: u32) -> Vec<Ancestor> {
    let pairs: Vec<_> = processes().filter_map(|child| Some((child, parent_of(child)?))).collect();
    descendants(pid, &pairs)
        .into_iter()
        .filter_map(|child| Some(Known::read(child, &Entry::open(child)?)?.ancestor()))
        .collect()
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent_of(pid: u32) -> Option<u32> {
    Some(stat::parse(&Entry::open(pid)?.stat()?)?.parent)
}

/// Generation by generation, from pairs of child and parent. Pairs that contradict each other end.
fn descendants(pid: u32, pairs: &[(u32, u32)]) -> Vec<u32> {
    let mut seen = HashSet::from([pid]);
    let mut found = Vec::new();
    let mut generation = vec![pid];
    while !generation.is_empty() {
        let mut next: Vec<_> = pairs
            .iter()
            .filter(|(child, parent)| generation.contains(parent) && seen.insert(*child))
            .map(|(child, _)| *child)
            .collect();
        next.sort_unstable();
        found.extend_from_slice(&next);
        generation = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn generations_in_order_and_circles_end() {
        for (pairs, expected) in [
            (&[(5, 1), (9, 5), (7, 5), (8, 7), (3, 2)][..], &[7, 9, 8][..]),
            (&[(5, 9), (9, 5)], &[9]),
            (&[(5, 5)], &[]),
            (&[], &[]),
        ] {
            assert_eq!(descendants(5, pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_real_grandchild_is_found() {
        // What says that it is ready has its arguments in place; `:` keeps each shell from becoming the next.
        let script = r#"sh -c 'sh -c "echo ready \$\$; read line"; :'; :"#;
        let mut shell = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let grandchild: u32 = line.trim().strip_prefix("ready ").unwrap().parse().unwrap();
        let found = children(shell.id());
        // The shell between first: it would end by itself once its child has.
        for child in &found {
            crate::process::Process::open(child.pid).unwrap().signal(crate::process::Signal::Kill).unwrap();
        }
        shell.wait().unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[1], Ancestor { pid: grandchild, name: "sh".into() });
    }
}
