//! Somebody keeps the clock in time: certificates, tokens and cookies are judged by it.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "clock", judge };

fn judge(facts: &Facts) -> Verdict {
    let clock = match &facts.around.clock {
        Ok(clock) => clock,
        Err(why) => return Verdict::unknown("whether the clock is kept in time", why),
    };
    if clock.kept {
        return Verdict::ok(format!(
            "the clock is kept in time, to within {} ms",
            clock.error_us.div_ceil(1000)
        ));
    }
    let whose = match &facts.around.container {
        Some(engine) => format!("; it is that of the machine which {engine} runs on, and is mended there"),
        None => String::new(),
    };
    Verdict::warn("nobody keeps the clock in time")
        .evidence("adjtimex(2) says STA_UNSYNC")
        .cause(format!("a clock that is off makes certificates invalid and tokens expired{whose}"))
        .fix("sudo timedatectl set-ntp true")
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::{doctor::Surroundings, kernel::Clock};

    #[test]
    fn each_state_of_the_clock() {
        for (clock, expected) in [
            (Ok(Clock { kept: true, error_us: 1500 }), State::Ok),
            (Ok(Clock { kept: false, error_us: 16_000_000 }), State::Warn),
            (Err("refused".to_owned()), State::Unknown),
        ] {
            let around = Surroundings { clock, ..Surroundings::unread("not read") };
            assert_eq!(judge(&Facts { around, ..Facts::unread() }).state, expected);
        }
    }
}
