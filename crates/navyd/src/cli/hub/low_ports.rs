//! `navyd hub install --low-ports` and its undoing: URLs without a port.
//!
//! Says the ways, or the steps of the chosen one, asks, then acts. Deliberately absent: what each way does, which the
//! hub's room decides, and becoming root.

use navyd_hub::{
    low_ports::{Way, is_allowed},
    trust::{Step, ThisMachine},
};
use navyd_model::{api::Document, hub::PORT};
use serde::Serialize;

use crate::{
    cli::{Format, Stage, how::How},
    exit::Exit,
    hub,
    out::{Align, Answer, Column, Failure, Screen, Table, Text, Tone},
};

/// The body of `navyd.low-ports/1`.
#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    /// Whether this program may bind both ports now; `null` for root who acts for somebody else.
    allowed: Option<bool>,
    ways: Vec<Row>,
    steps: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    way: &'static str,
    about: &'static str,
    /// Whether it has been done; `null` when only root may see that.
    done: Option<bool>,
}

const COLUMNS: &[Column] = &[
    Column { header: "WAY", align: Align::Left, importance: 3, least: 5 },
    Column { header: "DONE", align: Align::Left, importance: 2, least: 4 },
    Column { header: "WHAT IT DOES", align: Align::Left, importance: 1, least: 20 },
];

/// Goes the chosen way; without one, explains them all.
pub(super) fn install(way: Option<Way>, how: How, stage: &mut Stage) -> anyhow::Result<Exit> {
    let program = hub::program()?;
    let Some(way) = way else {
        answer(&[], how, stage)?;
        let allowed = is_allowed(&ThisMachine) == Some(true);
        if !allowed && stage.format == Format::Text {
            stage.screen.hint(&format!("sudo {} hub install --low-ports --way nft", program.display()))?;
        }
        return Ok(if allowed { Exit::Yes } else { Exit::No });
    };
    let steps = way.steps(&ThisMachine, &program, PORT);
    if way == Way::Try {
        answer(&steps, how, stage)?;
        return Ok(if is_allowed(&ThisMachine) == Some(true) { Exit::Yes } else { Exit::No });
    }
    let exit = act(&steps, &format!("hub install --low-ports --way {}", way.name()), how, stage)?;
    if exit == Exit::Yes && !how.dry_run {
        match way {
            Way::Nft => {
                stage
                    .screen
                    .note("a hub that runs leaves the port out of its URLs from its next start on")?;
            }
            Way::SystemdSocket => {
                stage
                    .screen
                    .note("a hub that runs already has to end first: until then nothing answers there")?;
                stage.screen.hint("navyd hub stop")?;
            }
            Way::Try | Way::SetCap | Way::Sysctl => {}
        }
    }
    Ok(exit)
}

/// Undoes every way that has been gone.
pub(super) fn uninstall(how: How, stage: &mut Stage) -> anyhow::Result<Exit> {
    let program = hub::program()?;
    let done = Way::ALL.into_iter().filter(|way| way.is_done(&ThisMachine, &program) == Some(true));
    let steps: Vec<Step> = done.flat_map(|way| way.undo(&ThisMachine, &program)).collect();
    if steps.is_empty() {
        answer(&steps, how, stage)?;
        return Ok(Exit::Yes);
    }
    act(&steps, "hub uninstall --low-ports", how, stage)
}

fn act(steps: &[Step], command: &str, how: How, stage: &mut Stage) -> anyhow::Result<Exit> {
    if how.dry_run {
        answer(steps, how, stage)?;
        return Ok(Exit::Yes);
    }
    for step in steps {
        stage.screen.say(&Text::of(Tone::Dim, step.shown()))?;
    }
    if !how.yes {
        match stage.screen.ask("do that?")? {
            Answer::Yes => {}
            Answer::No => return Ok(Exit::No),
            Answer::Nobody => {
                let failure = Failure::new("nothing was done: there is no terminal to ask on");
                return Err(failure.hint(format!("navyd {command} --yes")).into());
            }
        }
    }
    for step in steps {
        step.carry_out(&ThisMachine).map_err(|error| {
            let program = hub::program().map_or_else(|_| "navyd".into(), |path| path.display().to_string());
            let failure = Failure::new("the low ports are not as they should be").cause(error.to_string());
            failure.hint(format!("sudo {program} {command} --yes"))
        })?;
    }
    answer(steps, how, stage)?;
    Ok(Exit::Yes)
}

fn answer(steps: &[Step], how: How, stage: &mut Stage) -> anyhow::Result<()> {
    let program = hub::program()?;
    let rows = Way::ALL.map(|way| Row {
        way: way.name(),
        about: way.about(),
        done: way.is_done(&ThisMachine, &program),
    });
    let steps = steps.iter().map(Step::shown).collect();
    let report = Report { dry_run: how.dry_run, allowed: is_allowed(&ThisMachine), ways: rows.into(), steps };
    match stage.format {
        Format::Text => render(&report, &mut stage.screen)?,
        Format::Json => stage.screen.json(&Document::new("low-ports", report))?,
        Format::Jsonl => stage.screen.json_line(&report)?,
    }
    Ok(())
}

fn render(report: &Report, screen: &mut Screen) -> anyhow::Result<()> {
    if report.dry_run && !report.steps.is_empty() {
        report.steps.iter().try_for_each(|step| screen.line(&Text::plain(step)))?;
        return Ok(());
    }
    let mut table = Table::new(COLUMNS);
    for row in &report.ways {
        let done = match (row.way, row.done) {
            ("try", _) => match report.allowed {
                Some(true) => Text::of(Tone::Green, "allowed"),
                Some(false) => Text::of(Tone::Yellow, "refused"),
                None => Text::of(Tone::Yellow, "unknown"),
            },
            (_, Some(true)) => Text::of(Tone::Green, "yes"),
            (_, Some(false)) => Text::of(Tone::Dim, "no"),
            (_, None) => Text::of(Tone::Yellow, "unknown"),
        };
        table.push(vec![row.way.into(), done, row.about.into()]);
    }
    let drawn = table.draw(&screen.look());
    screen.print(&drawn)?;
    Ok(())
}

/// The way that a name on the command line means.
pub(super) fn way(name: &str) -> Result<Way, String> {
    let names = Way::ALL.map(Way::name).join(", ");
    Way::ALL.into_iter().find(|way| way.name() == name).ok_or(format!("it is one of {names}"))
}
