//! Exchanges as they pass, each a line.
//!
//! The rows to come are unknown, so that columns cannot follow them: they have usual widths, and the target takes what
//! the terminal has left. Deliberately absent: a picture that is drawn again; what passed stays where it was.

use std::{
    sync::mpsc::{Receiver, SyncSender},
    thread,
};

use jiff::tz::TimeZone;
use navyd_model::{
    api::Document,
    exchange::{Outcome, Summary},
};

use super::{
    super::{Format, Stage},
    row::{COLUMNS, cells},
};
use crate::{
    client,
    exit::Exit,
    hub::{ClientError, Follow, Message},
    out::{Failure, Look, Table},
};

/// What whoever watches is told.
pub(in crate::cli) enum News {
    /// The hub says something.
    Said(Result<Message, ClientError>),
    /// There will be no more: why.
    Over(Failure),
    /// A person wants to end it.
    Stop,
}

/// Columns that the usual values take: time, id, method, status, took, size. Behind them come the target, and where
/// there is room, who talks and what is to be noted.
const USUAL: [usize; 6] = [12, 5, 7, 6, 8, 9];

/// The columns of who talks and of notes.
const WHO: usize = 24;
const NOTE: usize = 30;

/// The least that a target takes before others have room.
const TARGET: usize = 40;

/// Tells `tell` what a stream says, until it ends or nobody listens. It ends with the process.
pub(in crate::cli) fn watch(stream: Follow, tell: SyncSender<News>) {
    thread::spawn(move || {
        for message in stream {
            let is_over = message.is_err();
            if tell.send(News::Said(message)).is_err() || is_over {
                return;
            }
        }
        let gone = Failure::new("the hub has ended").hint("navyd hub start");
        // The one who hears it ends with the process.
        let _ = tell.send(News::Over(gone));
    });
}

/// Prints exchanges as they are told, at most so many where a number is given. Gives how it ended, and how many there
/// were.
pub(in crate::cli) fn show(
    news: &Receiver<News>,
    most: Option<usize>,
    stage: &mut Stage,
) -> anyhow::Result<(Exit, usize)> {
    let zone = TimeZone::system();
    let (mut shown, mut has_header) = (0, false);
    while most.is_none_or(|most| shown < most) {
        let message = match news.recv() {
            Ok(News::Said(message)) => message.map_err(Failure::from)?,
            Ok(News::Over(failure)) => return Err(failure.into()),
            Ok(News::Stop) | Err(_) => return Ok((Exit::Interrupted, shown)),
        };
        if message.event == "lagged" {
            stage.screen.note("more passed than could be shown: some is missing here")?;
            continue;
        }
        let Some(summary) = summary(&message) else { continue };
        let look = stage.screen.look();
        match stage.format {
            Format::Text if look.terminal => {
                if !has_header {
                    stage.screen.print(&header(&look))?;
                }
                stage.screen.print(&line(&summary, &zone, &look))?;
                has_header = true;
            }
            Format::Text => stage.screen.print(&line(&summary, &zone, &look))?,
            Format::Json | Format::Jsonl => stage.screen.json_line(&summary)?,
        }
        stage.screen.flush()?;
        // A stream is told when it begins as well.
        shown += usize::from(summary.outcome != Outcome::Open);
        if !client::is_read() {
            break;
        }
    }
    Ok((Exit::Yes, shown))
}

/// The exchange of an event.
fn summary(message: &Message) -> Option<Summary> {
    if message.event != "exchange" {
        return None;
    }
    let plain = || serde_json::from_str::<Summary>(&message.data).ok();
    serde_json::from_str::<Document<Summary>>(&message.data).ok().map(|one| one.body).or_else(plain)
}

/// The line of an exchange, with its line break.
fn line(summary: &Summary, zone: &TimeZone, look: &Look) -> String {
    let mut table = Table::new(COLUMNS);
    let cells = cells(summary, zone);
    if !look.terminal {
        table.push(cells);
        return table.draw(look);
    }
    // A number must never be cut.
    let id = USUAL[1].max(cells[1].width());
    table.row(&cells, &widths(look.width, id), look)
}

fn header(look: &Look) -> String {
    Table::new(COLUMNS).header(&widths(look.width, USUAL[1]), look)
}

/// The width of each column; `None` for one that there is no room for. Pure.
fn widths(room: Option<usize>, id: usize) -> [Option<usize>; 9] {
    let [time, _, method, status, took, size] = USUAL;
    let front = [time, id, method, status, took, size];
    let mut widths = [None; 9];
    for (width, usual) in widths.iter_mut().zip(front) {
        *width = Some(usual);
    }
    let Some(room) = room else {
        widths[6] = Some(TARGET * 2);
        (widths[7], widths[8]) = (Some(WHO), Some(NOTE * 10));
        return widths;
    };
    let taken: usize = front.iter().map(|width| width + 2).sum();
    let mut left = room.saturating_sub(taken);
    if left < TARGET / 2 {
        // On a narrow terminal the time and the size give way.
        (widths[0], widths[5]) = (None, None);
        left = room.saturating_sub(taken - time - size - 4);
    }
    for (at, width) in [(8, NOTE), (7, WHO)] {
        if left >= TARGET + width + 2 {
            widths[at] = Some(width);
            left -= width + 2;
        }
    }
    widths[6] = Some(left).filter(|left| *left > 0);
    widths
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;
    use crate::cli::fixture::summary;

    #[test]
    fn no_line_is_wider_than_the_terminal_and_none_loses_its_number() {
        let one = summary(123_456_789, "GET", &"/long".repeat(80));
        for width in 40..240 {
            let look = Look { terminal: true, colour: false, width: Some(width) };
            for line in [line(&one, &TimeZone::UTC, &look), header(&look)] {
                assert!(line.trim_end_matches('\n').width() <= width, "{width}: {line:?}");
            }
            assert!(line(&one, &TimeZone::UTC, &look).contains("123456789"), "{width}");
        }
    }

    #[test]
    fn the_target_has_what_is_left_and_others_their_place() {
        let shown = |width| widths(Some(width), 5).map(|width| width.is_some());
        assert_eq!(shown(60), [false, true, true, true, true, false, true, false, false]);
        assert_eq!(shown(80), [true, true, true, true, true, true, true, false, false]);
        assert_eq!(shown(200), [true; 9]);
    }

    #[test]
    fn an_event_is_read_with_its_schema_or_without() {
        let one = summary(7, "GET", "/");
        let plain = serde_json::to_string(&one).unwrap();
        let document = serde_json::to_string(&Document::new("exchange-summary", &one)).unwrap();
        for data in [plain, document] {
            let message = Message { event: "exchange".into(), data };
            assert_eq!(super::summary(&message), Some(one.clone()));
        }
        assert_eq!(super::summary(&Message { event: "other".into(), data: "{}".into() }), None);
    }
}
