//! An exchange as a row.
//!
//! Colour is for what is wrong: methods and answers that are well stay plain. Deliberately absent: how wide columns
//! are, which a table knows from all of its rows, and the live view from the terminal alone.

use jiff::{Timestamp, tz::TimeZone};
use navyd_model::exchange::{Outcome, Party, Summary};

use crate::out::{Align, Column, Text, Tone, measure};

/// What a row says, in the order of a line.
pub(in crate::cli) const COLUMNS: &[Column] = &[
    Column { header: "TIME", align: Align::Left, importance: 4, least: 12 },
    Column { header: "ID", align: Align::Right, importance: 9, least: 4 },
    Column { header: "METHOD", align: Align::Left, importance: 9, least: 6 },
    Column { header: "STATUS", align: Align::Right, importance: 7, least: 6 },
    Column { header: "TOOK", align: Align::Right, importance: 6, least: 7 },
    Column { header: "SIZE", align: Align::Right, importance: 3, least: 7 },
    Column { header: "TARGET", align: Align::Left, importance: 8, least: 16 },
    Column { header: "CLIENT → SERVER", align: Align::Left, importance: 2, least: 12 },
    Column { header: "NOTE", align: Align::Left, importance: 5, least: 12 },
];

/// The cells of an exchange, one for each of [`COLUMNS`].
pub(in crate::cli) fn cells(summary: &Summary, zone: &TimeZone) -> Vec<Text> {
    let took = summary.took_ms.map(|ms| (measure::milliseconds(ms), ms.to_string()));
    let (took, exact) = took.unwrap_or_default();
    let who = format!("{} → {}", party(&summary.client), party(&summary.server));
    vec![
        Text::of(Tone::Dim, clock(summary.started, zone)).piped(format!("{:.3}", summary.started)),
        Text::plain(summary.id.to_string()),
        Text::plain(&summary.method),
        status(summary),
        Text::plain(took).piped(exact),
        Text::plain(measure::bytes(summary.received)).piped(summary.received.to_string()),
        // What every line begins with takes the room of what tells them apart.
        Text::plain(summary.target.strip_prefix("http://").unwrap_or(&summary.target)).piped(&summary.target),
        Text::of(Tone::Dim, &who).piped(&who),
        note(summary),
    ]
}

/// The time of day, as the clock on the wall shows it.
fn clock(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string()
}

/// One end: its program, or else its address.
fn party(party: &Party) -> String {
    match (&party.program, party.address, party.pid) {
        (Some(program), ..) => program.clone(),
        (None, Some(address), _) => address.to_string(),
        (None, None, Some(pid)) => format!("pid {pid}"),
        (None, None, None) => "unknown".to_owned(),
    }
}

/// The status, or how it stands where a protocol has none.
fn status(summary: &Summary) -> Text {
    match (summary.status, summary.outcome, &summary.error) {
        (Some(status @ 500..), ..) => Text::of(Tone::Red, status.to_string()),
        (Some(status @ 400..), ..) => Text::of(Tone::Yellow, status.to_string()),
        (Some(status), ..) => Text::plain(status.to_string()),
        (None, Outcome::Open, _) => Text::of(Tone::Dim, "open"),
        (None, Outcome::Unknown, None) => Text::of(Tone::Dim, "unknown"),
        (None, Outcome::Complete, None) => Text::plain("ok"),
        (None, Outcome::Complete, Some(_)) => Text::of(Tone::Red, "error"),
        (None, ..) => Text::of(Tone::Red, "failed"),
    }
}

