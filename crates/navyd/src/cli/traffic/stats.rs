//! `navyd traffic stats`: how often, how long and how much, by route.

use navyd_model::{
    api::Document,
    capture::{Latency, Stats as Figures},
};

use super::super::{Format, Stage, exchanges};
use crate::{
    exit::Exit,
    hub::Meant,
    out::{Align, Column, Failure, Look, Table, Text, Tone, measure},
};

/// Count what has passed, by route: how often, how long, how much
#[derive(Debug, clap::Args)]
pub(super) struct Stats {
    /// Which exchanges are meant
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

const COLUMNS: &[Column] = &[
    Column { header: "ROUTE", align: Align::Left, importance: 9, least: 16 },
    Column { header: "COUNT", align: Align::Right, importance: 8, least: 5 },
    Column { header: "FAILED", align: Align::Right, importance: 7, least: 6 },
    Column { header: "P50", align: Align::Right, importance: 6, least: 7 },
    Column { header: "P90", align: Align::Right, importance: 4, least: 7 },
    Column { header: "P99", align: Align::Right, importance: 5, least: 7 },
    Column { header: "MAX", align: Align::Right, importance: 1, least: 7 },
    Column { header: "SENT", align: Align::Right, importance: 2, least: 8 },
    Column { header: "RECEIVED", align: Align::Right, importance: 3, least: 8 },
];

impl Stats {
    pub(super) fn run(self, stage: &mut Stage) -> anyhow::Result<Exit> {
        let filter = exchanges::filter(&self.filter)?;
        let Some(hub) = exchanges::hub(stage)? else { return Ok(Exit::No) };
        let is_all = filter.is_empty();
        let figures = hub.exchange_stats(&Meant { filter, ..Meant::default() }).map_err(Failure::from)?;
        let exit = if figures.exchanges == 0 { Exit::No } else { Exit::Yes };
        match stage.format {
            Format::Text if exit == Exit::No => return exchanges::nothing(is_all, stage),
            Format::Text => {
                let drawn = draw(&figures, &stage.screen.look());
                stage.screen.print(&drawn)?;
            }
            Format::Json => stage.screen.json(&Document::new("traffic-stats", figures))?,
            Format::Jsonl => figures.routes.iter().try_for_each(|route| stage.screen.json_line(route))?,
        }
        Ok(exit)
    }
}

/// The routes; for a person also all of them together, and how often each status came.
fn draw(figures: &Figures, look: &Look) -> String {
    let mut table = Table::new(COLUMNS);
    let row = |route: Text, counts: [u64; 4], took: &Latency| {
        let [count, failed, sent, received] = counts;
        let failing = if failed > 0 { Text::of(Tone::Red, failed.to_string()) } else { Text::plain("0") };
        let size = |bytes: u64| Text::plain(measure::bytes(bytes)).piped(bytes.to_string());
        vec![
            route,
            Text::plain(count.to_string()),
            failing,
            time(took.p50_ms),
            time(took.p90_ms),
            time(took.p99_ms),
            time(took.max_ms),
            size(sent),
            size(received),
        ]
    };
    for route in &figures.routes {
        let counts = [route.exchanges, route.failed, route.sent, route.received];
        table.push(row(Text::plain(&route.route), counts, &route.took));
    }
    if look.terminal && figures.routes.len() > 1 {
        let counts = [figures.exchanges, figures.failed, figures.sent, figures.received];
        table.push(row(Text::of(Tone::Dim, "all"), counts, &figures.took));
    }
    let mut drawn = table.draw(look);
    if look.terminal && !figures.statuses.is_empty() {
        let mut line = Text::of(Tone::Dim, "status");
        for (status, count) in &figures.statuses {
            let tone = match status {
                500.. => Tone::Red,
                400.. => Tone::Yellow,
                _ => Tone::Plain,
            };
            line = line.then(tone, format!("  {status}")).then(Tone::Plain, format!(" × {count}"));
        }
        drawn.push('\n');
        drawn.push_str(&line.draw(look, look.width.unwrap_or(usize::MAX)));
        drawn.push('\n');
    }
    if look.terminal && figures.lost > 0 {
        let lost = format!("{} passed without being recorded", measure::bytes(figures.lost));
        drawn.push_str(&Text::of(Tone::Yellow, lost).show(look));
        drawn.push('\n');
    }
    drawn
}

fn time(ms: Option<f64>) -> Text {
    ms.map(|ms| Text::plain(measure::milliseconds(ms)).piped(ms.to_string())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use navyd_model::capture::RouteStats;

    use super::*;

    fn figures() -> Figures {
        let took =
            Latency { p50_ms: Some(1.5), p90_ms: Some(20.0), p99_ms: Some(210.25), max_ms: Some(2000.0) };
        let route = |route: &str, failed| RouteStats {
            route: route.into(),
            exchanges: 12,
            failed,
            sent: 900,
            received: 4096,
            took,
        };
        Figures {
            exchanges: 24,
            failed: 2,
            sent: 1800,
            received: 8192,
            lost: 2048,
            statuses: [(200, 20), (404, 2), (503, 2)].into(),
            took,
            routes: vec![route("shop.localhost", 2), route("127.0.0.1:15432", 0)],
            ..Figures::default()
        }
    }

    #[test]
    fn a_person_sees_routes_all_of_them_and_statuses() {
        let look = Look { terminal: true, colour: false, width: Some(100) };
        let expected = "
ROUTE            COUNT  FAILED     P50      P90       P99    MAX     SENT  RECEIVED
shop.localhost      12       2  1.5 ms  20.0 ms  210.2 ms  2.0 s    900 B   4.0 KiB
127.0.0.1:15432     12       0  1.5 ms  20.0 ms  210.2 ms  2.0 s    900 B   4.0 KiB
all                 24       2  1.5 ms  20.0 ms  210.2 ms  2.0 s  1.7 KiB   8.0 KiB

status  200 × 20  404 × 2  503 × 2
2.0 KiB passed without being recorded
";
        assert_eq!(draw(&figures(), &look), expected[1..]);
        let narrow = Look { width: Some(40), ..look };
        assert!(draw(&figures(), &narrow).lines().all(|line| line.chars().count() <= 40));
    }

    #[test]
    fn a_pipe_gets_exact_values_of_routes_alone() {
        let expected = "shop.localhost\t12\t2\t1.5\t20\t210.25\t2000\t900\t4096\n\
                        127.0.0.1:15432\t12\t0\t1.5\t20\t210.25\t2000\t900\t4096\n";
        assert_eq!(draw(&figures(), &Look::default()), expected);
    }
}
