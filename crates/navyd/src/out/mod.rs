//! The only code that prints.
//!
//! A command hands over [`Text`], [`Table`]s, data or a [`Failure`]; what reaches a stream is decided here:
//! colour and width for each stream by itself, escaping always. Deliberately absent: any knowledge of
//! listeners or commands, and any global state.

pub(crate) mod csv;
pub(crate) mod escape;
mod fold;
mod hint;
pub(crate) mod json;
mod live;
pub(crate) mod measure;
mod output;
mod screen;
mod style;
mod table;
mod text;

pub(crate) use fold::folded;
pub(crate) use hint::Failure;
pub(crate) use live::Live;
pub(crate) use output::output;
#[cfg(test)]
pub(crate) use screen::recorded;
pub(crate) use screen::{Answer, Ledger, Screen, Talk};
pub(crate) use style::{Color, Look, Tone};
pub(crate) use table::{Align, Column, Table};
pub(crate) use text::Text;
