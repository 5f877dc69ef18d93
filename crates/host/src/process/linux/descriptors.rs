//! How many files a process has open, and how many it may have.

use std::fs;

use super::entry::Entry;

/// The files that are open, and the limit that the process lives under (its soft one). `None` where they may not be
/// read, or where there is no limit.
pub fn descriptors(pid: u32) -> Option<(u64, u64)> {
    let limit = limit(&Entry::open(pid)?.limits()?)?;
    let open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
    Some((u64::try_from(open).ok()?, limit))
}

/// The first number behind `Max open files`, as proc_pid_limits(5) has it.
fn limit(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_counts() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max open files            1024                 524288               files     \n";
        assert_eq!(limit(text), Some(1024));
        assert_eq!(
            limit("Max open files            unlimited            unlimited            files\n"),
            None
        );
        assert_eq!(limit(""), None);
    }

    #[test]
    fn ones_own_files_are_counted() {
        let (open, limit) = descriptors(std::process::id()).unwrap();
        assert!(open >= 3 && limit >= open, "{open} of {limit}");
        assert_eq!(descriptors(u32::MAX >> 1), None);
    }
}
