//! Does localhost itself work? One row for each thing that can be wrong with it, and what to type.
//!
//! A row is one file: its word, and a pure judgement over [`Facts`] with its table of tests. `ROWS` is the list of
//! them, and the only place that names them. What could not be read is unknown, with the reason, and never ok.

mod facts;
mod firewall;
mod gather;
mod matrix;
mod row;
mod rows;
mod target;
mod trace;

use navyd_model::{Diagnosis, diagnosis::Check};

pub use facts::{Ear, Facts, Held, Net, Told};
pub use gather::gather;
pub use row::Row;
pub use target::{Doctored, of};
pub use trace::{Traced, trace};

/// Every row, in the order in which they are shown.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    rows::ROWS.iter().copied()
}

/// How every row stands, given these facts. Pure.
pub fn judge(facts: &Facts) -> Vec<Check> {
    rows().map(|row| row.check(facts)).collect()
}

/// Looks and judges.
pub fn diagnose() -> Diagnosis {
    let facts = gather();
    Diagnosis { checks: judge(&facts), matrix: facts.net.matrix.unwrap_or_default() }
}
