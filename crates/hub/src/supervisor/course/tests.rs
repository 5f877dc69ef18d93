//! The specification: what happens, and what is done then.

use super::*;

const RULES: Rules = Rules {
    restart: Restart::OnFailure,
    starts: 4,
    ready_within: Duration::from_secs(60),
    late: Late::Failed,
    stop_within: Duration::from_secs(10),
    seed: 1,
};
const DIED: Event = Event::Exited { ended: Ended::Status(1), left: false };
const DONE: Event = Event::Exited { ended: Ended::Status(0), left: false };
const FORKED: Event = Event::Exited { ended: Ended::Status(0), left: true };
const DIED_WITH_CHILDREN: Event = Event::Exited { ended: Ended::Signal(11), left: true };

/// Each event at a second of the course, the phase that it leads to, and the actions: `S` spawn, `T` terminate,
/// `K` kill, `A` alarm, `Q` quiet.
fn check(rules: Rules, story: &[(u64, Event, Phase, &str)]) -> Course {
    let begin = Instant::now();
    let mut course = Course::new(rules);
    for (at, event, phase, actions) in story {
        let done = course.on(*event, begin + Duration::from_secs(*at));
        let letters: String = done
            .iter()
            .map(|action| match action {
                Action::Spawn => 'S',
                Action::Terminate => 'T',
                Action::Kill => 'K',
                Action::Alarm(_) => 'A',
                Action::Quiet => 'Q',
            })
            .collect();
        assert_eq!(
            (course.phase(), letters.as_str()),
            (*phase, *actions),
            "second {at}: {event:?} in {story:?}"
        );
    }
    course
}

const UP: [(u64, Event, Phase, &str); 3] = [
    (0, Event::Wanted, Phase::Waiting, "Q"),
    (0, Event::Fulfilled, Phase::Starting, "AS"),
    (1, Event::Ready, Phase::Ready, "Q"),
];

