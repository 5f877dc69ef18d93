//! `navyd ls --watch`: drawn again in place for a person, one event a line for a program.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use navyd_model::{Event, Listener};

use super::{
    Form, Plan, diff,
    rows::{self, Counted},
};
use crate::{
    cli::Stage,
    client,
    exit::Exit,
    interrupt::Interrupt,
    out::{Live, Look, Screen, Text, Tone},
};

/// How many of the latest events stay below the table.
const HISTORY: usize = 5;

/// How often the size of the terminal is looked at between two looks at the machine.
const RESIZE: Duration = Duration::from_millis(100);

/// Watches until interrupted.
pub(super) fn watch(plan: &Plan, interval: Duration, stage: &mut Stage) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::new()?;
    if plan.form == Form::Text && stage.screen.look().terminal {
        redraw(plan, interval, &interrupt, &mut stage.screen)
    } else {
        stream(plan, interval, &interrupt, &mut stage.screen)
    }
}

fn stream(
    plan: &Plan,
    interval: Duration,
    interrupt: &Interrupt,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let first = plan.look()?;
    for note in &first.notes {
        screen.note(note)?;
    }
    let mut seen = first.listeners;
    let mut events = diff::present(&seen, Timestamp::now());
    loop {
        for event in &events {
            match plan.form {
                Form::Text => screen.line(&rows::event(event, 1, &plan.me))?,
                Form::Csv | Form::Json | Form::Jsonl => screen.json_line(event)?,
            }
        }
        screen.flush()?;
        if interrupt.wait(interval) {
            return Ok(Exit::Interrupted);
        }
        // As `head -1` does it: whoever reads has had enough, and there may never be another event to write.
        if !client::is_read() {
            return Ok(Exit::Yes);
        }
        let next = plan.look()?.listeners;
        events = diff::diff(&seen, &next, Timestamp::now());
        seen = next;
    }
}

fn redraw(
    plan: &Plan,
    interval: Duration,
    interrupt: &Interrupt,
    screen: &mut Screen,
) -> anyhow::Result<Exit> {
    let mut seen = plan.look()?.listeners;
    let mut history = VecDeque::new();
    let mut live = Live::new(screen)?;
    loop {
        let looked = Instant::now();
        let mut size = None;
        while looked.elapsed() < interval {
            if size != Some(live.screen().size()) {
                size = Some(live.screen().size());
                let high = live.screen().size().map_or(usize::MAX, |(_, rows)| rows);
                let frame =
                    picture(plan, &seen, &history, interval, &live.screen().look(), high, Timestamp::now());
                live.draw(&frame)?;
            }
            if interrupt.wait(RESIZE.min(interval)) {
                return Ok(Exit::Interrupted);
            }
        }
        let next = plan.look()?.listeners;
        history.extend(rows::folded_events(diff::diff(&seen, &next, Timestamp::now())));
        history.drain(..history.len().saturating_sub(HISTORY));
        seen = next;
    }
}

/// The table, what happened last, and how to leave; cut to the height of the terminal.
fn picture(
    plan: &Plan,
    listeners: &[Listener],
    history: &VecDeque<Counted<Event>>,
    interval: Duration,
    look: &Look,
    high: usize,
    now: Timestamp,
) -> String {
    let width = look.width.unwrap_or(usize::MAX);
    let mut below: Vec<String> = history
        .iter()
        .map(|Counted { one, count }| rows::event(one, *count, &plan.me).draw(look, width))
        .collect();
    if !below.is_empty() {
        below.insert(0, String::new());
    }
    let count = listeners.len();
    let what = format!("{count} listeners, every {interval:?}; control-C ends");
    below.push(String::new());
    below.push(Text::of(Tone::Dim, what).draw(look, width));

    let rows = rows::folded(listeners);
    let table = rows::listeners(&rows, &plan.me, now).draw(look);
    let room = high.saturating_sub(below.len());
    let mut lines: Vec<String> = table.lines().map(str::to_owned).collect();
    if lines.len() > room {
        // One line goes to say how many are missing: listeners, as the count below.
        let shown = room.saturating_sub(1);
        let hidden: usize = rows.iter().skip(shown.saturating_sub(1)).map(|row| row.count).sum();
        lines.truncate(shown);
        lines.push(Text::of(Tone::Dim, format!("… and {hidden} more")).draw(look, width));
    }
    lines.extend(below);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::*, *};

    #[test]
    fn the_picture_fits_the_terminal() {
        let listeners: Vec<Listener> = (1..50).map(|n| held("127.0.0.1", n, 812, "node")).collect();
        let history =
            VecDeque::from(rows::folded_events(diff::present(&listeners[..2], Timestamp::UNIX_EPOCH)));
        let look = Look { terminal: true, colour: false, width: Some(60) };
        let drawn = picture(
            &Plan::default(),
            &listeners,
            &history,
            Duration::from_secs(1),
            &look,
            10,
            Timestamp::UNIX_EPOCH,
        );
        let expected = "\
PROTO  ADDRESS       EXPOSURE  HOLDER
tcp    127.0.0.1:1   loopback  node 812
tcp    127.0.0.1:2   loopback  node 812
tcp    127.0.0.1:3   loopback  node 812
… and 46 more

1970-01-01T00:00:00Z present tcp 127.0.0.1:1 node 812
1970-01-01T00:00:00Z present tcp 127.0.0.1:2 node 812

49 listeners, every 1s; control-C ends";
        assert_eq!(drawn, expected);
    }

    #[test]
    fn the_sockets_of_one_server_are_one_line_and_counted_each() {
        let workers =
            |port| (1..=3).map(move |n| Listener { cookie: Some(n), ..held("127.0.0.1", port, 9, "hub") });
        let listeners: Vec<Listener> = [80, 81, 82].into_iter().flat_map(workers).collect();
        let history =
            VecDeque::from(rows::folded_events(diff::present(&listeners[..4], Timestamp::UNIX_EPOCH)));
        let look = Look { terminal: true, colour: false, width: Some(60) };
        let second = Duration::from_secs(1);
        let drawn = picture(&Plan::default(), &listeners, &history, second, &look, 8, Timestamp::UNIX_EPOCH);
        let expected = "\
PROTO  ADDRESS          EXPOSURE  HOLDER
tcp    127.0.0.1:80 ×3  loopback  hub 9
… and 6 more

1970-01-01T00:00:00Z present tcp 127.0.0.1:80 hub 9 ×3
1970-01-01T00:00:00Z present tcp 127.0.0.1:81 hub 9

9 listeners, every 1s; control-C ends";
        assert_eq!(drawn, expected);
    }
}
