//! The line of `/proc/PID/stat` (proc_pid_stat(5)).

use jiff::Timestamp;

/// What the line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    /// The kernel's name of the process: at most 15 bytes, any of them.
    pub(super) comm: Vec<u8>,
    /// The parent's process id; 0 when it is outside this pid namespace.
    pub(super) parent: u32,
    /// The process group, named by the process id of its leader.
    pub(super) group: u32,
    /// The session, named likewise.
    pub(super) session: u32,
    /// When it started, in clock ticks since boot.
    pub(super) started: u64,
}

/// Takes the line apart. The name may hold spaces, newlines and parentheses: the last `)` ends it.
pub(super) fn parse(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|&byte| byte == b'(')?;
    let close = line.iter().rposition(|&byte| byte == b')')?;
    let comm = line.get(open + 1..close)?.to_owned();
    // The state, field 3, comes first behind the name; then parent, group and session; the start is field 22.
    let mut fields = std::str::from_utf8(line.get(close + 1..)?).ok()?.split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    let started = fields.nth(15)?.parse().ok()?;
    Some(Stat { comm, parent, group, session, started })
}

/// Whether the line is that of a process which has ended and was not waited for: state `Z` or `X`.
pub(super) fn has_ended(line: &[u8]) -> bool {
    let close = line.iter().rposition(|&byte| byte == b')');
    close.and_then(|close| line.get(close + 2)).is_some_and(|state| matches!(state, b'Z' | b'X'))
}

/// Turns ticks since boot into a time of day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// Seconds between 1970 and boot, as `/proc/stat` has it: whole, so that one start is always one time.
    booted: Option<u64>,
    ticks_per_second: u64,
}

impl Clock {
    pub(super) fn read() -> Self {
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        Self { booted: boot_time(&stat), ticks_per_second: rustix::param::clock_ticks_per_second().max(1) }
    }

    pub(super) fn at(self, ticks: u64) -> Option<Timestamp> {
        let since_boot = ticks.checked_mul(1000)? / self.ticks_per_second;
        let milliseconds = self.booted?.checked_mul(1000)?.checked_add(since_boot)?;
        Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()
    }
}

fn boot_time(stat: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_parenthesis_ends_the_name() {
        let tail = " S 7 8 9 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 91934 3133440 388\n";
        for (comm, expected) in [("sleep", true), ("a) S 1 (b", true), ("a\nb c", true), ("", true)] {
            let stat = parse(format!("12 ({comm}){tail}").as_bytes());
            let parsed = Stat { comm: comm.into(), parent: 7, group: 8, session: 9, started: 91934 };
            assert_eq!(stat == Some(parsed), expected, "{comm:?}");
        }
        for broken in ["", "12", "12 (a", "12 a)", ")(", "12 (a)", "12 (a) S", "12 (a) S 7 8", "12 (a) S x"] {
            assert_eq!(parse(broken.as_bytes()), None, "{broken:?}");
        }
        assert_eq!(parse(b"12 (a) \xff 7"), None);
    }

    #[test]
    fn the_state_behind_the_name_counts() {
        for (line, expected) in [
            ("12 (a) Z 7", true),
            ("12 (a) X 7", true),
            ("12 (a) S 7", false),
            ("12 (a) Z (b) R 7", false),
            ("12", false),
            ("12 (a)", false),
        ] {
            assert_eq!(has_ended(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn ticks_become_a_time_of_day() {
        let clock = Clock { booted: boot_time("cpu 1\nbtime 1700000000\n"), ticks_per_second: 100 };
        assert_eq!(clock.at(150).unwrap().as_millisecond(), 1_700_000_001_500);
        assert_eq!(clock.at(u64::MAX), None);
        assert_eq!(Clock { booted: boot_time(""), ..clock }.at(150), None);
    }
}