fn after_up(rest: &[(u64, Event, Phase, &'static str)]) -> Vec<(u64, Event, Phase, &'static str)> {
    UP.into_iter().chain(rest.iter().copied()).collect()
}

#[test]
fn it_starts_when_others_let_it_and_stops_when_told() {
    check(RULES, &after_up(&[(2, Event::Stop, Phase::Stopping, "TA"), (3, DIED, Phase::Stopped, "Q")]));
    check(
        RULES,
        &after_up(&[(2, Event::Stop, Phase::Stopping, "TA"), (3, Event::Gone, Phase::Stopped, "Q")]),
    );
    check(RULES, &[(0, Event::Wanted, Phase::Waiting, "Q"), (1, Event::Stop, Phase::Stopped, "Q")]);
    check(RULES, &[(0, Event::Stop, Phase::Stopped, ""), (1, Event::Fulfilled, Phase::Stopped, "")]);
}

#[test]
fn whoever_does_not_end_is_killed_until_nothing_is_left() {
    check(
        RULES,
        &after_up(&[
            (2, Event::Stop, Phase::Stopping, "TA"),
            (3, DIED_WITH_CHILDREN, Phase::Stopping, ""),
            (12, Event::Due, Phase::Stopping, "KA"),
            (13, Event::Due, Phase::Stopping, "KA"),
            (13, Event::Gone, Phase::Stopped, "Q"),
        ]),
    );
}

#[test]
fn a_crash_rests_and_starts_again_until_there_were_enough() {
    let course = check(
        RULES,
        &after_up(&[
            (2, DIED, Phase::Restarting, "A"),
            (3, Event::Due, Phase::Waiting, "Q"),
            (3, Event::Fulfilled, Phase::Starting, "AS"),
            (3, Event::Unstartable, Phase::Restarting, "A"),
            (4, Event::Due, Phase::Waiting, "Q"),
            (4, Event::Fulfilled, Phase::Starting, "AS"),
            (4, DIED, Phase::Restarting, "A"),
            (5, Event::Due, Phase::Waiting, "Q"),
            (5, Event::Fulfilled, Phase::Starting, "AS"),
            (5, DIED, Phase::Failed, "Q"),
            (6, Event::Due, Phase::Failed, ""),
        ]),
    );
    assert_eq!(course.restarts(), 3);
}

#[test]
fn ten_healthy_seconds_make_good() {
    let twice = |second: u64| {
        check(
            RULES,
            &after_up(&[
                (2, DIED, Phase::Restarting, "A"),
                (3, Event::Due, Phase::Waiting, "Q"),
                (3, Event::Fulfilled, Phase::Starting, "AS"),
                (3, Event::Ready, Phase::Ready, "Q"),
                (second, DIED, Phase::Restarting, "A"),
            ]),
        )
    };
    assert_eq!((twice(12).restarts(), twice(13).restarts()), (2, 1));
}

#[test]
fn policies() {
    for (restart, event, expected) in [
        (Restart::No, DONE, Phase::Stopped),
        (Restart::No, DIED, Phase::Failed),
        (Restart::OnFailure, DONE, Phase::Stopped),
        (Restart::OnFailure, DIED, Phase::Restarting),
        (Restart::Always, DONE, Phase::Restarting),
        (Restart::Always, DIED, Phase::Restarting),
    ] {
        let actions = if expected == Phase::Restarting { "A" } else { "Q" };
        check(Rules { restart, ..RULES }, &after_up(&[(2, event, expected, actions)]));
    }
}

#[test]
fn one_that_is_never_ready_is_ended_and_started_again() {
    check(
        RULES,
        &[
            (0, Event::Wanted, Phase::Waiting, "Q"),
            (0, Event::Fulfilled, Phase::Starting, "AS"),
            (60, Event::Due, Phase::Restarting, "TA"),
            (61, DIED, Phase::Restarting, "A"),
            (62, Event::Due, Phase::Waiting, "Q"),
        ],
    );
}

#[test]
fn one_of_whom_nobody_said_that_it_listens_is_ready_when_the_time_is_up() {
    check(
        Rules { late: Late::Ready, ..RULES },
        &[
            (0, Event::Wanted, Phase::Waiting, "Q"),
            (0, Event::Fulfilled, Phase::Starting, "AS"),
            (60, Event::Due, Phase::Ready, "Q"),
        ],
    );
}

#[test]
fn one_that_goes_to_the_background_lives_as_long_as_its_tree() {
    check(
        RULES,
        &[
            (0, Event::Wanted, Phase::Waiting, "Q"),
            (0, Event::Fulfilled, Phase::Starting, "AS"),
            (1, FORKED, Phase::Starting, ""),
            (2, Event::Ready, Phase::Ready, "Q"),
            (9, Event::Gone, Phase::Restarting, "A"),
        ],
    );
}

#[test]
fn what_a_crash_leaves_behind_ends_before_it_starts_again() {
    check(
        RULES,
        &after_up(&[
            (2, DIED_WITH_CHILDREN, Phase::Restarting, "TA"),
            (3, Event::Gone, Phase::Restarting, "A"),
            (4, Event::Due, Phase::Waiting, "Q"),
        ]),
    );
}

#[test]
fn the_last_wish_counts() {
    let stop = (2, Event::Stop, Phase::Stopping, "TA");
    let restart = (2, Event::Restart, Phase::Restarting, "TA");
    check(
        RULES,
        &after_up(&[stop, (3, Event::Wanted, Phase::Restarting, ""), (4, DIED, Phase::Waiting, "Q")]),
    );
    check(
        RULES,
        &after_up(&[restart, (3, Event::Stop, Phase::Stopping, ""), (4, DIED, Phase::Stopped, "Q")]),
    );
    check(
        RULES,
        &after_up(&[restart, (4, DONE, Phase::Waiting, "Q"), (4, Event::Fulfilled, Phase::Starting, "AS")]),
    );
    check(RULES, &after_up(&[(2, DIED, Phase::Restarting, "A"), (2, Event::Restart, Phase::Waiting, "Q")]));
}
