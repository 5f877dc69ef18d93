//! No program that listens, and not this machine, is about to run out of open files.

use super::super::{Facts, OpenFiles, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "open-files", judge };

/// From this share of the limit, in percent, a burst of connections may meet it.
const NEARLY: u64 = 80;

fn judge(facts: &Facts) -> Verdict {
    let around = &facts.around;
    if let Some(files) = around.files.as_ref().ok().filter(|files| is_nearly_full(files)) {
        return Verdict::warn("this machine has nearly as many files open as it may")
            .evidence(format!("{} of {}", files.open, files.limit))
            .cause("then every program fails to open files and connections with ENFILE")
            .fix(format!("sudo sysctl -w fs.file-max={}", files.limit.saturating_mul(2)));
    }
    let owners = match &facts.owners {
        Ok(owners) => owners,
        Err(why) => return Verdict::unknown("how many files programs have open", why),
    };
    let known = || owners.iter().filter_map(|owner| Some((owner, owner.files?)));
    // The fullest first, without a division.
    let worst = known().filter(|(_, files)| is_nearly_full(files)).max_by(|(_, a), (_, b)| {
        (u128::from(a.open) * u128::from(b.limit)).cmp(&(u128::from(b.open) * u128::from(a.limit)))
    });
    if let Some((owner, files)) = worst {
        return Verdict::warn(format!(
            "`{}` (pid {}) has nearly as many files open as it may",
            owner.name, owner.pid
        ))
        .evidence(format!("{} of {}", files.open, files.limit))
        .cause("then it accepts no connection: accept(2) fails with EMFILE, and clients wait")
        .fix(format!("sudo prlimit --pid {} --nofile={}", owner.pid, files.limit.saturating_mul(4)));
    }
    let (all, seen) = (owners.len(), known().count());
    match (&around.files, seen) {
        (Err(why), 0) if all > 0 => Verdict::unknown("how many files programs have open", why),
        _ if seen < all => Verdict::ok(format!(
            "open files are far from their limits; {} programs were not read",
            all - seen
        )),
        _ => Verdict::ok("open files are far from their limits"),
    }
}

fn is_nearly_full(files: &OpenFiles) -> bool {
    u128::from(files.open) * 100 > u128::from(files.limit) * u128::from(NEARLY)
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::{Owner, Proxy, Surroundings};

    #[test]
    fn limits_are_near_or_far() {
        let some = |open, limit| OpenFiles { open, limit };
        for (machine, programs, expected, named) in [
            (Ok(some(1000, u64::MAX)), vec![Some(some(10, 1024))], State::Ok, ""),
            (Ok(some(1000, u64::MAX)), vec![Some(some(819, 1024))], State::Ok, ""),
            (Ok(some(1000, u64::MAX)), vec![Some(some(820, 1024))], State::Warn, "(pid 0)"),
            (
                Ok(some(1000, u64::MAX)),
                vec![Some(some(900, 1024)), Some(some(60, 64))],
                State::Warn,
                "(pid 1)",
            ),
            (Ok(some(95, 100)), vec![], State::Warn, "machine"),
            (Ok(some(1, 100)), vec![None], State::Ok, "1 programs"),
            (Err("no".to_owned()), vec![None], State::Unknown, ""),
        ] {
            let owner = |(at, files)| Owner {
                pid: u32::try_from(at).unwrap(),
                name: "node".into(),
                files,
                proxy: Ok(Proxy::default()),
                alone: Vec::new(),
            };
            let owners = Ok(programs.into_iter().enumerate().map(owner).collect());
            let around = Surroundings { files: machine, ..Surroundings::unread("not read") };
            let verdict = judge(&Facts { owners, around, ..Facts::unread() });
            assert_eq!(verdict.state, expected, "{verdict:?}");
            assert!(verdict.summary.contains(named), "{verdict:?}");
        }
        assert_eq!(judge(&Facts::unread()).state, State::Unknown);
    }
}