/// What is not as it should be, and what faults and losses did.
fn note(summary: &Summary) -> Text {
    let mut parts: Vec<(Tone, String)> = Vec::new();
    let outcome = match summary.outcome {
        Outcome::Open | Outcome::Complete => None,
        Outcome::ClientLeft => Some((Tone::Yellow, "client left")),
        Outcome::ServerLeft => Some((Tone::Red, "server left")),
        Outcome::Unreached => Some((Tone::Red, "unreached")),
        Outcome::Fault => Some((Tone::Yellow, "ended by a fault")),
        Outcome::Unknown => Some((Tone::Yellow, "end unknown")),
    };
    parts.extend(outcome.map(|(tone, text)| (tone, text.to_owned())));
    if !summary.faults.is_empty() {
        parts.push((Tone::Yellow, format!("fault {}", summary.faults.join(" "))));
    }
    if summary.lost > 0 {
        parts.push((Tone::Yellow, format!("lost {}", measure::bytes(summary.lost))));
    }
    if let Some(error) = &summary.error {
        parts.push((Tone::Plain, error.clone()));
    }
    if let Some(cause) = summary.caused_by {
        parts.push((Tone::Dim, format!("by {cause}")));
    }
    let join = |text: Text, (tone, part): (Tone, String)| {
        let text = if text.is_empty() { text } else { text.then(Tone::Plain, ", ") };
        text.then(tone, part)
    };
    parts.into_iter().fold(Text::default(), join)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::fixture::summary,
        out::{Look, Table},
    };

    fn drawn(look: Look) -> String {
        let mut table = Table::new(COLUMNS);
        for row in rows() {
            table.push(cells(&row, &TimeZone::UTC));
        }
        table.draw(&look)
    }

    fn rows() -> Vec<Summary> {
        let get = summary(1, "GET", "http://shop.localhost:62893/cart?id=\u{1b}[2J");
        let failed = Summary {
            status: None,
            outcome: Outcome::Complete,
            error: Some("relation \"cart\" does not exist".into()),
            caused_by: Some(1),
            ..summary(2, "query", "SELECT *\nFROM cart")
        };
        let cut = Summary {
            status: Some(502),
            outcome: Outcome::Unreached,
            faults: vec!["latency_down".into()],
            lost: 4096,
            took_ms: None,
            ..summary(3, "POST", "http://shop.localhost:62893/pay")
        };
        vec![get, failed, cut]
    }

    #[test]
    fn eighty_columns_hold_what_matters() {
        let look = Look { terminal: true, colour: false, width: Some(80) };
        let expected = "
TIME          ID  METHOD  STATUS     TOOK  TARGET                   NOTE
00:00:00.000   1  GET        200  12.3 ms  shop.localhost:62893/c…
00:00:00.000   2  query    error  12.3 ms  SELECT *\\nFROM cart      relation \"c…
00:00:00.000   3  POST       502           shop.localhost:62893/p…  unreached, …
";
        assert_eq!(drawn(look), expected[1..]);
    }

    #[test]
    fn two_hundred_columns_hold_everything() {
        let look = Look { terminal: true, colour: false, width: Some(200) };
        let drawn = drawn(look);
        for part in [
            "00:00:00.000   1  GET        200  12.3 ms  1.2 KiB  shop.localhost:62893/cart?id=\\x1b[2J",
            "curl → node",
            "SELECT *\\nFROM cart",
            "relation \"cart\" does not exist, by 1",
            "unreached, fault latency_down, lost 4.0 KiB",
        ] {
            assert!(drawn.contains(part), "{part} is not in\n{drawn}");
        }
    }

    #[test]
    fn a_pipe_gets_exact_values() {
        let drawn = drawn(Look::default());
        let first = "1970-01-01T00:00:00.000Z\t1\tGET\t200\t12.34\t1234\t\
                     http://shop.localhost:62893/cart?id=\\x1b[2J\tcurl → node\t\n";
        assert!(drawn.starts_with(first), "{drawn}");
        assert_eq!(drawn.lines().count(), 3);
    }

    #[test]
    fn colour_is_for_what_is_wrong() {
        for (status_, outcome, error, expected) in [
            (Some(200), Outcome::Complete, None, Text::plain("200")),
            (Some(404), Outcome::Complete, None, Text::of(Tone::Yellow, "404")),
            (Some(503), Outcome::Complete, None, Text::of(Tone::Red, "503")),
            (None, Outcome::Open, None, Text::of(Tone::Dim, "open")),
            (None, Outcome::Complete, None, Text::plain("ok")),
            (None, Outcome::Complete, Some("no"), Text::of(Tone::Red, "error")),
            (None, Outcome::ServerLeft, None, Text::of(Tone::Red, "failed")),
            (None, Outcome::Unknown, None, Text::of(Tone::Dim, "unknown")),
        ] {
            let one = Summary {
                status: status_,
                outcome,
                error: error.map(str::to_owned),
                ..summary(1, "GET", "/")
            };
            assert_eq!(status(&one), expected);
        }
    }
}
