//! What is said in a service's log about the service itself.
//!
//! Pure. Deliberately absent: what goes as it should, which nobody wonders about.

use std::time::Duration;

use navyd_model::{Ended, Phase};

use super::course::Event;

/// The line for an event that led from one phase to another; `pause` is how long it rests before it starts again.
pub(super) fn of(
    event: Event,
    before: Phase,
    phase: Phase,
    pause: Option<Duration>,
    ready_within: Duration,
) -> Option<String> {
    let then = match (phase, pause) {
        (Phase::Restarting, Some(pause)) => format!("starts again in {:.1} s", pause.as_secs_f64()),
        (Phase::Failed, _) => "does not start again".to_owned(),
        _ => String::new(),
    };
    match event {
        Event::Exited { ended, .. } if then.is_empty() => Some(how(ended)),
        Event::Exited { ended, .. } => Some(format!("{}, {then}", how(ended))),
        Event::Due if before == Phase::Starting && phase != Phase::Ready => {
            Some(format!("is not ready after {} s", ready_within.as_secs()))
        }
        Event::Due if matches!(before, Phase::Stopping | Phase::Restarting) && phase == before => {
            Some("did not end in time, and is killed".to_owned())
        }
        Event::Unstartable | Event::Gone if !then.is_empty() => Some(then),
        _ => None,
    }
}

fn how(ended: Ended) -> String {
    match ended {
        Ended::Status(status) => format!("ended with status {status}"),
        Ended::Signal(signal) => format!("was ended by signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wonders_about_is_said() {
        use Phase::{Failed, Ready, Restarting, Starting, Stopped, Stopping, Waiting};
        let exited = |ended| Event::Exited { ended, left: false };
        let soon = Some(Duration::from_millis(400));
        for (event, before, phase, pause, expected) in [
            (
                exited(Ended::Status(3)),
                Ready,
                Restarting,
                soon,
                Some("ended with status 3, starts again in 0.4 s"),
            ),
            (
                exited(Ended::Signal(9)),
                Ready,
                Failed,
                None,
                Some("was ended by signal 9, does not start again"),
            ),
            (exited(Ended::Status(0)), Stopping, Stopped, None, Some("ended with status 0")),
            (Event::Due, Starting, Restarting, None, Some("is not ready after 30 s")),
            (Event::Due, Starting, Ready, None, None),
            (Event::Due, Stopping, Stopping, None, Some("did not end in time, and is killed")),
            (Event::Due, Restarting, Waiting, None, None),
            (Event::Gone, Ready, Restarting, soon, Some("starts again in 0.4 s")),
            (Event::Wanted, Stopped, Waiting, None, None),
        ] {
            let said = of(event, before, phase, pause, Duration::from_secs(30));
            assert_eq!(said.as_deref(), expected, "{event:?} {before:?} {phase:?}");
        }
    }
}
